#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# kernels.sh [CACHE_DIR] - the kernels of the VM level, one a line: NAME IMAGE [MODULES_DIR|initramfs]
#
#   GUPINFO_VM_ARCH       Debian's name: amd64 (default), or another that arch.sh knows
#   GUPINFO_VM_IMAGES     kernel images (all drivers built in), separated by blanks, also as .gz; those of
#                         GUPINFO_VM_ARCH
#   GUPINFO_VM_KERNELS    Debian's stock kernels to fetch (the cloud's where there are such), each SERIES,
#                         SERIES/SUITE or sid, with "+16k" (arm64) or "+64k" (ppc64el) that with pages of that
#                         size; default "6.1 6.12", empty: none, all: each series that Debian serves
#   ../shared/vm/bzImage-* and vmlinux-*  beside the checkout are taken when GUPINFO_VM_IMAGES is not set
#
# Stock kernels are downloaded by apt-get and unpacked into CACHE_DIR, once; nothing is installed.
# The package lists are CACHE_DIR's own; the mirror is the one that this machine uses for Debian.
# Beside an image stands its configuration, which boot.sh puts where gupinfo looks for it.
# "initramfs": the archive does not have the modules that a root disk needs.
# What is absent is said on stderr; the list goes on.
set -u
here=$(dirname "$(readlink -f "$0")")
top=$(cd "$here/../.." && pwd)
cache=${1:-$top/build/vm/kernels}

# shellcheck source=tests/vm/arch.sh
. "$here/arch.sh"
arch=${GUPINFO_VM_ARCH:-amd64}
arch_set "$arch" || { echo "kernels.sh: $arch is not known" >&2; exit 1; }

say()
{
	echo "kernels.sh: $*" >&2
}

release()
{
	# the release string of an x86 bzImage stands at the offset that its header holds at 0x20e
	local at

	if [ "$arch" != amd64 ]; then
		grep -aoE -m 1 'Linux version [0-9][^ ]*' "$1" | head -n 1 | cut -d' ' -f3
		return
	fi
	at=$(od -An -tu2 -j $((0x20e)) -N 2 "$1" 2>/dev/null | tr -d ' ')
	[ -n "$at" ] && dd if="$1" bs=1 skip=$((at + 0x200)) count=80 status=none | tr '\0' '\n' |
		head -n 1 | cut -d' ' -f1
}

# The suite that serves series $1.
suite_of()
{
	case $1 in
	"${stock%/*}") echo "${stock#*/}" ;;
	sid) echo sid ;;
	5.10) echo bullseye ;;
	6.1 | 6.12) echo bookworm ;;
	*) echo trixie-backports ;;
	esac
}

# ---- a private apt: its own sources, lists and cache, so that the machine's stay as they are

apt_get()
{
	apt-get -qq -c "$cache/apt/$arch-$suite/apt.conf" "$@" </dev/null
}

apt_cache()
{
	apt-cache -c "$cache/apt/$arch-$suite/apt.conf" "$@" 2>/dev/null
}

# Writes the configuration of $suite into directory $1.
apt_configure()
{
	local uri entry suites key='' file

	for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
		[ ! -r "$file" ] || key="[signed-by=$file] "
	done
	# shellcheck disable=SC2016  # apt expands it
	while read -r uri entry; do
		suites=$suite
		case $entry in
		*-security) suites=$suite-security ;;
		esac
		case $suites in
		sid-security | *-backports-security) ;;
		*) echo "deb $key$uri $suites main" ;;
		esac
	done < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(ORIGIN)' 'Created-By: Packages' 2>/dev/null |
		awk '$3 == "Debian" || $1 ~ /\/debian(-security)?\/?$/ { print $1, $2 ~ /-security$/ ? "x-security" : "x" }' |
		sort -u) >"$1/sources.list"
	[ -s "$1/sources.list" ] || return 1
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
	cat >"$1/apt.conf" <<-CONF
		Dir::Etc::sourcelist "$1/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::State::lists "$1/lists";
		Dir::Cache "$1/cache";
		Acquire::Languages "none";
		APT::Architecture "$arch";
		APT::Architectures { "$arch"; };
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	CONF
}

# Package lists of $suite that are not older than an hour; prints the reason when there are none.
apt_lists()
{
	local dir=$cache/apt/$arch-$suite

	[ -z "$(find "$dir/updated" -mmin -60 2>/dev/null)" ] || return 0
	mkdir -p "$dir"
	apt_configure "$dir" || { echo "this machine's apt uses no mirror of Debian"; return 1; }
	apt_get update >"$dir/log" 2>&1
	apt_cache dumpavail | grep -q '^Package: linux-image-' ||
		{ echo "no package lists of $suite: $(tail -n 1 "$dir/log")"; return 1; }
	touch "$dir/updated"
}

# The releases of series $1 (sid: any) that $suite has kernels of flavour $2 of, the newest last.
stock_releases()
{
	local series=${1//./\\.}

	[ "$1" != sid ] || series='[0-9]+\.[0-9]+'
	apt_cache search --names-only "^linux-(image|binary)-[0-9].*-$2\$" |
		sed -nE "s/^linux-(image|binary)-(${series}[.-][^ ]*)-$2 .*/\2/p" | sort -uV
}

# fetch DIR PACKAGE: its files, in DIR.  Status 2: the suite has no such package; 1 and the reason: it
# could not be had.
fetch()
{
	apt_cache show "$2" | grep -q '^Filename' || return 2
	(cd "$1" && rm -f ./*.deb && apt_get download "$2" && dpkg-deb -x ./*.deb . && rm -f ./*.deb) >"$1/log" 2>&1 ||
		{ echo "cannot fetch $2: $(tail -n 1 "$1/log")"; return 1; }
}

# The image in directory $1, of which a link may have been made.
image_in()
{
	find "$1" -type f \( -name 'vmlinu[xz]' -o -name 'vmlinu[xz]-*' \) | head -n 1
}

# unpack RELEASE DIR: its packages' files, or the reason.
# Since 6.19 linux-image is empty; the image is in linux-binary, the modules in linux-modules, and
# since 7.2 the configuration is in linux-base.  Since 7.2 all of them are in usr/lib/modules.
unpack()
{
	local part

	rm -rf "$2" && mkdir -p "$2" || return 1
	for part in binary modules base image; do
		[ $part != image ] || [ -z "$(image_in "$2")" ] || return 0
		fetch "$2" "linux-$part-$1" || [ $? = 2 ] || return 1
	done
	[ -n "$(image_in "$2")" ] || { echo "no image in the packages of $1"; return 1; }
}

stock_fetch()
{
	local series=${1%+*} dir=$2 flavour=$flavour release image modules config why

	[ "$series" = "$1" ] || flavour=$pages-${1#*+}
	why="$suite has no such kernel $flavour"
	# a mirror may list what it does not have yet: then the release before
	for release in $(stock_releases "$series" "$flavour" | tac); do
		release+=-$flavour
		! why=$(unpack "$release" "$dir") || break
	done
	[ -z "$why" ] || { echo "$why"; return 1; }
	image=$(image_in "$dir")
	config=$(find "$dir" -type f \( -path '*/modules/*/config' -o -name 'config-*' \) | head -n 1)
	modules=$(find "$dir" -type d -path "*/lib/modules/$release" | head -n 1)
	ln -sfn "${image#"$dir"/}" "$dir/vmlinuz"
	[ -z "$config" ] || ln -sfn "${config#"$dir"/}" "$dir/config"
	if [ -n "$modules" ] && [ -n "$(find "$modules" -name 'virtio_blk.ko*')" ]; then
		ln -sfn "${modules#"$dir"/}" "$dir/modules"
	fi
	echo "$release" >"$dir/done"
}

# stock SERIES[/SUITE]: one line of the list
stock()
{
	local series=${1%%/*} suite dir why image modules

	suite=$(suite_of "${series%+*}")
	[ "$series" = "$1" ] || suite=${1#*/}
	dir=$cache/$series-$suite
	[ "$arch" = amd64 ] || dir=$cache/$arch/$series-$suite
	if [ ! -s "$dir/done" ]; then
		for image in apt-get dpkg-deb; do
			command -v $image >/dev/null || { say "stock $1: no $image"; return; }
		done
		if ! why=$(apt_lists) || ! why=$(stock_fetch "$series" "$dir"); then
			say "stock $1: $why"
			return
		fi
	fi
	image=$dir/vmlinuz modules=initramfs
	[ ! -d "$dir/modules" ] || modules=$dir/modules/
	echo "stock-$(<"$dir/done") $image $modules"
}

images=${GUPINFO_VM_IMAGES-}
if [ -z "${GUPINFO_VM_IMAGES+set}" ]; then
	for image in "$top"/../shared/vm/{bzImage,vmlinux}-*; do
		[ ! -r "$image" ] || images+=" $(readlink -f "$image")"
	done
fi
for image in $images; do
	if [ ! -r "$image" ]; then
		say "cannot read $image"
		continue
	fi
	if [ "${image%.gz}" != "$image" ]; then
		packed=$image image=$cache/$(basename "$image" .gz)
		[ "$image" -nt "$packed" ] || { mkdir -p "$cache" && gzip -dc "$packed" >"$image"; } || continue
	fi
	[ "$(image_arch "$image")" != "$arch" ] || echo "$(release "$image") $image"
done
kernels=${GUPINFO_VM_KERNELS-6.1 6.12}
[ "$kernels" != all ] || kernels=$all
for series in $kernels; do
	stock "$series"
done
