#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# man-columns.sh GUPINFO [--check] - the tables of columns in man/gupinfo.1, out of --list-columns.
#
# --check compares instead of writing, and prints what differs.
set -u
man=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)/man/gupinfo.1
gupinfo=$1

# rows PATTERN [KINDS]: of the columns whose rows match it; with KINDS, which of these have it
rows()
{
	COLUMNS=1000 "$gupinfo" --list-columns --noheadings | awk -v want="$1" -v kinds="${2-}" '
		$2 ~ want {
			name = $1; of = $2
			$1 = $2 = ""
			sub(/^ +/, "")
			gsub(/\\/, "\\e")
			gsub(/-/, "\\-", name)
			if (kinds) {
				n = split(kinds, kind, " ")
				name = name "|"
				for (i = 1; i <= n; i++)
					if (index(of, kind[i]))
						name = name (name ~ /\|$/ ? "" : " ") (n > 2 ? kind[i] : substr(kind[i], 1, 1))
			}
			print name "|T{"
			print
			print "T}"
		}'
}

# table TITLE FORMAT PATTERN [KINDS]
table()
{
	printf '.SS %s\n.TS\ntab(|);\n%s.\n' "$1" "$2"
	rows "$3" "${4-}"
	echo .TE
}

tables()
{
	echo '.\" columns: made by tools/man-columns.sh'
	table 'Of pages' 'lB lx' '^pages'
	table 'Of mappings (m: the summary) and of processes (p: \-\-all)' 'lB l lx' '^(mappings|processes)' 'mappings processes'
	table 'Of a family (\-\-family): its members, parts of them by mapping, pairs; with those of processes and mappings' \
		'lB l lx' '^(members|pairs)' 'members parts pairs'
	table 'Of findings (\-\-lint; with those of pages), changes (\-\-diff), pins (\-\-pins), blockers (\-\-blockers), states (\-\-verify), cases (\-\-demo), facts and columns' 'lB l lx' \
		'^(findings|changes|pins|blockers|states|cases|facts|columns)|,changes' 'findings changes pins blockers states cases facts columns'
	echo '.\" end of columns'
}

new=$(awk -v table="$(tables | sed 's/\\/\\\\/g')" '
	/^\.\\" columns:/ { print table; skip = 1 }
	!skip { print }
	/^\.\\" end of columns/ { skip = 0 }' "$man")
if [ "${2-}" = --check ]; then
	diff <(echo "$new") "$man"
else
	echo "$new" >"$man.new" && mv "$man.new" "$man"
fi
