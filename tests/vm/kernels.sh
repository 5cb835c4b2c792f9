#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels.sh [CACHE_DIR] - the kernels of the VM level, one a line: NAME IMAGE [MODULES_DIR]
#
#   GUPINFO_VM_IMAGES     kernel images (bzImage, all drivers built in), separated by blanks
#   GUPINFO_VM_KERNELS    series of Debian's stock cloud kernels to fetch; default "6.1 6.12",
#                         empty: none
#   ../shared/vm/bzImage-*  beside the checkout are taken when GUPINFO_VM_IMAGES is not set
#
# Stock kernels are fetched with apt-get download and unpacked into CACHE_DIR, once.
# What is absent is said on stderr; the list goes on.
set -u
here=$(dirname "$(readlink -f "$0")")
top=$(cd "$here/../.." && pwd)
cache=${1:-$top/build/vm/kernels}

release()
{
	# the release string of an x86 bzImage stands at the offset that its header holds at 0x20e
	local at

	at=$(od -An -tu2 -j $((0x20e)) -N 2 "$1" 2>/dev/null | tr -d ' ')
	[ -n "$at" ] && dd if="$1" bs=1 skip=$((at + 0x200)) count=80 status=none | tr '\0' '\n' |
		head -n 1 | cut -d' ' -f1
}

# The newest stock cloud image of series $1 that the package lists know.
stock_package()
{
	apt-cache search --names-only "^linux-image-${1//./\\.}[.0-9+-]*(deb[0-9]+)?-cloud-amd64\$" \
		2>/dev/null | cut -d' ' -f1 | grep -E "^linux-image-${1//./\\.}[.-]" |
		grep -vE "^linux-image-${1//./\\.}-cloud" | sort -V | tail -n 1
}

stock()
{
	local series=$1 package dir=$cache/$1

	if [ ! -f "$dir/done" ]; then
		command -v apt-get >/dev/null || { echo "kernels.sh: stock $series: no apt-get" >&2; return; }
		package=$(stock_package "$series")
		if [ -z "$package" ]; then
			echo "kernels.sh: stock $series: the package lists know no such cloud kernel" >&2
			return
		fi
		rm -rf "$dir" && mkdir -p "$dir" || return
		if ! (cd "$dir" && apt-get -qq download "$package" 2>/dev/null && dpkg-deb -x ./*.deb .); then
			echo "kernels.sh: stock $series: cannot fetch $package" >&2
			return
		fi
		rm -f "$dir"/*.deb
		touch "$dir/done"
	fi
	for image in "$dir"/boot/vmlinuz-*; do
		echo "stock-$(release "$image") $image $(echo "$dir"/lib/modules/*)"
	done
}

images=${GUPINFO_VM_IMAGES-}
if [ -z "${GUPINFO_VM_IMAGES+set}" ]; then
	for image in "$top"/../shared/vm/bzImage-*; do
		[ ! -r "$image" ] || images+=" $(readlink -f "$image")"
	done
fi
for image in $images; do
	if [ -r "$image" ]; then
		echo "$(release "$image") $image"
	else
		echo "kernels.sh: cannot read $image" >&2
	fi
done
for series in ${GUPINFO_VM_KERNELS-6.1 6.12}; do
	stock "$series"
done
