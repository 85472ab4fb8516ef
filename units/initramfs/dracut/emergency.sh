#!/bin/sh
# Hooks `emergency` and `shutdown-emergency` of dracut, sourced before its shell starts.
/usr/lib/bootferry/initramfs/reboot-instead-of-shell
