# shellcheck shell=bash
# What the tests of packages have in common. To be sourced after packaging/debian/roots.sh.

# passed WHAT...: one more thing that is as it should be.
passed() { printf '  ok  %s\n' "$*"; }

# as_expected WHAT COMMAND...: fails with the command's output where any step of it fails. Not to be called in a
# condition: there bash forgets `set -e`, all the way down.
as_expected() {
  local what=$1 log status
  shift
  log=$(mktemp)
  set +e
  (set -e; "$@") >"$log" 2>&1
  status=$?
  set -e
  [ $status -eq 0 ] || tail -n 40 "$log" >&2
  rm -f "$log"
  [ $status -eq 0 ] || fail "$what"
  passed "$what"
}

# fails COMMAND...: whether it does; what does not say so is `!`, which `set -e` leaves alone.
fails() { if "$@"; then return 1; fi; }

# wait_until SECONDS COMMAND...: until it succeeds.
wait_until() {
  local until=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || return 1
    sleep 0.2
  done
}

# answer ROOT NAME [REGISTRATION]: the answers to the package's questions, before they are asked.
answer() {
  run_in_root "$1" debconf-set-selections <<TEXT
hearth hearth/server-name string $2
hearth hearth/registration select ${3:-closed}
hearth hearth/report-stats boolean false
TEXT
}

# What a purged package must not leave in a root.
leftovers() {
  local root=$1
  find "$root" -xdev \( -path "$root/proc" -o -path "$root/tmp" \) -prune -o -iname '*hearth*' -print
  grep -s '^hearth:' "$root/etc/passwd" "$root/etc/group" "$root/etc/shadow" || true
  grep -s 'hearth/' "$root/var/cache/debconf/config.dat" "$root/var/cache/debconf/templates.dat" || true
}

nothing_left() {
  local found
  found=$(leftovers "$1")
  [ -z "$found" ] || { printf 'left behind:\n%s\n' "$found" >&2; return 1; }
}

free_port() { python3 -c 'import random, socket
while True:
    port = random.randrange(10000, 30000)
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        continue
    print(port)
    break'; }
