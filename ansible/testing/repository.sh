# shellcheck shell=bash
# The packages that the machines of ansible/test install: Debian's, and Hearth in a signed repository of its own.
# To be sourced after nodes.sh.

# What the roles install, in all of their variants.
ROLE_PACKAGES=(ca-certificates python3-cryptography postgresql postgresql-client python3-psycopg2 coturn dnsmasq nginx caddy
  sqlite3 certbot acl logrotate)

# fetch_packages BASE FOLDER: Debian's packages with all they need, as a flat repository.
fetch_packages() {
  local base=$1 folder=$2 kept=$HEARTH_CACHE/packages/$SUITE
  local root=$WORK/fetching
  mkdir -p "$kept/partial" "$folder" "$WORK/fetching-upper" "$WORK/fetching-work" "$root"
  mount -t overlay overlay -o "lowerdir=$base,upperdir=$WORK/fetching-upper,workdir=$WORK/fetching-work" "$root"
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  mount --bind "$kept" "$root/var/cache/apt/archives"
  chroot "$root" apt-get -qq update
  # Also Hearth's own dependencies: its package is there, so apt works them out.
  cp "$HEARTH_PACKAGE" "$root/tmp/hearth.deb"
  chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --download-only --no-install-recommends \
    "${ROLE_PACKAGES[@]}" /tmp/hearth.deb
  # Only what this run wants: what is kept may be older.
  chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --print-uris --no-install-recommends \
    --no-download "${ROLE_PACKAGES[@]}" /tmp/hearth.deb >/dev/null
  umount "$root/var/cache/apt/archives"
  umount "$root"
  find "$kept" -maxdepth 1 -name '*.deb' ! -name 'hearth_*' -exec ln -t "$folder" {} +
  index "$folder"
}

# index FOLDER: makes it a flat repository.
index() {
  (cd "$1" && apt-ftparchive packages . >Packages && apt-ftparchive release . >Release.new && mv Release.new Release)
}

# make_key: who signs Hearth's repository in this test.
make_key() {
  export GNUPGHOME=$WORK/gnupg
  install -d -m 0700 "$GNUPGHOME"
  gpg --quiet --batch --passphrase '' --quick-generate-key 'Test of the roles <test@hearth.invalid>' ed25519 sign never
  gpg --quiet --armor --export >"$WORK/hearth.asc"
}

# publish PACKAGE FOLDER: adds a version of Hearth to the signed repository.
publish() {
  mkdir -p "$2"
  cp "$1" "$2/"
  index "$2"
  gpg --quiet --batch --yes --clearsign --output "$2/InRelease" "$2/Release"
}

# next_version PACKAGE OUT: the same package as a later version, to upgrade to.
next_version() {
  local root=$WORK/next
  dpkg-deb --raw-extract "$1" "$root"
  sed -i 's/^Version: .*/&+next/' "$root/DEBIAN/control"
  dpkg-deb --root-owner-group -Zgzip -z1 --build "$root" "$2" >/dev/null
  rm -rf "$root"
}
