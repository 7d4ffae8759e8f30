# shellcheck shell=bash
# Debian roots for building and testing packages. To be sourced after packaging/environment.sh.
# Where Debian is fetched from, this machine's apt says.

HEARTH_CACHE=${HEARTH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hearth}
READY_PACKAGES=(adduser ca-certificates init-system-helpers libstdc++6 logrotate python3)
BUILD_PACKAGES=(build-essential debhelper help2man po-debconf python3 python3-setuptools python3-venv python3-wheel)

host_suite() { (. /etc/os-release && printf '%s\n' "${VERSION_CODENAME:-}"); }

# missing_of PACKAGE...: those that are not installed here.
missing_of() {
  local package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || printf '%s\n' "$package"
  done
}

# The address that apt fetches Debian from.
debian_mirror() {
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(SITE) $(BASE_URI) $(RELEASE)' 'Created-By: Packages' 2>/dev/null |
    awk -v release="$(host_suite)" '$3 == release { print $1; exit }'
}

# unpack_root SUITE KIND FOLDER: a root from a copy that is made once a month. KIND is clean, ready (with what the package
# depends on), machine (ready, and it boots) or build (with what the package is built with).
unpack_root() {
  local suite=$1 kind=$2 folder=$3 copy
  copy=$HEARTH_CACHE/roots/$suite-$kind-$(root_contents "$kind" | sha256sum | cut -c 1-8).tar
  if [ -z "$(find "$copy" -mtime -30 2>/dev/null)" ]; then
    make_root "$suite" "$kind" "$copy"
  fi
  mkdir -p "$folder"
  tar -x --numeric-owner -C "$folder" -f "$copy"
  cp -L /etc/resolv.conf /etc/hosts "$folder/etc/"
}

root_contents() {
  case $1 in
    clean) echo ca-certificates ;;
    ready) echo "${READY_PACKAGES[@]}" ;;
    machine) echo "${READY_PACKAGES[@]}" dbus iproute2 procps systemd systemd-sysv ;;
    build) echo ca-certificates "${BUILD_PACKAGES[@]}" ;;
  esac
}

make_root() {
  local suite=$1 kind=$2 copy=$3 made
  mapfile -t missing < <(missing_of debootstrap)
  [ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
  [ "$(id -u)" -eq 0 ] || fail "a root of $suite can only be made by root"
  say "Making a root of $suite ..."
  made=$(mktemp -d)
  debootstrap --variant=minbase --include="$(root_contents "$kind" | tr '\n ' ',,' | sed 's/,$//')" "$suite" "$made/root" \
    "$(debian_mirror)" >"$made/log" 2>&1 || { tail -n 20 "$made/log" >&2; remove_tree "$made"; fail "debootstrap failed"; }
  give_apt "$suite" "$made/root"
  rm -rf "$made/root"/var/cache/apt/archives/*.deb
  mkdir -p "$HEARTH_CACHE/roots"
  rm -f "$HEARTH_CACHE/roots/$suite-$kind"-*.tar
  tar -c --numeric-owner -C "$made/root" -f "$copy.new" .
  mv "$copy.new" "$copy"
  remove_tree "$made"
}

# give_apt SUITE ROOT: this machine's ways to fetch packages, for the root's suite.
give_apt() {
  local suite=$1 root=$2
  rm -f "$root/etc/apt/sources.list"
  printf 'deb %s %s main\n' "$(debian_mirror)" "$suite" >"$root/etc/apt/sources.list.d/debian.list"
  apt-config dump | grep -E '^Acquire::(Check-|http|https|Retries)' >"$root/etc/apt/apt.conf.d/90acquire" || true
  if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    mkdir -p "$root/etc/ssl/certs"
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  fi
}

# run_in_root ROOT COMMAND...: runs it there, with the file systems that programs expect, and leaves none mounted.
run_in_root() (
  root=$1
  shift
  mount_in "$root"
  trap 'unmount_in "$root"' EXIT
  env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    chroot "$root" "$@"
)

# What cannot be mounted here is there already, or programs do without it.
mount_in() {
  mountpoint -q "$1/proc" || mount -t proc proc "$1/proc" 2>/dev/null || true
  if ! [ -c "$1/dev/null" ]; then
    mknod -m 666 "$1/dev/null" c 1 3
    mknod -m 666 "$1/dev/urandom" c 1 9
  fi
  [ -e "$1/dev/fd" ] || ln -s /proc/self/fd "$1/dev/fd"
  mkdir -p "$1/dev/shm" "$1/dev/pts"
  mountpoint -q "$1/dev/shm" || mount -t tmpfs tmpfs "$1/dev/shm" 2>/dev/null || chmod 1777 "$1/dev/shm"
  mountpoint -q "$1/dev/pts" || mount -t devpts -o ptmxmode=666 devpts "$1/dev/pts" 2>/dev/null || true
}

unmount_in() {
  local place
  for place in dev/pts dev/shm proc; do
    if mountpoint -q "$1/$place"; then umount -l "$1/$place"; fi
  done
}

# remove_tree FOLDER: deletes it, with roots in it in which something may still be mounted or run.
remove_tree() {
  local place
  end_processes_in "$1"
  while read -r place; do umount -l "$place"; done < <(awk -v top="$1/" 'index($2, top) == 1 { print $2 }' /proc/mounts | tac)
  rm -rf --one-file-system "$1"
}

# end_processes_in FOLDER: ends what runs in a root below the folder.
end_processes_in() {
  local process root
  for process in /proc/[0-9]*; do
    root=$(readlink "$process/root" 2>/dev/null) || continue
    case $root in
      "$1"/*) kill -9 "${process#/proc/}" 2>/dev/null || true ;;
    esac
  done
}
