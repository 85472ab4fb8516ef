# shellcheck shell=bash
# What the set-up scripts of the tests share. Who reads it has `set -euo pipefail` and names the folder `$cache`; stamps of what was
# made are in `$cache/stamps/`, what the makers said in `$cache/NAME.log`.

# install_packages PACKAGE...: Debian packages that are not installed yet. Needs root.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  if [ ${#missing[@]} = 0 ]; then return; fi
  echo "set-up: installing ${missing[*]}"
  # The package lists may be absent or old: one update, and only when it is needed.
  DEBIAN_FRONTEND=noninteractive apt-get -qqy install --no-install-recommends "${missing[@]}" >/dev/null 2>&1 ||
    { apt-get -qq update &&
      DEBIAN_FRONTEND=noninteractive apt-get -qqy install --no-install-recommends "${missing[@]}" >/dev/null; }
}

# unless_made NAME KEY COMMAND...: runs COMMAND unless NAME was made from what KEY stands for.
unless_made() {
  local name=$1 key=$2 started=$SECONDS
  shift 2
  if [ "$(cat "$cache/stamps/$name" 2>/dev/null)" = "$key" ]; then return; fi
  mkdir -p "$cache/stamps"
  rm -f "$cache/stamps/$name"
  echo "set-up: making $name"
  "$@" >"$cache/$name.log" 2>&1 || { tail -n 40 "$cache/$name.log" >&2; echo "set-up: making $name failed" >&2; exit 1; }
  echo "$key" >"$cache/stamps/$name"
  echo "set-up: $name took $((SECONDS - started)) s"
}
