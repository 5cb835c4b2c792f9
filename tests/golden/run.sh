#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh - recorded reports of several kernels in every view, compared with what was accepted.
#
#	run.sh				compares all (make check does)
#	run.sh --accept [NAME…]		takes today's output of these, or of all, as right; look at git diff
#	run.sh --add FILE NAME		makes a fixture of a user's report: redacted, then accepted
#
# A fixture is NAME.gupinfo; the directory NAME holds a file for each view.  NAME/states, when
# there is one, names the state of each process, the address that shows it, and the views in
# which this state is shown at length; tests/states.sh holds what each state must say.
# See docs/regression.md.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/tap.sh"
# shellcheck source=tests/states.sh
. "$srcdir/tests/states.sh"
unset COLUMNS
golden=$srcdir/tests/golden gupinfo=$builddir/gupinfo
verdicts=GET-R,GET-W,PIN-R,PIN-W,LT-R,LT-W,WRITE,SEEN,LEAK,FORK
# Both sides of every release at which kernel.def has a border, oldest first.
models='5.10 5.11 5.12 5.13 5.14 5.15 5.17 5.18 5.19 6.0 6.1 6.1.130 6.1.135 6.2 6.4 6.5 6.6 6.7 6.8
	6.9 6.10 6.11 6.12 6.13 6.14 6.15 6.16 6.17 6.18 7.0 7.1 7.2 7.3 7.3.4'

# states NAME: process, state, address and views of each; of a user's report three processes.
states()
{
	local pids
	pids=$(replay "$1" --pages --raw --noheadings -o PID,COMM,ADDR,KIND 2>/dev/null)
	if [ -f "$golden/$1/states" ]; then
		awk 'NR == FNR { pid[$2] = $1; next } $1 in pid { print pid[$1], $2, $3, $4, $5 }' \
			<(echo "$pids") "$golden/$1/states"
	else
		awk '$4 != "none" && !seen[$1]++ { line[++n] = $1 " " $2 " " $3 " explain json" }
			END { print line[1]; if (n > 2) print line[int(n * 0.75) + 1]; if (n > 1) print line[n] }' <<<"$pids"
	fi
}

replay()
{
	local name=$1
	shift
	"$gupinfo" --replay "$golden/$name.gupinfo" "$@"
}

# view NAME ARG…: the command, its output, and its exit status unless that is 0.
view()
{
	local name=$1 status
	shift
	echo "\$ gupinfo --replay $name.gupinfo $*"
	# which kernels are proved changes with docs/kernels.tsv
	replay "$name" "$@" 2>&1 | sed -E "s,$golden/,,g; s/(as [0-9][^ ]*) \\((proved|read)( [^)]*)?\\)(<.*)?$/\\1 (PROOF)\\4/
		s/\"proved\": ?\"(proved|read)\"/\"proved\":\"PROOF\"/; s/\"proved_by\": ?(null|\{[^}]*\})/\"proved_by\":\"PROOF\"/"
	status=${PIPESTATUS[0]}
	[ "$status" = 0 ] || echo "exit status $status"
}

# A line for each member of an object, so that a difference is one line.
members()
{
	sed 's/,"/,\n"/g; s/\([[{]\){/\1\n{/g'
}

# by_state FILE: of rows of COMM, ADDR, … those of the pages that show the states, named after them.
by_state()
{
	awk 'NR == FNR { state[$1 " " $3] = $2; next }
		FNR == 1 || $1 " " $2 in state {
			$1 = FNR == 1 ? "STATE" : state[$1 " " $2]
			print
		}' "$1" - | column -t
}

# paths NAME ARG…: for the page of each state what decides a request: its word, the rules of
# GUP-fast | the rules of slow GUP.
paths()
{
	local name=$1
	shift
	replay "$name" --json-lines --pages "$@" 2>/dev/null | awk '
	function member(s, key,    m) {
		if (!match(s, "\"" key "\":(\"[^\"]*\"|\\[[^]]*\\]|[a-z]+)"))
			return "-"
		m = substr(s, RSTART + length(key) + 3, RLENGTH - length(key) - 3)
		gsub(/[]["]/, "", m)
		gsub(/,/, " ", m)
		return m == "" ? "-" : m
	}
	BEGIN { n = split("get-r get-w pin-r pin-w lt-r lt-w", request, " ") }
	NR == FNR { state[$1 " 0x" $3] = $2; next }
	{
		match($0, /"pid":[0-9]+/)
		at = substr($0, RSTART + 6, RLENGTH - 6) " " member($0, "addr")
		if (!(at in state))
			next
		last = ""
		for (i = 1; i <= n; i++) {
			s = substr($0, index($0, "\"" request[i] "\":{"))
			path = member(s, "word") ": " member(s, "path_fast") " | " member(s, "path_slow")
			if (path == last) {
				of = of "," request[i]
				continue
			}
			if (last != "")
				print state[at], of, last
			last = path
			of = request[i]
		}
		print state[at], of, last
		s = substr($0, index($0, "\"write\":{\"fault\""))
		print state[at], "store", member(s, "fault") ":", member(s, "path")
		print state[at], "fork", member($0, "fork")
	}' <(states "$name") -
}

# changes NAME: what the model of each kernel makes of the states, as a difference from the one before.
changes()
{
	local model before now='' from=''
	for model in $models; do
		before=$now now=$(paths "$1" --model "$model")
		[ -n "$from" ] || { from=$model; continue; }
		echo "---- $from -> $model"
		diff <(echo "$before") <(echo "$now") | grep '^[<>]'
		from=$model
	done
}

# views NAME DIR: every view of the fixture, a file each.
views()
{
	local name=$1 dir=$2 list pid state addr shown
	mkdir -p "$dir/explain"
	list=$(states "$name")
	while read -r pid state addr shown; do
		case $shown in
		*explain*) view "$name" --pid "$pid" --explain "$addr" >"$dir/explain/$state" ;;
		esac
	done <<<"$list"
	view "$name" --pages >"$dir/pages"
	view "$name" --pid "$(awk '/explain/ { print $1 }' <<<"$list" | paste -sd,)" >"$dir/summary"
	view "$name" --bytes --pid "${list%% *}" >"$dir/bytes"
	view "$name" --lint >"$dir/lint"
	addr=$(awk '/json/ { printf "%s--range %s+4K", s, $3; s = " " }' <<<"$list")
	list=$(awk '/json/ { print $1 }' <<<"$list" | paste -sd,)
	# shellcheck disable=SC2086
	{
		view "$name" --pairs -o +REF,PIN --pid "$list" >"$dir/pairs"
		view "$name" --json --pages --pid "$list" $addr | members >"$dir/json"
		view "$name" --json-lines --pid "${list%%,*}" ${addr%% --*} | members >"$dir/json-lines"
		view "$name" --lint --json --range 20001000+4K | members >"$dir/lint-json"
	}
	{
		view "$name" --pages --json -o ADDR,KIND,MAP,EXCL,PTE --sort -MAP --top 4 | members
		view "$name" --raw -o PID,START,SIZE,RSS,PIN,GET-R,NAME --sort -PIN --top 6 -Q 'RSS > 8K'
		view "$name" --all --sort -UNSHARE --top 3
		view "$name" --all --json -o PID,RSS,PIN,LEAK,COMM -Q 'PIN > 0' | members
		view "$name" --lint --raw -Q 'CLASS != "explainable" || MAP > 1' --top 6
		view "$name" --lint --json -o CLASS,FINDING,ADDR,INVARIANT --sort -ADDR --top 3 | members
		view "$name" --family --raw -b -o +OTHER --top 30
		view "$name" --family --raw -o PID,START,RSS,SAME,NEW,NAME --sort -RSS --top 3
		view "$name" --facts --pairs -o FACT,VALUE,PROBE -Q PROBE --top 4
	} >"$dir/rows"
	view "$name" --facts >"$dir/facts"
	view "$name" --svg --pid "$list" | sed '/^<metadata/,/^<\/metadata>/d' >"$dir/svg"
	# The first page; "the words come back" looks at the rest.
	view "$name" --report | sed '/^\[kernel\]/,$d' >"$dir/report"
	if [ -f "$golden/$name/states" ]; then
		cp "$golden/$name/states" "$dir/states"
		for words in "KIND,LEAF,FOLIO,MAP,MAPKIND,REF,EXPECTED,EXCESS,PIN,PINKIND,EXCL,PTE,PERMS,SWAP" \
			"FLAGS,ZONE,PTEWORD,PAGEFLAGS,HEADFLAGS,VMFLAGS" "$verdicts"; do
			replay "$name" --each --raw -o "COMM,ADDR,$words" 2>&1 | by_state "$dir/states"
			echo
		done >"$dir/by-state"
		paths "$name" >"$dir/paths"
		changes "$name" >"$dir/models"
	fi
}

# recording DIR: the trace in docs/leak.svg, of which the events and that picture are compared: a child gives a
# huge page that it shares with its parent to a pipe, and unmaps it.
recording()
{
	local args
	mkdir -p "$1"
	for args in "" "-e leaks,exit" "--range 7f0000000000+4K -e munmap,write-fault"; do
		echo "\$ gupinfo --replay leak.svg --trace $args"
		# shellcheck disable=SC2086  # words
		replay_file "$srcdir/docs/leak.svg" --trace $args
	done >"$1/trace"
	replay_file "$srcdir/docs/leak.svg" --svg >"$1/leak.svg"
}

replay_file()
{
	"$gupinfo" --replay "$@" 2>&1
}

# the kernels that are proved change with docs/kernels.tsv
unproved()
{
	sed -E 's/\((proved|read|extrapolated)[^)]*\)</(PROOF)</' "$1"
}

accept()
{
	local new
	new=$(mktemp -d) || exit
	views "$1" "$new"
	rm -rf "${golden:?}/$1"
	mv "$new" "$golden/$1" && chmod -R u=rwX,go=rX "$golden/$1"
	echo "accepted $1: $(cat "$golden/$1"/* "$golden/$1"/explain/* 2>/dev/null | wc -l) lines"
}

# The words that a report holds, without what was made of them.
words()
{
	awk 'function hex(s,	i, n) {
			for (i = 1; i <= length(s); i++)
				n = n * 16 + index("0123456789abcdef", substr(s, i, 1)) - 1
			return n
		}
		function frames(	n, f, i, at, left, times, own, part, named, k, state, later) {
			n = split(line, f, " ")
			if (f[1] == "state") { # names are hashes, which depend on the byte order of the machine
				name[f[2]] = ++names
				sub(/^state [^ ]+/, "state " names, line)
			}
			if (f[1] !~ /^[0-9a-f]+$/) {
				if (n && f[1] != "judge")
					print line
				return
			}
			at = hex(f[1])
			left = f[2]
			named[0] = state = later = f[3]
			for (i = 5; i <= n; i++) {
				if (f[i] ~ /^s/) { # of what follows
					split(substr(f[i], 2), part, ":")
					named[++k] = later = part[1]
					continue
				}
				if (f[i] ~ /^[0-9a-f]p/) {
					later = named[hex(substr(f[i], 1, 1))]
					f[i] = substr(f[i], 2)
				}
				if (f[i] ~ /^p/ && own) {
					print at, times, name[state] own
					at += times * size
					left -= times
					own = ""
				}
				state = later
				times = split(f[i], part, "*") > 1 ? part[2] : 1
				own = own " " part[1]
			}
			print at, left, name[state] own
		}
		BEGIN { size = 4096 }
		/^sizes page=/ { size = substr($2, 6) }
		/^\[holders\]/ { exit }
		/^\[pages\]/ { on = 1 }
		!on || /^#/ { next }
		/^\+/ { line = line substr($0, 2); next }
		{ frames(); line = $0 }
		END { frames() }'
}

# wanted NAME: where a state does not say what tests/states.sh wants.  At most one word of twenty
# may be unknown, and most states must have been compared.
wanted()
{
	local name=$1 release pid state addr since wants want wrong unknown=0 cells=0 i
	release=$(states_release "${name#linux-}")
	local -a got
	# A long-term pin moves a page out of ZONE_MOVABLE, whatever its state.
	while read -r state since wants; do
		[ -n "$state" ] && [ "${release:-0}" -ge "$since" ] || continue
		read -r pid _ addr _ < <(states "$name" | awk -v s="$state" '$2 == s') || continue
		read -r -a got < <(replay "$name" --pid "$pid" --range "$addr+4K" --pages --raw -n -o "$states_columns,ZONE" 2>/dev/null)
		[ "${got[8]}" != Movable ] || wants="${wants% *} *"
		i=0
		set -f
		for want in $wants; do
			wrong=$(states_judge "$want" "${got[$i]:-nothing}")
			[ -z "$wrong" ] || echo "$state: $(cut -d, -f $((i + 1)) <<<"$states_columns"): $wrong"
			[ "${got[$i]:-}" != "?" ] || unknown=$((unknown + 1))
			cells=$((cells + 1)) i=$((i + 1))
		done
		set +f
	done <<<"$states_table"
	[ $((unknown * 20)) -le "$cells" ] || echo "$unknown of $cells words are not known"
	[ "$cells" -gt 90 ] || echo "only $cells words were compared"
}

case ${1-} in
--accept)
	shift
	[ $# -gt 0 ] || set -- "$golden"/*.gupinfo
	for name; do
		accept "$(basename "$name" .gupinfo)"
	done
	recording "$golden/leak"
	mv "$golden/leak/leak.svg" "$srcdir/docs/leak.svg"
	exit
	;;
--add)
	[ $# = 3 ] || { echo "usage: $0 --add FILE NAME" >&2; exit 2; }
	"$gupinfo" --replay "$2" --redact --report="$golden/$3.gupinfo" || exit
	accept "$3"
	echo "now: git add tests/golden/$3.gupinfo tests/golden/$3"
	exit
	;;
esac

today=$(mktemp -d) || exit
trap 'rm -rf "$today"' EXIT
for report in "$golden"/*.gupinfo; do
	[ -f "$report" ] || skip_all "no fixtures"
	name=$(basename "$report" .gupinfo)
	views "$name" "$today/$name"
	while read -r file; do
		bad=$(diff -uN "$golden/$name/$file" "$today/$name/$file" 2>&1 | sed "s,$today/,today/,; s,$golden/,," | head -n 40)
		[ -z "$bad" ] || bad+=$'\n'"if this is right: tests/golden/run.sh --accept $name"
		expect_empty "$name/$file" "$bad"
	done < <({ (cd "$golden/$name" && find . -type f) 2>/dev/null; cd "$today/$name" && find . -type f; } | sed 's,^\./,,' | sort -u)
	if [ -f "$golden/$name/states" ]; then
		expect_empty "$name: the states say what they must" "$(wanted "$name")"
	fi
	# A state comes before the line that needs it, which may have begun with other pages.
	bad=$(diff <(words <"$report" | sort) <(replay "$name" --report | words | sort) | head -n 20)
	expect_empty "$name: the words come back" "$bad"
	replay "$name" --svg >"$today/svg" 2>/dev/null
	bad=$("$gupinfo" --replay "$today/svg" --svg 2>/dev/null | cmp - "$today/svg" 2>&1
		diff <(replay "$name" --pages 2>/dev/null) <("$gupinfo" --replay "$today/svg" --pages 2>/dev/null) | head -n 20)
	expect_empty "$name: a picture holds the report, which gives the same picture" "$bad"
done

recording "$today/leak"
expect_empty "the events of a recording" "$(diff -u "$golden/leak/trace" "$today/leak/trace" | head -n 40)"
# A hostile report: more processes than are compared with one another.
if command -v python3 >/dev/null; then
	python3 - "$golden/linux-6.18.gupinfo" "$today/many" <<-'E'
		import re, sys, zlib
		text = open(sys.argv[1], "rb").read()
		start = text.index(b"\n[kernel]") + 1
		body = text[start:text.rindex(b"[end ")]
		at = body.index(b"\nprocess ") + 1
		line = b'process %d ppid=%d uid=0 threads=1 start=0 pinned=unknown VmPin=0 VmLck=0 VmRSS=0 comm="x"\n'
		many = b"".join(line % (i, i + 1) for i in range(1000000, 1020000))
		body = body[:at] + many + body[at:]
		end = b"[end %d %08x]\n" % (body.count(b"\n"), zlib.crc32(body))
		open(sys.argv[2], "wb").write(text[:start] + body + end)
	E
	for view in --family --svg; do
		said=$(timeout 120 "$gupinfo" --replay "$today/many" $view 2>&1 >/dev/null)
		expect_empty "$view of too many processes" "$([ "$said" = "gupinfo: more than 2048 processes" ] || echo "it says: $said")"
	done
else
	skip "too many processes" "python3 is not installed"
fi
expect_empty "no box is drawn twice" "$(grep '^<rect' "$today/leak/leak.svg" | sort | uniq -d)"
expect_empty "docs/leak.svg is the picture of what it holds" "$(diff <(unproved "$srcdir/docs/leak.svg") <(unproved "$today/leak/leak.svg") | head -n 10)"

# arm64: a tag in the top byte is the program's, not a part of the address.
for option in --explain "--pages --range"; do
	# shellcheck disable=SC2086
	bad=$(diff <(replay linux-7.3-arm64-16k --pid 199 $option 20000000) <(replay linux-7.3-arm64-16k --pid 199 $option b400000020000000))
	expect_empty "$option of a tagged address" "$bad"
done

# Files that nobody should have written: one sentence each, and exit status 1 or 3.
for file in "$golden"/hostile/*; do
	name=$(basename "$file")
	[ "$name" = expected ] && continue
	said=$("$gupinfo" --replay "$file" --pages 2>&1 >/dev/null)
	status=$?
	said="$name: exit $status: ${said//$file/FILE}"
	bad=$(grep -qxF -- "$said" "$golden/hostile/expected" || echo "$said")
	[ "$(wc -l <<<"$said")" = 1 ] || bad+=" (more than one line)"
	expect_empty "hostile: $name" "$bad"
done

done_testing
