#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run.sh - plays every NN-what.steps and compares the screens with NN-what.screen.
# run.sh --accept [NN…] takes the new screens as right: look at them first (git diff).
set -u
srcdir=${srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
# shellcheck source=tests/tap.sh
. "$srcdir/tests/tap.sh"
script=$builddir/tests/tui/tui_script
[ -x "$script" ] || skip_all "tui_script is not built"

if [ "${1:-}" = --accept ]; then
	shift
	for steps in "$srcdir"/tests/tui/*.steps; do
		name=$(basename "$steps" .steps)
		[ $# -eq 0 ] || [[ " $* " == *" ${name%%-*} "* ]] || continue
		"$script" "$steps" >"${steps%.steps}.screen" || echo "$name failed" >&2
	done
	"$srcdir/tools/session.py" # a picture of one of them
	exit
fi

for steps in "$srcdir"/tests/tui/*.steps; do
	name=$(basename "$steps" .steps)
	if out=$("$script" "$steps" 2>&1; echo "status $?") &&
		diff=$(diff -u "${steps%.steps}.screen" - <<<"${out%$'\n'status 0}"); then
		ok "$name"
	else
		not_ok "$name" "${diff:-$out}
to accept: tests/tui/run.sh --accept ${name%%-*}"
	fi
done

# what the program never sends, whatever a process is called
bad=$(LC_ALL=C grep -lP '[\x00-\x09\x0b-\x1f\x7f]' "$srcdir"/tests/tui/*.screen)
expect_empty "no control characters on any screen" "$bad"
done_testing
