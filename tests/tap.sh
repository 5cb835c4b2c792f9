# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# tap.sh - TAP for test scripts: . "$srcdir/tests/tap.sh"; result per test; done_testing last.
#
# $srcdir and $builddir are absolute (make check sets them; by hand: the checkout and its build).

srcdir=${srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
builddir=${builddir:-$srcdir/build}
tap_n=0 tap_failed=0

# ok NAME
ok()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1"
}

# not_ok NAME [LINES]: LINES say why.
not_ok()
{
	tap_n=$((tap_n + 1)) tap_failed=$((tap_failed + 1))
	[ -z "${2:-}" ] || sed 's/^/# /' <<<"$2"
	echo "not ok $tap_n - $1"
}

# skip NAME REASON
skip()
{
	tap_n=$((tap_n + 1))
	echo "ok $tap_n - $1 # SKIP $2"
}

# skip_all REASON: the whole script.
skip_all()
{
	echo "1..0 # SKIP $1"
	exit 0
}

# expect_empty NAME LINES: ok when there is nothing to complain of.
expect_empty()
{
	if [ -z "$2" ]; then
		ok "$1"
	else
		not_ok "$1" "$2"
	fi
}

done_testing()
{
	echo "1..$tap_n"
	[ $tap_failed -eq 0 ]
	exit
}
