#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cli.sh - the program as a user meets it: options, messages, exit statuses, ordinary processes.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
gupinfo=$builddir/gupinfo
out=$(mktemp) err=$(mktemp)
trap 'rm -f "$out" "$err"; kill $sleeper 2>/dev/null' EXIT
sleep 1000 &
sleeper=$!

# what a complete run gives here: 3 where this kernel or build does not let everything be read
"$gupinfo" --pid $sleeper >/dev/null 2>&1
complete=$?
[ $complete = 3 ] || complete=0

# run STATUS ARG...: exit status as expected, output in $out and $err.
run()
{
	local want=$1 got
	shift
	"$gupinfo" "$@" >"$out" 2>"$err" </dev/null
	got=$?
	[ "$got" = "$want" ] || echo "gupinfo $* exits with $got, expected $want: $(head -c 300 "$err")"
}

# refused NAME ARG...: exit 2, nothing on stdout, one sentence on stderr.
refused()
{
	local name=$1 why
	shift
	why=$(run 2 "$@")
	[ -s "$out" ] && why+=" something was printed"
	[ "$(wc -l <"$err")" = 1 ] || why+=" not one sentence: $(cat "$err")"
	expect_empty "$name" "$why"
}

bpf_reader
refused "no process" --pages
refused "unknown option" --nonsense
refused "ambiguous option" --pa --pid 1
refused "bad pid" --pid 12x
refused "negative pid" --pid -1
refused "empty pid" --pid ""
refused "huge pid" --pid 99999999999999999999
refused "bad range" --pid $sleeper --range 3000-1000
refused "bad size" --pid $sleeper --range 3000+5X
refused "bad address" --pid $sleeper --explain xyz
refused "bad column" --pid $sleeper -o ADDR,NONSENSE
refused "bad filter" --pid $sleeper --pages -Q 'MAP =='
refused "bad bits" --pid $sleeper --pages --bits nonsense
refused "bad model" --pid $sleeper --model nonsense
refused "two formats" --pid $sleeper --json --raw
refused "two views" --pid $sleeper --pages --facts
refused "bad colour" --pid $sleeper --color=pink
refused "stray argument" --pid $sleeper stray
refused "a command for a view of processes" --pages -- true

# An option that a view does not obey is refused, in every view.
while read -r view options; do
	for option in $options; do
		refused "$view refuses $option" --pid $sleeper "$view" "$option"
	done
done <<'EOF'
--all --trials=3 --verbose --no-stop --state=plain
--pages --verbose --interval=5 --reserve-hugepages
--explain=1000 --top=3 --sort=MAP --filter=MAP --raw --output=ADDR --bits=lru --range=1000 --bytes
--lint --verbose --no-stop --trials=3
--report --json --raw --filter=MAP --output=ADDR --bytes
--trace --raw --bytes --top=3 --sort=MAP --events=dance
--family --bits=lru --filter=MAP --events=fork
--svg --json --raw --filter=MAP --output=ADDR --verbose
--pages --events=fork
--demo --json --filter=MAP --output=ADDR
--list-columns --json --bytes --bits=lru
--tui --json --raw --filter=MAP --output=ADDR
--who=1000 --range=1000 --bits=lru
EOF
refused "--who takes a physical address" --who phys:
refused "--who takes a hexadecimal physical address" --who phys:0xg
refused "--who takes no physical address of a process" --who phys:0x1000 --pid $sleeper
refused "--facts refuses --bits" --facts --bits=lru
refused "--facts have no column of pages" --facts --filter=MAP
refused "--diff refuses --bits" --diff /dev/null /dev/null --bits=lru
refused "--diff has no column of pages" --diff /dev/null /dev/null --sort=MAP
refused "findings have no column of changes" --pid $sleeper --lint -o WHAT
refused "--verify refuses --range" --verify --range=1000
expect_empty "--help helps after another view" "$(run $complete --verify --help; grep -q ^Usage "$out" || cat "$out" "$err")"
refused "metrics have no columns" --all --openmetrics -o PID
refused "metrics of a family have no columns" --pid $sleeper --family --openmetrics -o PID
refused "members of a family have no column of pairs and of mappings" --pid $sleeper --family -o SHARED,START
expect_empty "the rows of a family are those that have the columns" "$(run $complete --pid $sleeper --family -rn -o PID,WITH,SHARED; run $complete --pid $sleeper --family -rn -o PID,START,SAME; [ -s "$out" ] || echo nothing
	run $complete --openmetrics --family --pid $sleeper; grep -q '^gupinfo_family_frames_bytes' "$out" || cat "$out")"
refused "a document cannot be sorted" --pid $sleeper --pages --json --sort REF
refused "a column that only pages have" --pid $sleeper --sort KIND
refused "a column that processes have not" --pid $sleeper --all -o COMM,START
expect_empty "a misspelt option" "$(run 2 --pid $sleeper --colour; grep -q 'mean --color?' "$err" || cat "$err")"
expect_empty "a misspelt column" "$(run 2 --pid $sleeper -o addrs; grep -q 'mean ADDR?' "$err" || cat "$err")"
expect_empty "no guess far away" "$(run 2 --pid $sleeper -o qqqqqqqq; grep 'mean' "$err")"

expect_empty "help" "$(run 0 --help; awk 'length > 80' "$out")"
expect_empty "version" "$(run 0 --version; grep -q '^gupinfo [0-9]' "$out" || cat "$out")"
expect_empty "list-columns" "$(run 0 --list-columns; grep -q '^MAP ' "$out" || cat "$out")"
expect_empty "list-columns, chosen" \
	"$(run 0 -H -n -r -o COLUMN -Q 'OF == "findings"' --sort COLUMN; [ "$(paste -sd' ' "$out")" = "CLASS FINDING INVARIANT REASON" ] || cat "$out")"
expect_empty "facts in a document, chosen" \
	"$(run 0 --facts --json -Q 'FACT == "secretmem"'; [ "$(grep -o '"name"' "$out" | wc -l)" = 1 ] || cat "$out")"
expect_empty "lines of facts, sorted" \
	"$(run 0 --facts --json-lines --sort -FACT --top 2; [ "$(grep -c '^{"fact":' "$out")" = 2 ] || cat "$out")"
expect_empty "facts, chosen" "$(run 0 --facts -r -n -o FACT,VALUE -Q 'FACT == "secretmem"'; grep -qxE 'secretmem (yes|no|\?)' "$out" || cat "$out")"
expect_empty "a process that does not exist" \
	"$(run 1 --pid 2147483646; grep -q 'does not exist' "$err" || cat "$err")"
expect_empty "one that exists and one that does not" \
	"$(run 3 --pid "$sleeper,2147483646"; grep -q 'does not exist' "$err" || cat "$err")"
# Waits until process PID runs FILE, or has ended.
until_runs()
{
	until [ "$(readlink "/proc/$1/exe")" = "$2" ] || ! kill -0 "$1"; do
		sleep 0.1
	done
}

# Its child ends once the parent is no shell any more, which would wait for it: nobody does.
fifo=$(mktemp -u)
mkfifo "$fifo"
bash -c 'read -r _ <"$1" & exec sleep 1000' sh "$fifo" &
parent=$!
until_runs $parent "$(readlink -f "$(command -v sleep)")"
echo >"$fifo"
rm -f "$fifo"
zombie=
while [ -z "$zombie" ] && kill -0 $parent; do
	for stat in /proc/[0-9]*/stat; do
		read -r line 2>/dev/null <"$stat"
		[[ $line == *") Z $parent "* ]] && zombie=${line%% *}
	done
done
expect_empty "a zombie is said to be one, and nothing is printed of it" \
	"$(run 1 --pid "$zombie"; grep -q 'zombie' "$err" || cat "$err"; grep total "$out")"
expect_empty "lint: nothing was read" \
	"$(run 1 --lint --pid "$zombie"; grep -q 'zombie' "$err" || cat "$err"; cat "$out")"
kill $parent
wait $parent 2>/dev/null
if read -r line 2>/dev/null </proc/2/stat && [[ $line == "2 (kthreadd) "* ]]; then
	expect_empty "a kernel thread" \
		"$(run $complete --pid 2; grep -q 'a kernel thread: it has no memory' "$err" || cat "$err")"
else
	skip "a kernel thread" "none is to be seen here"
fi
expect_empty "no such name" "$(run 1 --comm no-such-process-name)"

expect_empty "summary" "$(run $complete --pid $sleeper; grep -q '\[stack\]' "$out" || cat "$out")"
run $complete $sleeper >"$err.same"
expect_empty "a bare PID" "$(cat "$err.same"; grep -q "^process $sleeper " "$out" || cat "$out"; rm -f "$err.same")"
expect_empty "a bare PID and views" "$(run $complete $sleeper,$$ --pages -n -o PID; grep -q "$$" "$out" || cat "$out")"
if command -v script >/dev/null; then
	expect_empty "summary fits 80 columns of a terminal" "$(COLUMNS=80 script -qec "'$gupinfo' --pid $sleeper" /dev/null </dev/null |
		tr -d '\r' | awk 'length > 80 && !/^gupinfo: /')"
else
	skip "summary fits 80 columns of a terminal" "there is no script(1)"
fi
long=$(mktemp -d)/a-name-of-a-program-that-is-longer-than-any-column-of-the-summary-of-mappings-is-wide
cp "$(command -v sleep)" "$long"
"$long" 100 &
victim=$!
until_runs $victim "$long"
expect_empty "a pipe is not cut" "$(run $complete --pid $victim; grep -q "${long##*/}\$" "$out" || cat "$out")"
expect_empty "COLUMNS is honoured" "$(COLUMNS=200 run $complete --pid $victim; grep -q "^START.* LT-W" "$out" || cat "$out")"
ln -s "$long" "${long%/*}/link"
for name in "$long" "${long##*/}" "${long%/*}/link"; do
	expect_empty "range by the name ${name##*/}" \
		"$(run $complete --pid $victim --pages --range "$name" -o NAME -r -n; grep -qxF -- "$long" "$out" || cat "$out" "$err")"
done
kill $victim
rm -rf "${long%/*}"
expect_empty "pages" "$(run $complete --pid $sleeper --pages; head -1 "$out" | grep -q PIN-R || cat "$out")"
expect_empty "each" "$(run $complete --pid $sleeper --each -o ADDR,PAGES -n; awk '$2 != 1' "$out")"
expect_empty "range by name" \
	"$(run $complete --pid $sleeper --pages --range '[stack]' -o ADDR,NAME; grep -v stack "$out" | tail -n +2)"
for range in xyz '[heap' /nonexistent/file; do
	expect_empty "no mapping is called $range" \
		"$(run 1 --pid $sleeper --range "$range"; cat "$out"; grep -q "called '.*'; there are .*\[stack\]" "$err" || cat "$err")"
done
expect_empty "nothing is mapped in a range" \
	"$(run 1 --pid $sleeper --pages --range 1000-2000; cat "$out"; grep -q 'nothing is mapped in 1000-2000' "$err" || cat "$err")"
# [stack] grows down: below what was touched the mapping has room
hole=$("$gupinfo" --pid $sleeper --pages --range '[stack]' -o ADDR -n 2>/dev/null | head -1 | tr -d ' ')
start=$(awk '/\[stack\]/ { sub(/-.*/, ""); print }' /proc/$sleeper/maps)
if [ "$hole" != "$start" ]; then
	expect_empty "a page that is not there has a row when asked for by its address" \
		"$(run $complete --pid $sleeper --pages --range "$start" -n -o ADDR,KIND; grep -q "$start none" "$out" || cat "$out" "$err")"
else
	skip "a page that is not there has a row when asked for by its address" "the whole stack is populated"
fi
expect_empty "filter" \
	"$(run $complete --pid $sleeper --pages -Q 'KIND=="file"' -o KIND -n; grep -v file "$out")"
expect_empty "filter of mappings" \
	"$(run $complete --pid $sleeper -Q 'NAME=="[stack]"' -n -r -o START,RSS; [ "$(wc -l <"$out")" = 1 ] || cat "$out")"
expect_empty "filter of pages, summed up" \
	"$(run $complete --pid $sleeper -Q 'KIND=="none"' -n -r -o START,RSS; grep -v ' -$' "$out")"
expect_empty "sort" "$(run $complete --pid $sleeper --sort -RSS -o RSS,NAME -n -b -r; [ -s "$out" ] || echo nothing; sed 's/^-/0/' "$out" | sort -s -k1,1nr -c 2>&1)"
expect_empty "sort pages" "$(run $complete --pid $sleeper --pages --sort PAGES -o PAGES,ADDR -n; sort -s -n -k1,1 -c "$out" 2>&1)"
expect_empty "top" "$(run $complete --pid $sleeper --pages --top 3 -n; [ "$(wc -l <"$out")" = 3 ] || cat "$out")"
expect_empty "fewer rows than mappings" "$(run $complete --pid $sleeper; [ "$(grep -c '^[0-9a-f]*-[0-9a-f]* ' "$out")" -lt "$(wc -l <"/proc/$sleeper/maps")" ] || cat "$out"
	grep -q '^[0-9]* mappings .* libc.so.6$' "$out" || cat "$out")"
expect_empty "all mappings" "$(run $complete -v --pid $sleeper; [ "$(grep -c '^[0-9a-f]*-[0-9a-f]* ' "$out")" = "$(grep -vc vsyscall "/proc/$sleeper/maps")" ] || cat "$out")"
expect_empty "raw" "$(run $complete --pid $sleeper --pages --raw -o ADDR,KIND; awk 'NF != 2' "$out")"
expect_empty "pairs" \
	"$(run $complete --pid $sleeper --pages --pairs -o ADDR,KIND; grep -vE '^ADDR="[0-9a-f]+" KIND="([a-z-]+|\?)"$' "$out")"
expect_empty "facts" "$(run 0 --facts; [ "$(wc -l <"$out")" -gt 20 ] || cat "$out")"
addr=$("$gupinfo" --pid $sleeper --pages --range '[stack]' -o ADDR -n 2>/dev/null | tail -1 | tr -d ' ')
expect_empty "explain" "$(run $complete --pid $sleeper --explain "$addr"; grep -q '^lt-w = ' "$out" || cat "$out")"
expect_empty "explain fits 80 columns" "$(awk 'length > 80' "$out")"
expect_empty "explain two addresses" \
	"$(run $complete --pid $sleeper --explain "$addr" --explain "$addr"; [ "$(grep -c "^$addr of process" "$out")" = 2 ] || cat "$out")"
expect_empty "a command without a view is traced" \
	"$(run 0 -- sh -c 'echo heard'; grep -q heard "$out" && grep -q ' sh exec ' "$err" || cat "$out" "$err")"
if grep -q vsyscall "/proc/$sleeper/maps"; then
	expect_empty "explain the vsyscall page" \
		"$(run $complete --pid $sleeper --explain ffffffffff600000; grep -q '^ffffffffff600000 of process' "$out" || cat "$out" "$err")"
else
	skip "explain the vsyscall page" "this kernel has none"
fi
expect_empty "explain an address that is not mapped" "$(run 1 --pid $sleeper --explain 1000)"
expect_empty "closed pipe" "$("$gupinfo" --pid $sleeper --each 2>&1 >/dev/full | grep -q 'cannot write' || echo 'no message')"
expect_empty "head" "$("$gupinfo" --pid $sleeper --each 2>&1 | head -1 >/dev/null)"

if command -v jq >/dev/null; then
	expect_empty "json" "$(run $complete --pid $sleeper --json; jq -e '.gupinfo.schema[0] == 1' "$out" >/dev/null || echo bad)"
	expect_empty "json-lines" \
		"$(run $complete --pid $sleeper --json-lines; jq -e ".pid == $sleeper" "$out" | grep -v true)"
	expect_empty "json of chosen columns" "$(run $complete --pid $sleeper --pages --json -o ADDR,MAP,EXCL
		jq -e '.gupinfo.rows | length > 0 and all(keys == ["addr", "excl", "map"])' "$out" >/dev/null || head -c 300 "$out")"
	expect_empty "json lines of chosen columns" "$(run $complete --pid $sleeper --json-lines -o START,RSS
		jq -e '.start[0:2] == "0x" and (.rss | type) == "number"' "$out" | grep -v true)"
	expect_empty "json of chosen columns of processes" "$(run $complete --all --pid $sleeper --json -o PID,RSS,COMM
		jq -e ".gupinfo.rows[0] | .pid == $sleeper and .comm == \"sleep\"" "$out" >/dev/null || head -c 300 "$out")"
else
	skip "json" "jq is not installed"
fi

# Without privileges: own processes work, what is missing is named.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	alone=(setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all)
	tmp=$(mktemp -d) && chmod 755 "$tmp" && cp "$gupinfo" "$tmp/gupinfo" && gupinfo=$tmp/gupinfo
	"${alone[@]}" bash -c '"$0" --pid $$ --pages -o KIND,PFN,PIN-R; echo "status $?"' "$gupinfo" >"$out" 2>"$err"
	expect_empty "ordinary user, own process" "$(grep -qE 'status [03]' "$out" || cat "$out" "$err")"
	expect_empty "hidden PFNs are not 0" "$(grep -w 0x0 "$out")"
	"${alone[@]}" "$gupinfo" --pid $sleeper >"$out" 2>"$err"
	expect_empty "ordinary user, another's process" \
		"$([ $? = 1 ] || echo status; grep -q 'permission denied' "$err" || cat "$err")"
	rm -rf "$tmp"
	gupinfo=$builddir/gupinfo
else
	skip "ordinary user" "needs root to become one"
fi

# A hostile name does not reach the terminal.
evil=$(mktemp -d)
name=$(printf 'e\033[31mvil\nx')
cp "$(command -v sleep)" "$evil/$name"
"$evil/$name" 100 &
victim=$!
until_runs $victim "$evil/$name"
run $complete --pid $victim >/dev/null
expect_empty "hostile names are escaped" "$(LC_ALL=C grep -n $'[\x01-\x09\x0b-\x1f\x7f]' "$out")"
kill $victim
rm -rf "$evil"

# A process that dies while it is read.
for _ in 1 2 3 4 5; do
	bash -c 'exec sleep 0.05' &
	dying=$!
	for _ in 1 2 3; do
		"$gupinfo" --pid $dying --each >"$out" 2>"$err"
		status=$?
		case $status in
		0 | 1 | 3) ;;
		*) break 2 ;;
		esac
	done
	wait $dying
done
expect_empty "a dying process" "$([ "$status" -le 3 ] || cat "$err")"

# --dmesg: the kernel's log, with a name that a terminal must not see; it needs no privileges.
printf '%s\n' '[    0.000000] Linux version 6.12.117-test (root@vm)' '[    7.0] migrating pfn 893ad failed ret:3' \
	'[    7.0] page: refcount:3 mapcount:0 mapping:000000001a2b3c4d index:0x5 pfn:0x893ad' \
	$'[    7.0] aops:ext4_da_aops ino:1f dentry name(?):"a\e[31mb"' \
	'[    7.0] flags: 0x1fff00000002091c(uptodate|node=0|zone=3)' \
	'[    7.0] raw: 1fff00000002091c ffb243f2022ad648 ff21e252427afca8 ff21e2524224ca28' \
	'[    7.0] page dumped because: migration failure' >"$out.log"
chmod 644 "$out.log"
"$gupinfo" --dmesg "$out.log" >"$out" 2>"$err"
expect_empty "--dmesg explains a dump" "$(grep -q 'file, mapped 0 times, 3 references: 1 expected, 1 of who tried to move it, 1 more$' "$out" &&
	grep -q '^   does not move, refs: ' "$out" && ! grep -q $'\e' "$out" || cat "$out" "$err")"
"$gupinfo" --dmesg - --noheadings --raw -o PFN,WHY,TIMES,RULE <"$out.log" >"$out" 2>"$err"
expect_empty "--dmesg in chosen columns" "$(grep -qx '0x893ad refs 1 migrate-refs' "$out" || cat "$out" "$err")"
rm -f "$out.log"
expect_empty "--dmesg of no file" "$(run 1 --dmesg /nonexistent/log; grep -q 'cannot read /nonexistent/log' "$err" || cat "$err")"

# --who: the page of an address, or of a page frame, in both processes that map it.
if [ "$(id -u)" = 0 ]; then
	coproc MAKER { exec "$builddir/tests/live/mkpages" order-0+shared 2>&1; }
	maker=$MAKER_PID
	eval "exec 9>&${MAKER[1]}-"
	read -r line <&"${MAKER[0]}"
	if [[ $line == pid=* ]]; then
		pid=${line#pid=} pid=${pid%% *} at=${line##*page=0x} at=${at%% *}
		"$gupinfo" --pid "$pid" --who "$at" >"$out" 2>"$err"
		rows=$(awk -v at="$at" '$3 == at && $4 == "pte" { print $1 }' "$out")
		[ "$(sort -u <<<"$rows" | grep -c .)" = 2 ] && grep -qx "$pid" <<<"$rows" &&
			grep -q '^mapped 2 times, 2 found' "$out" && ok "--who finds both processes of a shared page" ||
			not_ok "--who finds both processes of a shared page" "$(cat "$out" "$err")"
		pfn=$("$gupinfo" --pid "$pid" --range "$at+4K" --pages -r -n -o PFN 2>/dev/null)
		bad=$(diff <(grep -v 'could not be read' "$out") \
			<("$gupinfo" --who "$pfn" 2>/dev/null | grep -v 'could not be read'))
		expect_empty "--who of its page frame says the same" "$bad"
		# The page's last byte by its physical address.
		printf -v last %x $((pfn * $(getconf PAGESIZE) + $(getconf PAGESIZE) - 1))
		bad=$(diff <(grep -v 'could not be read' "$out") \
			<("$gupinfo" --who "phys:0x$last" 2>/dev/null | grep -v 'could not be read'))
		expect_empty "--who of its physical address says the same" "$bad"
		"$gupinfo" --who "$pfn+1" -n -r -o PAGES,KIND,PFN,PID,ADDR >"$out.q" 2>/dev/null
		expect_empty "--who of an area finds both processes, too" "$(
			diff <(sort -u <<<"$rows") <(sed -n "s/^1 anon $pfn \([0-9]*\) $at\$/\1/p" "$out.q" | sort) >&2 ||
				cat "$out.q")"
		"$gupinfo" --who "$gupinfo" >"$out.q" 2>/dev/null
		if [ "$(stat -f -c %T "$gupinfo")" != overlayfs ] && "$gupinfo" --evidence=bpf --pid $$ --range '[stack]' >/dev/null 2>&1; then
			expect_empty "--who of a file finds who runs it" "$(
				grep -q "^page cache of $gupinfo: [1-9]" "$out.q" && grep -qE '^ *[0-9]+ [a-z?]+ .* gupinfo ' "$out.q" || cat "$out.q")"
			inode=$(stat -c %i "$gupinfo")
			expect_empty "--who of a file has its inode" "$("$gupinfo" --who "$gupinfo" -n -r -o INODE 2>/dev/null | grep -qx "$inode" || echo "not $inode")"
		else
			skip "--who of a file finds who runs it" "no BPF, or an overlay"
		fi
		"$gupinfo" --who "$pfn" -Q 'PID == 0' >"$out.q" 2>/dev/null
		expect_empty "--who of a mapped page, all filtered away" \
			"$(grep -q '^PFN 0x[0-9a-f]*: mapped, by no entry for which' "$out.q" || cat "$out.q")"
		rm -f "$out.q"
		bad=$("$gupinfo" --who "$pfn" -n -r -o PID,MAP,PIN-R --sort -PID --top 1 2>/dev/null)
		expect_empty "--who in chosen columns" "$(grep -qE '^[0-9]+ 2 [a-z]+$' <<<"$bad" || echo "$bad")"
	else
		skip "--who" "$line"
	fi
	exec 9>&-
	wait "$maker" 2>/dev/null
	# Frames of the kernel's image stay reserved; the word has no other flag.
	reserved=$(od -An -v -tx8 -w8 /proc/kpageflags 2>/dev/null | grep -m1 -n 0000000100000000)
	if [ -n "$reserved" ]; then
		printf -v pfn %x $((${reserved%%:*} - 1))
		"$gupinfo" --who "$pfn" >"$out" 2>/dev/null
		expect_empty "--who of a reserved frame" "$(grep -q "^PFN 0x$pfn: mapped by no process" "$out" &&
			grep -q "^reserved: " "$out" && grep -q "? (.*--blockers 0x$pfn+1 " "$out" || cat "$out")"
		"$gupinfo" --who "$pfn" --json >"$out" 2>/dev/null
		expect_empty "--who of a reserved frame, JSON" "$(grep -q '"frame": *"reserved"' "$out" || cat "$out")"
		for pfn in fffffffffffff ffffffffffffffff; do
			"$gupinfo" --who $pfn >"$out" 2>/dev/null
			expect_empty "--who of frame $pfn, which is none" "$(grep -q "^no such frame: " "$out" || cat "$out")"
		done
	else
		skip "--who of a reserved frame" "/proc/kpageflags shows none"
	fi
	# --blockers: a page in a pipe is one, until somebody reads it.
	if "$gupinfo" --evidence=bpf --pid $$ --range '[stack]' >/dev/null 2>&1; then
		coproc MAKER { exec "$builddir/tests/live/mkpages" order-0+vmspliced 2>&1; }
		maker=$MAKER_PID
		eval "exec 9>&${MAKER[1]}-"
		read -r line <&"${MAKER[0]}"
		if [[ $line == pid=* ]]; then
			pid=${line#pid=} pid=${pid%% *} at=${line##*page=0x} at=${at%% *}
			pfn=$("$gupinfo" --pid "$pid" --range "$at+4K" --pages -r -n -o PFN 2>/dev/null)
			"$gupinfo" --blockers "$pfn" >"$out" 2>"$err"
			status=$?
			expect_empty "--blockers: a page in a pipe" "$([ $status = 4 ] && grep -q ' 1 would not$' "$out" &&
				grep -qE "^ *1 refs +anon +$pfn +$pid +mkpages +pipe [0-9]+: " "$out" || cat "$out" "$err")"
			"$gupinfo" --blockers "$pfn" --json >"$out" 2>"$err"
			expect_empty "--blockers, JSON" "$(grep -q '"why": *"refs"' "$out" || cat "$out" "$err")"
		else
			skip "--blockers: a page in a pipe" "$line"
		fi
		exec 9>&-
		wait "$maker" 2>/dev/null
	else
		skip "--blockers: a page in a pipe" "no BPF"
	fi
	for area in memory4294967295 node9999 zone:Nowhere cma:nowhere 0x5-0x5 phys:zz; do
		"$gupinfo" --blockers $area >"$out" 2>"$err"
		status=$?
		expect_empty "--blockers $area, which is none" "$([ $status = 1 ] || [ $status = 2 ] && [ -s "$err" ] || cat "$out" "$err")"
	done
	# CAP_SYS_ADMIN alone sees PFNs, but may not open root's files.
	tmp=$(mktemp -d) && chmod 755 "$tmp" && cp "$gupinfo" "$tmp/gupinfo"
	if setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+sys_admin \
		--ambient-caps=-all,+sys_admin "$tmp/gupinfo" --who 1 >"$out" 2>"$err"; [ $? = 3 ]; then
		expect_empty "--who of a frame whose flags are not readable" \
			"$(grep -q '^frame: ? (/proc/kpageflags: .*needs root' "$out" || cat "$out" "$err")"
	else
		skip "--who of a frame whose flags are not readable" "$(head -1 "$err")"
	fi
	rm -rf "$tmp"
else
	skip "--who" "needs root"
fi

# Below its base lie 32 MiB of which every other page is written: several readers share them.  The kernel
# may age pages meanwhile: what is compared lies between two runs alike.
coproc PREY { PREY_LIVES=600000000 exec "$builddir/tests/chaos/prey" calm 3; }
read -r _ prey <&"${PREY[0]}"
bad=''
for evidence in auto procfs; do
	for view in --pages --each '--pages --json'; do
		for ((try = 0; try < 30; try++)); do
			for jobs in 1 2 7 01; do
				# shellcheck disable=SC2086 # a view may be two options
				"$gupinfo" --pid "$prey" $view --evidence $evidence --range 7dfffdff0000+32M --jobs $jobs >"$out.$jobs"
			done
			! cmp -s "$out.1" "$out.01" || break
		done
		cmp -s "$out.1" "$out.2" && cmp -s "$out.1" "$out.7" && [ "$(wc -c <"$out.1")" -gt 10000 ] ||
			bad+=" $view of $evidence"
	done
done
rm -f "$out".[127] "$out".01
kill "$prey"
expect_empty "any number of --jobs prints the same" "$bad"
refused "no --jobs" --pid $sleeper --jobs 0
refused "too many --jobs" --pid $sleeper --jobs 257

done_testing
