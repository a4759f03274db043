#!/usr/bin/env bash
# Fails the job where rosterctl's exit code asks for it, and says in words what it means.
set -euo pipefail

case "$CODE" in
  0) exit 0 ;;
  1) why='bad usage, a bad manifest, or a call that failed' ;;
  2)
    [ "$COMMAND" = drift ] && [ "$FAIL_ON_DRIFT" = true ] || exit 0
    why='the live roster differs from the manifests'
    ;;
  3) why='the reviewed plan is stale: plan again. Nothing was written' ;;
  4) why='refused by policy; the report says by which rule' ;;
  5) why='applied in part; the report lists what was done and what was not' ;;
  6) why='a system could not be reached, or its listing not be proved complete. Nothing was changed' ;;
  7) why='another apply holds the lock' ;;
  130) why='interrupted; run it again to finish' ;;
  *) why='rosterctl ended in an unknown way' ;;
esac
echo "::error::rosterctl $COMMAND exited with ${CODE:-no code}: $why."
exit "${CODE:-1}"
