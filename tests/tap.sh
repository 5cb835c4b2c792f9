# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# tap.sh - TAP for test scripts: . "$srcdir/tests/tap.sh"; result per test; done_testing last.
#
# $srcdir and $builddir are absolute (make check sets them; by hand: the checkout and its build).

srcdir=${srcdir:-$(cd "$(dirname "$0")/.." && pwd)}
builddir=${builddir:-$srcdir/build}
tap_n=0 tap_failed=0
export SHELL=$BASH # tmux starts commands by it, and the shell of nobody starts none

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

# True for root that may see what only root may see: a container's root may not.
is_root()
{
	local caps

	caps=$(sed -n 's/^CapEff:[[:space:]]*/0x/p' /proc/self/status)
	[ "$(id -u)" = 0 ] && ((caps >> 21 & 1)) && grep -q 4294967295 /proc/self/uid_map
}

# bpf_reader: a test that gupinfo reads by BPF where it must (tests/live/need_bpf.h).
bpf_reader()
{
	local excuse missing

	if excuse=$("$builddir/tests/live/mkpages" --bpf); then
		missing=$("$builddir/gupinfo" --pid $$ --json 2>/dev/null | head -c 2000 | grep -c '"structpage": *"bpf"')
		expect_empty "BPF is in use" "$([ "$missing" -gt 0 ] || "$builddir/gupinfo" --facts 2>&1 | tail -n 8)"
	else
		skip "BPF is in use" "$excuse"
	fi
}

# patience PS_OPTION...: false when those processes have had what they need to go on: when they did
# not wait for a processor in 100 looks of 0.2 s, or have used 120 s of one.  However slow the
# machine is, what was awaited has not come then.  A second of a processor is worth 50 looks: --gentle
# sleeps for three quarters of its time.  Set tap_looks to 0 before the first look.
tap_looks=0 tap_used=0
patience()
{
	local busy used

	sleep 0.2
	read -r busy used < <(ps -o stat=,cputimes= "$@" 2>/dev/null |
		awk '/^[RD]/ { busy = 1 } { used += $2 } END { print busy + 0, used + 0 }')
	[ "$busy" = 1 ] || tap_looks=$((tap_looks + 1))
	[ "$used" -le $tap_used ] || tap_looks=$((tap_looks > 50 ? tap_looks - 50 : 0))
	tap_used=$used
	[ $tap_looks -lt 100 ] && [ "$used" -lt 120 ]
}

done_testing()
{
	echo "1..$tap_n"
	[ $tap_failed -eq 0 ]
	exit
}
