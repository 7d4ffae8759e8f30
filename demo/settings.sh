# shellcheck shell=bash
# What start.sh, stop.sh and clean.sh agree on. To be sourced after packaging/environment.sh.

HEARTH_DEMO_DIR=${HEARTH_DEMO_DIR:-$HEARTH_ROOT/demo/run}
case $HEARTH_DEMO_DIR in
  /*) ;;
  *) HEARTH_DEMO_DIR=$PWD/$HEARTH_DEMO_DIR ;;
esac
SUPERVISOR_CONF=$HEARTH_ROOT/packaging/supervisor/supervisord.conf

# read_options NAME ARGUMENT...: takes --port-base N out of the arguments, the rest into REST.
read_options() {
  CLIENT_PORT=${HEARTH_DEMO_PORT_BASE:-8080}
  REST=()
  while [ $# -gt 0 ]; do
    case $1 in
      --port-base) [ $# -gt 1 ] || fail "--port-base needs a number"; CLIENT_PORT=$2; shift ;;
      --port-base=*) CLIENT_PORT=${1#*=} ;;
      *) REST+=("$1") ;;
    esac
    shift
  done
  case $CLIENT_PORT in
    '' | *[!0-9]*) fail "--port-base: found '$CLIENT_PORT'; allowed is a port number" ;;
  esac
  if [ "$CLIENT_PORT" -lt 1 ] || [ "$CLIENT_PORT" -gt 65000 ]; then
    fail "--port-base: allowed is 1 to 65000"
  fi
  FIRST_PORT=$((CLIENT_PORT + 400))
}

# Environment of supervisord.conf.
export_supervisor_settings() {
  export HEARTH_DIR=$HEARTH_DEMO_DIR HEARTH_COUNT=3 HEARTH_FIRST=$FIRST_PORT HEARTH_PYTHON=$HEARTH_VENV/bin/python
  export PYTHONPATH=$HEARTH_ROOT${PYTHONPATH:+:$PYTHONPATH}
}

# The process id of the demonstration's supervisord, if it runs.
find_supervisor() {
  local pid
  pid=$("$HEARTH_VENV/bin/supervisorctl" -c "$SUPERVISOR_CONF" pid 2>/dev/null) || return 1
  case $pid in
    '' | *[!0-9]*) return 1 ;;
  esac
  printf '%s\n' "$pid"
}
