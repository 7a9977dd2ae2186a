#!/usr/bin/env bash
# Refreshes the fonts of printed documents (all SIL OFL 1.1) from Debian and npm, cut down by
# scripts/subset-fonts.py. Needs apt, npm, python3 with venv, and the network.
# Usage: scripts/vendor-fonts.sh [LATIN_VERSION]
set -euo pipefail
latin=${1:-0.4.1}
scripts=$(cd "$(dirname "$0")" && pwd)
here=$(cd "$scripts/.." && pwd)/src/print/fonts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get -q -o APT::Sandbox::User=root download fonts-noto-cjk unicode-data
npm pack --silent "@expo-google-fonts/source-serif-4@$latin" >/dev/null
for package in ./*.deb; do dpkg -x "$package" debian; done
mkdir npm
tar xzf expo-google-fonts-source-serif-4-*.tgz -C npm
python3 -m venv tools
tools/bin/pip -q install 'fonttools==4.63.0' 'brotli==1.2.0'
bzcat debian/usr/share/unicode/Unihan_*.txt.bz2 | grep -E '	(kTGH|kIICore|kUnihanCore2020)	' > hanzi.tsv
mkdir -p "$here"
tools/bin/python "$scripts/subset-fonts.py" \
  --han debian/usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc \
  --latin npm/package/400Regular/SourceSerif4_400Regular.ttf \
  --latin-bold npm/package/600SemiBold/SourceSerif4_600SemiBold.ttf \
  --hanzi hanzi.tsv --into "$here"
{
  echo 'Noto Serif CJK: Copyright 2017-2022 Adobe (http://www.adobe.com/).'
  head -1 npm/package/LICENSE_FONT
  echo
  sed -n '3,$p' npm/package/LICENSE_FONT
} > "$here/OFL.txt"
{
  printf 'han.otf.br: Noto Serif CJK SC of Debian fonts-noto-cjk %s\n' "$(dpkg-deb -f fonts-noto-cjk_*.deb Version)"
  printf 'latin*.ttf.br: Source Serif 4 of @expo-google-fonts/source-serif-4 %s, renamed as its licence asks\n' "$latin"
  printf 'Characters by Unihan of Debian unicode-data %s.\n' "$(dpkg-deb -f unicode-data_*.deb Version)"
  echo 'Refreshed by scripts/vendor-fonts.sh.'
} > "$here/VERSION"
