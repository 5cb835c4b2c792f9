#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cross.sh ARCH DIR - gupinfo and its test programs for another architecture, for rootfs.sh.
#
#   ARCH  Debian's name: arm64, ppc64el, riscv64, s390x
#   DIR   DIR/sysroot: Debian's packages of ARCH, unpacked once and never configured; nothing of them runs here.
#         DIR/build: the programs, linked with them
#
# Status 77 and the reason: what it takes is not installed, or cannot be fetched.
set -u
here=$(dirname "$(readlink -f "$0")")
top=$(cd "$here/../.." && pwd)
mkdir -p "$2" && cd "$2" || exit 1
dir=$PWD
packages=base-files,bash,dash,coreutils,findutils,grep,sed,mawk,util-linux,mount,procps,jq,diffutils,libc-bin
packages+=,python3-minimal,libpython3-stdlib,busybox-static,libc6-dev,libbpf-dev,libsmartcols-dev,libncurses-dev
packages+=,ncurses-base,libkmod-dev,libproc2-dev,libjson-c-dev,zlib1g-dev,libelf-dev,liblzma-dev,libzstd-dev

# shellcheck source=tests/vm/arch.sh
. "$here/arch.sh"
arch_set "$1" || absent "$1 is not known"
tools=("${qemu[0]}" "$triplet-gcc" mmdebstrap clang bpftool)
# bpftool reads objects of its own byte order (until 7.5): here that of the sysroot, under emulation
if [ "$1" = s390x ]; then
	packages+=,bpftool tools+=(qemu-s390x-static) BPFTOOL=$dir/bpftool
	printf '#!/bin/sh\nexec qemu-s390x-static -L "%s" "%s/usr/sbin/bpftool" "$@"\n' "$dir/sysroot" "$dir/sysroot" >bpftool
	chmod +x bpftool
	export BPFTOOL
fi
for tool in "${tools[@]}"; do
	command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin command -v "$tool" >/dev/null ||
		absent "$tool is not installed"
done
[ -x "$top/configure" ] || absent "there is no configure: run ./autogen.sh"

if [ ! -d sysroot ]; then
	arch_root "$1" sysroot.new "$packages"
	# a link names a file of the sysroot, not of this machine
	find sysroot.new/usr/lib sysroot.new/usr/lib64 -lname '/*' -printf '%p %l\n' 2>/dev/null | while read -r link to; do
		ln -sfnr "sysroot.new/$to" "$link"
	done
	mv sysroot.new sysroot
fi
export PKG_CONFIG_SYSROOT_DIR=$dir/sysroot
export PKG_CONFIG_LIBDIR=$dir/sysroot/usr/lib/$triplet/pkgconfig:$dir/sysroot/usr/share/pkgconfig
mkdir -p build && cd build || exit 1
[ config.status -nt "$top/configure" ] ||
	"$top/configure" -q --build="$(cc -dumpmachine)" --host="$triplet" CFLAGS="-O2 -g1" \
		CC="$(command -v ccache) $triplet-gcc --sysroot=$dir/sysroot" >configure.log 2>&1 ||
	{ tail -n 5 configure.log; exit 1; }
make -s -j"$(nproc)" check TESTS= >make.log 2>&1 || { tail -n 20 make.log; exit 1; }
