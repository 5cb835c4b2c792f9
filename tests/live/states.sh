#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# states.sh - page states made by the factory (mkpages) as gupinfo shows them.
#
# tests/states.sh holds what they must say.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/tap.sh"
# shellcheck source=tests/states.sh
. "$srcdir/tests/states.sh"
is_root || skip_all "needs root to see page frame numbers"
gupinfo=$builddir/gupinfo mkpages=$builddir/tests/live/mkpages
release=$(states_release "$(uname -r)")
# The file system of a chroot is mounted elsewhere: nothing inside says what it is.
awk -v dev="$(stat -c %Hd:%Ld /tmp)" '$3 == dev { found = 1 } END { exit !found }' /proc/self/mountinfo ||
	states_table=$(sed '/^file-shared/s/EFAULT!/?!/' <<<"$states_table")

# GUP-fast of such a kernel does not know PROT_NONE.
[ "$("$gupinfo" --facts -r -n -o VALUE -Q 'FACT == "fast-protnone"' 2>/dev/null)" != no ] ||
	states_table=$(sed -E '/^protnone/s/EFAULT! +EFAULT!/fast fast/' <<<"$states_table")

# how many huge pages khugepaged has put together: it may have got one that a state has in pieces
collapsed()
{
	cat /sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed 2>/dev/null
}

# state NAME WANTED…: makes the state, looks at it, compares.
state()
{
	local name=$1 line page pid bad="" names got before again=("$@")
	shift
	before=$(collapsed)
	coproc STATE { exec "$mkpages" "$name" 2>&1; }
	local in=${STATE[1]} from=${STATE[0]} maker=$STATE_PID
	read -r line <&"$from"
	if [[ $line != pid=* ]]; then
		wait "$maker"
		[ $? = 77 ] && skip "$name" "$line" || not_ok "$name" "$line"
		return
	fi
	pid=${line#pid=} pid=${pid%% *}
	page=${line##*page=} page=${page%% *}
	read -r -a got <<<"$("$gupinfo" --pid "$pid" --pages --range "$page" -n -o "$states_columns" ${EVIDENCE:+--evidence=$EVIDENCE} 2>/dev/null | tail -1)"
	IFS=, read -r -a names <<<"$states_columns"
	for i in "${!names[@]}"; do
		cells=$((cells + 1))
		[ "${got[$i]:-}" != "?" ] || unknown=$((unknown + 1))
		why=$(states_judge "$1" "${got[$i]:-nothing}")
		[ -z "$why" ] || bad+="${names[$i]}: $why"$'\n'
		shift
	done
	eval "exec $in>&-"
	wait "$maker" 2>/dev/null
	[ -z "$bad" ] || [ "$(collapsed)" = "$before" ] || {
		state "${again[@]}"
		return
	}
	expect_empty "$name${EVIDENCE:+ by $EVIDENCE}" "${bad:+${bad}row: ${got[*]}}"
}

# all_read: whether every source of facts can be read, struct pages included.
all_read()
{
	local sources
	sources=$("$gupinfo" --facts 2>/dev/null | sed '/^$/q' | tail -n +2)
	grep -q 'struct page  *read' <<<"$sources" && ! grep -vE ' read$|^$' <<<"$sources" >/dev/null
}

for EVIDENCE in procfs ""; do
	cells=0 unknown=0
	while read -r name since wants; do
		[ -n "$name" ] || continue
		if [ "$release" -lt "$since" ]; then
			skip "$name" "needs Linux $((since / 1000)).$((since % 1000))"
			continue
		fi
		# shellcheck disable=SC2086
		set -f
		state "$name" $wants
		set +f
	done <<<"$states_table"
	# "?" passes for most words, so the number of "?" must have a bound.
	if [ -n "$EVIDENCE" ] || all_read; then
		limit=$((cells * 5 / 100))
		[ -z "$EVIDENCE" ] || limit=$((cells * 35 / 100)) # many counts are BPF's alone
		bad=$([ "$unknown" -le "$limit" ] || echo "$unknown of $cells words are not known, at most $limit may be")
		expect_empty "most words are known${EVIDENCE:+ by $EVIDENCE}" "$bad"
	else
		skip "most words are known" "a source of facts cannot be read here"
	fi
	echo "# $unknown of $cells words are not known${EVIDENCE:+ by $EVIDENCE}"
done

out=$(mktemp)
trap 'rm -f "$out"' EXIT
# A store to the page of a huge one that an io_uring or a pipe has is seen there; one to the others is not.
for name in thp-pte+pinned thp-pte+vmspliced; do
	if ! "$gupinfo" --facts 2>/dev/null | grep -q 'struct page  *read'; then
		skip "$name" "struct pages cannot be read here"
		continue
	fi
	# It stays until its input ends.
	exec 9> >(exec "$mkpages" "$name" >"$out" 2>&1)
	maker=$!
	until grep -q . "$out" || ! kill -0 "$maker" 2>/dev/null; do sleep 0.1; done
	made=$(head -n 1 "$out")
	pid=${made#pid=} pid=${pid%% *} page=${made##*page=} page=${page%% *}
	if [[ $made = pid=* ]]; then
		start=$((0x${page#0x} & ~0x1fffff))
		seen=$("$gupinfo" --pid "$pid" --pages --range "$(printf '%x-%x' $start $((start + 0x200000)))" -n -o PAGES,SEEN 2>/dev/null |
			awk '{ n[$2] += $1 } END { print n["yes"] + 0, n["no"] + 0 }')
		expect_empty "$name: seen in the page that is held" "$([ "$seen" = "1 511" ] || echo "yes and no: $seen")"
	else
		skip "$name" "$made"
	fi
	exec 9>&-
	: >"$out"
done
bpf_reader
done_testing
