# shellcheck shell=bash
# A Debian machine for tests: systemd-nspawn with a systemd of its own, in a network namespace without any way out.
# To be sourced after packaging/debian/roots.sh.

# boot NAME ROOT: starts it, and returns when systemd has started everything. ROOT needs systemd in it.
boot() {
  local name=$1 root=$2
  ip netns add "$name"
  ip -n "$name" link set lo up
  (
    for top in $(cgroup_tops); do
      mkdir -p "$top/$name"
      printf '%s\n' "$BASHPID" >"$top/$name/cgroup.procs"
    done
    exec systemd-nspawn --quiet --boot --directory="$root" --machine="$name" --register=no --keep-unit \
      --network-namespace-path="/run/netns/$name" --resolv-conf=off --timezone=off --link-journal=no --console=pipe
  ) </dev/null >"$root.console" 2>&1 &
  printf '%s\n' $! >"$root.pid"
  wait_until 120 has_booted "$root" || { tail -n 20 "$root.console" >&2; fail "$name does not boot"; }
}

has_booted() {
  case $(in_node "$1" systemctl is-system-running 2>/dev/null) in
    running | degraded) ;;
    *) return 1 ;;
  esac
}

# in_node ROOT COMMAND...: runs it in there, as root.
in_node() {
  local first
  first=$(ps --no-headers -o pid --ppid "$(cat "$1.pid")" | head -n 1 | tr -d ' ')
  [ -n "$first" ] || return 1
  shift
  nsenter --target "$first" --mount --uts --ipc --net --pid --root --wd \
    env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# shut_down NAME ROOT: ends it, whatever state it is in.
shut_down() {
  local name=$1 root=$2 pid top
  [ -e "$root.pid" ] || return 0
  pid=$(cat "$root.pid")
  kill "$pid" 2>/dev/null || true
  wait_until 20 ended "$pid" || kill -9 "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  for top in $(cgroup_tops); do
    find "$top/$name" -depth -type d -exec rmdir {} + 2>/dev/null || true
  done
  ip netns delete "$name" 2>/dev/null || true
  rm -f "$root.pid"
}

ended() { ! kill -0 "$1" 2>/dev/null; }

# A systemd takes the control group that it is started in for its own: each machine needs one for itself.
cgroup_tops() {
  local each found=false
  for each in /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
    if [ -d "$each" ]; then printf '%s\n' "$each"; found=true; fi
  done
  $found || printf '/sys/fs/cgroup\n'
}
