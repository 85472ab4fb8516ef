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
sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=gzip/' "$conf/initramfs.conf"
printf '%s\n' virtio_pci virtio_blk crc32c_generic ext4 erofs overlay loop "$@" >>"$conf/modules"
cat >"$conf/hooks/rig" <<'HOOK'
#!/bin/sh
# Without udev's links it is blkid that finds root=UUID=….
if [ "${1:-}" = prereqs ]; then exit 0; fi
. /usr/share/initramfs-tools/hook-functions
copy_exec /usr/sbin/blkid /sbin/blkid
HOOK
mkdir -p "$conf/scripts/init-bottom"
cat >"$conf/scripts/init-bottom/rig" <<'SCRIPT'
#!/bin/sh
# Hands /dev over to the system, which is otherwise done by udev's script.
if [ "${1:-}" = prereqs ]; then exit 0; fi
mount -n -o move /dev "$rootmnt/dev"
SCRIPT
chmod 755 "$conf/hooks/rig" "$conf/scripts/init-bottom/rig"
rm -f "$tree"/usr/share/initramfs-tools/hooks/{udev,resume,thermal,keymap,dmsetup,fsck} "$tree"/usr/share/initramfs-tools/scripts/*/udev
chroot "$tree" mkinitramfs -o "/usr/lib/modules/$kver/initramfs.img" "$kver"
