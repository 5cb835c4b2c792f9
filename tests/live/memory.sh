#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# memory.sh - the sums of a process: they add up, and say what smaps says where both can be compared.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
is_root || skip_all "needs root to see page frame numbers"
python3 -c 'import json' 2>/dev/null || skip_all "needs python3 for JSON"
gupinfo=$builddir/gupinfo mkpages=$builddir/tests/live/mkpages
dir=$(mktemp -d) || exit 1
mkfifo "$dir/input"
exec 9<>"$dir/input"
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT
bpf_reader

# compare PID: what is wrong with the sums of a process and of its anonymous mappings, which stand still.
compare()
{
	"$gupinfo" --pid "$1" --json 2>/dev/null >"$dir/json"
	python3 - "$dir/json" "/proc/$1/smaps" 2>&1 <<'PY'
import json, re, sys
process = json.load(open(sys.argv[1]))["gupinfo"]["processes"][0]
smaps, at = {}, None
for line in open(sys.argv[2], errors="replace"):
    head = re.match(r"([0-9a-f]+)-[0-9a-f]+ \S+ \S+ \S+ (\d+)", line)
    if head:
        at = smaps[int(head[1], 16)] = {"inode": int(head[2])}
    else:
        words = line.split()
        if len(words) == 3 and words[2] == "kB":
            at[words[0][:-1]] = int(words[1]) << 10
for what in process["vmas"] + [process["totals"] | {"start": "0", "flags": []}]:
    m = what["memory"]
    parts = sum(m[k] for k in ("exclusive", "waiting", "shared", "file", "other")) + m["part_unknown"] * 4096
    if parts != m["rss"]:
        print(what["start"], "parts are", parts, "of", m["rss"])
    s = smaps.get(int(what["start"], 16))
    if not s or s["inode"] or "pf" in what["flags"] or "ht" in what["flags"] or "" != what["name"]:
        continue
    for mine, theirs in (("rss", s["Rss"]), ("uss", s["Private_Clean"] + s["Private_Dirty"]),
                         ("pss", s["Pss"]), ("lazyfree", s["LazyFree"])):
        zero = m["other"] if mine == "rss" else 0 # smaps does not count the zero page
        if abs(m[mine] - zero - theirs) >= 1024 or m.get(mine + "_unknown"):
            print(what["start"], mine, m[mine], "smaps says", theirs)
PY
}

# is NAME KEY BYTES: a sum of the mapping at 20000000 in the last look.
is()
{
	expect_empty "$1" "$(python3 - "$dir/json" "$2" "$3" 2>&1 <<'PY'
import json, sys
vmas = json.load(open(sys.argv[1]))["gupinfo"]["processes"][0]["vmas"]
found = sum(v["memory"][sys.argv[2]] for v in vmas if int(v["start"], 16) >> 24 == 0x20)
if found != int(sys.argv[3]):
    print(sys.argv[2], found)
PY
)"
}

for state in order-0 order-0+shared order-0+child-gone free+drained zero thp thp+shared thp+shared+child-write; do
	if "$mkpages" --list | grep -q "^$state .*not here"; then
		skip "$state" "cannot be made here"
		continue
	fi
	rm -f "$dir/said"
	"$mkpages" $state <"$dir/input" >"$dir/said" 9>&- &
	maker=$!
	until [ -s "$dir/said" ] || ! kill -0 $maker 2>/dev/null; do
		sleep 0.1
	done
	pid=$(sed -n 's/^pid=\([0-9]*\) .*/\1/p' "$dir/said")
	[ -n "$pid" ] || { skip "$state" "$(head -n 1 "$dir/said")"; continue; }
	pids+=" $pid"
	expect_empty "$state: sums add up, and are those of smaps" "$(compare "$pid")"
	case $state in
	order-0+child-gone) is "$state: a fork left it" waiting 32768 ;;
	order-0+shared) is "$state: the child maps it" shared 32768 ;;
	thp+shared+child-write)
		is "$state: the child maps all but the page that it copied" shared $((2097152 - 4096))
		is "$state: which nobody else maps any more" waiting 4096
		;;
	free+drained) is "$state: memory pressure drops it" lazyfree 4096 ;;
	esac
done

# Entries that GUP never hands out ([vvar]) make nothing of a process unknown.
# Pages that a pipe got by vmsplice() and that were unmapped then are held; the pipe's own are not.
rm -f "$dir/said"
python3 - >"$dir/said" <<'PY' &
import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
size = 8 * 4096
at = libc.mmap(0x20000000, size, 3, 0x32, -1, 0)
ctypes.memset(at, 1, size)
class iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
r, w = os.pipe()
libc.vmsplice(w, ctypes.byref(iovec(at, size)), 1, 0)
os.write(w, b"x" * 5000)
libc.munmap(ctypes.c_void_p(at + 4096), size - 4096)
print("made", flush=True)
time.sleep(1000)
PY
pids+=" $!"
until [ -s "$dir/said" ] || ! kill -0 $! 2>/dev/null; do
	sleep 0.1
done
if "$mkpages" --bpf >/dev/null; then
	expect_empty "what a pipe holds and nothing maps" "$("$gupinfo" $! 2>/dev/null | grep '^Held: 28K ' >/dev/null || "$gupinfo" $! | head -n 8)"
	expect_empty "the same as a column" "$("$gupinfo" --all --pid $! -n -o PID,HELD 2>/dev/null | grep "^ *$! *28K\$" >/dev/null || "$gupinfo" --all --pid $! -o PID,HELD)"
else
	skip "what a pipe holds and nothing maps" "needs BPF"
fi

bad=$("$gupinfo" --all --json --pid $$ 2>/dev/null | python3 -c '
import json, sys
d = json.load(sys.stdin)["gupinfo"]
if d["evidence"]["structpage"] == "bpf":
    for row in d["processes"] + [d["sum"]]:
        print("".join("%s %d\n" % (k, v) for k, v in row["pages"].items() if k.endswith("_unknown") and v), end="")')
expect_empty "pins, references and leaks of a shell are known" "$bad"
expect_empty "every metric has its sum" "$("$gupinfo" --all --openmetrics --pid $$ 2>/dev/null |
	awk '$1 == "#" && $2 == "TYPE" && $3 ~ /^gupinfo_sum_.*_bytes$/ && $3 !~ /unknown/ { want[$3] = 1 }
		/^gupinfo_sum_/ { delete want[$1] } END { for (m in want) print m, "has no sample" }')"
done_testing
