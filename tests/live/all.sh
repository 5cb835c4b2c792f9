#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# all.sh - --all, --top, --openmetrics, --gentle on processes of our own.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
gupinfo=$builddir/gupinfo
out=$(mktemp) err=$(mktemp)
sleep 1000 >/dev/null &
a=$!
sleep 1000 >/dev/null &
b=$!
trap 'rm -f "$out" "$err"; kill $a $b 2>/dev/null' EXIT
status=0

run()
{
	"$gupinfo" "$@" >"$out" 2>"$err" </dev/null
	status=$?
}

# says what is wrong when a condition does not hold
must()
{
	"$@" >/dev/null || { echo "$*"; head -n 5 "$out" "$err"; }
}

run --all --pid $a,$b --raw
expect_empty "one row per process" "$(must grep -qE "^$a [0-9]" "$out"; must grep -qE "^$b [0-9]" "$out")"
expect_empty "headings" "$(must grep -q '^PID RSS EXCL SHAR PIN EXCESS UNSHARE LEAK SWAP HUGETLB THP COMM$' "$out")"
[ "$(id -u)" != 0 ] || run --all --raw
expect_empty "every process" "$(must grep -qE "^$a [0-9].* sleep\$" "$out")"
expect_empty "the status is 0 or 3" "$([[ $status =~ ^[03]$ ]] || echo "$status")"
bad=$(tail -n +2 "$out" | awk '{ s = $2; u = substr(s, length(s))
	n = s + 0; n *= u == "K" ? 1024 : u == "M" ? 1048576 : u == "G" ? 1073741824 : 1
	if (NR > 1 && n > last * 1.06) print "after " last " comes " n; last = n }')
expect_empty "the largest first" "$bad"

run --all --top 1 --pid $a,$b --raw --noheadings
expect_empty "--top" "$([ "$(wc -l <"$out")" = 1 ] || cat "$out")"
run --all --top 0
expect_empty "--top 0 is refused" "$([ $status = 2 ] || echo $status)"
run --top 3 --pid $a
expect_empty "--top without --all is refused" "$([ $status = 2 ] || echo $status)"
run --all --openmetrics --json
expect_empty "two formats are refused" "$([ $status = 2 ] || echo $status)"

run --all --pid $a,$b --json
expect_empty "sums of the JSON agree" "$(/usr/bin/env python3 - "$out" <<'PY'
import json, sys
d = json.load(open(sys.argv[1]))["gupinfo"]
rows = d["processes"]
if len(rows) != 2 or d["sum"]["processes"] != 2:
    print("not two processes")
for key, total in d["sum"]["pages"].items():
    if total != sum(r["pages"][key] for r in rows):
        print(key, total)
PY
)"

name=$(printf 'a"b\\c\nd')
cp "$(command -v sleep)" "/tmp/$name"
"/tmp/$name" 1000 >/dev/null &
c=$!
sleep 0.3
run --openmetrics --pid $a,$c
kill $c 2>/dev/null
rm -f "/tmp/$name"
sample='^gupinfo_[a-z_]+(\{([a-z]+="([^"\\]|\\["\\n])*",?)+\})? [0-9]+$'
expect_empty "OpenMetrics is well-formed, hostile names included" "$(grep -vE "^# |$sample" "$out")"
expect_empty "OpenMetrics ends with # EOF" "$([ "$(tail -n 1 "$out")" = '# EOF' ] || tail -n 1 "$out")"
expect_empty "each metric has a type and help" "$(grep -oE '^gupinfo_[a-z_]+' "$out" | sort -u | while read -r m; do
	must grep -q "^# TYPE $m gauge$" "$out"; must grep -q "^# HELP $m " "$out"; done)"

run --gentle --pid $a
expect_empty "--gentle" "$([[ $status =~ ^[03]$ ]] || cat "$err")"
expect_empty "no progress where there is no terminal" "$(grep 'entries read' "$err")"

done_testing
