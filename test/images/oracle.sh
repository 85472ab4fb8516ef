#!/bin/bash
# Unpacks Debian forky's mkcomposefs, with the C library that it wants, to `.cache/oracle/`: the foreign writer that ours
# must equal byte for byte. Nothing of the system changes: apt gets a state directory of its own, no maintainer script runs.
#
# Leaves `.cache/oracle/mkcomposefs`, a wrapper that starts it with forky's dynamic loader.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/debian-mirror.sh"
oracle=$(cd "$here/../.." && pwd)/.cache/oracle
rm -rf "$oracle"
apt=$oracle/apt # apt wants an absolute path here
mkdir -p "$apt"/etc/apt/{apt.conf.d,preferences.d,trusted.gpg.d} "$apt"/var/lib/apt/lists/partial \
  "$apt"/var/cache/apt/archives/partial "$apt/var/lib/dpkg" "$oracle/packages" "$oracle/root"
: >"$apt/var/lib/dpkg/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) forky main" >"$apt/etc/apt/sources.list"
# Check-Valid-Until: a mirror may be a frozen copy; its signatures are checked all the same.
options=(-qq -o "Acquire::Check-Valid-Until=false" -o "Dir=$apt" -o "Dir::State::status=$apt/var/lib/dpkg/status" -o "APT::Sandbox::User=root"
  -o "Acquire::Languages=none" -o "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false")
apt-get "${options[@]}" update
(cd "$oracle/packages" && apt-get "${options[@]}" download composefs libcomposefs1 libc6 libssl3t64)
for package in "$oracle"/packages/*.deb; do dpkg-deb -x "$package" "$oracle/root"; done
rm -rf "$apt" "$oracle/packages"
cat >"$oracle/mkcomposefs" <<'SH'
#!/bin/sh
# Given `--min-version=0` alone it sets max-version=0 too and gives another digest: always pass --min-version=1.
root=$(dirname "$0")/root
exec "$root"/usr/lib*/ld-linux-*.so.* --library-path "$(echo "$root"/usr/lib/*-linux-gnu)" "$root/usr/bin/mkcomposefs" "$@"
SH
chmod +x "$oracle/mkcomposefs"
echo '/ 0 40755 2 0 0 0 0.0 - - -' | "$oracle/mkcomposefs" --min-version=1 --from-file - "$oracle/smoke.cfs"
rm "$oracle/smoke.cfs"
