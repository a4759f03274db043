#!/usr/bin/env bash
# adopt.sh FOLDER CODE WORKSPACE: keeps one pull request that takes over into the manifests what the consoles changed.
# FOLDER holds report.md, report.json, adopt.patch and left.txt of a drift. CODE 2: the branch is made again from the
# checked-out commit, and the pull request is opened or brought up to date. CODE 0, or a patch that is empty: it is
# closed. Any other code says nothing about the roster, and leaves everything as it is. A branch that holds a commit of
# another committer is left alone. Reads BASE, EMAIL (of the commits), GH_TOKEN, GITHUB_REPOSITORY.
set -euo pipefail

# gh talks to the server that runs the job, which need not be github.com.
server="${GITHUB_SERVER_URL:-https://github.com}"
export GH_HOST="${server#*://}" GH_ENTERPRISE_TOKEN="${GH_TOKEN:-}"

folder="$1" code="$2" workspace="$(sed -n '/./{p;q;}' <<<"$3")"
case "$code" in
  0 | 2) ;;
  *)
    echo "::notice::drift exited with $code: the pull request is left as it is."
    exit 0
    ;;
esac
report="$folder/report.md" patch="$folder/adopt.patch"
if [ "$code" = 2 ] && [ ! -f "$patch" ]; then
  echo '::error::drift wrote no patch: the pull request is left as it is.'
  exit 1
fi
name="$(sed -n '1s/^<!-- rosterctl:\(.*\):drift -->$/\1/p' "$report")"
branch="rosterctl/adopt-$name"
if [ -z "$name" ] || ! git check-ref-format "refs/heads/$branch"; then
  echo '::error::The report names no workspace that can stand in the name of a branch.'
  exit 1
fi
repo="repos/$GITHUB_REPOSITORY"
mark="<!-- rosterctl:$name:adopt -->"
: "${workspace:=.}"
[ -f "$workspace" ] && workspace="$(dirname "$workspace")"
cd "$workspace"

# The token goes by the environment: arguments can be seen by other processes.
git() {
  GIT_CONFIG_COUNT=3 \
    GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev/null \
    GIT_CONFIG_KEY_1=core.quotePath GIT_CONFIG_VALUE_1=false \
    GIT_CONFIG_KEY_2="http.$server/.extraheader" \
    GIT_CONFIG_VALUE_2="AUTHORIZATION: basic $(printf 'x-access-token:%s' "$GH_TOKEN" | base64 | tr -d '\n')" \
    GIT_AUTHOR_NAME=rosterctl GIT_AUTHOR_EMAIL="$EMAIL" GIT_COMMITTER_NAME=rosterctl GIT_COMMITTER_EMAIL="$EMAIL" \
    command git "$@"
}

if [ "$(git rev-parse --is-shallow-repository)" = true ]; then git fetch --quiet --unshallow origin; fi
old="$(git ls-remote origin "refs/heads/$branch" | cut -f 1)"
foreign=''
if [ -n "$old" ]; then
  git fetch --quiet --no-tags origin "$old"
  foreign="$(git log --format='%ce' "HEAD..$old" | grep -Fxv -e "$EMAIL" | head -n 1 || true)"
fi
pulls() { # pulls STATE
  gh api --method GET "$repo/pulls" -f "state=$1" -f "head=${GITHUB_REPOSITORY%%/*}:$branch" -f "base=$BASE" -f per_page=100
}
pull="$(pulls open | jq -c '.[0] // empty')"
number="$(jq -r '.number // empty' <<<"$pull")"

if [ -n "$foreign" ]; then
  echo "::warning::The branch $branch holds a commit of another committer: it is left alone."
  [ -n "$number" ] || exit 0
  note="<!-- rosterctl:$name:adopt-kept:$old -->"
  told="$(gh api --paginate "$repo/issues/$number/comments?per_page=100" |
    jq -s --arg note "$note" '[.[][] | select((.body // "") | startswith($note))] | length')"
  if [ "$told" = 0 ]; then
    jq -n --arg note "$note" '{body: ($note
      + "\nThis branch holds commits that rosterctl did not make, so it is no longer brought up to date nor closed."
      + "\n\nMerge it, or delete the branch: the next run then makes it again.")}' |
      gh api --method POST "$repo/issues/$number/comments" --input - --silent
  fi
  exit 0
fi

if [ "$code" = 0 ] || [ ! -s "$patch" ]; then
  if [ -n "$number" ]; then
    gh api --method POST "$repo/issues/$number/comments" --silent \
      -f body='The consoles hold nothing any more that the manifests could take over.'
    # Without its state: the same change in a console would open a pull request again.
    jq '{state: "closed", body: ((.body // "") | sub("<!-- rosterctl-state:[0-9a-f]+ -->"; ""))}' <<<"$pull" |
      gh api --method PATCH "$repo/pulls/$number" --input - --silent
    echo "Closed pull request $number."
  fi
  if [ -n "$old" ]; then
    git push --quiet --force-with-lease="refs/heads/$branch:$old" origin ":refs/heads/$branch"
    echo "Deleted the branch $branch."
  fi
  [ -n "$number$old" ] || echo 'Nothing to take over, and no pull request is open.'
  exit 0
fi

# What the pull request shows, without what moves by itself: the time of the reading, estimates, lines of files.
state="<!-- rosterctl-state:$({
  jq -S '{changes, findings} | walk(if type == "object" then del(.source) else . end)' "$folder/report.json"
  cat "$folder/left.txt"
} | git hash-object --stdin) -->"
if [ -z "$number" ]; then
  refused="$(pulls closed | jq --arg state "$state" \
    '[.[] | select(.merged_at == null and ((.body // "") | contains($state)))] | length')"
  if [ "$refused" != 0 ]; then
    echo "::notice::The pull request of $branch was closed unmerged, and nothing moved since: it stays closed."
    exit 0
  fi
fi

# Names come from the vendors: only letters, digits and a few signs of them reach the message, so that nothing in it is
# a mention, a link, a trailer or a word to the forge.
{
  echo "roster: take over what the consoles of $name changed"
  echo
  jq -r 'def plain: tostring | gsub("[^\\p{L}\\p{N} ._/@-]"; " ") | gsub("@"; " at ") | .[:200];
    .changes[] | select(.moved == "live")
    | "- " + (.id | plain)
      + (if .lastChanged then ", last changed " + (.lastChanged.at | gsub("[^0-9TZ:+.-]"; ""))
        + (if .lastChanged.by then " by " + (.lastChanged.by | plain) else "" end)
        + (if .lastChanged.name then " " + (.lastChanged.name | plain) else "" end) else "" end)' "$folder/report.json"
} >"$folder/message"

tree="$(mktemp -d)"
trap 'git worktree remove --force "$tree" 2>/dev/null || rm -rf "$tree"' EXIT
prefix="$(git rev-parse --show-prefix)"
git worktree add --quiet --detach "$tree" HEAD
(cd "$tree/$prefix" && git apply --index "$patch")
git -C "$tree" commit --quiet --no-gpg-sign --cleanup=verbatim --file "$folder/message"
new="$(git -C "$tree" rev-parse HEAD)"

same() { # same COMMIT COMMIT: the same files and message on the same commit
  [ "$(git log -1 --format='%T %P%n%B' "$1")" = "$(git log -1 --format='%T %P%n%B' "$2")" ]
}
if [ -z "$old" ] || ! same "$old" "$new"; then
  # An empty lease: there must be no branch.
  git push --quiet --force-with-lease="refs/heads/$branch:$old" origin "$new:refs/heads/$branch"
  echo "Pushed the branch $branch."
fi

{
  echo "$mark"
  echo "$state"
  echo 'This takes over into the manifests what was changed in the consoles. Merge it to keep these changes; close it,'
  echo 'and the next apply takes them back. A push of yours to this branch ends its updates.'
  echo
  if [ -s "$folder/left.txt" ]; then
    echo '**Not in this pull request:**'
    echo
    sed 's/^/    /' "$folder/left.txt" | head -c 8000
    echo
  fi
  tail -n +2 "$report" | head -c 50000
} | jq -R -s --arg title "Take over what the consoles of $name changed" --arg head "$branch" --arg base "$BASE" \
  '{title: $title, head: $head, base: $base, body: .}' >"$folder/pull.json"
if [ -z "$number" ]; then
  gh api --method POST "$repo/pulls" --input - --silent <"$folder/pull.json"
  echo 'Opened a pull request.'
elif ! jq -e --arg state "$state" '(.body // "") | contains($state)' <<<"$pull" >/dev/null; then
  jq '{title, body}' "$folder/pull.json" | gh api --method PATCH "$repo/pulls/$number" --input - --silent
  echo "Brought pull request $number up to date."
else
  echo "Pull request $number is up to date."
fi
