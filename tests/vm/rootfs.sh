#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# rootfs.sh BUILD_DIR OUT - an ext4 image with what the tests need, for boot.sh, and OUT.cpio, the
# same for kernels that can mount no disk.
#
# A small system out of this machine's own packages (their programs and the libraries that those
# link with), the checkout's tests and BUILD_DIR's programs at the paths they have here.  Of another
# architecture, the system is what cross.sh unpacked (BUILD_DIR/../sysroot), and OUT.busybox its busybox.
set -u
top=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
build=$(readlink -f "$1") out=$2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
root=$work/root
foreign=${build%/*}/sysroot

packages=(bash dash coreutils findutils grep sed mawk gawk util-linux procps jq mount diffutils
	libc-bin libgcc-s1 ncurses-base base-files python3-minimal)
# python3 of this release: programs and library
mapfile -t python < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'python3.*-minimal' 'libpython3.*' 2>/dev/null |
	sed -nE 's/^installed ((lib)?python3\.[0-9]+-(minimal|stdlib))$/\1/p')
packages+=("${python[@]}")

mkdir -p "$root"/{proc,sys,dev,tmp,run,mnt,root,etc,var/tmp}
chmod 1777 "$root/tmp" "$root/var/tmp"
ln -s usr/bin "$root/bin"; ln -s usr/sbin "$root/sbin"
ln -s usr/lib "$root/lib"; ln -s usr/lib64 "$root/lib64"
mkdir -p "$root"/usr/{bin,sbin,lib,lib64}
printf 'root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
touch "$root/etc/fstab"

# copies the named files, to where they really are
put()
{
	tar -C / --no-recursion -cf - -T - 2>/dev/null | tar -C "$root" --keep-directory-symlink -xf -
}

real() # paths with the directories' links resolved (/bin is /usr/bin)
{
	local f

	while read -r f; do
		[ -e "$f" ] && [ ! -d "$f" ] && echo "$(readlink -f "${f%/*}")/${f##*/}"
	done | sed 's,^/,,' | sort -u
}

if [ -d "$foreign" ]; then
	tar -C "$foreign/usr" --exclude=./include --exclude='*.a' -cf - . | tar -C "$root/usr" -xf -
	ln -sf mawk "$root/usr/bin/awk"
	cp "$root/usr/bin/busybox" "$out.busybox" || exit 1
	: >"$work/files"
else
	for p in "${packages[@]}"; do
		dpkg -L "$p" 2>/dev/null
	done | grep -vE '^/usr/share/(doc|man|locale|info|lintian|bash-completion)|^/etc/(init|cron)' |
		real >"$work/files"
	{ echo /etc/alternatives/awk; echo /usr/bin/awk; echo /etc/ld.so.cache; find /etc/ld.so.conf* -type f; } |
		real >>"$work/files"
fi
put <"$work/files"

# the project: tests and programs, without objects
(cd "$top" && find tests completion man -type f ! -path '*/.deps/*' 2>/dev/null | sed "s,^,${top#/}/,") >"$work/project"
(cd "$build" && find . -type f -perm -100 ! -name '*.sh' ! -path './ci-*' ! -path './config*' |
	sed "s,^\./,${build#/}/,") >>"$work/project"
put <"$work/project"

# libraries, which a foreign system has
libraries()
{
	while read -r f; do
		head -c 4 "/$f" 2>/dev/null | grep -q ELF && echo "/$f"
	done < <(cat "$work/files" "$work/project") |
		xargs -r ldd 2>/dev/null | grep -oE '/[^ ()]+' | grep -v ':$' | sort -u >"$work/libs"
	# those that src/os/dynlib.c loads
	sed -nE 's/^#define LIB[A-Z0-9]+ "(.*)"$/\1/p' "$build/config.h" | while read -r so; do
		f=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p | awk -v so="$so" '$1 == so { print $NF; exit }')
		echo "$f" && ldd "$f" | grep -oE '/[^ ()]+' | grep -v ':$'
	done >>"$work/libs"
	# a library is a link to its file: both
	{ cat "$work/libs"; xargs -r readlink -f <"$work/libs"; } | real | put
}
[ -d "$foreign" ] || libraries

size=$(($(du -sm "$root" | cut -f1) * 5 / 4 + 512))
rm -f "$out"
truncate -s "${size}M" "$out" &&
	mkfs.ext4 -q -F -m 0 -O ^has_journal -E root_owner=0:0,lazy_itable_init=1 -d "$root" "$out" 2>&1 |
	grep -v '^$' >&2
(cd "$root" && find . | cpio -o -H newc -R 0:0 --quiet) >"$out.cpio" && [ -s "$out" ] || exit 1
