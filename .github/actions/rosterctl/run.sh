#!/usr/bin/env bash
# Runs rosterctl, keeps its reports in a folder, and tells its exit code as an output instead of failing with it.
# Reads COMMAND, WORKSPACES and ARGUMENTS (one a line), PLAN, VERIFY, SNAPSHOT, ADOPT. Runs with the bash 3.2 of macOS too.
set -euo pipefail
: "${WORKSPACES:=.}" "${ARGUMENTS:=}" "${PLAN:=}" "${VERIFY:=true}" "${SNAPSHOT:=}" "${ADOPT:=false}"

folder="$RUNNER_TEMP/rosterctl-$COMMAND"
rm -rf "$folder"
mkdir -p "$folder"
# The patch holds telephone numbers, so it lies in a folder of its own: no artifact holds it.
adopt="$RUNNER_TEMP/rosterctl-adopt"
if [ "$ADOPT" = true ]; then
  rm -rf "$adopt"
  (umask 077 && mkdir -p "$adopt")
fi

# Logs and artifacts may be public: telephone numbers and e-mail addresses stand in none but the plan and the snapshot.
masked=(--mask-personal)
# Arguments are lines; no word of them is ever looked at by a shell.
workspaces=() more=()
while IFS= read -r line; do [ -z "$line" ] || workspaces+=("$line"); done <<<"$WORKSPACES"
while IFS= read -r line; do
  case "$line" in '' | "${masked[0]}") ;; *) more+=("$line") ;; esac
done <<<"$ARGUMENTS"

# The runner takes commands (`##[add-mask]…`) anywhere in a line, and names are others' words. So it is told to take
# none while rosterctl talks, whose two outputs become one: the runner reads each by itself, and could mix them up.
talk() {
  local token code=0
  token="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')" || return 1
  echo "::stop-commands::$token"
  if [ "$ADOPT" = true ]; then
    rosterctl "$@" 2>"$adopt/notes" || code=$?
    grep -v '^not in the patch: ' "$adopt/notes" || true # those can hold telephone numbers
  else
    rosterctl "$@" 2>&1 || code=$?
  fi
  printf '\n::%s::\n' "$token"
  return "$code"
}

arguments=("$COMMAND")
reports=(--write "markdown=$folder/report.md" --write "html=$folder/report.html")
case "$COMMAND" in
  plan)
    # The annotations are read from the log by the runner.
    arguments+=(--detailed-exitcode "${masked[@]}" "${reports[@]}" --write "sarif=$folder/report.sarif")
    arguments+=(--write "github=$folder/annotations")
    [ "${#workspaces[@]}" -gt 1 ] || arguments+=(--out "$folder/plan.json")
    [ -z "$SNAPSHOT" ] || arguments+=(--live "$SNAPSHOT")
    ;;
  apply)
    arguments+=(--auto-approve "${masked[@]}" "${reports[@]}")
    [ -z "$PLAN" ] || arguments+=(--plan "$PLAN")
    ;;
  drift)
    arguments+=("${masked[@]}" "${reports[@]}")
    arguments+=(--write "sarif=$folder/report.sarif" --write "prometheus=$folder/report.prom")
    [ "$ADOPT" != true ] || arguments+=(--write "patch=$adopt/adopt.patch" --write "json=$adopt/report.json")
    ;;
  snapshot) arguments+=(--out "$folder/snapshot.json") ;;
  *)
    echo "::error::command is plan, apply, drift, snapshot or comment, not $COMMAND."
    exit 1
    ;;
esac
# A saved plan carries its own; they belong to the planning below.
if [ "$COMMAND" != apply ] || [ -z "$PLAN" ]; then arguments+=(${more[@]+"${more[@]}"}); fi

# Whether a saved plan is what the checked-out manifests ask for now: same changes, same steps, same rules lifted.
verified() {
  local fresh="$RUNNER_TEMP/rosterctl-fresh.json" text="$RUNNER_TEMP/rosterctl-fresh.md" code=0
  local part='{changes, steps, allowed, targets}' now reviewed
  talk plan --quiet "${masked[@]}" ${more[@]+"${more[@]}"} --out "$fresh" --write "markdown=$text" \
    "${workspaces[@]}" || code=$?
  # A plan that policy refuses is refused by apply too, with its reasons.
  case "$code" in 0 | 4) ;; *) return "$code" ;; esac
  # Called in a condition, where bash does not stop at a failure: what cannot be compared is not the same.
  if ! now="$(jq -S "$part" "$fresh")" || ! reviewed="$(jq -S "$part" "$PLAN")" || [ -z "$now" ]; then
    echo '::error::The reviewed plan cannot be compared with a new one. Nothing was written.'
    return 1
  fi
  [ "$now" != "$reviewed" ] || return 0
  {
    head -n 1 "$text" | sed 's/:plan -->/:apply -->/'
    echo '### rosterctl apply: the reviewed plan is stale'
    echo
    echo 'Nothing was written: since it was made, the live systems or the manifests moved, or the plan was changed.'
    echo 'Below is what would be done now. Open a pull request, or start the workflow by hand, to review it.'
    echo
    tail -n +2 "$text"
  } >"$folder/report.md"
  echo '::error::The reviewed plan is stale: planning again gives other changes. Nothing was written.'
  return 3
}

code=0
if [ "$COMMAND" = apply ] && [ -n "$PLAN" ] && [ "$VERIFY" = true ]; then verified || code=$?; fi
if [ "$code" = 0 ]; then talk "${arguments[@]}" "${workspaces[@]}" || code=$?; fi

# The second line of a report names the reviewed plan, and whether this run wrote anything: comment.sh reads it.
if [ "$COMMAND" = apply ] && [ -n "$PLAN" ] && [ -f "$folder/report.md" ]; then
  case "$code" in 0 | 5 | 130) kind=outcome ;; *) kind=refused ;; esac
  {
    head -n 1 "$folder/report.md"
    echo "<!-- rosterctl-$kind:$(git hash-object --no-filters "$PLAN") -->"
    tail -n +2 "$folder/report.md"
  } >"$folder/report.new"
  mv "$folder/report.new" "$folder/report.md"
fi
if [ "$ADOPT" = true ]; then
  sed -n 's/^not in the patch: //p' "$adopt/notes" >"$adopt/left.txt"
  [ ! -f "$folder/report.md" ] || cp "$folder/report.md" "$adopt/report.md"
fi
if [ -f "$folder/annotations" ]; then
  cat "$folder/annotations"
  rm "$folder/annotations"
fi
# A summary holds 1 MiB at most.
[ ! -f "$folder/report.md" ] || head -c 900000 "$folder/report.md" >>"$GITHUB_STEP_SUMMARY"
{
  echo "exit-code=$code"
  echo "folder=$folder"
} >>"$GITHUB_OUTPUT"
