#!/usr/bin/env bash
# Refreshes what we serve of others (Tabler's style sheet and icons, both MIT; tweetnacl, public domain) from
# their npm packages.
# Usage: scripts/vendor-assets.sh [CORE_VERSION] [ICONS_VERSION] [TWEETNACL_VERSION]
set -euo pipefail
core=${1:-1.6.1} icons=${2:-3.51.0} nacl=${3:-1.0.3}
here=$(cd "$(dirname "$0")/.." && pwd)/src/web/assets
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm pack --silent "@tabler/core@$core" "@tabler/icons@$icons" >/dev/null
mkdir core icons
tar xzf "tabler-core-$core.tgz" -C core
tar xzf "tabler-icons-$icons.tgz" -C icons
mkdir -p "$here/tabler"
sed 's#/\*[#] sourceMappingURL=.*\*/##' core/package/dist/css/tabler.min.css > "$here/tabler/tabler.min.css"
cp icons/package/LICENSE "$here/tabler/LICENSE"
names="home user users user-plus school book certificate award ladder clipboard-list clipboard-check mail
bell settings logout login sun moon language search filter download upload alert-triangle circle-check
circle-x clock calendar map-pin building hierarchy arrow-up arrow-right arrow-left plus printer
shield-check shield-lock list-check message-circle bolt tool history eye chevron-right chevron-down check
x flag trending-up chart-bar device-floppy info-circle menu-2 stairs-up file-text pencil refresh id-badge-2
heart-handshake qrcode player-play"
{
  echo '<svg xmlns="http://www.w3.org/2000/svg">'
  for name in $names; do
    echo "<symbol id=\"$name\" viewBox=\"0 0 24 24\">"
    grep -E '^ *<(path|circle|rect|line|polyline)' "icons/package/icons/outline/$name.svg" | grep -v 'M0 0h24v24H0z'
    echo '</symbol>'
  done
  echo '</svg>'
} > "$here/tabler/icons.svg"
printf 'Tabler core %s and Tabler icons %s, MIT. Refreshed by scripts/vendor-assets.sh.\n' "$core" "$icons" > "$here/tabler/VERSION"
npm pack --silent "tweetnacl@$nacl" >/dev/null
mkdir nacl
tar xzf "tweetnacl-$nacl.tgz" -C nacl
mkdir -p "$here/tweetnacl"
cp nacl/package/nacl.min.js nacl/package/LICENSE "$here/tweetnacl/"
printf 'tweetnacl %s (nacl.min.js of the npm package), public domain (Unlicense). Refreshed by scripts/vendor-assets.sh.\n' "$nacl" > "$here/tweetnacl/VERSION"
