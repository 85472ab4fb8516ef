#!/bin/bash
# Makes from a small root what QEMU boots for the initramfs matrix, with bootferry installed as an image builder would:
#
#     OUT/vmlinuz  OUT/initramfs.img
#     OUT/modules/KVER/   the modules of that kernel, for an image that changes its kernel
#     OUT/tools/   busybox (static) and fsverity with its libraries, where the root has them: what a test disk runs
#
# usage: make-kernel.sh ROOT.tar OUT CLONE initramfs-tools|dracut        (root; CLONE has been built)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root_tar=$1 out=$2 clone=$3 kind=$4
tree=$out.tree
rm -rf "$tree" "$out"
mkdir -p "$tree" "$out"
trap 'rm -rf "$tree"' EXIT
tar -C "$tree" --numeric-owner -xf "$root_tar"
kver=$(ls "$tree/usr/lib/modules")
(cd "$clone" && npm run -s install-device -- --no-build --initramfs "$kind" --destdir "$tree" >/dev/null)
python3 "$here/prune-modules.py" "$tree/usr/lib/modules/$kver"
chroot "$tree" depmod "$kver"
case $kind in
initramfs-tools) "$here/make-initramfs.sh" "$tree" ;;
# No host to fit to: what is in the tree decides. The file systems and the disk are those of the test machine.
dracut)
  chroot "$tree" dracut --quiet --force --no-hostonly --no-hostonly-cmdline --compress zstd \
    --add-drivers "virtio_blk virtio_pci crc32c_generic ext4" "/usr/lib/modules/$kver/initramfs.img" "$kver"
  ;;
esac
mv "$tree/usr/lib/modules/$kver/initramfs.img" "$out/initramfs.img"
kernel=$tree/boot/vmlinuz-$kver
if [ ! -e "$kernel" ]; then kernel=$tree/usr/lib/modules/$kver/vmlinuz; fi
mv "$kernel" "$out/vmlinuz"
mkdir "$out/modules"
mv "$tree/usr/lib/modules/$kver" "$out/modules/"

if [ -e "$tree/bin/busybox" ]; then
  mkdir "$out/tools"
  cp "$tree/bin/busybox" "$out/tools/busybox"
  cp "$tree/usr/bin/fsverity" "$out/tools/fsverity"
  chroot "$tree" ldd /usr/bin/fsverity | grep -o '/[^ ]*' | while read -r library; do cp "$tree$library" "$out/tools/"; done
fi
