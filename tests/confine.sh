#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# confine.sh - what gupinfo gives up before it looks at files and processes of strangers.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
gupinfo=$builddir/gupinfo
[ -x "$gupinfo" ] || skip_all "gupinfo is not built"
report=$srcdir/tests/golden/linux-6.18.gupinfo
dir=$(mktemp -d) || exit 1
chmod 755 "$dir"
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# Leaks are looked for by reading /proc and by ptrace, which a confined process may not.
export ASAN_OPTIONS=detect_leaks=0
for packer in gzip xz zstd; do
	! command -v $packer >/dev/null || $packer <"$report" >packed.$packer
done

# ---- files of strangers: strace sees no call that opens, starts or reaches anything
# Returns 1 when nothing can be traced here.
traced()
{
	strace -f -o trace -e signal=none true 2>/dev/null || return 1
	rm trace
	timeout 120 strace -f -o trace "$@" >out 2>&1 </dev/null
	sed -n '/seccomp(SECCOMP_SET_MODE_FILTER/,$p' trace >after
}

# confined NAME PATTERN VIEW...: after the filter only calls that match PATTERN besides the usual.
usual='seccomp|pread64|write|read|brk|mmap|munmap|mremap|mprotect|madvise|lseek|close|fcntl|newfstatat|fstat|futex|getrandom|sysinfo|ioctl|exit_group|rt_sig[a-z]+|sigaltstack|getpid|gettid|clock_gettime|sched_yield|writev'
confined()
{
	local name=$1 more=$2 bad=

	shift 2
	if ! command -v strace >/dev/null || ! traced "$gupinfo" "$@"; then
		skip "$name" "no strace, or it may not trace here"
		return
	fi
	grep -q 'seccomp(.*= 0' after || bad="no filter: $(tail -n 3 trace)"
	bad+=$(grep -vE "^[0-9]+ +(($usual|$more)\(|\+\+\+ |<\.\.\. )" after | head -n 5)
	bad+=$(grep -E '^[0-9]+ +newfstatat\([^,]*, "[^"]|= -1 EPERM' after | head -n 5)
	grep -qE 'capset\(.*permitted=0,' trace || bad+=" capabilities are kept"
	grep -q 'prctl(PR_SET_NO_NEW_PRIVS, 1' trace || bad+=" new privileges are possible"
	! grep -q 'landlock_create_ruleset(.*= [0-9]' trace || grep -q 'landlock_restrict_self(.*= 0' trace ||
		bad+=" Landlock is there and not used"
	expect_empty "$name" "$bad"
}

confined "--replay opens nothing" none --replay "$report"
"$gupinfo" --replay "$report" --svg >packed.svg 2>/dev/null
for packed in packed.*; do
	confined "--replay of what ${packed#*.} has packed opens nothing" none --replay "$packed"
done
for view in --pages --json --lint --facts "--explain 20000000" --report "--model 6.1" "--redact --pages" "--redact --report" \
	--all "--pages -Q MAP>0" --family --svg "--redact --svg"; do
	# shellcheck disable=SC2086
	confined "--replay $view opens nothing" none --replay "$report" $view
done
# a recording, without its last line
{
	sed '/^\[end /d' "$report"
	printf '[event-data]\n'
	sed 's/^/ =/' "$srcdir/tests/fuzz/corpus/event/fork" | fold -w 70 | sed '2,$s/^/+/'
} >recording
for view in "--trace" "--trace --json-lines" "--trace -e fork --json-lines" --svg; do
	# shellcheck disable=SC2086
	confined "--replay $view opens nothing" none --replay recording $view
done
confined "--diff of files opens nothing" none --diff "$report" "$srcdir/tests/golden/linux-6.12.gupinfo"
confined "--diff of a file and a process opens nothing once the file is read" none --diff "$report" $$
confined "--diff of a process and a file, likewise" none --diff $$ "$report"
# a file that takes its place: that name, and where it takes capabilities to write there, those
usual+='|rename|renameat2'
if command -v strace >/dev/null && traced "$gupinfo" --replay "$report" --report=made; then
	expect_empty "--replay --report=FILE renames it, and no more" "$(
		grep -vE "^[0-9]+ +(($usual)\(|\+\+\+ )" after
		grep -c 'rename' after | grep -vx 1
		[ -s made ] || echo "no report: $(cat out)"
	)"
else
	skip "--replay --report=FILE renames it, and no more" "no strace, or it may not trace here"
fi

# ---- a live process: capabilities
# state PID: CapEff and NoNewPrivs of all its threads, each once.
state()
{
	awk '/^CapEff|^NoNewPrivs/ { print $2 }' /proc/"$1"/task/*/status 2>/dev/null | sort -u | xargs
}

if is_root; then
	# sys_ptrace, sys_admin, dac_read_search, dac_override, fowner, kill
	may=$((1 << 19 | 1 << 21 | 1 << 2 | 1 << 1 | 1 << 3 | 1 << 5))
	sleep 1000 &
	target=$!
	"$gupinfo" --trace --pid $target --json-lines >events 2>&1 &
	tracer=$!
	tap_looks=0
	until grep -q attach events || ! patience -p $tracer; do :; done
	read -r caps privs <<<"$(state $tracer)"
	expect_empty "a tracer keeps what it needs" "$([ "$privs" = 1 ] && [ -n "$caps" ] &&
		[ $((16#$caps & ~may)) = 0 ] && [ $((16#$caps >> 19 & 1)) = 1 ] ||
		{ state $tracer && cat events; })"
	kill -INT $tracer
	wait $tracer
	before=$(awk '/^CapEff|^NoNewPrivs/ { print $2 }' /proc/self/status | xargs)
	"$gupinfo" --trace --json-lines -- sh -c "awk '/^CapEff|^NoNewPrivs/ { print \$2 }' /proc/self/status >its;
		awk '/^CapEff/ { print \$2 }' /proc/\$PPID/status >tracers" >/dev/null 2>&1
	expect_empty "a command keeps all, its tracer does not" "$(
		[ "$(xargs <its)" = "$before" ] || cat its
		[ $((16#$(cat tracers) & ~may)) = 0 ] || cat tracers
	)"
	kill $target
else
	skip "a tracer keeps what it needs" "not root"
	skip "a command keeps all, its tracer does not" "not root"
fi

# ---- installed as what anybody may start
# refuses NAME: the copy "gupinfo" here, started by nobody, says one sentence and ends with 2.
refuses()
{
	local said status

	said=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/copy" --replay "$report" 2>&1)
	status=$?
	# LeakSanitizer may not look at such a process, and ends it its own way
	! grep -q 'LeakSanitizer has encountered a fatal' <<<"$said" || status=2 said=$(grep -v '^==' <<<"$said")
	expect_empty "$1" "$([ $status = 2 ] && [ "$(wc -l <<<"$said")" = 1 ] && grep -q 'let sudo run it' <<<"$said" ||
		echo "status $status: $said")"
}

cp "$gupinfo" copy
if ! is_root || ! setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/copy" --version >/dev/null 2>&1; then
	skip "copies that anybody may start refuse" "not root, or nobody may not start it here"
else
	chmod 4755 copy
	refuses "a copy that is set-user-ID refuses"
	chown 0:1 copy
	chmod 2755 copy
	refuses "a copy that is set-group-ID refuses"
	chmod 755 copy
	if command -v setcap >/dev/null && setcap cap_sys_ptrace,cap_sys_admin+ep copy 2>/dev/null; then
		refuses "a copy with file capabilities refuses"
	else
		skip "a copy with file capabilities refuses" "no setcap, or not in this file system"
	fi
fi

done_testing
