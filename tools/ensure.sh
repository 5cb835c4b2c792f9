# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034
#
# ensure.sh - what ./run, ./check and .ci/run share: missing packages, and a build directory.
#
# Knows: package names of Debian 12, 13 and Ubuntu 24.04 and later; the build directories.
# Never: prints on stdout (that belongs to gupinfo); installs what is there already.

: "${ENSURE_NAME:=ensure}"
ENSURE_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# configure and make take no path with what separates words or means something to them.
case $ENSURE_TOP in
*[[:space:]\"\#\$\&\'\`\\:%\;\*\?\[\(\<\>\|]*)
	echo "$ENSURE_NAME: gupinfo cannot be built in '$ENSURE_TOP': configure takes no blank and no" \
		"special character in a path; move the checkout to another folder" >&2
	exit 1
	;;
esac

# What a build needs.  libbpf-dev, clang and bpftool are for the BPF reader, liblzma-dev and libzstd-dev
# for packed reports: a build does without.
ENSURE_BUILD=(autoconf automake make gcc libc6-dev pkgconf libproc2-dev libkmod-dev zlib1g-dev
	liblzma-dev libzstd-dev libsmartcols-dev libncurses-dev libjson-c-dev libbpf-dev clang bpftool)
# What the tests use besides; each test skips when its tool is missing.
ENSURE_CHECK=(python3 python3-jsonschema jq tmux procps bsdextrautils ncurses-bin shellcheck codespell clang-format
	xz-utils zstd strace libcap2-bin mandoc)
# Compilers that the BPF programs are built by; no release has all of them.
ENSURE_CLANGS=(clang-14 clang-16 clang-18 clang-19)
# What the VM level uses besides.
ENSURE_VM=(qemu-system-x86 qemu-system-arm gcc-aarch64-linux-gnu mmdebstrap busybox-static cpio e2fsprogs kmod
	xz-utils)

ensure_say()
{
	echo "$ENSURE_NAME: $*" >&2
}

ensure_die()
{
	ensure_say "$*"
	exit 1
}

# Prints those of the packages that are not installed.
ensure_missing()
{
	local p
	local -A have=()

	while read -r status p; do
		[ "$status" = installed ] && have[${p%%:*}]=1
	done < <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null)
	for p in "$@"; do
		# Ubuntu before 25.04 has bpftool in linux-tools-common
		if [ "$p" = bpftool ] && [ -z "${have[$p]:-}" ] && [ -x /usr/sbin/bpftool ]; then
			continue
		fi
		[ -n "${have[$p]:-}" ] || echo "$p"
	done
}

ensure_apt()
{
	DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -qq \
		-o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Acquire::Retries=3 "$@" \
		</dev/null >&2
}

# True when the package lists know an installable version of package $1.
ensure_known()
{
	[[ $(apt-cache policy -- "$1" 2>/dev/null) =~ Candidate:\ *[^\(\ ] ]]
}

# ensure_packages STAMP PACKAGE...: installs what is missing.
# $ENSURE_INSTALLED is 1 afterwards when something was installed.
ensure_packages()
{
	local stamp=$1 p
	local -a missing=() names=()

	shift
	ENSURE_INSTALLED=0
	if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
		[ -e "$stamp" ] || ensure_say "no apt-get on this system: nothing is installed for you;" \
			"what Debian calls these packages must be there: $*"
		mkdir -p "${stamp%/*}" && : >"$stamp"
		return 0
	fi
	if [ "$stamp" -nt /var/lib/dpkg/status ] && [ "$(cat "$stamp")" = "$*" ]; then
		return 0
	fi
	mapfile -t missing < <(ensure_missing "$@")
	if [ ${#missing[@]} -gt 0 ]; then
		[ "$(id -u)" = 0 ] || ensure_die "these packages are missing: ${missing[*]};" \
			"run this with sudo once, or install them: apt-get install ${missing[*]}"
		for p in "${missing[@]}"; do
			ensure_known "$p" && continue
			ensure_say "updating the package lists"
			ensure_apt update || ensure_say "apt-get update failed: going on with old lists"
			break
		done
		for p in "${missing[@]}"; do
			if ensure_known "$p"; then
				names+=("$p")
			elif [ "$p" = bpftool ] && ensure_known linux-tools-common; then
				names+=(linux-tools-common linux-tools-generic)
			else
				ensure_say "no package $p here; going on without it"
			fi
		done
		if [ ${#names[@]} -gt 0 ]; then
			ensure_say "installing ${names[*]}"
			if ! ensure_apt install -y --no-install-recommends "${names[@]}"; then
				# the lists name versions that the mirror no longer has
				ensure_say "updating the package lists"
				ensure_apt update || ensure_say "apt-get update failed"
				ensure_apt install -y --no-install-recommends "${names[@]}" ||
					ensure_die "apt-get install failed: ${names[*]}"
			fi
			ENSURE_INSTALLED=1
		fi
	fi
	mkdir -p "${stamp%/*}" && echo "$*" >"$stamp" && ensure_owner "$stamp"
	touch -- "$stamp"
}

# Root built in somebody's checkout: the files are theirs.
ensure_owner()
{
	[ "$(id -u)" != 0 ] || [ "$(stat -c %u "$ENSURE_TOP")" = 0 ] ||
		chown -R --reference="$ENSURE_TOP" -- "$@" 2>/dev/null
	return 0
}

ensure_autogen()
{
	[ -f "$ENSURE_TOP/configure" ] && [ -f "$ENSURE_TOP/Makefile.in" ] &&
		[ "$ENSURE_TOP/configure" -nt "$ENSURE_TOP/configure.ac" ] && return 0
	ensure_say "making configure"
	"$ENSURE_TOP/autogen.sh" >"$1/autogen.log" 2>&1 ||
		{ tail -n 20 "$1/autogen.log" >&2; return 1; }
}

# ensure_configure DIR ARG...: configures when it was not, or otherwise.
ensure_configure()
{
	local dir=$1

	shift
	if [ ! -f "$dir/Makefile" ] || [ "$(cat "$dir/.ensure-args" 2>/dev/null)" != "$*" ]; then
		ensure_autogen "$dir" || return 1
		ensure_say "configuring $dir"
		(cd "$dir" && "$ENSURE_TOP/configure" -q "$@" >configure.log 2>&1) ||
			{ grep -E 'error|not found|No package' "$dir/configure.log" >&2; return 1; }
		echo "$*" >"$dir/.ensure-args"
	fi
}

# Building needs no words unless it takes a while or fails.
ensure_make()
{
	local dir=$1 status=1

	exec 7< <(make -s -C "$dir" -j"$(nproc)" all >"$dir/make.log" 2>&1; echo $?)
	if ! read -r -t 1 -u 7 status; then
		ensure_say "building in $dir"
		read -r -u 7 status
	fi
	exec 7<&-
	[ ! -s "$dir/make.log" ] || ENSURE_BUILT=1
	return "${status:-1}"
}

# ensure_build DIR CONFIGURE_ARG...: an up-to-date build in DIR (relative to the top), or exit 1.
ensure_build()
{
	local dir=$ENSURE_TOP/$1

	shift
	mkdir -p "$dir" || ensure_die "cannot make $dir"
	exec 8>"$dir/.ensure-lock" || ensure_die "cannot write in $dir"
	flock 8
	ENSURE_BUILT=0
	[ "${ENSURE_INSTALLED:-0}" = 0 ] || rm -f "$dir/.ensure-args"
	if ! { ensure_configure "$dir" "$@" && ensure_make "$dir"; }; then
		if grep -qE '^[^ ]+:[0-9]+:([0-9]+:)? (fatal )?error: ' "$dir/make.log" 2>/dev/null; then
			grep -E -m 20 'error: ' "$dir/make.log" >&2
			ensure_die "building failed; the whole output is in $dir/make.log"
		fi
		# leftovers of another version in the build directory: once more from nothing
		ensure_say "that failed; once more from an empty build directory"
		[ ! -f "$dir/make.log" ] || cp "$dir/make.log" "$dir.failed.log"
		find "$dir" -mindepth 1 -maxdepth 1 ! -name .ensure-lock -exec rm -rf {} +
		rm -f "$ENSURE_TOP/configure"
		if ! { ensure_configure "$dir" "$@" && ensure_make "$dir"; }; then
			grep -E -m 20 'error:|\*\*\*|undefined reference' "$dir/make.log" >&2
			ensure_die "building failed; the whole output is in $dir"
		fi
		ENSURE_BUILT=1
	fi
	[ "$ENSURE_BUILT" = 0 ] || ensure_owner "$ENSURE_TOP"/{build,build-aux,m4,autom4te.cache} \
		"$ENSURE_TOP"/{aclocal.m4,configure,config.h.in,Makefile.in}
	exec 8>&-
}
