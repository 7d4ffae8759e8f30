# shellcheck shell=bash
# Three Debian machines of ansible/test: systemd-nspawn, each in its own network namespace, on one bridge. Nothing of
# them is reachable from outside, and they reach nothing but each other and the repository on the bridge.
# To be sourced after packaging/environment.sh; expects WORK (a folder) and SUITE.

NODES=(hs1 hs2 hs3)
NET=hearth-ansible
# RFC 2544: for tests of networks, used nowhere.
PREFIX=198.18.7
NODE_PACKAGES=systemd,systemd-sysv,dbus,openssh-server,python3,python3-apt,sudo,ca-certificates,iproute2,procps,adduser

address_of() { printf '%s.%d\n' "$PREFIX" $((10 + ${1#hs})); }
in_net() { ip netns exec "$NET" "$@"; }
on_node() { ssh -q -F "$WORK/ssh_config" "$@"; }

# The address that this machine's apt fetches Debian from.
debian_mirror() {
  local release
  release=$(. /etc/os-release && printf '%s' "$VERSION_CODENAME")
  # shellcheck disable=SC2016 # apt fills these in
  apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' |
    awk -v release="$release" '$2 == release { print $1; exit }'
}

# make_base FOLDER: a root with systemd and sshd, kept for a month as a tar file.
make_base() {
  local kept=$HEARTH_CACHE/roots/$SUITE-node.tar
  if [ -z "$(find "$kept" -mtime -30 2>/dev/null)" ]; then
    say "Making a root of $SUITE ..."
    debootstrap --variant=minbase --include="$NODE_PACKAGES" "$SUITE" "$1" "$(debian_mirror)" >"$WORK/debootstrap.log" 2>&1 ||
      { tail -n 20 "$WORK/debootstrap.log" >&2; fail "debootstrap failed"; }
    rm -f "$1"/var/cache/apt/archives/*.deb
    printf 'deb %s %s main\n' "$(debian_mirror)" "$SUITE" >"$1/etc/apt/sources.list"
    mkdir -p "$HEARTH_CACHE/roots"
    tar -c --numeric-owner -C "$1" -f "$kept.new" .
    mv "$kept.new" "$kept"
  else
    mkdir -p "$1"
    tar -x --numeric-owner -C "$1" -f "$kept"
  fi
}

# prepare_base FOLDER: what the machines have in common: a way in by key, and no time lost at the start.
prepare_base() {
  local base=$1
  ssh-keygen -q -t ed25519 -N '' -f "$WORK/key"
  install -d -m 0700 "$base/root/.ssh"
  install -m 0600 "$WORK/key.pub" "$base/root/.ssh/authorized_keys"
  rm -f "$base"/etc/ssh/ssh_host_*_key* "$base/etc/machine-id" "$base/etc/resolv.conf"
  ssh-keygen -q -A -f "$base"
  : >"$base/etc/machine-id"
  chroot "$base" systemctl -q enable ssh
  chroot "$base" systemctl -q mask systemd-networkd-wait-online.service getty.target console-getty.service
  # The machines' only source of packages.
  rm -rf "$base/etc/apt/sources.list" "$base"/etc/apt/sources.list.d/*
  printf 'deb [trusted=yes] http://%s.1/debian ./\n' "$PREFIX" >"$base/etc/apt/sources.list"
  rm -rf "$base"/var/lib/apt/lists/*
}

make_network() {
  local node
  ip netns add "$NET"
  in_net ip link set lo up
  in_net ip link add bridge type bridge
  in_net ip address add "$PREFIX.1/24" dev bridge
  in_net ip link set bridge up
  for node in "${NODES[@]}"; do
    ip netns add "$NET-$node"
    in_net ip link add "$node" type veth peer name host0 netns "$NET-$node"
    in_net ip link set "$node" master bridge
    in_net ip link set "$node" up
    ip -n "$NET-$node" link set lo up
    ip -n "$NET-$node" address add "$(address_of "$node")/24" dev host0
    ip -n "$NET-$node" link set host0 up
  done
}

# serve_repository FOLDER: the folder over HTTP, at the bridge's address.
serve_repository() {
  in_net python3 -m http.server --bind "$PREFIX.1" --directory "$1" 80 >"$WORK/repository.log" 2>&1 &
  REPOSITORY_PID=$!
}

# boot NODE BASE: an overlay over the base, with a systemd of its own.
boot() {
  local node=$1 base=$2 folder=$WORK/$1
  mkdir -p "$folder/upper" "$folder/work" "$folder/root"
  mount -t overlay overlay -o "lowerdir=$base,upperdir=$folder/upper,workdir=$folder/work" "$folder/root"
  printf '%s\n' "$node" >"$folder/root/etc/hostname"
  (
    join_cgroup "$NET-$node"
    exec systemd-nspawn --quiet --boot --directory="$folder/root" --machine="$NET-$node" \
      --register=no --keep-unit \
      --network-namespace-path="/run/netns/$NET-$node" --resolv-conf=off --timezone=off --link-journal=no \
      --console=pipe
  ) </dev/null >"$folder/console.log" 2>&1 &
  printf '%s\n' $! >"$folder/pid"
}

# A systemd takes the control group that it is started in for its own: each machine needs one for itself.
join_cgroup() {
  local top
  for top in $(cgroup_tops); do
    mkdir -p "$top/$1"
    printf '%s\n' "$BASHPID" >"$top/$1/cgroup.procs"
  done
}

cgroup_tops() { existing_folders /sys/fs/cgroup/unified /sys/fs/cgroup/systemd | grep . || printf '/sys/fs/cgroup\n'; }
existing_folders() { for each in "$@"; do [ ! -d "$each" ] || printf '%s\n' "$each"; done; }

write_ssh_config() {
  local node
  for node in "${NODES[@]}"; do
    cat <<CONFIG
Host $node
  HostName $(address_of "$node")
  ProxyCommand ip netns exec $NET nc %h %p
CONFIG
  done >"$WORK/ssh_config"
  cat >>"$WORK/ssh_config" <<CONFIG
Host *
  User root
  IdentityFile $WORK/key
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  LogLevel ERROR
  ConnectTimeout 5
CONFIG
}

# wait_for SECONDS WHAT COMMAND...
wait_for() {
  local until=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $until ] || fail "waited in vain for $what"
    sleep 0.3
  done
}

stop_node() {
  local folder=$WORK/$1 pid
  [ -e "$folder/pid" ] || return 0
  pid=$(cat "$folder/pid")
  # SIGTERM has the machine shut down in order; what then still runs ends with it.
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 50); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.2
  done
  kill -9 "$pid" 2>/dev/null || true
  umount -l "$folder/root" 2>/dev/null || true
}

remove_all() {
  local node top
  [ -z "${REPOSITORY_PID:-}" ] || kill "$REPOSITORY_PID" 2>/dev/null || true
  for node in "${NODES[@]}"; do stop_node "$node" & done
  wait
  for node in "${NODES[@]}"; do
    for top in $(cgroup_tops); do
      find "$top/$NET-$node" -depth -type d -exec rmdir {} + 2>/dev/null || true
    done
  done
  for node in "${NODES[@]}"; do ip netns delete "$NET-$node" 2>/dev/null || true; done
  ip netns delete "$NET" 2>/dev/null || true
  rm -rf --one-file-system "$WORK"
}
