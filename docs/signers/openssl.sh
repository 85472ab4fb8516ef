#!/bin/sh
# Signs what comes on standard input with ed25519 by openssl; 64 raw bytes go to standard output. For bootferry's --signer:
#
#     --signer 'release.pub=./openssl.sh -inkey release.key'
#     --signer 'release.pub=./openssl.sh -provider default -provider pkcs11 -inkey pkcs11:token=acme;object=release'
#     --signer 'release.pub=./openssl.sh -engine pkcs11 -keyform engine -inkey pkcs11:token=acme;object=release'
#
# The arguments name the key, as for `openssl pkeyutl`. A file is needed in between: ed25519 reads the message twice, and
# OpenSSL 3.0 cannot take it from a pipe.
set -eu
umask 077
message=$(mktemp)
trap 'rm -f "$message"' EXIT
trap 'exit 1' HUP INT TERM
cat > "$message"
openssl pkeyutl -sign -rawin -in "$message" "$@"
