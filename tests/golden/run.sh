#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh - recorded reports of several kernels in every view, compared with what was accepted.
#
#	run.sh			compares all (make check does)
#	run.sh --accept NAME…	takes today's output of these as right; look at git diff
#	run.sh --add FILE NAME	makes a fixture of a user's report: redacted, then accepted
#
# A fixture is NAME.gupinfo; NAME.out holds the output of all views.  See docs/regression.md.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/tap.sh"
golden=$srcdir/tests/golden gupinfo=$builddir/gupinfo

# The first address of the first run that says something.
first()
{
	"$gupinfo" --replay "$1" --pages --raw --noheadings -o ADDR,KIND 2>/dev/null |
		awk '$2 != "none" { print $1; exit }'
}

# Three processes of it, or as many as there are: the first, one of the middle, the last.
some()
{
	"$gupinfo" --replay "$1" --pages --raw --noheadings -o PID 2>/dev/null | uniq |
		awk '{ p[NR] = $1 } END { print p[1] "," p[int(NR * 0.75) + 1] "," p[NR] }'
}

# views REPORT: every view of it.
views()
{
	local report=$1 addr pids status
	addr=$(first "$report") pids=$(some "$report")
	local -a view=('' '--pages' '--pid PIDS --explain ADDR' '--lint' '--facts' '--pid PIDS --json-lines' '--pairs -o +REF,PIN'
		'--model 6.1' '--model 6.18+hugetlb-refcount --pages' '--lint --json' '--report')
	for v in "${view[@]}"; do
		v=${v/ADDR/$addr} v=${v/PIDS/$pids}
		echo "==== gupinfo --replay NAME.gupinfo $v"
		# shellcheck disable=SC2086
		"$gupinfo" --replay "$report" $v 2>&1 | sed "s,$report,NAME.gupinfo,g" |
			# of a report the first page; the rest is the fixture itself
			case $v in
			--report) sed '/^\[kernel\]/,$d' ;;
			--facts) awk '{ print $1, $2, $3 }' ;; # the words about a fact are not the point
			*json*) cut -c 1-4000 | head -n 24 ;;
			*) cat ;;
			esac
		status=${PIPESTATUS[0]}
		[ "$status" = 0 ] || echo "==== exit status $status"
	done
}

accept()
{
	views "$golden/$1.gupinfo" >"$golden/$1.out.new" && mv "$golden/$1.out.new" "$golden/$1.out"
	echo "accepted $1: $(wc -l <"$golden/$1.out") lines"
}

case ${1-} in
--accept)
	shift
	for name; do
		accept "$(basename "$name" .gupinfo)"
	done
	exit
	;;
--add)
	[ $# = 3 ] || { echo "usage: $0 --add FILE NAME" >&2; exit 2; }
	"$gupinfo" --replay "$2" --redact --report="$golden/$3.gupinfo" || exit
	accept "$3"
	echo "now: git add tests/golden/$3.gupinfo tests/golden/$3.out"
	exit
	;;
esac

for report in "$golden"/*.gupinfo; do
	[ -f "$report" ] || skip_all "no fixtures"
	name=$(basename "$report" .gupinfo)
	bad=$(diff -u "$golden/$name.out" <(views "$report") | head -n 40)
	[ -z "$bad" ] || bad+=$'\n'"if this is right: tests/golden/run.sh --accept $name"
	expect_empty "$name in every view" "$bad"
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
