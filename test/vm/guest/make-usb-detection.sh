#!/bin/bash
# Builds usb-detection, which is native code, for the Node in bootferry's executable: against the headers of that Node, which
# come with the npm package `node`. It runs on this Debian and on newer ones. Debian's own node-gyp would not do: it links
# modules to Debian's libnode, and two Nodes in one process abort it.
#
#     OUT/node_modules/{usb-detection,bindings,file-uri-to-path,eventemitter2}
#
# usage: make-usb-detection.sh OUT CLONE        (g++, make, python3, libudev-dev; CLONE after `npm ci`)
set -euo pipefail
out=$1 clone=$2
scratch=$out.scratch
rm -rf "$scratch" "$out"
mkdir -p "$scratch" "$out/node_modules"
trap 'rm -rf "$scratch"' EXIT

# The versions of the lock file, their scripts not run: those would build for the Node that runs npm.
cp "$clone/package.json" "$clone/package-lock.json" "$scratch/"
cd "$scratch"
npm ci --ignore-scripts --omit=dev --no-audit --no-fund
npm_config_nodedir=$(echo "$clone"/node_modules/node/node_modules/node-linux-*) npm rebuild usb-detection
node -e 'require("usb-detection")'
for name in usb-detection bindings file-uri-to-path eventemitter2; do cp -a "node_modules/$name" "$out/node_modules/"; done

# What is loaded: the rest is sources and leftovers of the compiler.
cd "$out/node_modules"
find . -type f ! -name package.json ! -name '*.js' ! -path ./usb-detection/build/Release/detection.node -delete
find . -path '*/test*' -type f -delete
find . -type d -empty -delete
