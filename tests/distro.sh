#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# distro.sh [OPTION...] [TEST...] - ./run and ./check of this checkout in a fresh Debian root.
#
#   -s SUITE    bookworm, trixie, or another that the mirror has (default: bookworm, then trixie)
#   -u USER     root or nobody (default: root)
#   -l LANG     the locale that both commands are started with (default: C.UTF-8)
#   -m UMASK    (default: 022)
#   -d DIR      where the checkout lies in the root (default: /home/gupinfo)
#   -r          only ./run --pid $$, which must read struct pages by BPF
#   TEST...     for ./check (default: all tests)
#
# mmdebstrap makes the root from the mirror that apt of this machine is configured for, once: it is
# kept as build/distro/SUITE.tar until the packages that are wanted change.  The kernel is this one.
# Exit: 0, 1 something failed, 77 no such root can be made here.
set -u
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
# shellcheck disable=SC2034  # used by ensure.sh
ENSURE_NAME=distro
# shellcheck source=tools/ensure.sh
. "$top/tools/ensure.sh" || exit 1
user=root lang=C.UTF-8 mask=022 home=/home/gupinfo only_run=
suites=()
while getopts s:u:l:m:d:r option; do
	case $option in
	s) suites+=("$OPTARG") ;;
	u) user=$OPTARG ;;
	l) lang=$OPTARG ;;
	m) mask=$OPTARG ;;
	d) home=$OPTARG ;;
	r) only_run=1 ;;
	*) sed -n 's/^# \{0,1\}//; 3,16p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie)

cannot()
{
	ensure_say "$*"
	exit 77
}

# The mirror of Debian's main archive that apt uses, and how it is reached.
mirror()
{
	# shellcheck disable=SC2016  # apt-get expands it
	apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
		grep -m 1 .
}
reached_by()
{
	apt-config dump --format '%F "%v";%n' |
		grep -E '^Acquire::.*(Proxy|Check-Valid-Until|Check-Date|CaInfo|Verify-[A-Za-z]+) "[^"]+";$'
}

# tarball SUITE: makes build/distro/SUITE.tar unless it is there with these packages.
tarball()
{
	local tar=$top/build/distro/$1.tar new=$top/build/distro/$1.new.tar want from line
	local -a options=()

	want=$(IFS=,; echo "${ENSURE_BUILD[*]},${ENSURE_CHECK[*]},procps,util-linux")
	[ ! -e "$tar" ] || [ "$(cat "$tar.packages" 2>/dev/null)" != "$want" ] || return 0
	from=$(mirror) || cannot "apt of this machine knows no mirror of Debian"
	while IFS= read -r line; do
		options+=("--aptopt=$line")
	done < <(reached_by)
	mkdir -p "${tar%/*}" && rm -f "$tar" "$tar.packages"
	ensure_say "making a root of $1; this takes minutes, once"
	if ! timeout 1200 mmdebstrap --variant=minbase --include="$want" "${options[@]}" "$1" "$new" \
		"deb $from $1 main" >"$tar.log" 2>&1 </dev/null; then
		rm -f "$new"
		cannot "mmdebstrap made no root of $1: $(grep -v '^I:' "$tar.log" | tail -n 1)"
	fi
	mv "$new" "$tar" && echo "$want" >"$tar.packages"
}

# The checkout as git would clone it, with what was changed since.
copy_checkout()
{
	mkdir -p "$1"
	if [ -e "$top/.git" ] && command -v git >/dev/null; then
		git -C "$top" ls-files -z --cached --others --exclude-standard
	else
		(cd "$top" && find . -path ./build -prune -o ! -type d -print0)
	fi | tar -C "$top" --null --ignore-failed-read -cf - -T - 2>/dev/null | tar -C "$1" -xf -
}

# in_root ROOT COMMAND...: with this machine's /proc, /sys and /dev.  The mounts are seen by nobody
# else and end with the command.
in_root()
{
	# shellcheck disable=SC2016  # the inner shell expands it
	unshare --mount --propagation private bash -c '
		root=$1 user=$2 mask=$3; shift 3
		mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" &&
			mount --rbind /dev "$root/dev" || exit 77
		umask "$mask"
		exec chroot --userspec="$user" "$root" "$@"' - \
		"$1" "$user" "$mask" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$home" TERM=xterm \
		LANG="$lang" ${GUPINFO_CHECK_SECONDS:+GUPINFO_CHECK_SECONDS="$GUPINFO_CHECK_SECONDS"} \
		${GUPINFO_TEST_QUICK:+GUPINFO_TEST_QUICK=1} "${@:2}"
}

# shellcheck disable=SC2317  # the trap calls it
cleanup()
{
	rm -rf --one-file-system -- "$root"
}

# judge SUITE [TEST...]: the two commands of the README.
judge()
{
	local suite=$1 failed=0 status last
	local out=$top/build/distro/$1-$user.log

	shift
	tar -C "$root" --numeric-owner -xf "$top/build/distro/$suite.tar" || return 1
	copy_checkout "$root$home"
	chown -R "$(in_root "$root" id -u):$(in_root "$root" id -g)" -- "$root$home"
	# shellcheck disable=SC2016  # the inner shell expands it
	in_root "$root" bash -c 'cd "$0" && ./run --pid $$' "$home" >"$out" 2>&1 </dev/null
	status=$?
	if [ $status -ne 0 ] && { [ "$user" = root ] || [ $status -ne 3 ]; }; then
		failed=1
		last="status $status: $(tail -n 1 "$out")"
	elif [ "$user" = root ] && grep -qE '^ +(struct page|page tables) ' "$out"; then
		failed=1
		last="BPF is not in use: $(grep -m 1 -E '^ +(struct page|page tables) ' "$out")"
	else
		last="it answers$([ "$user" != root ] || echo ", BPF in use")"
	fi
	echo "$suite, $user, LANG=$lang: ./run --pid: $last"
	[ $failed = 0 ] || tail -n 20 "$out"
	[ -z "$only_run" ] || return $failed
	# shellcheck disable=SC2016
	in_root "$root" bash -c 'cd "$0" && ./check "$@"' "$home" "$@" >"$out" 2>&1 </dev/null || failed=1
	last=$(tail -n 1 "$out")
	[ $failed = 0 ] || cat "$out"
	echo "$suite, $user, LANG=$lang: ./check: $last"
	return $failed
}

[ "$(id -u)" = 0 ] || cannot "only root can change into another root"
command -v mmdebstrap >/dev/null || cannot "mmdebstrap is not installed"
unshare --mount true 2>/dev/null || cannot "mounts of its own are not permitted here"
all=0
for suite in "${suites[@]}"; do
	tarball "$suite"
	root=$(mktemp -d "$top/build/distro/root.XXXXXX") || exit 1
	chmod 755 "$root"
	trap cleanup EXIT
	trap 'exit 130' INT TERM HUP
	judge "$suite" "$@" || all=1
	cleanup
done
exit $all
