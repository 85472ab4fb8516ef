#!/bin/bash
# Makes the Debian root from which every guest of the VM tests comes, as a tar. The suite is forky: its kernel (6.12 or
# newer) mounts composefs images from files and asks fs-verity of data-only layers, and it has Node 24.
#
# usage: make-root.sh OUT.tar PACKAGE...        (root)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../images/debian-mirror.sh"
out=$1
shift
packages=$(IFS=, && echo "$*")
# A mirror may be a frozen copy whose Release file is past its date; its signatures are checked all the same.
mmdebstrap --quiet --mode=root --variant=essential --format=tar --include="$packages" \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  --aptopt='Acquire::Check-Valid-Until "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --dpkgopt='path-exclude=/etc/kernel/postinst.d/initramfs-tools' --dpkgopt='force-unsafe-io' \
  forky "$out" "deb $(debian_mirror) forky main"
