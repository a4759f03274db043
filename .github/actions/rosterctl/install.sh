#!/usr/bin/env bash
# Puts rosterctl on the PATH of the steps that follow: the release of this action's own version, or a build of it.
# Reads VERSION (release, source, path), REPOSITORY (of the action), ACTION (its folder), GH_TOKEN.
set -euo pipefail

root="$ACTION/../../.."
number="$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)"
bin="$RUNNER_TEMP/rosterctl-bin"
# gh talks to the server that runs the job, which need not be github.com.
server="${GITHUB_SERVER_URL:-https://github.com}"
export GH_HOST="${server#*://}" GH_ENTERPRISE_TOKEN="${GH_TOKEN:-}"
# An action that was checked out to a folder has no repository for the runner, but a remote.
if [ -z "$REPOSITORY" ]; then
  remote="$(git -C "$root" remote get-url origin 2>/dev/null || true)"
  case "$remote" in "$server"/*) REPOSITORY="${remote#"$server"/}" REPOSITORY="${REPOSITORY%.git}" ;; esac
fi
mkdir -p "$bin"

sha256() {
  if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi
}

build() {
  echo "Building rosterctl $number from the action's source; this takes some minutes."
  cargo build --locked --release --manifest-path "$root/Cargo.toml" --target-dir "$RUNNER_TEMP/rosterctl-build"
  cp "$RUNNER_TEMP/rosterctl-build/release/rosterctl" "$bin/"
}

download() {
  local target name
  case "$RUNNER_OS-$RUNNER_ARCH" in
    Linux-X64) target=x86_64-unknown-linux-musl ;;
    Linux-ARM64) target=aarch64-unknown-linux-musl ;;
    macOS-X64) target=x86_64-apple-darwin ;;
    macOS-ARM64) target=aarch64-apple-darwin ;;
    *)
      echo "::error::There is no release of rosterctl for $RUNNER_OS on $RUNNER_ARCH; use a Linux or macOS runner."
      exit 1
      ;;
  esac
  name="rosterctl-$number-$target"
  [ -n "$REPOSITORY" ] || return 1
  gh release download "v$number" --repo "$REPOSITORY" --dir "$bin" --clobber \
    --pattern "$name.tar.gz" --pattern SHA256SUMS || return 1
  # Not "build it instead": whatever is wrong with a file that came, somebody has to look at.
  if ! (cd "$bin" && grep -F "  $name.tar.gz" SHA256SUMS | sha256 --check --strict); then
    echo "::error::$name.tar.gz is not what SHA256SUMS of the release says."
    exit 1
  fi
  tar -xzf "$bin/$name.tar.gz" -C "$bin" --strip-components 1 "$name/rosterctl"
}

case "$VERSION" in
  path)
    command -v rosterctl >/dev/null || { echo '::error::There is no rosterctl on the PATH.'; exit 1; }
    rosterctl --version
    exit 0
    ;;
  source) build ;;
  release)
    if ! download; then
      command -v cargo >/dev/null || { echo "::error::${REPOSITORY:-The action} has no release v$number, and there is no cargo to build it."; exit 1; }
      build
    fi
    ;;
  *)
    echo "::error::version is release, source or path, not $VERSION."
    exit 1
    ;;
esac
"$bin/rosterctl" --version
echo "$bin" >>"$GITHUB_PATH"
