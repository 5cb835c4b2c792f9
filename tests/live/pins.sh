#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pins.sh - what processes hold (tests/live/hold.c makes it): --pins has it, beside the kernel's counters.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
is_root || skip_all "needs root to load BPF programs"
python3 -c 'import json' 2>/dev/null || skip_all "needs python3 for JSON"
gupinfo=$builddir/gupinfo hold=$builddir/tests/live/hold
dir=$(mktemp -d) || exit 1
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT
bpf_reader
why=$("$builddir/tests/live/mkpages" --bpf) || skip_all "$why"

# start KIND: sets pid, addr and fd; false with a result where it cannot be made here.
start()
{
	rm -f "$dir/said"
	"$hold" "$1" >"$dir/said" &
	pid=$!
	until [ -s "$dir/said" ] || ! kill -0 $pid 2>/dev/null; do
		sleep 0.1
	done
	if ! grep -q ^pid= "$dir/said"; then
		skip "$1" "$(head -n 1 "$dir/said")"
		return 1
	fi
	pids+=" $pid"
}

stop()
{
	kill "$pid"
	wait "$pid" 2>/dev/null
}

# pins NAME WANT: the rows of --pins of $pid in columns; * is anything.
pins()
{
	local is

	is=$("$gupinfo" --pins --pid "$pid" -r -n -b -o BY,CERTAINTY,HELD,MAPPED,UNMAPPED,PINS,FD 2>/dev/null)
	# shellcheck disable=SC2053 # it is a pattern
	expect_empty "$1: --pins" "$([[ $is == $2 ]] || diff <(echo "$2") <(echo "$is"))"
}

# who NAME HOLDER: all references of the fourth page are explained, the others than mappings by HOLDER.
who()
{
	"$gupinfo" --pid "$pid" --who 40003000 >"$dir/who" 2>/dev/null
	expect_empty "$1: --who" "$(grep -q "^held by $2.*(exact)$" "$dir/who" && grep -q '^unexplained references: 0$' "$dir/who" &&
		grep -q '^\([0-9]*\) of \1 references are explained$' "$dir/who" || cat "$dir/who")"
}

while IFS='|' read -r kind rows holder; do
	start "$kind" || continue
	pins "$kind" "${rows//;/$'\n'}"
	[ -z "$holder" ] || who "$kind" "$holder"
	stop
done <<'EOF'
ring|io_uring exact 65536 65536 0 16 3|io_uring buffer 0, 0x40000000+64K: hold([0-9]*) fd 3
ring-unmapped|io_uring exact 65536 0 65536 16 3|
ring-clone|io_uring exact 65536 65536 0 16 3;io_uring exact 65536 65536 0 0 4|io_uring buffer 0, 0x40000000+64K: hold([0-9]*) fd [34]
ring-memory|io_uring-ring exact 8192 8192 0 2 3|
provided|io_uring-provided exact 4096 4096 0 1 3|
pipe|pipe exact 16384 16384 0 0 3|pipe [0-9]* slot 3: read by hold([0-9]*) fd 3, written by hold([0-9]*) fd 4
pipe-written||
pipe-file||
mlock|mlock exact 16384 - - - -|
umem|af_xdp exact 65536 65536 0 16 3|AF_XDP umem, 64 KiB: hold([0-9]*) fd 3
zerocopy|socket-send exact * * 0 0 4|send queue of socket [0-9]*: hold([0-9]*) fd 4
socket|socket-receive exact 16384 16384 0 0 3|receive queue of socket [0-9]*: hold([0-9]*) fd 3
direct|direct-io candidate [?] [?] [?] [?] 3|
udmabuf|udmabuf* exact 65536 65536 0 * 5|udmabuf, 64 KiB: hold([0-9]*) fd 5
EOF

if start memfd; then
	"$gupinfo" --pid "$pid" --who 40003000 >"$dir/who" 2>/dev/null
	expect_empty "references of caches are parts of the expected ones" "$(
		grep -q '^2 references: 2 of mappings and caches (1 mapping, 1 page cache), 0 more$' "$dir/who" || cat "$dir/who")"
	stop
fi

# A ring has 4 of the 512 pages of a folio: so do sums.
if start ring-thp; then
	"$gupinfo" --pid "$pid" -o PINS,EXTRA,NAME --range 40000000-40200000 -r -n -b >"$dir/out" 2>/dev/null
	"$gupinfo" --pid "$pid" --range 40000000-40200000 >"$dir/text" 2>/dev/null
	"$gupinfo" --all --pid "$pid" -o PIN,EXCESS -r -n -b >"$dir/all" 2>/dev/null
	if ! grep -q 'THP' "$dir/text"; then
		skip "ring-thp: sums" "no transparent huge page was given"
	else
		expect_empty "ring-thp: sums" "$(grep -q '^16384 16384' "$dir/out" && grep -q '^16384 ' "$dir/all" &&
			grep -q '^ - 4 pages pinned' "$dir/text" || cat "$dir/out" "$dir/all" "$dir/text")"
	fi
	stop
fi

# However many rings share buffers, their pins count once.
if start ring-clones; then
	"$gupinfo" --pins --pid "$pid" -r -n -b -o PINS >"$dir/out" 2>/dev/null
	expect_empty "ring-clones: 16 buffers of 129 rings" \
		"$(awk '{ pins += $1 } END { print NR, pins }' "$dir/out" | grep -vx "2064 16")"
	stop
fi

# The kernel's counters: all pins are found, and each that VmPin counts.
all=
for kind in ring ring-unmapped ring-thp pipe mlock; do
	start $kind && all+=${all:+,}$pid
done
"$gupinfo" --pins --pid "$all" --json >"$dir/json" 2>"$dir/err"
expect_empty "all pins are found" "$(python3 - "$dir/json" "$all" 2>&1 <<'PY'
import json, sys
doc = json.load(open(sys.argv[1]))["gupinfo"]
sums, rows, limits = doc["pins"], doc["rows"], doc["limits"]
if sums["pins"] != sum(r["pins"] or 0 for r in rows):
    print("pins", sums, rows)
if sums["held"] != sum(r["held"] for r in rows if r["by"] != "mlock"):
    print("held", sums, rows)
if sums["unmapped"] != 65536:
    print("unmapped", sums)
# somebody else may pin memory in a way that nobody finds
if sums["steady"] and sums["unexplained"] is not None and sums["unexplained"] < 0:
    print("unexplained", sums)
for l in limits:
    for key, name in (("vm_pin", "VmPin"), ("vm_lck", "VmLck")):
        text = open("/proc/%d/status" % l["pid"]).read()
        if l[key] != int(text.split(name + ":")[1].split()[0]) << 10:
            print(name, l)
    if l["vm_pin"] != l["vm_pin_found"]:
        print("VmPin is not explained", l)
    limit = [x for x in open("/proc/%d/limits" % l["pid"]) if x.startswith("Max locked")][0].split()[3]
    if limit != str(l["memlock"]):
        print("RLIMIT_MEMLOCK", limit, l)
PY
cat "$dir/err")"
"$gupinfo" --pins --pid "$all" >"$dir/text" 2>/dev/null
expect_empty "the text has the counters and the limits" "$(
	for line in '^held: [0-9.]*K, each page once, of which 64K mapped by nobody$' \
		'^pins: [0-9]* outstanding (nr_foll_pin_acquired [0-9]* - nr_foll_pin_released [0-9]*), [0-9]* found' \
		'^limits of hold([0-9]*): RLIMIT_MEMLOCK [^ ]*, VmLck 16K, VmPin 0B (0B found)$'; do
		grep -q "$line" "$dir/text" || echo "no '$line' in:" "$(cat "$dir/text")"
	done)"
expect_empty "pins may have holders that nobody could look for" "$(
	"$gupinfo" --pins --evidence procfs 2>/dev/null | grep '^pins: .* unexplained' | grep -v ', at most [0-9]* unexplained')"
bad=$("$gupinfo" --pins -Q "PID == $pid" -r -n -o BY,HELD 2>/dev/null)
expect_empty "--pins of all processes, filtered" "$([ "$bad" = "mlock 16K" ] || echo "$bad")"
bad=$("$gupinfo" --pins --all -Q "PID == $pid" -r -n -o BY 2>/dev/null)
expect_empty "--pins --all" "$([ "$bad" = mlock ] || echo "$bad")"
done_testing
