#!/usr/bin/env bash
# Stops the demonstration's homeservers. Their files stay; demo/start.sh starts them again.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=packaging/environment.sh
. "$here/../packaging/environment.sh"
# shellcheck source=demo/settings.sh
. "$here/settings.sh"

read_options "$@"
for option in "${REST[@]}"; do
  case $option in
    -h | --help) echo "usage: demo/stop.sh   (HEARTH_DEMO_DIR as for start.sh)"; exit 0 ;;
    *) fail "unknown option $option" ;;
  esac
done
export_supervisor_settings

if ! pid=$(find_supervisor); then
  echo "The demonstration does not run."
  exit 0
fi
"$HEARTH_VENV/bin/supervisorctl" -c "$SUPERVISOR_CONF" shutdown >/dev/null
for ((attempt = 0; attempt < 400; attempt++)); do
  if ! kill -0 "$pid" 2>/dev/null; then
    echo "Stopped."
    exit 0
  fi
  sleep 0.1
done
fail "process $pid has not ended"
