#!/bin/bash
# Makes the tree of the installer: the same system as the guests, with GRUB for `os install` onto BIOS machines, and
# without the rule and the units of bootferry that would take a stick on their own.
#
# usage: make-installer.sh ROOT.tar GUEST_TREE INSTALLER_TREE        (root)
set -euo pipefail
root_tar=$1 guest=$2 tree=$3
rm -rf "$tree"
cp -a "$guest" "$tree"
rm -rf "$tree"/usr/lib/systemd/system/bootferry-*.{service,path,timer} "$tree"/usr/lib/systemd/system/*.wants/bootferry-* \
  "$tree"/usr/lib/udev/rules.d/*bootferry* "$tree"/usr/lib/modules/*/initramfs.img
tar -C "$tree" --numeric-owner --wildcards -xf "$root_tar" './usr/bin/grub-*' './usr/sbin/grub-*' './usr/lib/grub' './usr/share/grub'
