#!/bin/bash
# Makes what the VM tests need, below `.cache/vm/` of this clone. Idempotent: a part is made again only when what it is
# made of has changed. Needs root (apt, mmdebstrap, chroot) and this machine's Debian archive.
#
#     .cache/vm/root.tar     Debian forky with kernel, systemd, Node 24 (named by its list of packages)
#     .cache/vm/guest/       the tree of the guests: the root with bootferry, trimmed
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

host_packages=(qemu-system-x86 ovmf mmdebstrap mtools dosfstools exfatprogs fdisk gdisk cpio xz-utils zstd e2fsprogs
  cryptsetup-bin)
guest_packages=(apt systemd systemd-sysv systemd-boot systemd-boot-efi systemd-cryptsetup udev kmod linux-image-amd64
  initramfs-tools cryptsetup-bin dosfstools exfatprogs e2fsprogs fdisk fsverity util-linux mount passwd login nodejs
  grub-pc-bin grub2-common)

kernel_packages=(linux-image-amd64 kmod mount util-linux fsverity zstd)

install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  if [ ${#missing[@]} = 0 ]; then return; fi
  echo "set-up: installing ${missing[*]}"
  # The package lists may be absent or old: one update, and only when it is needed.
  DEBIAN_FRONTEND=noninteractive apt-get -qqy install --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
    { apt-get -qq update &&
      DEBIAN_FRONTEND=noninteractive apt-get -qqy install --no-install-recommends "${missing[@]}" >/dev/null; }
}

# unless_made NAME KEY COMMAND...: runs COMMAND unless NAME was made from what KEY stands for.
unless_made() {
  local name=$1 key=$2 started=$SECONDS
  shift 2
  if [ "$(cat "$cache/stamps/$name" 2>/dev/null)" = "$key" ]; then return; fi
  rm -f "$cache/stamps/$name"
  echo "set-up: making $name"
  "$@" >"$cache/$name.log" 2>&1 || { tail -n 40 "$cache/$name.log" >&2; echo "set-up: making $name failed" >&2; exit 1; }
  echo "$key" >"$cache/stamps/$name"
  echo "set-up: $name took $((SECONDS - started)) s"
}

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
mkdir -p "$cache/stamps"
unless_made root "$(echo "${guest_packages[*]}" | cat - "$here/guest/make-root.sh" | sha256sum | cut -d' ' -f1)" make_root
(cd "$clone" && npm run -s build)
root_key=$(cat "$cache/stamps/root")
tree_key=$(key_of "$here/guest" "$clone/dist" "$clone"/{units,udev})
unless_made guest "$root_key $tree_key" "$here/guest/make-tree.sh" "$cache/root.tar" "$cache/guest" "$clone"
unless_made installer "$root_key $tree_key" "$here/guest/make-installer.sh" "$cache/root.tar" "$cache/guest" "$cache/installer"
make_kernel bookworm bookworm initramfs-tools initramfs-tools busybox-static
if [ "${1:-}" = --all ]; then
  make_kernel trixie trixie initramfs-tools initramfs-tools
  make_kernel dracut forky dracut dracut systemd systemd-sysv udev e2fsprogs
fi
