#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# trace.sh - gupinfo --trace: nothing of the traced program changes, events say what happened.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/tap.sh"
[ -z "${GUPINFO_TEST_QUICK:-}" ] || skip_all "slow"
gupinfo=$builddir/gupinfo
tracee=$builddir/tests/live/tracee
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}

# same NAME COMMAND...: output and exit status with and without --trace, with and without a filter.
same()
{
	local name=$1 want got
	shift
	"$@" >"$dir/alone" 2>/dev/null </dev/null
	want=$?
	"$gupinfo" --trace -- "$@" >"$dir/traced" 2>"$dir/err" </dev/null
	got=$?
	if [ $want = $got ] && cmp -s "$dir/alone" "$dir/traced"; then
		ok "$name: same output, same exit status"
	else
		not_ok "$name: same output, same exit status" \
			"status $want, traced $got; $(diff "$dir/alone" "$dir/traced" | head -n 5)"
	fi
}

# shellcheck disable=SC2016
same "shell pipeline" sh -c 'seq 2000 | sort -rn | head -n 5; echo $((6 * 7)); exit 3'
same "killed by a signal" "$tracee" term
same "SIGPIPE in a pipeline" bash -c 'yes | head -n 3; echo "${PIPESTATUS[0]}"'
if command -v git >/dev/null; then
	git init -q "$dir/repo" 2>/dev/null
	(cd "$dir/repo" && echo 1 >a && git add a &&
		git -c user.name=a -c user.email=a@example.org commit -qm one) >/dev/null 2>&1
	same "git" git -C "$dir/repo" log --stat --no-color
	same "git gc" git -C "$dir/repo" gc --quiet
else
	skip "git" "git is not installed"
fi
"$gupinfo" --trace -- /nonexistent/command >"$dir/out" 2>"$dir/err"
if [ $? = 1 ] && grep -q "cannot start the command" "$dir/err"; then
	ok "a command that is not there: exit 1 and a sentence"
else
	not_ok "a command that is not there: exit 1 and a sentence" "$(cat "$dir/err")"
fi
"$gupinfo" --trace >"$dir/out" 2>"$dir/err"
if [ $? = 2 ]; then ok "nothing to trace: usage"; else not_ok "nothing to trace: usage"; fi

# ---- events
command -v python3 >/dev/null || { skip "events" "python3 is not installed"; done_testing; }

# events NAME EXPRESSION COMMAND...
events()
{
	local name=$1 expr=$2 said
	shift 2
	"$gupinfo" --trace --json-lines -- "$@" >"$dir/events" 2>"$dir/err" </dev/null
	echo $? >"$dir/status"
	if said=$(python3 "$srcdir/tests/events.py" "$srcdir/tests/event.schema.json" \
		"$dir/events" "$expr" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "$said"
	fi
}
events "events of a shell agree with the schema" \
	'len(kinds("exec")) >= 3 and len(kinds("exit")) == len(kinds("fork")) + 1' \
	sh -c '(exit 3); env true'
events "threads, exec from a thread" 'len(kinds("exec")) == 2 and len(kinds("exit")) == 1' \
	"$tracee" thread-exec
events "exec from a thread while the leader is in a call" \
	'len(kinds("exec")) == 2 and kinds("exec")[1]["pid"] == kinds("exec")[1]["tid"]' \
	"$tracee" thread-exec-in-call
events "vfork: one address space" 'any(x["shares_mm"] for x in kinds("fork"))' "$tracee" spawn
if [ "$(id -u)" = 0 ] && "$gupinfo" --pid $$ --json 2>/dev/null | head -c 2000 | grep -q '"structpage": *"bpf"'; then
	events "order-0: the store after vmsplice is predicted safe" \
		'leaks("x") == [False] and warned("vmsplice-shared") and not warned("leak")' "$tracee" seed
	if grep -q '^safe$' "$dir/events"; then
		ok "order-0: it is safe"
	else
		not_ok "order-0: it is safe"
	fi
	# Where page tables are not read, a page that is exclusive again may have been stored to, or pinned.
	said='leaks("x") == [True] and warned("leak")'
	"$gupinfo" --pid $$ --json 2>/dev/null | head -c 2000 | grep -q '"pte": *"bpf"' || said='warned("leak-next-write")'
	events "hugetlb: the store after vmsplice is predicted to leak" \
		'open("'"$dir"'/status").read() == "77\n" or warned("vmsplice-hugetlb") and '"$said" \
		"$tracee" seed-huge
	if [ "$(cat "$dir/status")" = 77 ]; then
		skip "hugetlb: it leaks" "no free huge page"
	elif grep -q '^leak$' "$dir/events"; then
		ok "hugetlb: it leaks"
	else
		not_ok "hugetlb: it leaks"
	fi
	events "a fork shares the exclusive pages" \
		'any(c["what"] == "shared" for x in kinds("fork") for c in x["changes"])' "$tracee" forks
else
	bpf_reader
	skip "predictions" "needs root and BPF: refcounts are not readable"
fi

if command -v fio >/dev/null; then
	events "fio: io_uring registered buffers" \
		'any(x["args"].get("opcode") == "buffers" and x["ret"] == 0 and (os.getuid() or any(c["what"] == "pinned" for c in x["changes"])) for x in kinds("io_uring_register"))' \
		fio --name=t --filename="$dir/fio" --size=1m --bs=64k --rw=write --ioengine=io_uring \
		--fixedbufs=1 --iodepth=4 --output="$dir/fio.out" --thread
else
	skip "fio: io_uring registered buffers" "fio is not installed"
fi

# ---- recording
"$gupinfo" --trace --output "$dir/recording" -- "$tracee" seed >/dev/null 2>&1
if [ "$(head -n 1 "$dir/recording")" = "gupinfo report 1.0" ] &&
	grep -q '^\[event-data\]' "$dir/recording" && tail -n 1 "$dir/recording" | grep -q '^\[end '; then
	ok "a recording is a complete report"
else
	not_ok "a recording is a complete report" "$(head -n 3 "$dir/recording")"
fi

"$gupinfo" --trace --output "$dir/recording" -- "$tracee" seed 2>"$dir/shown" >/dev/null
if "$gupinfo" --replay "$dir/recording" --trace 2>&1 | cmp -s - "$dir/shown"; then
	ok "a replayed recording shows the same text"
else
	not_ok "a replayed recording shows the same text"
fi
"$gupinfo" --replay "$dir/recording" --trace --json-lines >"$dir/events" 2>"$dir/err"
if said=$(python3 "$srcdir/tests/events.py" "$srcdir/tests/event.schema.json" "$dir/events" \
	'len(kinds("fork")) == 1 and len(kinds("vmsplice")) == 1' 2>&1); then
	ok "a replayed recording gives the events as JSON"
else
	not_ok "a replayed recording gives the events as JSON" "$said"
fi
"$gupinfo" --replay "$dir/recording" --svg="$dir/picture"
if "$gupinfo" --replay "$dir/picture" --trace 2>&1 | cmp -s - "$dir/shown" && ! grep -q 'class="k12"' "$dir/picture"; then
	ok "--svg of a recording holds its events, and nothing is unknown"
else
	not_ok "--svg of a recording holds its events, and nothing is unknown" "$(head -c 2000 "$dir/picture")"
fi
"$gupinfo" --replay "$dir/recording" --redact --svg >"$dir/picture"
expect_empty "--redact leaves nothing of the events in a picture" "$(grep -cE 'vmsplice|event-data|tracee' "$dir/picture" | grep -vx 0)"
for from in "-- $tracee seed" "--replay $dir/recording"; do
	# shellcheck disable=SC2086  # words of a command
	"$gupinfo" --trace -e fork,exit --json-lines $from 2>&1 |
		grep -oE '"event":"[a-z]*"' | sort | uniq -c | sed 's/^ *//' >"$dir/out"
	expect_empty "-e fork,exit ${from%% *}: these events only" \
		"$(diff "$dir/out" - <<<$'2 "event":"exit"\n1 "event":"fork"')"
done
"$gupinfo" --trace --range '[stack]' -- "$tracee" seed 2>&1 >/dev/null | grep -vE ' (exec|clone|exit) |stack|^After|^    ' >"$dir/out"
expect_empty "--range: changes elsewhere are not shown" "$(grep -E 'mprotect|munmap' "$dir/out")"
if "$gupinfo" --replay "$dir/recording" >"$dir/out" 2>"$dir/err" && grep -q "tracee" "$dir/out"; then
	ok "a recording opens like a report"
else
	not_ok "a recording opens like a report" "$(cat "$dir/err")"
fi

# ---- attach
"$tracee" loop &
target=$!
sleep 0.2
"$gupinfo" --trace --pid $target --json-lines >"$dir/events" 2>"$dir/err" &
tracer=$!
for _ in $(seq 100); do
	[ "$(grep -c '"munmap"' "$dir/events")" -gt 5 ] && break
	sleep 0.1
done
kill -INT $tracer
wait $tracer
status=$?
if [ $status = 0 ] && grep -q '"munmap"' "$dir/events"; then
	ok "attached; Ctrl-C ends it"
else
	not_ok "attached; Ctrl-C ends it" "status $status; $(cat "$dir/err")"
fi
sleep 0.1
if grep -q 'TracerPid:[[:space:]]*0' /proc/$target/status && grep -q 'State:[[:space:]]*[SR]' /proc/$target/status; then
	ok "the target runs on"
else
	not_ok "the target runs on" "$(grep -E 'State|Tracer' /proc/$target/status)"
fi
"$gupinfo" --trace --no-stop --interval 20 --pid $target --json-lines >"$dir/events" 2>"$dir/err" &
tracer=$!
sleep 1
if grep -q 'TracerPid:[[:space:]]*0' /proc/$target/status; then
	ok "--no-stop attaches nobody"
else
	not_ok "--no-stop attaches nobody"
fi
kill -INT $tracer
wait $tracer
kill -KILL $target
wait $target 2>/dev/null

# ---- --no-stop: a child that ran before is no fork
sh -c 'sleep 1000 & echo $! >"$0"; wait' "$dir/child" &
target=$!
until [ -s "$dir/child" ]; do sleep 0.1; done
"$gupinfo" --trace --no-stop --interval 20 --pid $target --json-lines >"$dir/events" 2>"$dir/err" &
tracer=$!
while kill -0 $tracer 2>/dev/null && ! grep -q "\"pid\":$(cat "$dir/child")," "$dir/events"; do
	sleep 0.1
done
kill -INT $tracer
wait $tracer
kill -KILL $target "$(cat "$dir/child")"
wait $target 2>/dev/null
expect_empty "--no-stop: a child that ran before is no fork" "$(grep -o '"event":"[a-z]*"' "$dir/events" |
	sort | uniq -c | sed 's/^ *//' | grep -vx '2 "event":"attach"')"

# ---- --no-stop where BPF is permitted: each event once, with its time
"$gupinfo" --trace --no-stop --json-lines -- "$tracee" seed >"$dir/events" 2>"$dir/err" </dev/null
if grep -q 'by looking now and then' "$dir/err"; then
	skip "--no-stop: what the kernel writes" "$(sed 's/.*then: //' "$dir/err")"
else
	if said=$(python3 "$srcdir/tests/events.py" "$srcdir/tests/event.schema.json" "$dir/events" \
		'[len(kinds(k)) for k in ("exec", "fork", "vmsplice", "exit")] == [1, 1, 1, 2] and not any("since" in x for k in ("exec", "fork", "vmsplice") for x in kinds(k)) and kinds("vmsplice")[0]["ret"] > 0' 2>&1) &&
		! grep -q 'were lost' "$dir/err"; then
		ok "--no-stop: what the kernel writes"
	else
		not_ok "--no-stop: what the kernel writes" "$said; $(cat "$dir/err")"
	fi
fi

# ---- --no-stop: memory that is gone is no memory that was unmapped
# until_event NAME: until the events have one of that name, or gupinfo has ended.
until_event()
{
	while kill -0 $tracer 2>/dev/null && ! grep -q "\"event\":\"$1\"" "$dir/events"; do
		sleep 0.1
	done
}
mkfifo "$dir/go"
# a name with a parenthesis: /proc/PID/stat has it as it is
cp "$(command -v bash)" "$dir/a) b"
# shellcheck disable=SC2016
"$dir/a) b" -c 'read -r x <"$1"; exec sleep 1000' sh "$dir/go" &
target=$!
# The background shell truncates the file later than this one reads it: no event of the run before.
: >"$dir/events"
"$gupinfo" --trace --no-stop --interval 20 --pid $target --json-lines >"$dir/events" 2>"$dir/err" &
tracer=$!
until_event attach
echo >"$dir/go"
until_event exec
kill -KILL $target # stays a zombie
until_event exit
wait $tracer
status=$?
wait $target 2>/dev/null
ends='("attach", "exec", "exit")'
expr="tuple(x['event'] for x in e if x['event'] in $ends) == $ends and
	not [c for x in e for c in x['changes'] if c['what'] == 'gone']"
expr=${expr//$'\n'/}
if [ $status = 0 ] && said=$(python3 "$srcdir/tests/events.py" \
	"$srcdir/tests/event.schema.json" "$dir/events" "$expr" 2>&1); then
	ok "--no-stop: exec and a death are said, nothing is unmapped by them"
else
	not_ok "--no-stop: exec and a death are said, nothing is unmapped by them" \
		"status $status; ${said-}; $(cat "$dir/err")"
fi
done_testing
