#!/usr/bin/env bash
# Stops the demonstration and deletes its files: every user, room and message of it.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=packaging/environment.sh
. "$here/../packaging/environment.sh"
# shellcheck source=demo/settings.sh
. "$here/settings.sh"

read_options "$@"
for option in "${REST[@]}"; do
  case $option in
    -h | --help) echo "usage: demo/clean.sh   (HEARTH_DEMO_DIR as for start.sh)"; exit 0 ;;
    *) fail "unknown option $option" ;;
  esac
done

"$here/stop.sh" --port-base "$CLIENT_PORT"
if [ -d "$HEARTH_DEMO_DIR" ]; then
  # Only a folder that start.sh made: HEARTH_DEMO_DIR could be anything.
  [ -f "$HEARTH_DEMO_DIR/ca.crt" ] || fail "$HEARTH_DEMO_DIR is not a folder of the demonstration"
  rm -rf -- "$HEARTH_DEMO_DIR"
fi
echo "Clean."
