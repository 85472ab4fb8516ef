#!/bin/bash
# dracut module: mounts the deployment that the boot entry names, by the same mount-root as with initramfs-tools.
# See dracut.modules(7). Installed as 90bootferry; it is part of every initramfs that is made where it is installed.
# shellcheck disable=SC2154 # dracut sets moddir, initdir and systemdsystemunitdir

check() {
  # Said aloud: an initramfs without it would boot nothing of ours.
  require_binaries mount umount fsverity modprobe || return 1
  return 0
}

depends() { echo base; }

installkernel() {
  hostonly='' instmods loop erofs overlay efivarfs
}

install() {
  local lib=/usr/lib/bootferry/initramfs
  inst_multiple mount umount fsverity modprobe mkdir rmdir sleep reboot
  inst_script "$lib/mount-root" "$lib/mount-root"
  inst_script "$moddir/reboot-instead-of-shell" "$lib/reboot-instead-of-shell"
  inst_hook emergency 01 "$moddir/emergency.sh"
  inst_hook shutdown-emergency 01 "$moddir/emergency.sh"
  if dracut_module_included systemd; then
    inst_simple "$moddir/bootferry-root.service" "$systemdsystemunitdir/bootferry-root.service"
    inst_simple "$moddir/emergency.conf" "$systemdsystemunitdir/emergency.service.d/50-bootferry.conf"
    inst_simple "$moddir/emergency.conf" "$systemdsystemunitdir/rescue.service.d/50-bootferry.conf"
    $SYSTEMCTL -q --root "$initdir" add-requires initrd-root-fs.target bootferry-root.service
  else
    inst_hook pre-pivot 10 "$moddir/pre-pivot.sh"
  fi
}
