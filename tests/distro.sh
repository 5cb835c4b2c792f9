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
# The root is made once: see root.sh.  The kernel is this one.
# Exit: 0, 1 something failed, 77 no such root can be made here.
set -u
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
# shellcheck disable=SC2034  # used by ensure.sh
ENSURE_NAME=distro
# shellcheck source=tools/ensure.sh
. "$top/tools/ensure.sh" || exit 1
# shellcheck source=tests/root.sh
. "$top/tests/root.sh"
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
	*) sed -n 's/^# \{0,1\}//; 3,15p' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie)

# judge SUITE [TEST...]: the two commands of the README.
judge()
{
	local suite=$1 failed=0 status last
	local out=$top/build/distro/$1-$user.log

	shift
	fresh "$suite" || return 1
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

possible
all=0
for suite in "${suites[@]}"; do
	tarball "$suite" "$suite" "${ENSURE_BUILD[@]}" "${ENSURE_CHECK[@]}" procps util-linux
	judge "$suite" "$@" || all=1
	gone
done
exit $all
