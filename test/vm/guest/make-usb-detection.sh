#!/bin/bash
# Builds usb-detection, which is native code, for the Node of the guests: in a copy of their Debian root, by Debian's
# compiler, against Debian's headers of that Node and of libudev.
#
#     OUT/node_modules/{usb-detection,bindings,file-uri-to-path,eventemitter2}
#
# usage: make-usb-detection.sh ROOT.tar OUT CLONE        (root)
set -euo pipefail
root_tar=$1 out=$2 clone=$3
tree=$out.tree
rm -rf "$tree" "$out"
mkdir -p "$tree" "$out/node_modules"
trap 'rm -rf "$tree"' EXIT
tar -C "$tree" --numeric-owner -xf "$root_tar"

rm -f "$tree/etc/resolv.conf"
cp /etc/resolv.conf "$tree/etc/resolv.conf"
chroot "$tree" sh -ec 'export DEBIAN_FRONTEND=noninteractive
  apt-get -qq update
  apt-get -qqy install --no-install-recommends g++ make python3-minimal libnode-dev libudev-dev node-gyp'

# The versions of the lock file, their scripts not run: those would build for this machine's Node.
mkdir "$tree/src"
cp "$clone/package.json" "$clone/package-lock.json" "$tree/src/"
(cd "$tree/src" && npm ci --ignore-scripts --omit=dev --no-audit --no-fund)
chroot "$tree" sh -ec 'cd /src/node_modules/usb-detection
  HOME=/tmp node-gyp rebuild --nodedir=/usr/include/nodejs
  cd /src
  node -e "require(\"usb-detection\")"'
for name in usb-detection bindings file-uri-to-path eventemitter2; do
  cp -a "$tree/src/node_modules/$name" "$out/node_modules/"
done
