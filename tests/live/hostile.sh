#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# hostile.sh - names and arguments that would steer a terminal reach none, in any view, live or replayed.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/tap.sh"
command -v python3 >/dev/null || skip_all "python3 is not installed"
gupinfo=$builddir/gupinfo
dir=$(mktemp -d) || exit 1
dir=$(readlink -f "$dir")
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$dir"' EXIT

# C0, DEL, C1, marks and overrides of direction, isolates, line separators, an invisible, a tag; a
# lone lead byte, an overlong form, a surrogate, a byte that is never UTF-8.
parts=($'\e[31m' $'\a\t\r\n\x7f' $'\xc2\x9b31m' $'\xc2\x85' $'\xe2\x80\x8e\xe2\x80\x8f' $'\xe2\x80\xaa\xe2\x80\xae'
	$'\xe2\x81\xa6\xe2\x81\xa9' $'\xe2\x80\xa8\xe2\x80\xa9' $'\xe2\x80\x8b\xef\xbb\xbf' $'\xf3\xa0\x81\x81'
	$'\xc2' $'\xc0\x9b' $'\xed\xa0\x80' $'\xff' '"' \\)

# A process of each name; the names of its program, its directory and its argument are hostile, too.
all=$(printf %s "${parts[@]}")
for i in "${!parts[@]}"; do
	mkdir -p "$dir/$i$all"
	cp "$(command -v sleep)" "$dir/$i$all/${parts[i]}"
	(cd "$dir/$i$all" && exec -a "$all" "./${parts[i]}" 1000) &
	pids+=($!)
done
for pid in "${pids[@]}"; do
	until [ "$(readlink "/proc/$pid/exe" | head -c ${#dir})" = "$dir" ] || ! kill -0 "$pid"; do
		sleep 0.1
	done
done
list=$(IFS=,; echo "${pids[*]}")
addr=$(awk '$2 ~ /x/ { sub(/-.*/, ""); print; exit }' "/proc/${pids[0]}/maps")

# shows NAME ARG…: the view has output, and all of it is harmless.
shows()
{
	local name=$1 bad

	shift
	"$gupinfo" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	bad=$(cat "$dir/out" "$dir/err" | grep -q . || echo "nothing was printed")
	expect_empty "$name" "$bad$(cat "$dir/out" "$dir/err" | python3 "$srcdir/tests/clean.py" 2>&1)"
}

# is_json VIEW: what it has printed is JSON, in lines for --json-lines.
is_json()
{
	expect_empty "$1 is JSON" "$(python3 -c 'import json, sys
text = sys.stdin.read()
for one in text.splitlines() if "lines" in sys.argv[1] else [text]:
    json.loads(one)' "$1" <"$dir/out" 2>&1 | tail -n 1)"
}

# The same views of the processes and of a report of them.
"$gupinfo" --pid "$list" --report="$dir/report" >/dev/null 2>&1
shows "a report" --pid "$list" --report
for from in "--pid=$list" "--replay=$dir/report"; do
	name=${from%%=*}
	shows "$name: summary" "$from"
	shows "$name: --each" "$from" --each -o PID,COMM,ADDR,NAME --range "$addr+4K"
	shows "$name: --pages --raw" "$from" --pages --raw -o COMM,NAME
	shows "$name: --pages --pairs" "$from" --pages --pairs -o COMM,NAME
	shows "$name: --explain" "$from" --explain "$addr"
	shows "$name: --lint" "$from" --lint
	shows "$name: --lint --json" "$from" --lint --json
	shows "$name: --lint --raw" "$from" --lint --raw -o +COMM
	shows "$name: --family" "$from" --family --verbose
	shows "$name: --svg" "$from" --svg
	expect_empty "$name: --svg is XML" "$(python3 -c 'import sys, xml.dom.minidom
xml.dom.minidom.parse(sys.stdin)' <"$dir/out" 2>&1 | tail -n 1)"
	shows "$name: --family --openmetrics" "$from" --family --openmetrics
	shows "$name: --family --json" "$from" --family --json
	is_json "$name: --family --json"
	shows "$name: no such mapping" "$from" --range "$all"
	shows "$name: --report --redact" "$from" --report --redact
	for json in --json --json-lines "--pages --json" "--explain=$addr --json"; do
		# shellcheck disable=SC2086
		shows "$name: $json" "$from" $json
		is_json "$name: $json"
	done
done
shows "--who" --pid "${pids[0]}" --who "$addr"
shows "--who --json" --pid "${pids[0]}" --who "$addr" --json
if [ -s "$dir/out" ]; then is_json "--who --json"; else skip "--who --json is JSON" "$(head -n 1 "$dir/err")"; fi
shows "--diff" --diff "$dir/report" "${pids[0]}"
shows "--diff --json" --diff "$dir/report" "${pids[0]}" --json
shows "--diff --pairs" --diff "$dir/report" "${pids[0]}" --pairs -o +COMM
shows "--diff --json of columns" --diff "$dir/report" "${pids[0]}" --json -o +COMM
is_json "--diff --json of columns"
shows "--all" --all --pid "$list"
shows "--all --json" --all --pid "$list" --json
shows "--all --openmetrics" --all --pid "$list" --openmetrics
shows "--comm" --comm "$all"
shows "--replay of a name that is no file" --replay "$dir/$all"
shows "an unknown option" "--$all"
shows "a filter" --pid "${pids[0]}" --pages -Q "COMM==\"$all"
for json in "" --json-lines; do
	# shellcheck disable=SC2086
	shows "--trace $json" --trace $json --output "$dir/recording" -- "$dir/0$all/${parts[0]}" 0
	# shellcheck disable=SC2086
	shows "--replay --trace $json" --replay "$dir/recording" --trace $json
done
# A recording that another gupinfo, or somebody by hand, has written.
python3 - "$dir/recording" <<'EOF'
import re
import sys
data = open(sys.argv[1]).read()
data = re.sub(r'^release "', r'release "6.18\\x1b[31m\\xc2\\x9b', data, flags=re.M)
open(sys.argv[1], "w").write(re.sub(r'"comm":"', r'"comm":"\\xc2\\x9b\\xe2\\x80\\xae\\xff\\xc3\\xa4\\x1b', data))
EOF
shows "--replay --trace of a hostile recording" --replay "$dir/recording" --trace --json-lines
shows "--replay --trace -v of a hostile recording" --replay "$dir/recording" --trace -v
if command -v script >/dev/null; then
	# it ends at the end of its input
	TERM=xterm timeout 60 script -qec "stty rows 40 cols 120; exec '$gupinfo' --replay '$dir/report' --tui" /dev/null \
		< <(for _ in {1..50}; do sleep 0.2; printf q; done) >"$dir/out" 2>&1
	bad=$(grep -qaF 'x1b[31m' "$dir/out" || echo "no name is to be seen")
	expect_empty "--tui" "$bad$(python3 "$srcdir/tests/clean.py" --terminal <"$dir/out" 2>&1)"
else
	skip "--tui" "there is no script(1)"
fi
done_testing
