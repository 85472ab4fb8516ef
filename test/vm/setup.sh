#!/bin/bash
# Makes what the VM tests need, below `.cache/vm/` of this clone. Idempotent: a part is made again only when what it is
# made of has changed. Needs root (apt, mmdebstrap, chroot) and this machine's Debian archive.
#
#     dist/package/          the packages (test/package/build.sh)
#     .cache/vm/root.tar     Debian forky with kernel and systemd (named by its list of packages)
#     .cache/vm/usb-detection/  the native module, built for the Node that is in the package's executable
#     .cache/vm/guest/       the tree of the guests: the root with bootferry's Debian package, trimmed
#     .cache/vm/installer/   the tree of the installer
#     .cache/vm/kernel-*/    kernels and initramfs images of other releases of Debian, for test/vm/initramfs
#
# usage: setup.sh [--all]    --all also makes the kernels that only `npm run test:vm -- --all` boots
#
# Images, releases, sticks and the installed disk come from these; the tests make them when they need them (rig/).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
clone=$(cd "$here/../.." && pwd)
cache=$clone/.cache/vm
PATH=$clone/node_modules/.bin:$PATH # Node 24
. "$clone/test/support/set-up.sh"

host_packages=(qemu-system-x86 ovmf mmdebstrap mtools dosfstools exfatprogs fdisk gdisk cpio xz-utils zstd e2fsprogs
  cryptsetup-bin g++ make libudev-dev)
guest_packages=(apt systemd systemd-sysv systemd-boot systemd-boot-efi systemd-cryptsetup udev kmod linux-image-amd64
  initramfs-tools cryptsetup-bin dosfstools exfatprogs e2fsprogs fdisk fsverity util-linux mount passwd login libstdc++6
  grub-pc-bin grub2-common)

kernel_packages=(linux-image-amd64 kmod mount util-linux fsverity zstd)

key_of() { find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1; }

make_root() {
  rm -f "$cache/root.tar"
  "$here/guest/make-root.sh" "$cache/root.tar" "${guest_packages[@]}"
}

# make_kernel NAME SUITE GENERATOR PACKAGE...: a root of its own below another release's kernel, made once, and from it the
# kernel and the initramfs, made anew with each change of ours.
make_kernel() {
  local name=kernel-$1 suite=$2 generator=$3
  shift 3
  local packages=("${kernel_packages[@]}" "$@")
  local root_key
  root_key=$(echo "$suite ${packages[*]}" | cat - "$here/guest/make-kernel-root.sh" | sha256sum | cut -d' ' -f1)
  unless_made "$name-root" "$root_key" "$here/guest/make-kernel-root.sh" "$suite" "$cache/$name-root.tar" "${packages[@]}"
  unless_made "$name" "$root_key $(key_of "$here/guest" "$clone/units")" \
    "$here/guest/make-kernel.sh" "$cache/$name-root.tar" "$cache/$name" "$clone" "$generator"
}

if [ "$(id -u)" != 0 ]; then echo "$0 needs root: it installs packages and works in chroots" >&2; exit 1; fi
install_packages "${host_packages[@]}"
unless_made root "$(echo "${guest_packages[*]}" | cat - "$here/guest/make-root.sh" | sha256sum | cut -d' ' -f1)" make_root
"$clone/test/package/build.sh"
deb=$(echo "$clone"/dist/package/bootferry_*.deb)
(cd "$clone" && npm run -s build) # for the initramfs parts, which install-device lays out
root_key=$(cat "$cache/stamps/root")
usb_key=$(cat "$here/guest/make-usb-detection.sh" "$clone/package-lock.json" | sha256sum | cut -d' ' -f1)
unless_made usb-detection "$usb_key" "$here/guest/make-usb-detection.sh" "$cache/usb-detection" "$clone"
tree_key="$(key_of "$here/guest" "$deb") $usb_key"
unless_made guest "$root_key $tree_key" "$here/guest/make-tree.sh" "$cache/root.tar" "$cache/guest" "$deb" "$cache/usb-detection"
unless_made installer "$root_key $tree_key" "$here/guest/make-installer.sh" "$cache/root.tar" "$cache/guest" "$cache/installer"
make_kernel bookworm bookworm initramfs-tools initramfs-tools busybox-static
if [ "${1:-}" = --all ]; then
  make_kernel trixie trixie initramfs-tools initramfs-tools
  make_kernel dracut forky dracut dracut systemd systemd-sysv udev e2fsprogs
fi
