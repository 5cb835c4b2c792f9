#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# demo.sh - gupinfo --demo: what is predicted happens; the huge page pool is left as it was.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/tap.sh"
gupinfo=$builddir/gupinfo
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
pool=/proc/sys/vm/nr_hugepages

free_pages()
{
	awk '/HugePages_Free/ { f = $2 } /HugePages_Rsvd/ { r = $2 } END { print f - r }' /proc/meminfo
}

"$gupinfo" --demo nonsense >"$dir/out" 2>"$dir/err"
if [ $? = 2 ] && grep -q "there is no demo" "$dir/err"; then
	ok "an unknown name is a usage error"
else
	not_ok "an unknown name is a usage error" "$(cat "$dir/err")"
fi

before=$(cat $pool)
"$gupinfo" --demo >"$dir/out" 2>"$dir/err"
status=$?
if [ $status = 0 ] || [ $status = 3 ]; then
	ok "the demo runs"
else
	not_ok "the demo runs" "status $status: $(tail -n 5 "$dir/out" "$dir/err")"
fi
long=$(awk 'length > 80' "$dir/out" | head -n 3)
expect_empty "it fits 80 columns" "$long"
expect_empty "the case that leaks comes first, on one screen" \
	"$(sed -n '/^-----/=' "$dir/out" | sed -n 2p | awk '$1 > 24 { print "the table begins at line", $1 }')$(sed -n '/^-----/{n;/hugetlb:child /!p;q}' "$dir/out")"
wrong=$(grep -E 'WRONG|NOT predicted' "$dir/out")
expect_empty "nothing was predicted wrongly" "$wrong"
if [ "$(grep -cE '^(order-0|thp|hugetlb) +(child|child-mprotect|before-fork|after-fork) ' "$dir/out")" = 12 ]; then
	ok "the table has twelve cases"
else
	not_ok "the table has twelve cases" "$(tail -n 20 "$dir/out")"
fi
if grep -q 'not predicted' "$dir/out"; then
	skip "order-0 and THP are safe" "facts are not readable here"
else
	bad=$(grep -E '^(order-0|thp) ' "$dir/out" | grep -vE 'safe +safe +as predicted|skipped')
	expect_empty "order-0 and THP are safe" "$bad"
fi
if grep -q '^hugetlb.*skipped' "$dir/out"; then
	if grep -q 'reserve-hugepages' "$dir/out" || [ "$(grep -c Hugepagesize /proc/meminfo)" = 0 ]; then
		ok "without huge pages it says how to get them"
	else
		not_ok "without huge pages it says how to get them"
	fi
	skip "hugetlb leaks" "fewer than two huge pages are free"
elif grep -q 'not predicted' "$dir/out"; then
	skip "hugetlb leaks" "facts are not readable here"
else
	bad=$(grep -E '^hugetlb +(child|before-fork|after-fork)' "$dir/out" | grep -vE 'leak +leak +as predicted')
	expect_empty "hugetlb leaks, and that is predicted" "$bad"
fi
if [ "$(cat $pool)" = "$before" ]; then ok "the pool is as it was"; else not_ok "the pool is as it was"; fi

# ---- lending huge pages: changes a system setting, so only when asked for
if [ "$(id -u)" != 0 ]; then
	skip "--reserve-hugepages" "needs root"
elif [ -z "${GUPINFO_TEST_SYSTEM:-}" ]; then
	skip "--reserve-hugepages" "changes the pool of huge pages; set GUPINFO_TEST_SYSTEM=1"
elif [ "$(free_pages)" -ge 2 ]; then
	skip "--reserve-hugepages" "enough huge pages are free already"
else
	"$gupinfo" --demo hugetlb --reserve-hugepages >"$dir/out" 2>"$dir/err"
	bad=$(grep -E '^hugetlb +(child|before-fork|after-fork)' "$dir/out" | grep -vE 'leak +leak +as predicted')
	expect_empty "with lent pages all four leak" "$bad"
	if [ "$(cat $pool)" = "$before" ]; then
		ok "the old number is back"
	else
		not_ok "the old number is back" "$(cat $pool), was $before"
	fi
	for sig in INT TERM KILL; do
		"$gupinfo" --demo hugetlb --reserve-hugepages >"$dir/out" 2>"$dir/err" &
		pid=$!
		for _ in $(seq 200); do
			[ "$(cat $pool)" != "$before" ] && break
			sleep 0.01
		done
		kill -$sig $pid 2>/dev/null
		wait $pid 2>/dev/null
		for _ in $(seq 50); do
			[ "$(cat $pool)" = "$before" ] && break
			sleep 0.1
		done
		if [ "$(cat $pool)" = "$before" ]; then
			ok "the old number is back after SIG$sig"
		else
			not_ok "the old number is back after SIG$sig" "$(cat $pool), was $before"
		fi
	done
fi
done_testing
