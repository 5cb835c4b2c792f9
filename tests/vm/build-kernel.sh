#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# build-kernel.sh SERIES OUT_DIR [FRAGMENT...] - a kernel with GUP_TEST from Debian's linux-source-SERIES.
#
# Builds OUT_DIR/bzImage (all drivers that boot.sh needs built in) out of tests/vm/gup-test.config and
# the fragments; give it to GUPINFO_VM_IMAGES.  Needs the build tools of a kernel: gcc make bc flex
# bison libelf-dev libssl-dev dwarves xz-utils.  Takes a quarter of an hour on two CPUs.
set -eu
[ $# -ge 2 ] || { sed -n '3,7p' "$0"; exit 2; }
here=$(dirname "$(readlink -f "$0")")
series=$1
mkdir -p "$2"
out=$(readlink -f "$2")
shift 2
tar=/usr/src/linux-source-$series.tar.xz
if [ ! -r "$tar" ]; then
	(cd "$out" && apt-get -qq download "linux-source-$series" && dpkg-deb -x ./linux-source-*.deb .)
	tar=$out/usr/src/linux-source-$series.tar.xz
fi
[ -d "$out/source" ] || { mkdir "$out/source.new" && tar -C "$out/source.new" --strip-components=1 -xf "$tar" &&
	mv "$out/source.new" "$out/source"; }
cat "$here/gup-test.config" "$@" >"$out/fragment"
mkdir -p "$out/build"
make -s -C "$out/source" O="$out/build" x86_64_defconfig
"$out/source/scripts/kconfig/merge_config.sh" -m -O "$out/build" "$out/build/.config" "$out/fragment" >/dev/null
make -s -C "$out/source" O="$out/build" olddefconfig
while read -r line; do
	grep -qxF "$line" "$out/build/.config" || echo "build-kernel.sh: this kernel does not have $line" >&2
done < <(grep '^CONFIG' "$out/fragment")
make -s -C "$out/source" O="$out/build" -j"$(nproc)" bzImage </dev/null
cp "$out/build/arch/x86/boot/bzImage" "$out/bzImage"
echo "$out/bzImage"
