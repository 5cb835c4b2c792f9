#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# version.sh [--check] - prints the version of this tree.
#
# A release tarball holds it in .tarball-version.  In a checkout it is the newest tag, v0.1.0, and after
# that tag how many commits ago it was and which commit this is: 0.1.0+12.g27642dd81c0a.  Without a tag it
# is configure.ac's with the commit, and configure.ac's alone where there is no git.
#
# --check: do configure.ac, NEWS, the manual, debian/changelog and the RPM spec name one version, and is
# it the tag's, where this commit has one?  Prints what differs.
top=$(cd "$(dirname "$0")/.." && pwd)
base=$(sed -n 's/^AC_INIT(\[gupinfo\], \[\([^]]*\)\].*/\1/p' "$top/configure.ac")

describe()
{
	[ -e "$top/.git" ] && git -C "$top" describe --tags --match 'v[0-9]*' --abbrev=12 "$@" 2>/dev/null
}

# agrees FILE VERSION: where FILE is here
agrees()
{
	[ ! -f "$top/$1" ] || [ "$2" = "$base" ] || { echo "$1 has ${2:-no version}, configure.ac $base"; failed=1; }
}

if [ "${1-}" = --check ]; then
	failed=0
	agrees NEWS "$(sed -n 's/^gupinfo \([0-9][^ ]*\).*/\1/p' "$top/NEWS" | head -n 1)"
	for page in man/gupinfo.1 man/gupinfo-report.5; do
		agrees $page "$(sed -n 's/^\.TH .* "gupinfo \([^"]*\)".*/\1/p' "$top/$page")"
	done
	agrees debian/changelog "$(sed -n '1s/^gupinfo (\([^-)]*\).*/\1/p' "$top/debian/changelog" 2>/dev/null)"
	agrees contrib/gupinfo.spec "$(sed -n 's/^Version: *//p' "$top/contrib/gupinfo.spec" 2>/dev/null)"
	tag=$(describe --exact-match)
	[ -z "$tag" ] || [ "$tag" = "v$base" ] || { echo "this commit is tagged $tag, configure.ac has $base"; failed=1; }
	exit $failed
fi
if [ -f "$top/.tarball-version" ]; then
	cat "$top/.tarball-version"
elif described=$(describe); then
	echo "$described" | sed 's/^v//; s/-\([0-9]*\)-\(g[0-9a-f]*\)$/+\1.\2/'
elif [ -e "$top/.git" ] && commit=$(git -C "$top" rev-parse --short=12 HEAD 2>/dev/null); then
	echo "$base+g$commit"
else
	echo "$base"
fi
