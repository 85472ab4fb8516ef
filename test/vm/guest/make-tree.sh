#!/bin/bash
# Makes a guest tree from the Debian root: bootferry's Debian package installed as an image builder would, an initramfs made
# by initramfs-tools, the kernel where image-based systems keep it, the command channel of the rig, and all else trimmed.
#
# usage: make-tree.sh ROOT.tar TREE PACKAGE.deb USB        (root; USB/node_modules has usb-detection)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root_tar=$1 tree=$2 deb=$3 usb=$4
rm -rf "$tree"
mkdir -p "$tree"
tar -C "$tree" --numeric-owner -xf "$root_tar"
kver=$(ls "$tree/usr/lib/modules")

# The loader of the BIOS variant is for the installer alone (make-installer.sh).
chroot "$tree" dpkg --purge --force-depends grub-pc-bin grub2-common grub-common >/dev/null

rm -f "$tree/etc/machine-id" "$tree/etc/fstab" "$tree"/etc/{resolv.conf,hostname}
: >"$tree/etc/machine-id"
echo guest >"$tree/etc/hostname"
cp "$deb" "$tree/bootferry.deb"
chroot "$tree" dpkg --install /bootferry.deb
rm -rf "$tree/bootferry.deb" "$tree"/run/*
chroot "$tree" /usr/lib/bootferry/prepare-image
cp -a "$usb/node_modules" "$tree/usr/lib/bootferry/"

python3 "$here/prune-modules.py" "$tree/usr/lib/modules/$kver"
chroot "$tree" depmod "$kver"
"$here/make-initramfs.sh" "$tree"
rm -rf "$tree"/boot/* "$tree"/{vmlinuz,initrd.img}* "$tree/usr/lib/modules/$kver"/{config,System.map}

"$here/trim.sh" "$tree"
install -D -m 755 "$here/files/channel" "$tree/usr/lib/rig/channel"
units=$tree/usr/lib/systemd/system
install -m 644 "$here"/files/*.service "$units/"
mkdir -p "$units"/{sysinit,multi-user}.target.wants "$units/bootferry-.service.d" "$tree/usr/lib/systemd/journald.conf.d"
ln -sfn ../rig-channel.service "$units/sysinit.target.wants/rig-channel.service"
ln -sfn ../rig-up.service "$units/multi-user.target.wants/rig-up.service"
# What bootferry says stands in the rig's log of the console, across all boots of a scenario. Without logger(1) the agent
# cannot make entries of the journal with fields, which never reach the console, and writes them to stderr as JSON lines
# (test/unit and test/images look at the entries).
rm "$tree/usr/bin/logger"
printf '[Service]\nStandardOutput=journal+console\nStandardError=journal+console\n' >"$units/bootferry-.service.d/rig.conf"
printf '[Journal]\nStorage=volatile\n' >"$tree/usr/lib/systemd/journald.conf.d/rig.conf"
