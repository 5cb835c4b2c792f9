#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# looks.sh - many looks at the processes of the machine: ordinary pages are never worth one.
#
# What CPUs keep in their batches, and what a fault of another process holds for a moment, are no
# findings.  LOOKS=1000 tests/live/looks.sh is the long way.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
is_root || skip_all "needs root to look at other processes"
gupinfo=$builddir/gupinfo looks=${LOOKS:-60}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
bpf_reader

n=0 bad=
while [ "$n" -lt "$looks" ]; do
	for pid in /proc/[0-9]*; do
		readlink "$pid/exe" >/dev/null 2>&1 && [ "$n" -lt "$looks" ] || continue
		n=$((n + 1))
		"$gupinfo" --pid "${pid#/proc/}" >"$out" 2>/dev/null </dev/null
		bad+=$(awk -v pid="$pid" '/^Worth a look/ { on = 1 }
			on && /^ ?!/ { line = pid ": " $0; getline; if (/\.so|\/locale\//) print line "\n" $0 }' "$out")
	done
done
expect_empty "$n looks: no page of a library is worth one" "$bad"

"$gupinfo" --lint --all >"$out" 2>&1 </dev/null
status=$?
expect_empty "--lint of the machine finds no bug" \
	"$([[ $status =~ ^[03]$ ]] || { echo "status $status"; grep -A 20 '^bug' "$out" | head -n 40; })"
expect_empty "and says how many are explainable" "$(grep -q 'pages break an invariant, .* are explainable' "$out" || tail -n 3 "$out")"
done_testing
