#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# style.sh - clang-format, shellcheck and codespell over the project's own files.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
cd "$srcdir" || exit 1

mapfile -t c_files < <(find src tests bench -name '*.[ch]' ! -name '*.skel.h' ! -name 'vmlinux*' 2>/dev/null)
mapfile -t scripts < <(grep -lE -m 1 '^#!/bin/(ba)?sh|^# shellcheck shell=' -r \
	run check autogen.sh .ci debian tools tests bench completion 2>/dev/null | grep -vE '\.(log|trs|md|c|py)$')
mapfile -t texts < <(find ./*.md NEWS AUTHORS man docs completion src tests/*.sh tests/unit tools run check \
	-type f ! -name '*.skel.h' ! -name 'vmlinux*' ! -name '*.o' ! -name '*.svg' ! -path '*/golden/*' 2>/dev/null)

# Releases of clang-format differ; the project's is Debian 12's.
formatter=$(command -v clang-format-14 || echo clang-format)
version=$("$formatter" --version 2>/dev/null | grep -oE 'version [0-9]+' | grep -oE '[0-9]+')
if [ -z "$version" ]; then
	skip "clang-format" "clang-format is not installed"
elif [ "$version" != 14 ]; then
	skip "clang-format" "the project is formatted by clang-format 14, this is $version"
else
	bad=$(for f in "${c_files[@]}"; do
		"$formatter" --dry-run -Werror "$f" >/dev/null 2>&1 || echo "clang-format -i $f"
	done)
	expect_empty "clang-format" "$bad"
fi

# Tables: within 132 columns, but for a last string that begins before column 100 (texts are not broken).
mapfile -t tables < <(find src -name '*.def')
bad=$(awk '{ head = $0; gsub(/\t/, "        ", head); n = length(head); sub(/"[^"]*"[), ]*$/, "", head) }
	n > 132 && (length(head) == n || length(head) > 99) { print FILENAME ":" FNR ": " n " columns" }' "${tables[@]}")
expect_empty "tables are within 132 columns" "$bad"

# Rules: the parts of a row in the order of predict_fast.def, the functions of a table below each other.
bad=$(awk '
	function check(	rest, last, at, word) {
		for (rest = row; match(rest, /[ ,](\.[a-z]+ |[A-Z]+\()/); rest = substr(rest, RSTART + RLENGTH)) {
			word = substr(rest, RSTART + 1, RLENGTH - 2)
			at = index(order, " " word " ")
			if (at && at < last) print id ": " word " comes too late"
			if (at) last = at
		}
		if (row != "" && word != "TEXT") print id ": TEXT is not the end"
		row = ""
	}
	BEGIN { order = " YES NO KYES KNO FOLL .need NOFOLL .forbid .flags RAISE PAGE STORE SET CLEAR FORGET GO SINCE BEFORE TEXT " }
	FNR == 1 { check(); column = 0 }
	/^RULE\(/ {
		check(); id = FILENAME ":" FNR
		match($0, /", */)
		if (column && column != RSTART + RLENGTH) print id ": the function is not in column " column
		column = RSTART + RLENGTH
	}
	/^RULE\(/ || (row != "" && /^ /) { gsub(/"[^"]*"/, "\"\""); row = row " " $0 }
	END { check() }' src/gup/predict_*.def)
expect_empty "rules have the parts in one order, aligned" "$bad"

# Every file that takes a comment names its licence; REUSE.toml does for the others.
mapfile -t licensed < <(git ls-files 2>/dev/null | grep -vxE "COPYING|AUTHORS|NEWS|debian/(changelog|source/format)" |
	grep -vE '^tests/(golden/.*|btf/.*\.btf|fuzz/corpus/.*|tui/.*\.(steps|screen))$|^m4/\.gitkeep$|^docs/.*\.svg$')
if [ ${#licensed[@]} -gt 0 ]; then
	licensed+=(tests/golden/make.sh tests/golden/run.sh)
	expect_empty "every file names its licence" "$(awk 'FNR == 1 { if (NR > 1 && !named) print file; named = 0; file = FILENAME }
		FNR <= 5 && /SPDX-License-Identifier: [A-Z]/ { named = 1 }
		END { if (!named) print file }' "${licensed[@]}")"
else
	skip "every file names its licence" "this is no checkout of git"
fi

# People look for messages by grep: a string goes on in the next line only after a newline or a sentence.
bad=$(awk 'FNR == 1 { open = 0 }
	open && /^[ \t]*"/ { print FILENAME ":" FNR }
	{ open = /[[:alnum:],] "$/ }' "${c_files[@]}")
expect_empty "strings are not broken in the middle" "$bad"

if command -v shellcheck >/dev/null; then
	expect_empty "shellcheck" "$(shellcheck -x -e SC1091 -f gcc "${scripts[@]}" 2>&1 | grep -vE ': note:')"
else
	skip "shellcheck" "shellcheck is not installed"
fi

if command -v codespell >/dev/null; then
	expect_empty "codespell" "$(codespell -q 3 -L "$(grep -v '^#' tests/spelling | paste -sd,)" "${texts[@]}" 2>&1)"
else
	skip "codespell" "codespell is not installed"
fi

done_testing
