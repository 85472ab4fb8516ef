#!/bin/bash
# Makes the packages in dist/package/ (`npm run package`), unless they were made of these very sources.
set -euo pipefail
clone=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=$clone/.cache
. "$clone/test/support/set-up.sh"

install_packages binutils dpkg-dev
sources=(src units udev docs bundle-format/schemas package.json package-lock.json CHANGELOG.md README.md LICENSE)
key=$(cd "$clone" && find "${sources[@]}" -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
if [ ! -e "$clone/dist/package/SHA256SUMS" ]; then rm -f "$cache/stamps/package"; fi
mkdir -p "$cache"
unless_made package "$key" npm --prefix "$clone" run -s package
tail -n 4 "$cache/package.log"
