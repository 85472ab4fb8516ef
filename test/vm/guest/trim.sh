#!/bin/bash
# Takes out of a guest tree what only costs time under an emulated processor: units, generators and udev rules that no
# scenario is about, and files that nothing here opens (each file is an object to seal). What bootferry itself uses stays.
#
# usage: trim.sh TREE
set -euo pipefail
tree=$1
units=$tree/usr/lib/systemd/system

masked=(
  apt-daily.timer apt-daily-upgrade.timer console-setup.service dev-hugepages.mount dev-mqueue.mount dpkg-db-backup.timer
  e2scrub_all.timer e2scrub_reap.service first-boot-complete.target fstrim.timer getty-static.service getty.target
  getty@.service keyboard-setup.service kmod-static-nodes.service ldconfig.service modprobe@configfs.service
  modprobe@drm.service modprobe@fuse.service proc-sys-fs-binfmt_misc.automount serial-getty@.service
  sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount
  systemd-ask-password-console.path systemd-ask-password-wall.path systemd-ask-password.socket systemd-binfmt.service
  systemd-boot-clear-sysfail.service systemd-boot-random-seed.service systemd-boot-update.service systemd-bootctl.socket
  systemd-creds.socket systemd-factory-reset.socket systemd-firstboot.service systemd-hibernate-clear.service
  systemd-hostnamed.socket systemd-hwdb-update.service systemd-importd.socket systemd-journal-catalog-update.service
  systemd-journalctl.socket systemd-logind-varlink.socket systemd-logind.service systemd-machine-id-commit.service
  systemd-machined.socket systemd-modules-load.service systemd-mute-console.socket
  systemd-networkd-resolve-hook.socket systemd-networkd.service systemd-networkd.socket systemd-oomd.socket
  systemd-pcrextend.socket systemd-pcrlock.socket systemd-pcrmachine.service systemd-pcrphase.service
  systemd-pcrphase-sysinit.service systemd-pstore.service systemd-random-seed.service systemd-repart.socket
  systemd-sysctl.service systemd-sysext.socket systemd-sysupdate-notify-bootctl.socket systemd-timesyncd.service
  systemd-tmpfiles-clean.timer systemd-tmpfiles-setup-dev-early.service systemd-tmpfiles-setup-dev.service
  systemd-tpm2-setup-early.service systemd-tpm2-setup.service systemd-udev-load-credentials.service
  systemd-udev-settle.service systemd-update-utmp.service systemd-user-sessions.service systemd-userdbd.socket
)
for unit in "${masked[@]}"; do ln -sfn /dev/null "$units/$unit"; done
ln -sfn multi-user.target "$units/default.target"

generators=(clonesetup cryptsetup debug factory-reset getty gpt-auto hibernate-resume import integritysetup rc-local run
  ssh system-update sysv tpm2 veritysetup)
for generator in "${generators[@]}"; do rm -f "$tree/usr/lib/systemd/system-generators/systemd-$generator-generator"; done

# Rules that name what a stick or a disk is stay; those for hardware that the guest does not have go.
rules=$tree/usr/lib/udev/rules.d
for rule in 60-autosuspend 60-cdrom_id 60-dmi-id 60-drm 60-evdev 60-fido-id 60-gpiochip 60-infiniband 60-input-id \
  60-persistent-alsa 60-persistent-hidraw 60-persistent-input 60-persistent-media-controller 60-persistent-storage-mtd \
  60-persistent-storage-tape 60-persistent-v4l 60-sensor 60-serial 60-tpm2-id 64-btrfs 65-integration 70-camera \
  70-joystick 70-memory 70-mouse 70-power-switch 70-touchpad 70-uaccess 71-seat 73-seat-late 73-special-net-names \
  75-net-description 75-probe_mtd 78-sound-card 80-net-setup-link 81-net-bridge 81-net-dhcp 82-net-auto-link-local \
  90-image-dissect 90-iocost 96-e2scrub; do
  rm -f "$rules/$rule.rules"
done

# Cold plug of what matters alone.
mkdir -p "$units/systemd-udev-trigger.service.d"
cat >"$units/systemd-udev-trigger.service.d/rig.conf" <<'CONF'
[Service]
ExecStart=
ExecStart=-udevadm trigger --type=all --action=add --prioritized-subsystem=block --subsystem-match=block --subsystem-match=usb --subsystem-match=pci --subsystem-match=virtio --subsystem-match=scsi --subsystem-match=mmc
CONF

cd "$tree"
rm -rf usr/lib/udev/hwdb.d usr/lib/udev/hwdb.bin usr/lib/x86_64-linux-gnu/gconv usr/lib/x86_64-linux-gnu/perl-base \
  usr/share/perl5 usr/share/bash-completion usr/share/zsh usr/share/lintian usr/share/polkit-1 usr/share/terminfo/[a-km-uw-zA-Z]* \
  usr/lib/klibc usr/lib/apt usr/lib/dpkg \
  usr/lib/x86_64-linux-gnu/libapt-*.so.* usr/lib/systemd/catalog usr/lib/kernel usr/src usr/share/initramfs-tools \
  usr/share/gcc usr/share/gdb usr/share/pixmaps usr/share/readline usr/share/tabset usr/share/factory usr/share/dpkg \
  usr/share/debconf usr/bin/perl* usr/bin/apt* usr/bin/dpkg* usr/lib/dracut etc/initramfs-tools etc/kernel etc/apt etc/dpkg \
  etc/debconf.conf etc/cron.daily etc/alternatives/README usr/share/debianutils usr/lib/x86_64-linux-gnu/libdb-*.so
rm -rf var/lib/dpkg var/lib/apt var/cache/* var/lib/systemd/deb-systemd-helper-* var/log/* var/lib/initramfs-tools
