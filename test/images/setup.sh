#!/bin/bash
# Makes what the `images` tests and the bench need, below `.cache/` of this clone. Idempotent: a part is made again only
# when the scripts that make it have changed. Needs root (apt, mmdebstrap, device nodes) and this machine's Debian archive.
#
#     .cache/images/debian-v1, debian-v2   a trixie system with systemd and kernel, and the same after a small update
#     .cache/images/debian-v1-zstd         the first one with its layer compressed by zstd
#     .cache/images/layers                 six layers that overwrite, delete and link across layers
#     .cache/oracle/mkcomposefs            the foreign composefs writer (oracle.sh)
#
# Every image is an OCI layout made by umoci or skopeo, with the tag `latest`.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$(cd "$here/../.." && pwd)/.cache
images=$cache/images
. "$here/../support/set-up.sh"

# key_of SCRIPT...: changes with any of them.
key_of() { (cd "$here" && cat "$@") | sha256sum | cut -d' ' -f1; }

make_debian() {
  "$here/make-debian-roots.sh" "$scratch/v1.tar" "$scratch/v2.tar" &&
    "$here/lay-out.sh" "$images/debian-v1" 1.0.0 "$scratch/v1.tar" &&
    "$here/lay-out.sh" "$images/debian-v2" 2.0.0 "$scratch/v2.tar" || return 1
  rm -rf "$images/debian-v1-zstd" "$scratch"/v?.tar
  # --insecure-policy: skopeo's signature policy is about registries and need not be there.
  skopeo --insecure-policy copy --quiet --dest-compress-format zstd \
    "oci:$images/debian-v1:latest" "oci:$images/debian-v1-zstd:latest"
}

make_layers() {
  python3 "$here/make-layers.py" "$scratch/layers" && "$here/lay-out.sh" "$images/layers" 1.0.0 "$scratch"/layers/*.tar
}

if [ "$(id -u)" != 0 ]; then echo "$0 needs root: it installs packages and makes device nodes" >&2; exit 1; fi
install_packages skopeo podman umoci curl mmdebstrap zstd openssl openssh-client time grub-common libubootenv-tool docker-registry apache2-utils systemd age shellcheck plymouth \
  zsh fish mandoc man-db groff
mkdir -p "$images"
scratch=$(mktemp -d "$cache/scratch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
unless_made debian "$(key_of debian-mirror.sh make-debian-roots.sh lay-out.sh setup.sh)" make_debian
unless_made layers "$(key_of make-layers.py lay-out.sh)" make_layers
unless_made oracle "$(key_of debian-mirror.sh oracle.sh)" "$here/oracle.sh"
