#!/bin/bash
# Installs what the panel's tests need: a Chromium, fonts with Chinese characters, and what makes pictures small.
# Idempotent. Needs root (apt) and this machine's Debian archive. No browser is downloaded from anywhere else.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../support/set-up.sh"
if [ "$(id -u)" != 0 ]; then echo "$0 needs root: it installs packages" >&2; exit 1; fi
install_packages chromium fonts-noto-cjk pngquant
