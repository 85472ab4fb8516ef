#!/bin/sh
# Hook `pre-pivot` of dracut without systemd, sourced when the physical root is mounted.
# shellcheck disable=SC2154 # dracut sets it
/usr/lib/bootferry/initramfs/mount-root "$NEWROOT" || die "bootferry: the deployment cannot be mounted"
