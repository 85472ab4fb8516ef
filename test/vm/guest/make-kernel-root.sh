#!/bin/bash
# Makes a small Debian root of any suite with its kernel and a generator of initramfs images, as a tar: the initramfs
# matrix boots the kernels of Debian's releases, far apart in what they can do with composefs images.
#
# usage: make-kernel-root.sh SUITE OUT.tar PACKAGE...        (root)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../images/debian-mirror.sh"
suite=$1 out=$2
shift 2
packages=$(IFS=, && echo "$*")
# A mirror may be a frozen copy whose Release file is past its date; its signatures are checked all the same.
mmdebstrap --quiet --mode=root --variant=essential --format=tar --include="$packages" \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  --aptopt='Acquire::Check-Valid-Until "false"' \
  --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*' \
  --dpkgopt='path-exclude=/etc/kernel/postinst.d/*' --dpkgopt='force-unsafe-io' \
  "$suite" "$out" "deb $(debian_mirror) $suite main"
