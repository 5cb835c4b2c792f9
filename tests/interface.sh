#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# interface.sh - what is promised in several places agrees: --help, manual, completion, columns,
# and real JSON with the schema.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
gupinfo=$builddir/gupinfo
man=$srcdir/man/gupinfo.1
schema=$srcdir/docs/schema/gupinfo-1.0.schema.json

long()
{
	grep -oE -- '--[a-z][a-z-]*[a-z]' | sort -u
}
help=$("$gupinfo" --help)
options=$(grep -E '^ {0,5}(-[A-Za-z], )? *--' <<<"$help" | grep -oE '^ *(-[A-Za-z], )? *--[a-z-]+' | long)
manual=$(sed 's/\\-/-/g; s/\\fI[^\\]*\\fR//g' "$man")

# ---- the manual
headings=$(grep -A 1 '^\.TP' <<<"$manual" | grep -E '^\.(B|BR|BI) ')
documented=$(long <<<"$headings")
expect_empty "every option is in the manual once" \
	"$(grep -oE -- '--[a-z][a-z-]*[a-z]' <<<"$(grep -v gupinfo <<<"$headings")" | sort | uniq -d)"
expect_empty "every option of --help is in the manual" \
	"$(comm -23 <(echo "$options") <(echo "$documented") | sed 's/$/ has no .TP in man\/gupinfo.1/')"
expect_empty "every option of the manual is in --help" \
	"$(comm -13 <(echo "$options") <(echo "$documented") | sed 's/$/ is not in --help/')"
bad=$(sed -nE 's/^ -([A-Za-z]), --([a-z-]+).*/\1 \2/p' <<<"$help" | while read -r letter option; do
	grep -qE "^\.(B|BR) -$letter \", \" --$option( |\$)" <<<"$manual" || echo "-$letter, --$option"
done)
expect_empty "short options are in the manual" "$bad"
bad=$("$gupinfo" --list-columns --noheadings | cut -d' ' -f1 | while read -r column; do
	sed -n '/^\.SH COLUMNS/,/^\.SH/p' <<<"$manual" | grep -qwF -- "$column" || echo "$column"
done)
expect_empty "every column is in the manual" "$bad"
expect_empty "its tables of columns are those of --list-columns (tools/man-columns.sh)" \
	"$("$srcdir/tools/man-columns.sh" "$gupinfo" --check 2>&1)"
expect_empty "NEWS, manual and packages name the version of configure.ac" "$("$srcdir/tools/version.sh" --check 2>&1)"
if command -v mandoc >/dev/null; then
	expect_empty "mandoc -Tlint has no complaint" "$(mandoc -Tlint "$srcdir"/man/*.[15] 2>&1)"
else
	skip "mandoc -Tlint has no complaint" "mandoc is not installed"
fi
if command -v groff >/dev/null; then
	expect_empty "groff has no complaints" \
		"$(groff -t -man -Tutf8 -ww -rLL=78n "$man" 2>&1 >/dev/null | grep -v 'TS/TE')"
else
	skip "groff has no complaints" "groff is not installed"
fi

# ---- documents
if command -v python3 >/dev/null; then
	expect_empty "docs/session.svg is made of screens that tests/tui/run.sh compares" "$("$srcdir/tools/session.py" --check 2>&1)"
else
	skip "docs/session.svg is made of screens" "python3 is not installed"
fi
expect_empty "documents name options that there are" "$(cat "$srcdir"/*.md "$srcdir"/docs/*.md | grep -oE '(gupinfo|\./run) [^`|]*' |
	sed 's/ -- .*//' | long | comm -23 - <(echo "$options"))"
expect_empty "documents filter by expressions that are understood" "$(grep -ohE -- "-Q '[^']*'" "$srcdir"/*.md "$srcdir"/docs/*.md |
	sed "s/^-Q '//; s/'\$//" | sort -u | while read -r expr; do
		out=$("$gupinfo" --pid $$ --pages -Q "$expr" 2>&1 >/dev/null)
		[ $? -ne 2 ] || out=$("$gupinfo" --pid $$ -Q "$expr" 2>&1 >/dev/null)
		[ $? -ne 2 ] || echo "$expr: $out"
	done)"
expect_empty "documents lead to files that there are" "$(cd "$srcdir" && grep -oE '\]\([a-zA-Z./][^):#]*' README.md HACKING.md CONTRIBUTING.md SECURITY.md docs/*.md |
	grep -v '(https$' | while IFS=: read -r from link; do
		[ -e "$(dirname "$from")/${link#](}" ] || echo "$from: ${link#](}"
	done)"

# ---- completion
# shellcheck source=completion/gupinfo.bash
. "$srcdir/completion/gupinfo.bash"
completed()
{
	COMP_WORDS=("$gupinfo" "$@") COMP_CWORD=$#
	_gupinfo "$gupinfo" 2>/dev/null
	printf '%s\n' "${COMPREPLY[@]}"
}
expect_empty "completion knows the options of --help" \
	"$(comm -23 <(echo "$options") <(completed -- | long))"
if command -v python3 >/dev/null; then
	expect_empty "completion/ is made of the tables (tools/completion.py)" "$("$srcdir/tools/completion.py" --check 2>&1)"
else
	skip "completion/ is made of the tables" "python3 is not installed"
fi
words=$(for shell in _gupinfo gupinfo.fish; do
	while read -r option; do
		grep -qE -- "$option(=-?)?\[| -l ${option#--}( .*)? -d " "$srcdir/completion/$shell" || echo "$shell: $option has no words"
	done <<<"$options"
done)
expect_empty "zsh and fish have words for each of them" "$words"
for shell in zsh fish; do
	script=$srcdir/completion/$([ $shell = zsh ] && echo _gupinfo || echo gupinfo.fish)
	if command -v $shell >/dev/null; then
		expect_empty "$shell reads its completion" "$($shell -n "$script" 2>&1)"
	else
		skip "$shell reads its completion" "$shell is not installed"
	fi
done
if command -v fish >/dev/null; then
	expect_empty "fish completes a value and a column" "$(PATH=$builddir:$PATH fish -N -c "source $srcdir/completion/gupinfo.fish
		complete -C 'gupinfo --evidence b'; complete -C 'gupinfo -o ADDR,KIN'" 2>&1 | cut -f1 | grep -vx 'bpf\|ADDR,KIND')"
fi
bad=$(for model in $(completed --model ''); do
	"$gupinfo" --facts --model "$model" >/dev/null 2>&1 || [ $? = 3 ] || echo "--model $model is refused"
done)
expect_empty "each model that completion offers is one" "$bad"
expect_empty "completion of a state and an operation" \
	"$(completed --state order-0,hugetlb+child-vms | grep -vx order-0,hugetlb+child-vmspliced)"
expect_empty "completion of a value" "$(completed --color n | grep -vx never)"
expect_empty "completion of a column" "$(completed -o ADDR,KI | grep -vx ADDR,KIND)"
expect_empty "completion of a process" "$(completed --pid '' | grep -qx $$ || completed --pid ''; completed "$$" | grep -qx $$ || completed "$$")"

# ---- what the matrix of kernels showed
expect_empty "docs/kernels.md and proved.def are made of docs/kernels.tsv" \
	"$("$srcdir/tools/proved.sh" --check 2>&1)"

# ---- JSON
# valid NAME DEFINITION LINES ARG...: real output against the schema.
valid()
{
	local name=$1 definition=$2 lines=$3 complaints status

	shift 3
	# shellcheck disable=SC2086  # $lines may be nothing
	complaints=$("$gupinfo" "$@" 2>/dev/null | python3 "$srcdir/tests/schema.py" "$schema" "$definition" $lines)
	status=$?
	case $status in
	0) ok "$name" ;;
	77) skip "$name" "python3-jsonschema is not installed" ;;
	*) not_ok "$name" "$complaints" ;;
	esac
}
if command -v python3 >/dev/null; then
	sleep 1000 &
	trap 'kill $!' EXIT
	valid "JSON of the summary" document '' --json --pid $!
	valid "JSON of pages" document '' --json --pages --pid $!
	valid "compact JSON" document '' --json=compact --pages --pid $!
	valid "JSON of single pages" document '' --json --each --pid "$!,$$" --range '[stack]'
	valid "JSON of an explanation" document '' --json --pages --pid $! --evidence procfs
	valid "JSON by another model" document '' --json --pages --pid $! --model 6.1
	valid "JSON lines of pages" page_line --lines --json-lines --pages --pid $!
	valid "JSON of the model" document '' --json --facts
	golden=$srcdir/tests/golden/linux-6
	valid "JSON of --lint" lint '' --json --lint --pid $!
	valid "JSON of findings" lint '' --json --lint --replay "$golden.18.gupinfo"
	valid "JSON lines of findings" finding --lines --json-lines --lint --replay "$golden.18.gupinfo"
	valid "JSON of rows of findings" document '' --json -o +KIND --lint --replay "$golden.18.gupinfo"
	# each run of a class has the members of the first, beside its place
	expect_empty "compact JSON has what the whole has" "$(python3 - "$gupinfo" "$golden.18.gupinfo" 2>&1 <<-'E'
		import json, subprocess, sys
		def pages(how):
		    out = subprocess.run([sys.argv[1], "--replay", sys.argv[2], "--pages", how], stdout=subprocess.PIPE)
		    return [p for q in json.loads(out.stdout)["gupinfo"]["processes"] for p in q["pages"]]
		first, short, whole = {}, pages("--json=compact"), pages("--json")
		for p in short:
		    p.update({k: v for k, v in first.setdefault(p.get("class"), p).items() if k not in p})
		for p in short:
		    p.pop("class", None)
		print("" if short == whole and len(first) < len(whole) else "they differ", end="")
	E
	)"
	"$gupinfo" --who 1 >/dev/null 2>&1
	if [ $? != 1 ]; then
		pfn=$("$gupinfo" --pid $! --range '[stack]' --pages -r -n -o PFN 2>/dev/null | grep -m 1 0x)
		valid "JSON of --who of a frame" who '' --json --who 1
		valid "JSON of --who of a mapped page" who '' --json --who "${pfn:-1}"
		valid "JSON of --who of an area" document '' --json --who 1+16
		valid "JSON of --blockers" document '' --json --blockers 1+16
	else
		skip "JSON of --who" "no page frame numbers"
	fi
	valid "JSON of --dmesg" document '' --json --dmesg "$srcdir/tests/fuzz/corpus/dmesg/piped-6.1"
	valid "JSON of --family" family '' --json --family --replay "$golden.18.gupinfo"
	valid "JSON of --family of a process" family '' --json --family --pid $!
	valid "JSON of --diff" diff '' --json --diff "$golden".{12,18}.gupinfo
	valid "JSON lines of changes" change --lines --json-lines --diff "$golden".{12,18}.gupinfo
	if grep -q -- '--verify' <<<"$help"; then
		valid "JSON of --verify" verify '' --json --verify --state plain --trials 5
	fi
	if grep -q -- '--all' <<<"$help"; then
		valid "JSON of --all" document '' --json --all
	fi
	if grep -q -- '--trace' <<<"$help"; then
		valid "JSON lines of --trace" event --lines --json-lines --trace -- sh -c 'true & wait'
	fi
else
	skip "JSON" "python3 is not installed"
fi

done_testing
