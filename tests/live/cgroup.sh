#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# cgroup.sh - the memory cgroup of a process and of its pages, by a cgroup that the test makes.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
is_root || skip_all "needs root to make a cgroup"
gupinfo=$builddir/gupinfo hold=$builddir/tests/live/hold
[ -r /proc/kpagecgroup ] || skip_all "the kernel has no /proc/kpagecgroup"
mount=/sys/fs/cgroup/memory
[ -d $mount ] || mount=/sys/fs/cgroup
grep -qw memory /sys/fs/cgroup/cgroup.controllers 2>/dev/null || [ $mount = /sys/fs/cgroup/memory ] ||
	skip_all "no memory controller is here"
name=gupinfo-test-$$
mkdir "$mount/$name" "$mount/$name/below" 2>/dev/null || skip_all "no cgroup can be made here"
dir=$(mktemp -d) || exit 1
pid=
cleanup()
{
	[ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null
	rmdir "$mount/$name/below" "$mount/$name"
	rm -rf "$dir"
}
trap cleanup EXIT
# in v2 processes are charged where the controller is enabled
[ $mount = /sys/fs/cgroup/memory ] || { echo +memory >/sys/fs/cgroup/cgroup.subtree_control; echo +memory >"$mount/$name/cgroup.subtree_control"; } 2>/dev/null
(echo $BASHPID >"$mount/$name/below/cgroup.procs" && exec "$hold" pipe) >"$dir/said" 2>/dev/null &
until [ -s "$dir/said" ] || ! kill -0 $! 2>/dev/null; do
	sleep 0.1
done
pid=$(sed -n 's/^pid=\([0-9]*\) .*/\1/p' "$dir/said")
[ -n "$pid" ] || skip_all "no process can be put into a cgroup here"
own=$(awk -F: '$2 == "memory" || $2 == "" { print $3 }' "/proc/$pid/cgroup" | grep "$name" | head -n 1)
[ -n "$own" ] || skip_all "the memory cgroup of the process is another"

is=$("$gupinfo" --pid "$pid" --pages --range 40000000-40004000 -r -n -o PAGES,MEMCG 2>/dev/null | sort -u -k 2)
expect_empty "pages are charged to the cgroup of who made them" "$([ "${is#* }" = "$own" ] || echo "$is, not $own")"
is=$("$gupinfo" --pid "$pid" --all -r -n -o CGROUP 2>/dev/null)
expect_empty "a process has its cgroup" "$([ "$is" = "$own" ] || echo "$is, not $own")"
for path in "$own" "${own%/below}" "${own%/below}/" "$mount/$name"; do
	[ -d "$mount$own" ] || [ "$path" != "$mount/$name" ] || continue
	is=$("$gupinfo" --cgroup "$path" --all -r -n -o PID 2>/dev/null)
	expect_empty "--cgroup $path has it" "$([ "$is" = "$pid" ] || echo "$is, not $pid")"
done
is=$("$gupinfo" --cgroup "${own%w}" --all 2>&1)
expect_empty "--cgroup of a part of a name has none" "$(grep -q 'no process is in the cgroup' <<<"$is" || echo "$is")"
is=$("$gupinfo" --cgroup "$own" --pins -r -n -o PID,BY 2>/dev/null)
expect_empty "--pins of a cgroup" "$([ "$is" = "$pid pipe" ] || echo "$is")"
is=$("$gupinfo" --all --by cgroup -b -r -n -Q "CGROUP == '$own'" -o RSS,COMM,CGROUP 2>/dev/null)
expect_empty "--by cgroup has a row of it" "$(grep -q "^[1-9][0-9]* hold $own$" <<<"$is" || echo "$is")"
# a second process there is one row with it
rss=${is%% *}
(echo $BASHPID >"$mount/$name/below/cgroup.procs" && exec "$hold" pipe) >"$dir/said" 2>/dev/null &
second=$!
until [ -s "$dir/said" ] || ! kill -0 $second 2>/dev/null; do
	sleep 0.1
done
is=$("$gupinfo" --all --by cgroup -b -r -n -Q "CGROUP == '$own'" -o RSS,COMM,CGROUP 2>/dev/null)
kill $second
wait $second 2>/dev/null
expect_empty "--by cgroup adds up" "$([[ $is == *" 2\x20processes $own" ]] && [ "${is%% *}" -gt "$rss" ] || echo "$is, before that $rss")"
done_testing
