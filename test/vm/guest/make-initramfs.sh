#!/bin/bash
# Makes TREE/usr/lib/modules/KVER/initramfs.img by initramfs-tools in a chroot: with bootferry's hook, with a list of
# modules instead of all, and without udev, which an emulated machine with one virtio disk can do without.
#
# usage: make-initramfs.sh TREE [MODULE...]        (root; the modules of the tree are pruned and uncompressed)
set -euo pipefail
tree=$1
shift
kver=$(ls "$tree/usr/lib/modules")
conf=$tree/etc/initramfs-tools
sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=zstd/' "$conf/initramfs.conf"
printf '%s\n' virtio_blk ext4 erofs overlay loop "$@" >>"$conf/modules"
rm -f "$tree"/usr/share/initramfs-tools/hooks/{udev,resume,thermal,keymap,dmsetup,fsck} "$tree"/usr/share/initramfs-tools/scripts/*/udev
chroot "$tree" mkinitramfs -o "/usr/lib/modules/$kver/initramfs.img" "$kver"
