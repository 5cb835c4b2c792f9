#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# tui.sh - the interactive view in a real terminal (tmux): screens, resizing, ends of all kinds.
set -u
srcdir=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
# shellcheck source=tests/tap.sh
. "$srcdir/tests/tap.sh"
gupinfo=$builddir/gupinfo

is_root || skip_all "not root: other processes cannot be read"
command -v tmux >/dev/null || skip_all "tmux is not installed"
[ -z "${GUPINFO_TEST_QUICK:-}" ] || skip_all "takes longer than quick tests may"

dir=$(mktemp -d) server=gupinfo-test-$$
target=
# shellcheck disable=SC2317
cleanup()
{
	tmux -L "$server" kill-server 2>/dev/null
	[ -z "$target" ] || kill -KILL "$target" 2>/dev/null
	rm -rf "$dir"
}
trap cleanup EXIT

# a session that stays: without any the server would end, and a new one race with its end
tmux -L "$server" -f /dev/null new-session -d -s keeper "sleep 3600" ||
	skip_all "tmux does not start here"

start_target()
{
	LC_ALL=C sleep 600 & # no mappings of a locale
	target=$!
}

# in_tmux SIZE COMMAND: a fresh terminal with a shell that runs COMMAND and tells its end.
in_tmux()
{
	tmux -L "$server" kill-session -t t 2>/dev/null
	rm -f "$dir/status" "$dir/before" "$dir/after"
	cat >"$dir/run" <<-END
		export XDG_CONFIG_HOME=$dir/config
		stty -g >$dir/before
		$2 2>$dir/stderr
		echo \$? >$dir/status
		stty -g >$dir/after
		echo THE END
		sleep 600
	END
	tmux -L "$server" -f /dev/null new-session -d -s t -x "${1%x*}" -y "${1#*x}" \
		"LC_ALL=C.UTF-8 bash $dir/run"
}
keys()
{
	tmux -L "$server" send-keys -t t "$@"
}
shot()
{
	tmux -L "$server" capture-pane -p -t t
}
# wait_for TEXT: until the screen shows it, or those who work on it have nothing more to do.
wait_for()
{
	local worker server_pid

	read -r worker server_pid < <(tmux -L "$server" display -p -t t '#{pane_pid} #{pid}')
	tap_looks=0
	until shot | grep -qF -- "$1"; do
		patience -s "$worker" -p "$server_pid" || return 1
	done
}
gupinfo_pid()
{
	pgrep -P "$(tmux -L "$server" display -p -t t '#{pane_pid}')" gupinfo
}
# sees NAME TEXT
sees()
{
	if wait_for "$2"; then
		ok "$1"
	else
		not_ok "$1" "no '$2' on:
$(shot)
$(cat "$dir/stderr" 2>/dev/null)"
	fi
}
# steps_to NAME TEXT: lets the target run from stop to stop until the screen shows it.
steps_to()
{
	local before

	for _ in {1..30}; do
		wait_for "TARGET STOPPED" || break
		before=$(shot)
		if grep -qF -- "$2" <<<"$before"; then
			ok "$1"
			return
		fi
		keys '>'
		until [ "$(shot)" != "$before" ]; do
			patience -s "$(gupinfo_pid)" || break
		done
	done
	not_ok "$1" "no stop with '$2' before:
$(shot)"
}
# restored NAME STATUS: the program ended so, and the terminal is as it was.
restored()
{
	local bad=
	wait_for "THE END" || bad="it did not end"
	[ "$(cat "$dir/status" 2>/dev/null)" = "$2" ] ||
		bad+=" status is $(cat "$dir/status" 2>/dev/null), not $2"
	cmp -s "$dir/before" "$dir/after" || bad+=" stty differs"
	[ "$(tmux -L "$server" display -p -t t '#{alternate_on}')" = 0 ] ||
		bad+=" the alternate screen is still on"
	[ "$(tmux -L "$server" display -p -t t '#{cursor_flag}')" = 1 ] || bad+=" no cursor"
	[ "$(tmux -L "$server" display -p -t t '#{mouse_any_flag}')" = 0 ] || bad+=" mouse is on"
	if [ -z "$bad" ]; then
		ok "$1"
	else
		not_ok "$1" "$bad
$(cat "$dir/stderr")
$(shot)"
	fi
}

# ---- screens
start_target
for size in 80x24 120x40 200x50; do
	in_tmux $size "$gupinfo --tui --pid $target"
	wait_for Mappings
	keys / h e a p Enter
	sees "$size: the mappings of a process" "[heap]"
	keys '?'
	sees "$size: the help screen" "Help"
	keys q
	sees "$size: back" "Mappings"
	if [ "$(id -u)" = 0 ]; then
		keys w
		sees "$size: who has the page" "unexplained references:"
		keys q
		sees "$size: back again" "Mappings"
	else
		skip "$size: who has the page" "only root sees page frames"
	fi
	keys q
	restored "$size: q" 0
done
in_tmux 40x12 "$gupinfo --tui --pid $target"
sees "40x12: a list" "Mappings"
keys Enter
sees "40x12: pages of one mapping" "1 folio or hole"
tmux -L "$server" resize-window -t t -x 120 -y 30
sees "resized to 120x30" "Timeline"
tmux -L "$server" resize-window -t t -x 15 -y 4
sees "too small: one line" "needs 20x5"
tmux -L "$server" resize-window -t t -x 80 -y 24
sees "and back" "Timeline"

# ---- ends
keys C-c
restored "Ctrl-C" 0
for signal in TERM HUP; do
	in_tmux 80x24 "$gupinfo --tui --pid $target"
	wait_for Mappings
	kill -$signal "$(gupinfo_pid)"
	restored "SIG$signal" $((128 + $(kill -l $signal)))
done
in_tmux 80x24 "ASAN_OPTIONS=handle_segv=0:detect_leaks=0 $gupinfo --tui --pid $target"
wait_for Mappings
kill -SEGV "$(gupinfo_pid)"
restored "a crash" 139
for reader in auto procfs; do
	[ -n "$target" ] || start_target
	in_tmux 120x40 "$gupinfo --tui --evidence=$reader --pid $target"
	wait_for "[heap]"
	kill -KILL $target
	wait $target 2>/dev/null
	target=
	sees "$reader: the target is killed: it says so" "target is gone: as it was at"
	last=$(shot)
	if grep -qF "[heap]" <<<"$last" && ! grep -qE '^0B resident|[0-9] (gone|unmapped)' <<<"$last"; then
		ok "$reader: the last picture stays, and nothing else is said to have happened"
	else
		not_ok "$reader: the last picture stays, and nothing else is said to have happened" "$last"
	fi
done
mkfifo "$dir/go"
# shellcheck disable=SC2016
bash -c 'read -r x <"$1"; exec sleep 1000' sh "$dir/go" &
target=$!
in_tmux 120x40 "$gupinfo --tui --pid $target"
wait_for "[heap]"
echo >"$dir/go"
sees "exec: it says so" "it runs sleep now"
if shot | grep -qE '[0-9] (gone|unmapped)'; then
	not_ok "exec: no page is said to have been unmapped" "$(shot)"
else
	ok "exec: no page is said to have been unmapped"
fi
kill -KILL $target
wait $target 2>/dev/null
# It opens the FIFO when it has its memory; then it forks, and its child ends, a line each.
# shellcheck disable=SC2016
LC_ALL=C bash -c 'printf -v big %100000000s; exec 3<>"$1"; read -r _ <&3; read -r _ <&3
	(read -r _ <&3); read -r _ <&3' sh "$dir/go" &
target=$!
echo >"$dir/go"
in_tmux 80x24 "$gupinfo --tui --pid $target"
wait_for "pin-r  fast"
echo >"$dir/go"
wait_for "fork  child"
keys '['
wait_for "PAUSED" # at the fork, whenever that is looked at
shared=$(shot)
keys Space
echo >"$dir/go"
if grep -q 'pin-r.*  ? ' <<<"$shared"; then
	skip "fork: the totals are read at once" "who shares is not known here"
else
	if grep -qE 'pin-r.*  copy >?9[0-9]%' <<<"$shared"; then
		ok "fork: the totals are read at once"
	else
		not_ok "fork: the totals are read at once" "$shared"
	fi
	sees "the child's exit: they are read again" "mark 9"
fi
kill -KILL $target
wait $target 2>/dev/null
start_target
in_tmux 80x24 "$gupinfo --tui --pid $target"
wait_for Mappings
kill -KILL $target
wait $target 2>/dev/null
sees "80x24: the target is killed: it says so" "target is gone: as it was at"
keys '{'
sees "the timeline stays usable" "PAUSED"
keys q
restored "after the target's death" 0

# ---- terminals
start_target
for term in vt100 linux xterm tmux-256color; do
	if infocmp "$term" >/dev/null 2>&1; then
		in_tmux 80x24 "TERM=$term $gupinfo --tui --pid $target"
		sees "TERM=$term" "Mappings"
	else
		skip "TERM=$term" "the terminal type is not known here"
	fi
done
in_tmux 80x24 "TERM=xterm-256color $gupinfo --tui --pid $target"
wait_for Mappings
colors=$(tmux -L "$server" capture-pane -p -e -t t | grep -c $'\033\[[0-9;]*38;5;')
if [ "$colors" -gt 0 ]; then ok "colours"; else not_ok "colours"; fi
in_tmux 80x24 "NO_COLOR=1 TERM=xterm-256color $gupinfo --tui --pid $target"
wait_for Mappings
colors=$(tmux -L "$server" capture-pane -p -e -t t | grep -cE $'\033\[([0-9;]*;)?[34][0-8][;m]')
if [ "$colors" = 0 ]; then ok "NO_COLOR"; else not_ok "NO_COLOR"; fi
in_tmux 80x24 "LC_ALL=C $gupinfo --tui --pid $target"
wait_for Mappings
if shot | LC_ALL=C grep -q '[^ -~]'; then
	not_ok "LC_ALL=C: only ASCII" "$(shot)"
else
	ok "LC_ALL=C: only ASCII"
fi
in_tmux 80x24 "TERM=dumb $gupinfo --tui --pid $target"
wait_for "THE END"
if [ "$(cat "$dir/status")" = 1 ] && grep -q "TERM is 'dumb'" "$dir/stderr"; then
	ok "TERM=dumb is refused with a sentence"
else
	not_ok "TERM=dumb is refused with a sentence" "$(cat "$dir/status" "$dir/stderr")"
fi

# ---- settings
mouse()
{
	tmux -L "$server" display -p -t t '#{mouse_any_flag}'
}
config=$dir/config/gupinfo/tui.conf
if [ -e "$config" ]; then not_ok "nothing is kept unasked"; else ok "nothing is kept unasked"; fi
in_tmux 80x24 "TERM=xterm-256color $gupinfo --tui --pid $target"
wait_for Mappings
if [ "$(mouse)" = 1 ]; then ok "the mouse is used"; else not_ok "the mouse is used"; fi
keys F2 Down Down Down Enter s
sees "the setup: s keeps the settings" "kept in"
colors=$(tmux -L "$server" capture-pane -p -e -t t | grep -cE $'\033\[([0-9;]*;)?[34][0-8][;m]')
if [ "$colors" = 0 ]; then ok "no colours from now on"; else not_ok "no colours from now on"; fi
expect_empty "the file has them" "$(grep -q '^colors = none$' "$config" || cat "$config")"
echo nonsense >>"$config"
in_tmux 80x24 "$gupinfo --tui --no-mouse --pid $target"
sees "a broken line is shown" "is not understood: nonsense"
if [ "$(mouse)" = 0 ]; then ok "--no-mouse"; else not_ok "--no-mouse"; fi
keys F2 s
sees "with --no-mouse: kept" "kept in"
expect_empty "the broken line stays" "$(grep -q '^nonsense$' "$config" || cat "$config")"
rm -f "$config"

# ---- choosing, stepping
in_tmux 80x24 "$gupinfo --tui"
sees "without a process: a choice" "Which process?"
keys Escape
restored "Esc leaves it" 0
tracee=$builddir/tests/live/tracee
if [ -x "$tracee" ]; then
	in_tmux 100x30 "$gupinfo --tui -- sh -c 'echo from the command; /bin/true; exit 3'"
	sees "-- CMD: stands still at its first instruction" "TARGET STOPPED"
	keys c
	sees "c: it goes on to its end" "target is gone"
	keys / h e a p Enter
	sees "the picture is of its end, not of its first instruction" "rw-p [heap]"
	keys q
	restored "its end" 0
	if shot | grep -q "from the command"; then
		ok "what the command wrote comes at the end"
	else
		not_ok "what the command wrote comes at the end" "$(shot)"
	fi
	"$gupinfo" --trace -- "$tracee" seed 2>&1 | tr -s '\n ' '  ' >"$dir/trace"
	if grep -q "the reference still reads the old bytes" "$dir/trace"; then
		in_tmux 80x24 "$gupinfo --tui -- $tracee seed"
		steps_to ">: a store that is warned of is a stop" "after write-fault of"
		steps_to ">: the exit of a child is a stop" "after exit of"
		keys q
		restored "leaving it there" 0
	else
		skip ">: a store that is warned of is a stop" "no warning is possible here"
	fi
	"$gupinfo" --trace -- "$tracee" seed-huge 2>&1 | tr -s '\n ' '  ' >"$dir/trace"
	if grep -q "will see it (leak)" "$dir/trace"; then
		in_tmux 120x40 "$gupinfo --tui -- $tracee seed-huge"
		steps_to ">: the child's munmap that arms a leak is a stop" "after munmap of"
		sees "the header has the leak" "LEAK: 2M   pin-r"
		sees "the cursor is at its page, in the parent's row, too" "map 1 ref 2 leak"
		keys p
		sees "the child's header has its parent's leak" "LEAK: 2M in "
		keys q
		restored "leaving it there" 0
	else
		skip ">: the child's munmap that arms a leak is a stop" "no free huge page, or no leak here"
	fi
	in_tmux 100x30 "$gupinfo --tui -- sleep 500"
	wait_for "TARGET STOPPED"
	kill -TERM "$(gupinfo_pid)"
	restored "SIGTERM while the target stands still" 143
else
	skip "-- CMD" "tracee is not built"
fi

# ---- saving and replaying
in_tmux 80x24 "cd $dir && $gupinfo --tui --pid $target"
wait_for Mappings
keys s
sees "s saves a report" "saved gupinfo-$target-1.txt"
keys q
restored "after saving" 0
in_tmux 120x40 "$gupinfo --tui --replay $dir/gupinfo-$target-1.txt"
sees "the report opens as the same program with a banner" "REPLAY"
keys '/' h e a p Enter
sees "and finds a mapping" "rw-p [heap]"
kill -KILL $target
keys e
sees "it needs no process" "the six requests"
keys q q
restored "after replaying" 0
if [ -x "$builddir/tests/live/tracee" ] &&
	"$gupinfo" --trace --output "$dir/recording" -- "$builddir/tests/live/tracee" splice >/dev/null 2>&1; then
	in_tmux 120x40 "$gupinfo --tui --replay $dir/recording"
	sees "a recording has its events in the timeline" "vmsplice  "
	sees "and the pages after them" "the pages as they were recorded"
	keys q q
	restored "after a recording" 0
else
	skip "a recording has its events in the timeline" "tracee is not built, or no ptrace here"
fi
done_testing
