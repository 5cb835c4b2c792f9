#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# progress.sh - what is shown on a terminal (tmux) while a long collection goes on.
set -u
srcdir=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
# shellcheck source=tests/tap.sh
. "$srcdir/tests/tap.sh"
gupinfo=$builddir/gupinfo

command -v tmux >/dev/null || skip_all "tmux is not installed"
[ -x /usr/bin/python3 ] || skip_all "python3 is not installed"
[ -z "${GUPINFO_TEST_QUICK:-}" ] || skip_all "takes longer than quick tests may"

dir=$(mktemp -d) server=gupinfo-progress-$$ slow=
# shellcheck disable=SC2317
cleanup()
{
	tmux -L "$server" kill-server 2>/dev/null
	[ -z "$slow" ] || kill "$slow" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT
tmux -L "$server" -f /dev/null new-session -d -s keeper "sleep 3600" ||
	skip_all "tmux does not start here"

# Processes of 30,000 mappings each: what takes long to read gently.
/usr/bin/python3 - >"$dir/pids" <<'PY' &
import ctypes, mmap, os, signal, sys
libc = ctypes.CDLL(None)
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
m = mmap.mmap(-1, 30000 * 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
m[::4096] = b"x" * 30000
at = ctypes.addressof(ctypes.c_char.from_buffer(m))
for i in range(0, 30000, 2):
    libc.mprotect(at + i * 4096, 4096, mmap.PROT_READ)
pids = [os.getpid()]
for i in range(4):
    pid = os.fork()
    if not pid:
        libc.prctl(1, signal.SIGKILL)
        signal.pause()
    pids.append(pid)
print(",".join(map(str, pids)), flush=True)
signal.pause()
PY
slow=$!
for _ in {1..100}; do
	[ ! -s "$dir/pids" ] || break
	sleep 0.1
done
[ -s "$dir/pids" ] || skip_all "the processes to look at could not be made"
look="$gupinfo --gentle --all --pid $(<"$dir/pids")"

began=$(date +%s%N)
$look >"$dir/plain" 2>"$dir/stderr" </dev/null
took=$((($(date +%s%N) - began) / 1000000))
expect_empty "nothing where stderr is no terminal" "$(grep 'entries read' "$dir/stderr")"
if [ $took -lt 1500 ]; then
	skip "progress on a terminal" "$took ms are too short to show any"
	done_testing
fi

# in_tmux SIZE COMMAND: a terminal with a shell that runs COMMAND.  Every screen until it ends is kept
# in $dir/screens, the last one in $dir/last.
in_tmux()
{
	local worker server_pid

	tmux -L "$server" kill-session -t t 2>/dev/null
	rm -f "$dir"/screens "$dir/ended"
	printf '%s\n' "$2" "touch $dir/ended" 'echo THE END' 'sleep 600' >"$dir/run"
	tmux -L "$server" -f /dev/null new-session -d -s t -x "${1%x*}" -y "${1#*x}" \
		"LC_ALL=C.UTF-8 bash $dir/run"
	read -r worker server_pid < <(tmux -L "$server" display -p -t t '#{pane_pid} #{pid}')
	tap_looks=0
	while tmux -L "$server" capture-pane -p -t t >"$dir/last" && ! grep -q '^THE END' "$dir/last"; do
		{ echo "---- screen"; cat "$dir/last"; } >>"$dir/screens"
		patience -s "$worker" -p "$server_pid" || break
	done
}
# once NAME TEXT: TEXT was on a screen, never twice on one, and is not on the last.
once()
{
	expect_empty "$1: shown" "$(grep -qF -- "$2" "$dir/screens" || tail -n 30 "$dir/screens")"
	expect_empty "$1: on one line" "$(awk -v text="$2" '
		/^---- screen/ { n = 0 }
		index($0, text) && ++n > 1 { print; exit }' "$dir/screens")"
	expect_empty "$1: wiped" "$(grep -F -- "$2" "$dir/last")"
	expect_empty "$1: it ended" "$(grep -q '^THE END' "$dir/last" || cat "$dir/last")"
}

in_tmux 80x24 "$look"
once "80x24, --all" "entries read, process"
expect_empty "the rows are those of a file" "$(diff <(awk 'NF { print $1 }' "$dir/plain") \
	<(awk 'NF && !/THE END|^gupinfo:/ { print $1 }' "$dir/last") | grep '^<')"
in_tmux 80x24 "$look >$dir/out"
once "80x24, the output in a file" "entries read"
in_tmux 12x24 "$look >$dir/out"
once "12x24" " e"
first=$(cut -d, -f1 "$dir/pids")
in_tmux 80x24 "$gupinfo --gentle --pages --filter 'MAP>99999' --pid $(<"$dir/pids"); true"
once "80x24, a filter that keeps nothing" "entries read"
in_tmux 80x24 "$gupinfo --gentle --pid $first 2>$dir/stderr"
expect_empty "nothing where only stdout is a terminal" "$(grep -h 'entries read' "$dir/stderr" "$dir/screens")"
done_testing
