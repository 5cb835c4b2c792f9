#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# unread.sh - what cannot be read × every view: a sentence of its own, its exit status, and no number.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/tap.sh"
gupinfo=$builddir/gupinfo
tracee=$builddir/tests/live/tracee
dir=$(mktemp -d) || exit 1
chmod 755 "$dir"
pids=()
trap 'exec 2>/dev/null; kill -9 "${pids[@]}"; wait; rm -rf "$dir"' EXIT
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

"$gupinfo" --pid $$ --report="$dir/self" >/dev/null 2>&1
complete=$?
chmod 644 "$dir/self"

# await CONDITION PID: until the condition holds, or the process is gone.
await()
{
	until eval "$1" || ! kill -0 "$2"; do
		sleep 0.1
	done
}

# The views.  PID stands for the process, and what follows the bar is the status that they give
# instead of the condition's.
views=(
	'--pid PID'
	'--pid PID --json'
	'--pid PID --pages'
	'--pid PID --each --raw'
	'--pid PID --pages --json'
	'--pid PID --pages --json-lines'
	'--pid PID --evidence=procfs'
	'--pid PID --explain 1000'
	'--pid PID --explain 1000 --json'
	'--pid PID --who 1000'
	'--pid PID --lint'
	'--pid PID --lint --json'
	'--pid PID --lint --raw'
	'--pid PID --report'
	'--pid PID --svg'
	'--pid PID --redact --pages'
	'--pid PID --range [stack]'
	'--pid PID --all'
	'--pid PID --all --json'
	'--pid PID --all --openmetrics'
	'--pid PID --family'
	'--pid PID --family --json'
	'--pid PID --family --openmetrics'
	"--diff $dir/self PID|2"
	"--diff $dir/self PID --raw|2"
	'--pid PID --trace'
	'--pid PID --trace --json-lines'
	'--pid PID --trace --no-stop'
)

# Numbers of a process that was not read.
number='^ *(total|sum) |"pid":|[{]pid=|^gupinfo_sum|"(bug|race|explainable|present)":0|break an invariant|^Verdict|attach'

# what --who says to others than root
hidden="page frame numbers are hidden: needs CAP_SYS_ADMIN"

# each STATUS SENTENCE PID [COMMAND...]: every view of PID, started by COMMAND, ends so and says so.
each()
{
	local want=$1 sentence=$2 pid=$3 view status got bad
	shift 3
	for view in "${views[@]}"; do
		status=$want
		[[ $view != *'|'* ]] || status=${view#*|} view=${view%|*}
		# shellcheck disable=SC2086
		timeout -k 1 60 "$@" "$gupinfo" ${view//PID/$pid} >"$dir/out" 2>"$dir/err" </dev/null
		got=$?
		bad=$([ "$got" = "$status" ] || echo "status $got, expected $status")
		bad+=$(grep -qE -- "$sentence" "$dir/err" || { [[ $view == *--who* ]] && grep -q "$hidden" "$dir/err"; } || echo " the sentence is not there: $(head -c 600 "$dir/err")")
		bad+=$(grep -nE -- "$number" "$dir/out" | head -n 3)
		expect_empty "$name: $view" "$bad"
	done
}

name="no such process"
each 1 "gupinfo: process 2147483646 does not exist" 2147483646

"$tracee" zombie >"$dir/zombie" &
pids+=($!)
await "[ -s $dir/zombie ]" $!
name="zombie"
each 1 "gupinfo: process $(cat "$dir/zombie") has ended: its memory is gone" "$(cat "$dir/zombie")"

sleep 1000 &
pids+=($!)
sleeper=$!
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	cp "$gupinfo" "$dir/gupinfo"
	gupinfo=$dir/gupinfo
	name="nobody, a process of root"
	each 1 "gupinfo: process $sleeper may not be read \(permission denied\): that needs its user and all" $sleeper \
		setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all
	# No capability that the process lacks: root is not sent to root.
	name="root without its capabilities"
	each 1 "gupinfo: process $sleeper may not be read \(permission denied\): that needs its user and all" $sleeper setpriv --inh-caps=-all --bounding-set=-all
	expect_empty "root is not sent to root" "$(grep -E 'as root|needs root$' "$dir/err")"
	gupinfo=$builddir/gupinfo
else
	skip "permission denied" "needs root to become nobody"
fi

# Standard streams and as many descriptors as the views need to find the process, but no more.
name="out of descriptors"
bad=
for n in 4 5 6 7 8 9 10 12 14 {15..21} 24 32; do
	for view in '' --json --pages --lint --report '--explain 1000' --all; do
		# shellcheck disable=SC2086
		(ulimit -n $n && exec "$gupinfo" --pid $sleeper $view) >"$dir/out" 2>"$dir/err" </dev/null
		got=$?
		[ $got != 127 ] || continue # the loader found none for a library
		grep -qE 'vanished|does not exist|has ended|it is gone' "$dir/err" && bad+="$n $view: $(head -c 300 "$dir/err")"$'\n'
		if [ $got = 1 ] && grep -q 'no file descriptor left' "$dir/err"; then
			grep -qE "$number" "$dir/out" && bad+="$n $view: $(grep -E "$number" "$dir/out" | head -n 1)"$'\n'
		elif [ $got != 3 ] && [ $got != $complete ] && ! { [ $got = 1 ] && [ -s "$dir/err" ]; }; then
			bad+="$n $view: status $got $(head -c 300 "$dir/err")"$'\n'
		fi
	done
done
expect_empty "$name: nobody is declared dead" "$bad"

# What has no memory, and what is another's: a note.
views=('--pid PID' '--pid PID --json' '--pid PID --pages' '--pid PID --all' '--pid PID --report' '--pid PID --lint'
	'--pid PID --explain 1000|1' '--pid PID --who 1000|1' '--pid PID --trace|1' '--pid PID --trace --no-stop|1')
number='^gupinfo_sum|"(bug|race|explainable)":0|break an invariant|attach|^ *sum '
if read -r line 2>/dev/null </proc/2/stat && [[ $line == "2 (kthreadd) "* ]]; then
	name="kernel thread"
	each $complete "gupinfo: note: process 2 is a kernel thread: it has no memory of its own" 2
else
	skip "kernel thread" "none is to be seen here"
fi
"$tracee" waiting-threads &
pids+=($!)
process=$!
await "[ \$(find /proc/$process/task -mindepth 1 -maxdepth 1 | wc -l) -gt 1 ]" $process
tid=$(find "/proc/$process/task" -maxdepth 1 -mindepth 1 -printf '%f\n' | grep -vx $process | head -n 1)
views=('--pid PID' '--pid PID --json' '--pid PID --pages' '--pid PID --all' '--pid PID --report' '--pid PID --lint'
	'--pid PID --explain 1000|1' "--diff $dir/self PID|1")
number=none-of-these
name="thread"
each $complete "gupinfo: note: $tid is a thread of process $process" "$tid"
kill -9 $process && wait $process 2>/dev/null

# A main thread that has ended leaves its process alive: it is read as any other.
"$tracee" leader-gone &
pids+=($!)
process=$!
await "grep -q '^State:.Z' /proc/$process/status" $process
name="main thread gone"
for view in '' --json --pages --all --lint --report; do
	# shellcheck disable=SC2086
	"$gupinfo" --pid $process $view >"$dir/out" 2>"$dir/err"
	got=$?
	expect_empty "$name: $view" "$([ $got = $complete ] || echo "status $got"; grep -vE 'incomplete: .*(hidden|needs|could not be loaded)' "$dir/err"
		[ "$view" = --lint ] || [ "$view" = --pages ] || grep -qE 'tracee' "$dir/out" || head -n 5 "$dir/out")"
done
kill -9 $process && wait $process 2>/dev/null

# The interactive view says the sentence, too.
if command -v script >/dev/null; then
	for pid in 2147483646 "$(cat "$dir/zombie")" 2; do
		[ "$pid" != 2 ] || [[ $line == "2 (kthreadd) "* ]] || continue
		TERM=xterm timeout 60 script -qec "stty rows 40 cols 160; exec '$gupinfo' --tui --pid $pid" /dev/null \
			< <(for _ in {1..20}; do sleep 0.2; printf q; done) >"$dir/out" 2>&1
		expect_empty "--tui of $pid" "$(grep -qaE 'does not exist|has ended|kernel thread' "$dir/out" || tail -c 600 "$dir/out" | cat -v)"
	done
else
	skip "--tui" "there is no script(1)"
fi
done_testing
