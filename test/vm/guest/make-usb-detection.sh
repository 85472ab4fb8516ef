#!/bin/bash
# Builds usb-detection, which is native code, for the Node in bootferry's executable: in a copy of the guests' Debian root,
# by Debian's compiler, against the headers of that Node (they come with the npm package `node`) and of libudev.
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
  apt-get -qqy install --no-install-recommends g++ make python3-minimal libudev-dev node-gyp'

# The versions of the lock file, their scripts not run: those would build for this machine's Node.
mkdir "$tree/src"
cp "$clone/package.json" "$clone/package-lock.json" "$tree/src/"
(cd "$tree/src" && npm ci --ignore-scripts --omit=dev --no-audit --no-fund)
mkdir "$tree/src/node"
cp -a "$clone/node_modules/node/node_modules/node-linux-$(node -p process.arch)"/{bin,include} "$tree/src/node/"
chroot "$tree" sh -ec 'cd /src/node_modules/usb-detection
  HOME=/tmp node-gyp rebuild --nodedir=/src/node
  cd /src
  node/bin/node -e "require(\"usb-detection\")"'
for name in usb-detection bindings file-uri-to-path eventemitter2; do
  cp -a "$tree/src/node_modules/$name" "$out/node_modules/"
done
# What is loaded: the rest is sources and leftovers of the compiler.
cd "$out/node_modules"
find . -type f ! -name package.json ! -name '*.js' ! -path ./usb-detection/build/Release/detection.node -delete
find . -path '*/test*' -type f -delete
find . -type d -empty -delete
