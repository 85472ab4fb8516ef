#!/bin/bash
# Makes two Debian root file systems as tars, in one run of mmdebstrap: a trixie system with systemd and a kernel, and the
# same system after an ordinary small update (one package gone, three new, a few upgraded where upgrades are to be had).
#
# usage: make-debian-roots.sh V1.tar V2.tar        (root)
#
# A root is taken by GNU tar from within the run, without the apt and dpkg settings of mmdebstrap. The initramfs of both is
# a STAND-IN (a text file that says so): no test boots these images, and making a real one takes longer than all the rest.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/debian-mirror.sh"
v1=$(realpath -m "$1") v2=$(realpath -m "$2")
mirror=$(debian_mirror) security=$(debian_security_mirror)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

sources=("deb $mirror trixie main" "deb $mirror trixie-updates main")
# Upgrades come from the security archive; the first system is made without it.
later=$scratch/security.list
: >"$later"
if [ -n "$security" ]; then echo "deb $security trixie-security main" >"$later"; fi

cat >"$scratch/place-kernel" <<'SH'
#!/bin/sh
# Puts the kernel where image-based systems keep it: /usr/lib/modules/$kver/vmlinuz.
set -eu
for image in "$1"/boot/vmlinuz-*; do
  version=${image##*/vmlinuz-}
  mv "$image" "$1/usr/lib/modules/$version/vmlinuz"
  echo "STAND-IN for an initramfs of kernel $version: this file cannot boot, it only stands where a real one would" \
    >"$1/usr/lib/modules/$version/initramfs.img"
done
rm -f "$1"/boot/* "$1/vmlinuz" "$1/vmlinuz.old" "$1/initrd.img" "$1/initrd.img.old"
SH
cat >"$scratch/pack" <<'SH'
#!/bin/sh
# pack OUT.tar ROOT: everything but what mmdebstrap itself put there and the mount points' contents.
# tar's status 1 is "a file changed as we read it": the mounted /sys does.
set -eu
tar -C "$2" --format=pax --pax-option=delete=atime,delete=ctime --sort=name --numeric-owner --xattrs --xattrs-include='*' \
  --exclude='./proc/*' --exclude='./sys/*' --exclude='./dev/*' --exclude='./run/*' --exclude='./tmp/*' \
  --exclude='./var/lib/apt/lists/*' --exclude='./var/cache/apt/*' --exclude='./etc/apt/sources.list*' \
  --exclude='./etc/apt/apt.conf.d/99mmdebstrap' --exclude='./etc/dpkg/dpkg.cfg.d/99mmdebstrap' \
  --exclude='./etc/resolv.conf' --exclude='./etc/hostname' -cf "$1" . || [ $? = 1 ]
SH
cat >"$scratch/update" <<'SH'
#!/bin/sh
# update ROOT LIST: the small update. An update of the archive between two runs is what makes the "upgraded" part real.
set -eu
cp "$2" "$1/etc/apt/sources.list.d/later.list"
chroot "$1" apt-get -q update
chroot "$1" apt-get -qy remove nano
chroot "$1" apt-get -qy install --no-install-recommends less rsync tcpdump
chroot "$1" apt-get -qy install --no-install-recommends --only-upgrade openssl libssl3t64 curl libcurl4t64 tzdata ca-certificates
rm "$1/etc/apt/sources.list.d/later.list"
SH
chmod +x "$scratch"/{place-kernel,pack,update}

packages=apt,systemd,systemd-sysv,udev,dbus,kmod,passwd,login,mount,iproute2,iputils-ping,openssh-server,ca-certificates
packages+=,openssl,curl,python3,nano,tzdata,linux-image-cloud-amd64
# The kernel's hook would make an initramfs that nobody boots.
mmdebstrap --quiet --mode=root --variant=essential --format=null --include="$packages" \
  --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
  --aptopt='Acquire::Check-Valid-Until "false"' \
  --dpkgopt='path-exclude=/etc/kernel/postinst.d/initramfs-tools' --dpkgopt='force-unsafe-io' \
  --customize-hook="$scratch/place-kernel \"\$1\"" --customize-hook="$scratch/pack $v1 \"\$1\"" \
  --customize-hook="$scratch/update \"\$1\" $later" --customize-hook="$scratch/pack $v2 \"\$1\"" \
  trixie /dev/null "${sources[@]}"
