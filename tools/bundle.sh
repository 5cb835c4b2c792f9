#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bundle.sh [OUT] - gupinfo as one static program for any kernel from 5.10, in a tarball.
#
# OUT is where gupinfo-VERSION-linux-ARCH.tar.xz goes (build/bundle).  Needs what a build needs and the
# static libraries of Debian's -dev packages.  Debian has none of libsmartcols: that one is compiled from
# the source package of util-linux, which apt-get fetches.  libkmod cannot be linked statically: reports
# of the bundle do not list modules.
set -eu
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
out=${1:-$top/build/bundle}
mkdir -p "$out"
out=$(readlink -f "$out")
work=$out/work
src=$top
[ -x "$src/configure" ] || "$src/autogen.sh" >/dev/null 2>&1
mkdir -p "$work/gupinfo"

# The source of package $1, by apt's own mirrors and keys, with lists of its own.
fetch()
{
	local uri release key='' file

	for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[ ! -r "$file" ] || key="[signed-by=$file] "
	done
	mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/$1"
	# shellcheck disable=SC2016  # apt expands it
	apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(ORIGIN)' 'Created-By: Packages' | sort -u |
		while read -r uri release origin; do
			[ "$origin" != Debian ] || echo "deb-src $key$uri $release main"
		done >"$work/apt/sources.list"
	cat >"$work/apt/apt.conf" <<-CONF
		Dir::Etc::sourcelist "$work/apt/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::State::lists "$work/apt/lists";
		Dir::Cache "$work/apt/cache";
		APT::Sandbox::User "root";
	CONF
	apt-get -qq -c "$work/apt/apt.conf" update
	(cd "$work/$1" && apt-get -qq -c "$work/apt/apt.conf" --download-only source "$1" && tar -xf ./*.orig.tar.*)
}

# libsmartcols.a and its .pc, in $work/smartcols
smartcols()
{
	local tree

	[ ! -f "$work/smartcols/lib/libsmartcols.a" ] || return 0
	fetch util-linux
	tree=$(echo "$work"/util-linux/*/)
	(cd "$tree" && ./configure -q --prefix="$work/smartcols" --libdir="$work/smartcols/lib" --disable-shared --enable-static \
		--disable-all-programs --enable-libsmartcols --disable-nls --without-python &&
		make -s -j"$(nproc)" install) >"$work/smartcols.log" 2>&1 || { tail "$work/smartcols.log" >&2; exit 1; }
}

smartcols
# what src/os/dynlib.c would look for, but for libkmod
{ grep -rhoE 'X\((procps|lzma|ZSTD)_\w+\)' "$src/src"; grep -oE 'X\(\w\w+\)' "$src/src/tui.c"; } | sort -u | sed 's/^X/FUNCTION/' >"$work/bundle-functions.h"
cd "$work/gupinfo"
${CC:-gcc} -O2 -fPIE -Wall -I"$work" -c -o bundle-dynlib.o "$src/tools/bundle-dynlib.c"
[ -f Makefile ] || PKG_CONFIG_PATH=$work/smartcols/lib/pkgconfig "$src/configure" -q --with-bpf=rebuild CFLAGS="-O2" >configure.log 2>&1 ||
	{ tail configure.log >&2; exit 1; }
make -s Makefile >make.log 2>&1 # what configure is told is not meant for this link
# zstd: elfutils since 0.189 reads sections that it packed
make -s -j"$(nproc)" gupinfo LDFLAGS="-static-pie bundle-dynlib.o" \
	BPF_LIBS="-lbpf -lelf -lz -lzstd" SMARTCOLS_LIBS="$work/smartcols/lib/libsmartcols.a" \
	LIBS="-lproc2 -lncursesw -ltinfo -llzma -lzstd" >make.log 2>&1 || { grep -E 'error|undefined' make.log >&2; tail -n 3 make.log >&2; exit 1; }

name=gupinfo-$("$src/tools/version.sh")-linux-$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
tree=$out/$name
rm -rf "$tree"
mkdir -p "$tree"
cp gupinfo "$src/COPYING" "$src/README.md" "$src/NEWS" "$src"/man/gupinfo*.[15] "$src"/docs/schema/*.json "$tree/"
cp "$src/completion/gupinfo.bash" "$src/completion/_gupinfo" "$src/completion/gupinfo.fish" "$tree/"
strip "$tree/gupinfo"
{
	echo "One static program: copy gupinfo where you like; nothing else has to be there.  The manual: man ./gupinfo.1"
	echo "The interactive view needs a terminal description (ncurses-base); reports list no kernel modules."
	echo
	echo "Linked in, from the sources of the Debian packages:"
	dpkg-query -W -f '${source:Package} ${source:Version}\n' libc6-dev libjson-c-dev libbpf-dev libelf-dev zlib1g-dev libncurses-dev \
		libproc2-dev liblzma-dev libzstd-dev libsmartcols-dev 2>/dev/null | sort -u
} >"$tree/BUNDLE"
if readelf -d "$tree/gupinfo" | grep NEEDED; then
	echo "bundle.sh: it is not static" >&2
	exit 1
fi
tar -C "$out" --sort=name --mtime="@${SOURCE_DATE_EPOCH:-$(date +%s)}" --owner=0 --group=0 --numeric-owner -cJf "$out/$name.tar.xz" "$name"
echo "$out/$name.tar.xz"
