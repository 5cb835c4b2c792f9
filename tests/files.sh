#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# files.sh - files that gupinfo is given and files that it makes: bombs, FIFOs, links, devices.
#
# A bad file is answered by one sentence, in bounded memory and without filling the disk.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
gupinfo=$builddir/gupinfo
[ -x "$gupinfo" ] || skip_all "gupinfo is not built"
report=$srcdir/tests/golden/linux-6.18.gupinfo
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# run ARGUMENT...: into $said and $status, with 64 MiB for any file it writes.
run()
{
	said=$(ulimit -f 65536; timeout 120 "$gupinfo" "$@" 2>&1 >/dev/null)
	status=$?
}

# refused NAME REASON ARGUMENT...: one line with the reason, status 1, of --diff 2.
refused()
{
	local name=$1 reason=$2 bad=

	shift 2
	run "$@"
	[ $status = "$([ "$1" = --diff ] && echo 2 || echo 1)" ] || bad="status $status "
	[ "$(wc -l <<<"$said")" = 1 ] || bad+="not one line "
	grep -qF -- "$reason" <<<"$said" || bad+="no word of '$reason'"
	expect_empty "$name" "${bad:+$bad: ${said:0:400}}"
}

# ---- packed reports
want=$("$gupinfo" --replay "$report" --pages 2>&1)
for packer in gzip xz zstd; do
	if ! command -v $packer >/dev/null; then
		skip "a report through $packer" "no $packer"
		continue
	fi
	$packer <"$report" >packed
	run --replay packed
	if grep -q 'was built without' <<<"$said"; then
		refused "without the library of $packer it is said what to do" "unpack it with $packer first" \
			--replay packed
		continue
	fi
	bad=$([ "$want" = "$("$gupinfo" --replay packed --pages 2>&1)" ] || echo "other output")
	[ "$want" = "$("$gupinfo" --replay - --pages <packed 2>&1)" ] || bad+=" other output from standard input"
	[ "$want" = "$("$gupinfo" --replay <(cat packed) --pages 2>&1)" ] || bad+=" other output from a pipe"
	[ "$want" = "$(PATH='' "$gupinfo" --replay packed --pages 2>&1)" ] || bad+=" other output without PATH"
	{ head -c 30000 "$report" | $packer && tail -c +30001 "$report" | $packer; } >two
	[ "$want" = "$("$gupinfo" --replay two --pages 2>&1)" ] || bad+=" other output of two streams"
	expect_empty "a report through $packer" "$bad"

	head -c 1000 packed >torn
	refused "torn, by $packer" "it is damaged or torn" --replay torn
	{ head -c 4000 packed && head -c 200 /dev/zero && tail -c +4201 packed; } >damaged
	refused "damaged, by $packer" "cannot unpack damaged with $packer" --replay damaged
	head -c 200M /dev/zero | $packer >bomb
	refused "200 MiB of zeros by $packer are no report" "no gupinfo report" --replay bomb
	{ head -n 1 "$report" && head -c 200M /dev/zero; } | $packer >bomb
	refused "a bomb that begins like a report, by $packer" "500 times" --replay bomb
	refused "a bomb from a pipe, by $packer" "500 times" --replay <(cat bomb)
	refused "a bomb for --diff, by $packer" "500 times" --diff "$report" bomb
done

# ---- what is no report, and may have no end
: >empty
refused "an empty file" "the file is empty" --replay empty
refused "a directory" "Is a directory" --replay .
refused "a file that is not there" "No such file" --replay none
mkfifo fifo
refused "a FIFO that nobody writes to" "nobody writes to it" --replay fifo
cat "$report" >fifo &
got=$("$gupinfo" --replay fifo --pages 2>&1)
expect_empty "a FIFO that somebody writes to" "$([ "$want" = "$got" ] || echo "other output")"
wait
refused "zeros without end" "no gupinfo report" --replay /dev/zero
refused "random bytes without end" "no gupinfo report" --replay /dev/urandom
refused "lines without end from a pipe" "no gupinfo report" --replay <(yes)
refused "one line without end from a pipe" "the line is longer than" --replay <(yes | tr -d '\n')
{ head -n 1 "$report" && truncate -s 1T /dev/stdout; } >sparse
refused "a hole of 1 TiB" "no printable ASCII" --replay sparse
{ head -n 1 "$report" && yes | head -c 50000 | tr -d '\n'; } >long
refused "a line without end" "the line is longer than" --replay long
{ sed '/^\[pages\]/q' "$report" && echo x && yes + | head -n 100000 | sed 's/$/'"$(printf %078d 0)/"; } >joined
refused "a line of continuations without end" "the line is longer than" --replay joined
# for each process one look at all others would take minutes of a processor
{ sed '/^\[pages\]/q' "$report" && awk 'BEGIN { for (n = 1; n <= 200000; n++)
	printf "process %d ppid=1 uid=0 threads=1 start=0 pinned=no VmPin=0 VmLck=0\n+ VmRSS=4096 comm=\"c\"\n", n }'; } >many
said=$(ulimit -t 60; timeout 300 "$gupinfo" --replay many --lint 2>&1 >/dev/null)
status=$?
expect_empty "200,000 processes" "$([ $status = 3 ] && grep -q torn <<<"$said" || echo "status $status: $said")"
seen=$("$gupinfo" --replay many --json 2>/dev/null | grep -o '"pid":[0-9]*' | sort -u | wc -l)
expect_empty "and all of them are looked at" "$([ "$seen" -gt 100000 ] || echo "$seen")"
{ sed '/^\[pages\]/,$d' "$report" && awk -v n=50000 'BEGIN {
	print "[pages]\nprocess 1 ppid=1 uid=0 threads=1 start=0 pinned=yes VmPin=0 VmLck=0\n+ VmRSS=4096 comm=\"c\""
	printf "vma 20000000-%x rw-p 0 00:00 0 page=4096 pkey=-1 thp=no fs=none\n", 536870912 + n * 8192
	print "state 1 level=pte pte=8000000000000067 ref=9 map=1 entire=0 pin=0 order=0"
	print "+ mapping=anon type=0 flags=17fff80002082c head=17fff80002082c large=1 pfn"
	for (i = 0; i < n; i++) printf "%x 1 1 - p%x\n", 536870912 + i * 8192, 4 * n + i * 2
	print "[holders]\ncomplete"
	for (i = 0; i < 4 * n; i++)
		printf "holder pipe exact object=1 pfn=%x pages=16777216 len=4096 end=1:3:r:\"c\"\n", i + 1 }'; } >many
said=$(ulimit -t 120; timeout 600 "$gupinfo" --replay many 2>&1 >/dev/null)
status=$?
expect_empty "200,000 holders of each of 50,000 pages" "$([ $status = 3 ] && grep -q 'so many overlap' <<<"$said" || echo "status $status: $said")"
rm many
run --replay "$report" --pages -Q "$(yes '(' | head -n 50000 | tr -d '\n')"
expect_empty "a filter of 50,000 parentheses" "$([ $status = 2 ] && grep -q 'nested too deeply' <<<"$said" || echo "$status $said")"

# ---- what a part of a report does not have may have been there
"$gupinfo" --replay "$report" --range 20002000-20004000 --report >part 2>/dev/null
for sides in "$report part" "part $report" "part part"; do
	# shellcheck disable=SC2086
	got=$("$gupinfo" --diff $sides 2>&1)
	status=$?
	expect_empty "--diff of ${sides//$srcdir\//}" "$([ $status = 0 ] && grep -qx 'no page differs' <<<"$got" || head -n 5 <<<"$status: $got")"
done

# ---- a column that is added is not there twice
for view in "--pages -o +MAP,SIZE" "--all -o +RSS,SIZE"; do
	# shellcheck disable=SC2086
	got=$("$gupinfo" --replay "$report" $view -r 2>/dev/null | head -n 1 | tr ' ' '\n')
	expect_empty "each column once: $view" "$(sort <<<"$got" | uniq -d; grep -qx SIZE <<<"$got" || echo "no SIZE")"
done

# ---- a reader of JSON knows whether all is there
sed '$d' "$report" >torn
for view in "" --pages --lint --all "--pages -o ADDR" "--diff $report"; do
	for file in "$report" torn; do
		# shellcheck disable=SC2086
		case $view in
		--diff*) got=$("$gupinfo" $view $file --json 2>/dev/null) ;;
		*) got=$("$gupinfo" --replay $file $view --json 2>/dev/null) ;;
		esac
		want=$([ "$file" = torn ] && echo true || echo false)
		expect_empty "JSON of ${view:-a summary} of ${file##*/}: partial is $want" \
			"$([[ $got == *"\"partial\":$want"*"}" ]] || tail -c 100 <<<"$got")"
	done
done

# ---- what gupinfo writes
mkdir out
cd out || exit 1

# written NAME FILE ARGUMENT...: a whole file of mode 0600, and nothing beside it.
written()
{
	local name=$1 file=$2 bad=

	shift 2
	run "$@"
	[ $status = 0 ] || bad="status $status: $said"
	[ "$(stat -c %a "$file")" = 600 ] || bad+=" mode $(stat -c %a "$file")"
	[ "$(ls -A)" = "$file" ] || bad+=" beside it: $(ls -A)"
	grep -q '^\[end ' "$file" || bad+=" not whole"
	expect_empty "$name" "$bad"
}

traced=()
"$gupinfo" --trace --output ../probe -- true >/dev/null 2>&1 && traced=(--trace --output)
for mask in 000 022 077; do
	umask $mask
	written "a report, umask $mask" r --replay "$report" --report=r
	chmod 644 r
	written "a report in place of an older one, umask $mask" r --replay "$report" --report=r
	rm r
	if [ ${#traced[@]} = 0 ]; then
		skip "a recording, umask $mask" "no ptrace here"
	else
		written "a recording, umask $mask" t "${traced[@]}" t -- true
		rm t
	fi
done
umask 022

echo precious >r
refused "what cannot be made leaves the older file" "no mapping" --replay "$report" --range /nowhere --report=r
expect_empty "which is whole, and alone" "$([ "$(cat r):$(ls -A)" = precious:r ] || ls -A; cat r | grep -v precious)"
ln -s r link
ln -s nowhere broken
for link in link broken; do
	refused "no report through a symbolic link: $link" "is a symbolic link" --replay "$report" --report=$link
	refused "no recording through a symbolic link: $link" "is a symbolic link" --trace --output $link -- true
done
expect_empty "what they lead to is as it was" "$([ "$(cat r) $(echo *)" = "precious broken link r" ] || ls -A)"
rm link broken r
refused "a directory is no report" "Is a directory" --replay "$report" --report=..
refused "a file in no directory" "No such file" --replay "$report" --report=no/such
expect_empty "nothing was left behind" "$(ls -A)"

"$gupinfo" --replay "$report" --report >../whole
mkfifo fifo
cat fifo >../got &
run --replay "$report" --report=fifo
wait
expect_empty "a FIFO is written as it is" "$(cmp ../got ../whole 2>&1; [ -p fifo ] || echo "it is none any more")"
rm fifo
"$gupinfo" --replay "$report" --report=/dev/stdout >../got
bad=$(cmp ../got ../whole 2>&1)
"$gupinfo" --replay "$report" --report=/dev/stdout | cmp - ../whole || bad+=" a pipe differs"
"$gupinfo" --replay "$report" --report=>(cat >../got)
for _ in $(seq 100); do
	cmp -s ../got ../whole && break
	sleep 0.1
done
bad+=$(cmp ../got ../whole 2>&1)
[ -h /dev/stdout ] || bad+=" /dev/stdout is no link any more"
expect_empty "so are /dev/stdout and /dev/fd" "$bad"
run --replay "$report" --report=/dev/null
expect_empty "and a device" "$([ $status = 0 ] && [ -c /dev/null ] || echo "$status $said")"
refused "a full device is said" "No space left" --replay "$report" --report=/dev/full
for format in --json --json-lines --json=compact --raw; do
	bad=$("$gupinfo" --replay "$report" --pages $format --pid 1172 2>&1 >/dev/full | grep -v 'Input/output error; what was read')
	expect_empty "also by the pages in $format" "${bad#gupinfo: cannot write the output: No space left on device}"
done

done_testing
