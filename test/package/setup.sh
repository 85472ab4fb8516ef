#!/bin/bash
# Makes what the `package` tests need. Idempotent. Needs root (apt, mmdebstrap) and this machine's Debian archive.
#
#     dist/package/            the packages (build.sh)
#     .cache/package/root.tar  a fresh Debian 13 (trixie): what debootstrap gives with apt, and nothing more
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
clone=$(cd "$here/../.." && pwd)
cache=$clone/.cache/package
. "$clone/test/support/set-up.sh"
. "$clone/test/images/debian-mirror.sh"

make_root() {
  local mirror
  mirror=$(debian_mirror) || return 1
  # A mirror may be a frozen copy whose Release file is past its date; its signatures are checked all the same.
  mmdebstrap --quiet --mode=root --variant=apt --format=tar --aptopt='Acquire::Languages "none"' \
    --aptopt='Acquire::Check-Valid-Until "false"' --dpkgopt='force-unsafe-io' \
    trixie "$cache/root.tar" "deb $mirror trixie main"
}

if [ "$(id -u)" != 0 ]; then echo "$0 needs root: it installs packages and works in chroots" >&2; exit 1; fi
mkdir -p "$cache"
install_packages lintian mmdebstrap
"$here/build.sh"
unless_made root "$(sha256sum "$here/setup.sh" | cut -d' ' -f1)" make_root
