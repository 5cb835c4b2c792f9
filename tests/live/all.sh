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
expect_empty "headings" "$(must grep -q '^PID RSS EXCL SHAR WAIT USS PSS LAZY PIN EXCESS UNSHARE LEAK SWAP HUGETLB THP HELD COMM$' "$out")"
[ "$(id -u)" != 0 ] || run --all --raw
expect_empty "kernel threads are no news" "$(grep 'kernel thread' "$err" | head -n 3)"
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
run --all --pid $a,$b --raw --noheadings --sort COMM -o COMM,PID -Q 'RSS > 0'
expect_empty "--sort, -o and -Q" "$(cut -d' ' -f2 "$out" | sort -n | diff - <(printf '%s\n' $a $b))"
run --all --pid $a,$b --raw --noheadings -Q 'RSS < 4K'
expect_empty "-Q chooses processes" "$(cat "$out")"
run --all --openmetrics --json
expect_empty "two formats are refused" "$([ $status = 2 ] || echo $status)"

run --all --pid $a,$b --json
if python3 -c 'import json' 2>/dev/null; then
	expect_empty "sums of the JSON agree" "$(python3 - "$out" 2>&1 <<'PY'
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
else
	skip "sums of the JSON agree" "needs python3 with its library"
fi

# ---- processes that share pages: all of them as each alone, though words of frames are kept
family()
{
	exec python3 - <<'PY'
import ctypes, os, signal, sys, time
data = bytearray(os.urandom(4096)) * 4000
signal.signal(signal.SIGTERM, signal.SIG_DFL)
pids = []
for i in range(12):
    pid = os.fork()
    if not pid:
        ctypes.CDLL(None).prctl(1, 9)
        for at in range(0, i * 100 * 4096, 4096):
            data[at] = 1
        time.sleep(1000)
    pids.append(str(pid))
time.sleep(1)
print(",".join(pids), flush=True)
time.sleep(1000)
PY
}

same='
import json, sys
pages = lambda d: {r["pid"]: (r["pages"], r.get("gup")) for r in d["gupinfo"]["processes"]}
each = {}
text, at, d = open(sys.argv[2]).read(), 0, json.JSONDecoder()
while at < len(text):
    one, at = d.raw_decode(text, at)
    each.update(pages(one))
    at += 1
rows = pages(json.load(open(sys.argv[1])))
if len(rows) != 12 or rows.keys() != each.keys():
    print(sorted(rows), sorted(each))
for pid in rows:
    if rows[pid] != each[pid]:
        print(pid, rows[pid], each[pid])'
two='
import json, sys
d = json.load(open(sys.argv[1]))["gupinfo"]
if len(d["processes"]) != 2 or d["sum"]["processes"] != 12:
    print(len(d["processes"]), d["sum"]["processes"])'

families()
{
	local family_pid kids pid

	coproc FAMILY { family; }
	family_pid=$!
	read -r -u "${FAMILY[0]}" kids
	sleep 0.5 # a line printed is memory written
	run --all --evidence=procfs --json --pid "$kids"
	cp "$out" "$out.all"
	for pid in ${kids//,/ }; do
		run --all --evidence=procfs --json --pid "$pid"
		cat "$out"
	done >"$out.each"
	expect_empty "what processes share is the same for each alone" "$(python3 -c "$same" "$out.all" "$out.each" 2>&1)"
	run --all --evidence=procfs --json --top 2 --pid "$kids"
	expect_empty "--top is of them, the sum of all" "$(python3 -c "$two" "$out" 2>&1)"

	{ sleep 0.02; for pid in ${kids//,/ }; do kill -9 "$pid"; sleep 0.005; done; } &
	for _ in 1 2 3 4 5; do
		run --all --evidence=procfs --json --pid "$kids"
		[[ $status =~ ^[0134]$ ]] || echo "status $status"
		[ ! -s "$out" ] || python3 -m json.tool "$out" >/dev/null || echo "broken JSON"
	done >"$out.end" 2>&1
	expect_empty "processes that end meanwhile" "$(head -n 5 "$out.end")"
	kill "$family_pid" 2>/dev/null
	rm -f "$out".*
}
if python3 -c 'import ctypes, json' 2>/dev/null; then
	families
else
	skip "processes that share pages" "needs python3 with its library"
fi

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
