# shellcheck shell=bash
# Where this machine gets Debian packages from, asked of apt itself, so that no host name stands in this repository.
#
# `apt-get indextargets` reads both forms of apt's sources (one-line and deb822) and, without the releases' own data,
# needs no downloaded lists.

# Prints the archive's URL: that of this release's own suite, else of any plain suite of Debian's.
debian_mirror() {
  local codename
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  apt-get indextargets --no-release-info --format '$(RELEASE) $(COMPONENT) $(SITE)' 'Created-By: Packages' |
    awk -v own="$codename" '
      $2 != "main" { next }
      own != "" && $1 == own && !best { best = $3 }
      $1 ~ /^(stable|testing|unstable|sid|bookworm|trixie|forky)$/ && !other { other = $3 }
      END { url = best ? best : other; if (!url) exit 1; print url }' || {
    echo "no Debian archive found in apt's sources of this machine" >&2
    return 1
  }
}

# Prints the URL of the security archive, or nothing where apt's sources name none.
debian_security_mirror() {
  apt-get indextargets --no-release-info --format '$(RELEASE) $(COMPONENT) $(SITE)' 'Created-By: Packages' |
    awk '$2 == "main" && $1 ~ /-security$/ { print $3; exit }'
}
