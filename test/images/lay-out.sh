#!/bin/bash
# Lays out tars as the layers of an OCI image by umoci: no code of ours takes part, or the proofs would be circular.
#
# usage: lay-out.sh LAYOUT VERSION LAYER.tar...        The tag is `latest`, layers are compressed by gzip.
set -euo pipefail
layout=$1 version=$2
shift 2
rm -rf "$layout"
umoci init --layout "$layout"
umoci new --image "$layout:latest"
for layer; do
  umoci raw add-layer --image "$layout:latest" --history.created_by "test layer ${layer##*/}" "$layer"
done
umoci config --image "$layout:latest" --architecture amd64 --os linux --no-history \
  --config.label org.opencontainers.image.version="$version"
umoci gc --layout "$layout"
