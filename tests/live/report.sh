#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# report.sh - reports of live processes: complete, readable, replayed alike, redacted, compared.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
is_root || skip_all "needs root to see page frame numbers"
gupinfo=$builddir/gupinfo mkpages=$builddir/tests/live/mkpages
secret=s3cr3t$$
dir=$(mktemp -d "/tmp/$secret.XXXXXX") || exit 1
pids=
trap 'kill $pids 2>/dev/null; rm -rf "$dir"' EXIT

# A process with secrets everywhere: path, file name, argument, comm, area name.  The pages have
# left the batches of CPUs, which would let them go at any time.
state=hugetlb+child-vmspliced
"$mkpages" --list | grep -q '^hugetlb .*not here' && state=order-0+child-vmspliced+drained
cp "$mkpages" "$dir/${secret:0:15}"
mkfifo "$dir/input"
exec 9<>"$dir/input"
(exec -a "arg-$secret" "$dir/${secret:0:15}" $state <"$dir/input" >"$dir/said" 9>&-) &
maker=$!
until [ -s "$dir/said" ] || ! kill -0 $maker 2>/dev/null; do
	sleep 0.1
done
said=$(cat "$dir/said")
[[ $said == pid=* ]] || skip_all "cannot make $state: $said"
pid=${said#pid=} pid=${pid%% *} pids=$pid
addr=${said##*page=0x} addr=${addr%% *}

report=$dir/report
"$gupinfo" --pid "$pid" --report="$report" 2>"$dir/err"
status=$?
expect_empty "--report=FILE exits 0 and says nothing" "$([ $status = 0 ] || echo "status $status")$(cat "$dir/err")"
expect_empty "lines are ASCII of at most 80 columns" "$(LC_ALL=C grep -nE '[^ -~]|.{81}' "$report" | head -n 3)"
expect_empty "the first line names the format" "$([ "$(head -n 1 "$report")" = "gupinfo report 1.0" ] || head -n 1 "$report")"
bad=
if [[ $state == hugetlb* ]] && "$gupinfo" --pid "$pid" --explain "$addr" --json 2>/dev/null | grep -q '"leak": *true'; then
	sed '/^\[kernel\]/,$d' "$report" | grep -q 'leak: yes' || bad="the first page does not say leak: yes"
fi
expect_empty "the first page shows the leak" "$bad"
bad=
for section in system options settings pools counters "process $pid" pages dmesg method reproduce; do
	grep -qxF "[$section]" "$report" || bad+="no section $section"$'\n'
done
expect_empty "every section is there" "$bad"

# The range of the state is quiet: live and replay must say the same.
range="20000000+4M"
for view in --pages "--pages --each" --json-lines "--explain $addr" --lint; do
	# shellcheck disable=SC2086
	expect_empty "live and replay agree: $view" "$(diff \
		<("$gupinfo" --pid "$pid" --range $range $view 2>&1) \
		<("$gupinfo" --replay "$report" --range $range $view 2>&1) | head -n 10)"
done

# Packed, and from a pipe.
want=$("$gupinfo" --replay "$report" --pages)
for packer in gzip xz zstd cat; do
	if ! command -v $packer >/dev/null; then
		skip "a report through $packer" "no $packer"
		continue
	fi
	$packer <"$report" >"$dir/packed"
	bad=$([ "$want" = "$("$gupinfo" --replay "$dir/packed" --pages 2>&1)" ] || echo "other output")
	[ "$want" = "$("$gupinfo" --replay - --pages <"$dir/packed" 2>&1)" ] || bad+=" other output from a pipe"
	[ "$want" = "$("$gupinfo" --replay <(cat "$dir/packed") --pages 2>&1)" ] || bad+=" other output from a fifo"
	expect_empty "a report through $packer" "$bad"
done

# A report of a report is the same but for comments and the last line.  Its first page is of one look:
# of a process that lives, references of a moment to pages that others map, too, are looked at again.
again()
{
	"$gupinfo" --replay "$1" --report="$dir/again"
	diff <(grep -v '^\[end' "$1") <(grep -v '^\[end' "$dir/again") |
		grep '^[<>]' | grep -vE '^. (#|\+ counts mlock)' | head -n 5
}
"$gupinfo" --replay "$report" --report="$dir/first"
expect_empty "a report of a report is the same" "$(again "$dir/first")"
expect_empty "and so is the report but for its first page" "$(again "$report" >/dev/null
	diff <(sed '1,/^\[kernel\]/d; /^\[end/d' "$report") <(sed '1,/^\[kernel\]/d; /^\[end/d' "$dir/again") |
	grep '^[<>]' | grep -vE '^. (#|\+ counts mlock)' | head -n 5)"

# Torn and changed files are noticed, and shown as far as they go.
head -c $(($(wc -c <"$report") * 3 / 4)) "$report" >"$dir/torn"
out=$("$gupinfo" --replay "$dir/torn" --pages 2>&1 >/dev/null)
status=$?
bad=$([ $status = 3 ] || echo "status $status")
grep -q 'torn' <<<"$out" || bad+="$out"
expect_empty "a torn report exits 3 and says so" "$bad"
sed '/^release "/s/\.[0-9]*/.97/' "$report" >"$dir/changed"
out=$("$gupinfo" --replay "$dir/changed" --pages 2>&1 >/dev/null)
status=$?
bad=$([ $status = 3 ] || echo "status $status")
grep -q 'changed after' <<<"$out" || bad+="$out"
expect_empty "a changed report exits 3 and says so" "$bad"

# Redaction.
user=$(id -un) host=$(uname -n)
for how in --redact --redact=addresses; do
	"$gupinfo" --pid "$pid" $how --report="$dir/clean" 2>"$dir/err"
	"$gupinfo" --replay "$report" $how --report="$dir/clean2" 2>>"$dir/err"
	bad=$(cat "$dir/err")
	for f in clean clean2; do
		for word in "$secret" "${secret:0:15}" "$dir" "$(pwd)" "$(basename "$mkpages")" /home /usr/lib libc; do
			grep -qF -- "$word" "$dir/$f" && bad+="$f: $word is there"$'\n'
		done
		[ "${#host}" -gt 3 ] && grep -qF -- "$host" "$dir/$f" && bad+="$f: the host name is there"$'\n'
		grep -qw -- "$user" "$dir/$f" && bad+="$f: the user name is there"$'\n'
	done
	expect_empty "nothing secret is left by $how" "$bad"
	frames=$(grep -oE '^[0-9a-f]+ [0-9]+ [0-9a-f]+ [0-9a-f]+ p[0-9a-f]{5,}' "$report" | grep -oE 'p[0-9a-f]+$' | sort -u)
	# A redacted number may by chance be another page's: most must be gone.
	left=$(grep -oE ' [0-9a-f]?p[0-9a-f]{5,}' "$dir/clean" | sed 's/.*p/p/' | sort -u | comm -12 - <(echo "$frames") | wc -l)
	expect_empty "page frames are others by $how" "$([ "$left" -lt 3 ] || echo "$left are the same")"
	bad=$(diff <("$gupinfo" --replay "$report" --pages -o PAGES,KIND,LEAF,MAP,REF,EXCL,PIN-R,LT-W -n --raw) \
		<("$gupinfo" --replay "$dir/clean2" --pages -o PAGES,KIND,LEAF,MAP,REF,EXCL,PIN-R,LT-W -n --raw) | head -n 6)
	expect_empty "verdicts survive $how" "$bad"
done
# Names that the kernel has of this machine: of a cgroup, and of modules that are not of its tree.
cgroup=
for tree in /sys/fs/cgroup /sys/fs/cgroup/*/; do
	mkdir "$tree/gupinfo-secret-$$" 2>/dev/null || continue
	cgroup=$tree/gupinfo-secret-$$
	[ -e "$tree/cgroup.procs" ] && echo "$pid" 2>/dev/null >"$cgroup/cgroup.procs" &&
		head -n 1 "/proc/$pid/cgroup" | grep -q "gupinfo-secret-$$" && break
	echo "$pid" 2>/dev/null >"$tree/cgroup.procs"
	rmdir "$cgroup"
	cgroup=
done
names=$(awk '/\([A-Z]*O[A-Z]*\)$/ { print $1 }' /proc/modules 2>/dev/null)
[ -n "$cgroup" ] && names+=" gupinfo-secret-$$"
if [ -z "${names// /}" ]; then
	skip "names of cgroups and modules are masked" "no cgroup can be made here, and no such module is loaded"
else
	bad=
	"$gupinfo" --pid "$pid" --report="$dir/plain" 2>/dev/null
	"$gupinfo" --pid "$pid" --redact --report="$dir/clean" 2>/dev/null
	"$gupinfo" --replay "$dir/plain" --redact --report="$dir/clean2" 2>/dev/null
	for word in $names; do
		grep -qw -- "$word" "$dir/plain" || bad+="$word is in no report: nothing is tested"$'\n'
		bad+=$(grep -w -- "$word" "$dir/clean" "$dir/clean2")
	done
	expect_empty "names of cgroups and modules are masked: $(xargs <<<"${names//$$/N}")" "$bad"
fi
if [ -n "$cgroup" ]; then
	echo "$pid" 2>/dev/null >"$(dirname "$cgroup")/cgroup.procs"
	rmdir "$cgroup"
fi

bad=$("$gupinfo" --pid "$pid" --redact 2>&1 | grep -F "$secret")
bad+=$("$gupinfo" --pid "$pid" --redact --json-lines 2>&1 | grep -F "$secret")
expect_empty "other views are redacted, too" "$bad"

# Differences.
"$gupinfo" --diff "$report" "$report" >"$dir/out" 2>&1
expect_empty "--diff of one file exits 0" "$([ $? = 0 ] || cat "$dir/out")"
"$gupinfo" --diff "$report" "$pid" --range $range >"$dir/out" 2>&1
expect_empty "--diff with the live process exits 0" "$([ $? = 0 ] || cat "$dir/out")"
"$gupinfo" --diff "$report" $$ >"$dir/out" 2>&1
expect_empty "--diff with another process exits 1" "$([ $? = 1 ] || head -n 3 "$dir/out")"
"$gupinfo" --diff "$report" /nonexistent >"$dir/out" 2>&1
expect_empty "--diff with no file exits 2" "$([ $? = 2 ] || cat "$dir/out")"

# Judged by another model.
"$gupinfo" --replay "$report" --model 6.1 >"$dir/out" 2>&1
expect_empty "--model says what it judges differently" "$(grep -q 'judged by 6.1 instead of' "$dir/out" || tail -n 3 "$dir/out")"

# Without any privilege, on a machine that has nothing of /proc to give.
if command -v setpriv >/dev/null && chmod 755 "$dir" && chmod 644 "$report"; then
	out=$(setpriv --reuid=65534 --regid=65534 --clear-groups "$gupinfo" --replay "$report" --pages 2>&1)
	if [ "$out" = "$want" ] || ! setpriv --reuid=65534 --regid=65534 --clear-groups test -x "$gupinfo"; then
		ok "--replay needs no privilege"
	else
		not_ok "--replay needs no privilege" "$(head -n 3 <<<"$out")"
	fi
else
	skip "--replay needs no privilege" "no setpriv"
fi

done_testing
