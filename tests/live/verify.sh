#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# verify.sh - the referee: predictions against this kernel.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
gupinfo=$builddir/gupinfo
is_root || skip_all "page numbers are hidden from this user"
[ -x "$gupinfo" ] || skip_all "gupinfo is not built"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# referee NAME ARG...: exit 0 or 4 and its bug report
referee()
{
	local name=$1 status
	shift
	(ulimit -t 600 && exec "$gupinfo" --verify "$@") >"$tmp/out" 2>"$tmp/err"
	status=$?
	case $status in
	0) ok "$name" ;;
	*) not_ok "$name" "status $status
$(grep -A 8 WRONG "$tmp/out")
$(tail -n 3 "$tmp/err")" ;;
	esac
}

pool=$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages 2>/dev/null || echo none)
thp=$(cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || echo none)

referee "every state without variants" --state plain
tail -n 1 "$tmp/out" | sed 's/^/# /'
if [ -n "${GUPINFO_TEST_QUICK:-}" ] || [ -n "${GUPINFO_TEST_IN_VM:-}" ]; then
	skip "every state with its variants" "it takes long"
	skip "random sequences" "they take long"
else
	referee "every state with its variants" --trials 0
	tail -n 1 "$tmp/out" | sed 's/^/# /'
	referee "random sequences" --state random --trials 1500
	tail -n 1 "$tmp/out" | sed 's/^/# /'
fi
referee "the same without BPF" --state random --trials 100 --evidence procfs

# The seed's cases: a store that a reference of another process reads.
leaks=hugetlb+child-vmspliced,hugetlb+child-vmspliced+ro+rw,hugetlb+vmspliced-before-fork
leaks+=,hugetlb+parent-vmspliced
referee "hugetlb stores are judged" --state $leaks --request store --json
if grep -q '"skipped": *[1-9]' "$tmp/out"; then
	skip "hugetlb stores leak, as predicted" "no free hugetlb pages"
elif grep -q '"unknown": *[1-9]' "$tmp/out"; then
	skip "hugetlb stores leak, as predicted" "unknown without BPF"
else
	bad=$(jq -r '.verify.cases[] | select(.predicted.leak != "yes" or .observed.leak != "yes" or
		.observed.seen_by_refs != "yes") | .state' "$tmp/out" 2>&1)
	expect_empty "hugetlb stores leak, as predicted" "$bad"
fi
referee "others are judged" --state "${leaks//hugetlb/order-0},${leaks//hugetlb/thp}" \
	--request store --json
bad=$(jq -r '.verify.cases[] | select(.result == "right" and (.predicted.leak != "no" or
	.observed.seen_by_refs != "no")) | .state' "$tmp/out" 2>&1)
expect_empty "others do not leak" "$bad"

# A run can be repeated by its seed, and a stopped one leaves nothing behind.
"$gupinfo" --verify --state random --trials 40 --seed 7 --json 2>/dev/null |
	jq -c '[.verify.trials, .verify.random]' >"$tmp/first"
expect_empty "as many trials as asked" "$(grep -vF '[40,40]' "$tmp/first")"
"$gupinfo" --verify --state random --trials 1000000 >"$tmp/out" 2>&1 &
endless=$!
# it listens (bit 2 of SigCgt is SIGINT) and has made some trials
until ! kill -0 $endless 2>/dev/null ||
	{ (($(sed -n 's/^SigCgt:[[:space:]]*/0x/p' "/proc/$endless/status") & 2)) &&
		[ "$(ps -o cputimes= -p $endless)" -ge 1 ]; }; do
	sleep 0.1
done
kill -INT $endless
wait $endless
expect_empty "an interrupted run reports what it has" \
	"$(grep -q '^stopped before the end' "$tmp/out" || tail -n 3 "$tmp/out")"
"$gupinfo" --verify --state nonsense >/dev/null 2>"$tmp/err"
status=$?
grep -q "no page state named 'nonsense'" "$tmp/err" || status="$status: $(cat "$tmp/err")"
expect_empty "an unknown state is a usage error" "$([ "$status" = 2 ] || echo "$status")"
now="$(cat /sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages 2>/dev/null || echo none)"
now+=" $(cat /sys/kernel/mm/transparent_hugepage/enabled 2>/dev/null || echo none)"
expect_empty "settings are as before" "$([ "$now" = "$pool $thp" ] || echo "$pool $thp -> $now")"
done_testing
