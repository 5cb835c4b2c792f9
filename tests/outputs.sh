#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# outputs.sh - records what gupinfo prints, so that a change of structure can show that it changed none.
#
#	outputs.sh DIR [BUILD]	writes every view of every fixture, every screen and some traces into DIR
#	outputs.sh --compare A B	lists what differs between two of these; exit status 1 when anything does
#
# Fixtures and screens are compared byte by byte.  Traces are live: process IDs, frames, addresses,
# times and counts are masked, and the lines of three runs are compared as a set: the tracer may
# notice a fault sooner or later.  A line more or less there needs a look, not an excuse.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)

compare()
{
	local bad=0 f

	while IFS= read -r f; do
		if [ ! -f "$1/$f" ]; then
			echo "only in $2: $f"
		elif [ ! -f "$2/$f" ]; then
			echo "only in $1: $f"
		elif ! cmp -s "$1/$f" "$2/$f"; then
			echo "differs: $f"
			diff "$1/$f" "$2/$f" | cut -c 1-160 | head -n "${OUTPUTS_LINES:-6}" | sed 's/^/    /'
		else
			continue
		fi
		bad=$((bad + 1))
	done < <({ cd "$1" && find . -type f; cd "$OLDPWD" && cd "$2" && find . -type f; } | sort -u)
	echo "$bad of $(find "$2" -type f | wc -l) outputs differ"
	[ "$bad" = 0 ]
}

if [ "${1-}" = --compare ]; then
	[ $# = 3 ] || { echo "usage: $0 --compare A B" >&2; exit 2; }
	compare "$(realpath "$2")" "$(realpath "$3")"
	exit
fi
case ${1-} in '' | -*) echo "usage: $0 DIR [BUILD] | --compare A B" >&2; exit 2 ;; esac
out=$1 build=$(realpath "${2:-$top/build/run}")
gupinfo=$build/gupinfo
[ -x "$gupinfo" ] || { echo "$gupinfo is not built" >&2; exit 2; }
export LC_ALL=C.UTF-8 TZ=UTC ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=0}
unset COLUMNS
mkdir -p "$out" && out=$(realpath "$out") || exit
cd "$top/tests/golden" || exit

# keep NAME ARG...: what gupinfo writes with ARG..., and its exit status.
keep()
{
	local name=$1

	shift
	mkdir -p "$out/$(dirname "$name")"
	{ "$gupinfo" "$@" 2>&1 </dev/null; echo "exit status $?"; } >"$out/$name"
}

# ---- what needs no process
keep general/help --help
keep general/version --version
keep general/columns --list-columns
keep general/usage --no-such-option
for model in 5.4 5.19 6.1 6.6 6.12 6.18 7.3 99.1; do
	keep "general/facts-$model" --facts --replay linux-6.18.gupinfo --model "$model"
done
for file in hostile/*; do
	keep "$file" --replay "$file" --pages
done

# ---- every view of every fixture
columns=$("$gupinfo" --list-columns --raw --noheadings | awk '$2 ~ /pages/ { print $1 }' | paste -sd,)
for report in *.gupinfo; do
	name=${report%.gupinfo}
	mapfile -t places < <("$gupinfo" --replay "$report" --pages --raw --noheadings -o PID,ADDR,KIND |
		awk '$3 != "none" && !seen[$1]++ { print $1, $2 }')
	for place in "${places[@]}"; do
		pid=${place% *} addr=${place#* }
		keep "$name/explain/$pid" --replay "$report" --pid "$pid" --explain "$addr"
		keep "$name/explain-json/$pid" --replay "$report" --pid "$pid" --explain "$addr" --json
	done
	while read -r view args; do
		# shellcheck disable=SC2086  # the arguments are words
		keep "$name/$view" --replay "$report" $args
	done <<-END
		summary
		summary-bytes --bytes
		summary-color --color=always
		summary-json --json
		summary-json-lines --json-lines
		pages --pages
		pages-all --pages -o $columns
		pages-bytes --pages --bytes -o +SIZE
		pages-color --pages --color=always
		pages-json --pages --json
		pages-json-lines --pages --json-lines
		pages-json-columns --pages --json -o ADDR,KIND,PFN
		pages-model --pages --model 6.1
		pages-model-patch --pages --model 6.18+hugetlb-refcount
		pages-noheadings --pages --noheadings
		pages-pairs --pages --pairs -o $columns
		pages-procfs --pages --evidence procfs
		pages-range --pages --range 20000000+64K
		pages-raw --pages --raw -o $columns
		pages-bits --pages --bits anon,~thp
		pages-filter --pages --filter KIND=="anon"&&MAP>1
		each --each
		each-json-lines --each --json-lines
		each-raw --each --raw -o $columns
		all --all
		all-json --all --json
		all-json-lines --all --json-lines
		all-openmetrics --all --openmetrics
		all-raw --all --raw
		all-top --all --top 3
		demo --demo
		facts --facts
		facts-json --facts --json
		lint --lint
		lint-json --lint --json
		report --report
		report-redacted --report --redact
		report-addresses --report --redact=addresses
		who --who 1
		verify --verify
		tui --tui
		trace --trace
	END
	for other in *.gupinfo; do
		keep "$name/diff-${other%.gupinfo}" --diff "$report" "$other"
		keep "$name/diff-json-${other%.gupinfo}" --diff "$report" "$other" --json
	done
done

# ---- screens
script=$build/tests/tui/tui_script
if [ -x "$script" ]; then
	mkdir -p "$out/tui"
	for steps in "$top"/tests/tui/*.steps; do
		"$script" "$steps" >"$out/tui/$(basename "$steps" .steps)" 2>&1
	done
fi

# ---- traces, as far as one run is like the next
mask()
{
	sed -e "s,$build,BUILD,g" |
		awk '/^  !/ { warning = 1 } /^$/ { warning = 0 }
		/^        [^ ]/ || warning && /^    [^ ]/ { sub(/^ +/, ""); line = line " " $0; next }
		NR > 1 { print line } { line = $0 } END { print line }' |
		sed -E -e 's/^ *[0-9]+\.[0-9]+ [0-9]+/TIME PID/' -e 's/kernel [^ ]+/kernel K/' \
			-e 's/\<pfn [0-9a-f]+(>[0-9a-f]+)?/pfn F/g' -e 's/ (ref|map|pin) [0-9?]+(>[0-9?]+)?//g' \
			-e 's/\<[0-9]+x([0-9]+[KMG])/Nx\1/g' -e 's/\<[0-9a-f]{8,16}\>/ADDRESS/g' \
			-e 's/between [0-9.]+ and/between T and/' -e 's/\<[0-9]+\>/N/g' | LC_ALL=C sort -u
}
# The events, their changes and their warnings, each on a line of its own.
mask_json()
{
	python3 -c '
import json, sys

place = "release path addr start end name pfn pfns".split()
count = "refcount refcounts mapcount mapcounts pins pincount pages bytes".split()

def mask(v, key=None):
	if isinstance(v, dict):
		if "gup" in v or key == "differs": # names only: the fixtures show the values
			return sorted(v)
		return {k: mask(x, k) for k, x in v.items() if k not in count}
	if isinstance(v, list):
		return [mask(x, key) for x in v]
	if isinstance(v, bool) or v is None:
		return v
	if isinstance(v, (int, float)):
		return 0
	return key if key in place or v.startswith("0x") else v

lines = set()
for line in sys.stdin:
	if not line.startswith("{"): # the tracee writes there, too
		continue
	event = mask(json.loads(line))
	for part in [k for k, v in event.items() if isinstance(v, list)]:
		for x in event.pop(part):
			lines.add(part + " " + json.dumps(x))
	lines.add(json.dumps(event))
print("\n".join(sorted(lines)))
'
}
tracee=$build/tests/live/tracee
if [ -x "$tracee" ] && [ "$(id -u)" = 0 ]; then
	mkdir -p "$out/trace" "$out/trace-json"
	for what in seed splice maps writes spawn; do
		for _ in 1 2 3; do
			"$gupinfo" --trace -v --interval 60000 -- "$tracee" $what 2>&1
		done | mask >"$out/trace/$what"
		! command -v python3 >/dev/null || for _ in 1 2 3; do
			"$gupinfo" --trace --json-lines --interval 60000 -- "$tracee" $what 2>/dev/null
		done | mask_json >"$out/trace-json/$what"
		for _ in 1 2 3; do
			"$gupinfo" --trace --interval 60000 --output recording -- "$tracee" $what
			"$gupinfo" --replay recording --trace
		done 2>/dev/null | mask >"$out/trace/$what-replayed"
		rm -f recording
	done
fi
echo "$(find "$out" -type f | wc -l) outputs in $out"
