#!/usr/bin/env bash
# issue.sh FILE CODE: keeps one issue for what drifts. CODE 2: it is opened, or its text brought up to date; 0: it is
# closed; any other says nothing about the roster, and leaves it as it is.
set -euo pipefail

# gh talks to the server that runs the job, which need not be github.com.
server="${GITHUB_SERVER_URL:-https://github.com}"
export GH_HOST="${server#*://}" GH_ENTERPRISE_TOKEN="${GH_TOKEN:-}"

file="$1" code="$2"
case "$code" in
  0 | 2) ;;
  *)
    echo "::notice::drift exited with $code: the issue is left as it is."
    exit 0
    ;;
esac
mark="$(head -n 1 "$file")"
repo="repos/$GITHUB_REPOSITORY"
issue="$(gh api --paginate "$repo/issues?state=open&labels=$(jq -rn --arg l "$LABEL" '$l | @uri')&per_page=100" |
  jq -r -s --arg mark "$mark" --arg author "$AUTHOR" '
    [.[][] | select(.pull_request == null and .user.login == $author
      and (.body // "" | split("\n")[0] | rtrimstr("\r")) == $mark)][0].number // empty')"

if [ "$code" = 2 ] && [ -n "$issue" ]; then
  jq -R -s '{body: .}' "$file" | gh api --method PATCH "$repo/issues/$issue" --input - --silent
  echo "Brought issue $issue up to date."
elif [ "$code" = 2 ]; then
  # Said to be there already when it is: that is all we want.
  gh api --method POST "$repo/labels" -f name="$LABEL" -f color=d93f0b --silent 2>/dev/null || true
  jq -R -s --arg name "$LABEL" '{title: "The live roster differs from the manifests", body: ., labels: [$name]}' "$file" |
    gh api --method POST "$repo/issues" --input - --silent
  echo 'Opened an issue.'
elif [ -n "$issue" ]; then
  gh api --method POST "$repo/issues/$issue/comments" --silent \
    -f body='The live roster is as the manifests say again.'
  gh api --method PATCH "$repo/issues/$issue" -f state=closed -f state_reason=completed --silent
  echo "Closed issue $issue."
else
  echo 'Nothing differs, and no issue is open.'
fi
