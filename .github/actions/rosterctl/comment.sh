#!/usr/bin/env bash
# comment.sh FILE NUMBER: posts a report to a pull request, or brings the comment up to date that is there already.
# The report's first line is a hidden mark of the workspace and the command. Only the author's own comments count:
# anybody can write such a line. A report of a run that wrote nothing (`rosterctl-refused` in its second line) does not
# replace the outcome of an earlier run of the same plan.
set -euo pipefail

# gh talks to the server that runs the job, which need not be github.com.
server="${GITHUB_SERVER_URL:-https://github.com}"
export GH_HOST="${server#*://}" GH_ENTERPRISE_TOKEN="${GH_TOKEN:-}"

file="$1" number="$2"
if [ ! -s "$file" ]; then
  echo '::notice::There is no report to post.'
  exit 0
fi
if [ -z "$number" ]; then
  echo '::notice::There is no pull request to post the report to.'
  exit 0
fi
mark="$(head -n 1 "$file")"
case "$mark" in
  '<!-- rosterctl:'*' -->') ;;
  *)
    echo "::error::$file is no report of rosterctl: its first line is not its mark."
    exit 1
    ;;
esac

issue="repos/$GITHUB_REPOSITORY/issues/$number"
comment="$(gh api --paginate "$issue/comments?per_page=100" | jq -c -s --arg mark "$mark" --arg author "$AUTHOR" '
  [.[][] | select(.user.login == $author and (.body // "" | split("\n")[0] | rtrimstr("\r")) == $mark)][0] // empty')"
id="$(jq -r .id <<<"$comment")"
outcome="$(sed -n '2s/^<!-- rosterctl-refused:/<!-- rosterctl-outcome:/p' "$file")"
if [ -n "$outcome" ] && [ "$outcome" = "$(jq -r '.body // "" | split("\n")[1] // "" | rtrimstr("\r")' <<<"$comment")" ]; then
  echo "::notice::Comment $id tells the outcome of this plan: it stays, since this run wrote nothing."
  exit 0
fi
if [ -n "$id" ]; then
  jq -R -s '{body: .}' "$file" | gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --input - --silent
  echo "Brought comment $id up to date."
else
  jq -R -s '{body: .}' "$file" | gh api --method POST "$issue/comments" --input - --silent
  echo 'Posted a comment.'
fi
