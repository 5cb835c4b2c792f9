#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# native.sh ARCH DIR [TEST...] - builds gupinfo with the compiler of another architecture, as on such a machine.
#
#   ARCH  Debian's name: arm64, ppc64el, riscv64, s390x
#   DIR   DIR/root: Debian's packages of ARCH, a file system of their own, with a clone of this tree in it
#   TEST  test programs that are run there (default: three unit tests)
#
# Every program there runs by qemu's user emulation, for which it registers the interpreter in a mount and user
# namespace of its own (Linux 6.7): nothing of this machine changes.  It takes a quarter of an hour on two CPUs.
# Status 77 and the reason: what it takes is not there.
set -u
here=$(dirname "$(readlink -f "$0")")
top=$(cd "$here/../.." && pwd)

# shellcheck source=tests/vm/arch.sh
. "$here/arch.sh"

# In the namespaces: DIR/root becomes the root.
inside()
{
	mkdir -p "$dir/binfmt"
	if ! mount -t binfmt_misc binfmt_misc "$dir/binfmt" || ! printf '%s' "$interpreter" >"$dir/binfmt/register"; then
		absent "this kernel registers no interpreter in a user namespace (Linux 6.7)"
	fi
	for d in proc sys dev; do
		mount --rbind "/$d" "$dir/root/$d" || exit 1
	done
	# shellcheck disable=SC2016  # the shell inside expands it
	exec chroot "$dir/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin HOME=/root LC_ALL=C /bin/bash -c '
		cd /gupinfo && uname -m && ./run --version && od -An -tx1 -j 18 -N 2 build/run/gupinfo &&
		for t; do make -s -C build/run "$t" && srcdir=$PWD builddir=$PWD/build/run "build/run/$t" || exit; done' \
		inside "$@"
}

if [ "${1-}" = --inside ]; then
	shift
	inside "$@"
fi

arch_set "${1-}" || absent "${1-no architecture} is not known"
arch=$1
mkdir -p "$2" && dir=$(cd "$2" && pwd) || exit 1
shift 2
cpu=${triplet%%-*}
cpu=${cpu/powerpc64le/ppc64le}
rule=/usr/lib/binfmt.d/qemu-$cpu.conf
{ command -v "qemu-$cpu-static" && [ -r "$rule" ]; } >/dev/null || absent "qemu-user-static is not installed"
command -v mmdebstrap >/dev/null || absent "mmdebstrap is not installed"
# the kernel opens the emulator once (F), outside of the new root
interpreter=$(grep -v '^#' "$rule" | sed -E 's,:[^:]*:[A-Z]*$,:'"$(command -v "qemu-$cpu-static")"':OCF,')
export dir interpreter

if [ ! -d "$dir/root" ]; then
	packages=base-files,base-passwd,bash,dash,coreutils,findutils,grep,sed,mawk,diffutils,procps,util-linux,tar,gzip
	packages+=,gcc,libc6-dev,make,autoconf,automake,m4,perl,pkg-config,clang,bpftool,libbpf-dev,libsmartcols-dev
	packages+=,libncurses-dev,libkmod-dev,libproc2-dev,libjson-c-dev,zlib1g-dev,libelf-dev,liblzma-dev,libzstd-dev
	# unpacked, not configured: what alternatives and passwd would be is made here
	arch_root "$arch" "$dir/root.new" "$packages"
	for link in cc:gcc awk:mawk aclocal:aclocal-1.16 automake:automake-1.16; do
		ln -sf "${link#*:}" "$dir/root.new/usr/bin/${link%:*}"
	done
	cp "$dir/root.new/usr/share/base-passwd/passwd.master" "$dir/root.new/etc/passwd"
	cp "$dir/root.new/usr/share/base-passwd/group.master" "$dir/root.new/etc/group"
	mv "$dir/root.new" "$dir/root"
fi
[ -d "$dir/root/gupinfo" ] || git clone -q "$top" "$dir/root/gupinfo" || exit 1
[ $# -gt 0 ] || set -- tests/unit/test_vma tests/unit/test_pte tests/unit/test_predict
exec unshare --user --map-root-user --mount "$0" --inside "$@"
