#!/usr/bin/env bash
# Starts three homeservers on this machine that federate with each other. Running it again is harmless.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: demo/start.sh [--port-base N] [--no-rate-limit]

Starts three federating homeservers (localhost:8480, localhost:8481, localhost:8482) and serves the web client at
http://localhost:8080, 8081 and 8082. Installs what it needs into .venv first.

  --port-base N     first port for clients instead of 8080; the ports for servers are N + 400
                    (or set HEARTH_DEMO_PORT_BASE)
  --no-rate-limit   no limits on how often anything may be done
  -h, --help        this text

HEARTH_DEMO_DIR: the folder of the servers' files (default: demo/run). demo/stop.sh stops them, demo/clean.sh deletes
the files.
TEXT
}

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=packaging/environment.sh
. "$here/../packaging/environment.sh"
# shellcheck source=demo/settings.sh
. "$here/settings.sh"

read_options "$@"
configure_options=()
for option in "${REST[@]}"; do
  case $option in
    --no-rate-limit) configure_options+=(--no-rate-limit) ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "unknown option $option" ;;
  esac
done

# A UNIX socket's path has at most 107 bytes, and supervisor adds its process id for a moment.
[ ${#HEARTH_DEMO_DIR} -le 80 ] || fail "HEARTH_DEMO_DIR is too long for a socket: $HEARTH_DEMO_DIR"

configure() {
  "$HEARTH_PYTHON" "$here/configure.py" "$HEARTH_DEMO_DIR" --first "$FIRST_PORT" --client-ports "$CLIENT_PORT" \
    --bind "${HEARTH_DEMO_BIND:-127.0.0.1}" "${configure_options[@]}"
}

start_servers() {
  if find_supervisor >/dev/null; then
    "$HEARTH_VENV/bin/supervisorctl" -c "$SUPERVISOR_CONF" start 'homeserver:*' >/dev/null || true
  else
    "$HEARTH_VENV/bin/supervisord" -c "$SUPERVISOR_CONF"
  fi
  "$HEARTH_PYTHON" "$here/wait_until_up.py" "$HEARTH_DEMO_DIR" "$CLIENT_PORT" "$FIRST_PORT" 3
}

began=$SECONDS
timed "Python environment" ensure_venv requirements.txt
export_supervisor_settings
timed "Web client" ensure_webclient
if ! find_supervisor >/dev/null; then
  timed "Configuration" configure
elif ! [ -d "$HEARTH_DEMO_DIR/$FIRST_PORT" ]; then
  fail "the demonstration already runs with other ports; run demo/stop.sh first"
fi
timed "Homeservers" start_servers

say "Up after $((SECONDS - began)) s."
for position in 0 1 2; do
  echo "http://localhost:$((CLIENT_PORT + position))   the web client of localhost:$((FIRST_PORT + position)): register there"
done
echo "Files and logs: $HEARTH_DEMO_DIR. Stop: demo/stop.sh"
