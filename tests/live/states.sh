#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# states.sh - page states made by the factory (mkpages) as gupinfo shows them.
#
# A row: state, minimum release, then what the columns must say.  "?" as an answer passes unless
# the wanted word ends in "!"; any other difference fails.  "*" is not compared.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root to see page frame numbers"
gupinfo=$builddir/gupinfo mkpages=$builddir/tests/live/mkpages
columns=KIND,LEAF,MAP,EXCL,GET-R,PIN-R,PIN-W,LT-W
release=$(uname -r | sed -E 's/^([0-9]+)\.([0-9]+).*/\1 \2/' | { read -r a b; echo $((a * 1000 + b)); })

#  state                 since kind     leaf map excl get-r  pin-r  pin-w  lt-w
table='
order-0                  5019  anon!    pte  1!  yes! fast   fast!  fast   fast
order-0+shared           5019  anon!    pte  2!  no!  fast   copy   copy   copy
order-0+child-gone       5019  anon!    pte  1!  no!  fast   mark   reuse  reuse
order-0+child-vmspliced  5019  anon!    pte  1!  no!  fast   copy   copy   copy
readonly                 5019  anon!    pte  1!  yes! fast   fast!  EFAULT! EFAULT!
protnone                 5010  anon!    pte  1!  *    EFAULT! EFAULT! EFAULT! EFAULT!
free                     5019  anon!    pte  1!  yes! fast   fast!  *      *
dontfork+shared          5019  anon!    pte  1!  yes! fast   fast!  fast   fast
zero                     6005  zero!    pte  *   -    slow!  slow!  copy!  copy!
guard                    6015  guard!   *    *   *    EFAULT! EFAULT! EFAULT! EFAULT!
thp                      5019  anon!    pmd! 1!  yes! fast   fast!  fast   fast
thp+shared               5019  anon!    pmd! 2!  no!  fast   copy   copy   copy
thp+child-gone           5019  anon!    pmd! 1!  no!  fast   mark   reuse  reuse
thp-pte                  5019  anon!    pte! 1!  yes  fast   fast   fast   fast
thp-half-shared          5019  anon!    pte! 2!  no!  fast   copy   copy   copy
thp-half-own             5019  anon!    pte! 1!  yes  fast   fast   fast   fast
thp-single               5019  anon!    pte! 1!  yes  fast   fast   fast   fast
hugetlb                  5019  hugetlb! pmd! 1!  yes! fast   fast!  fast   fast
hugetlb+shared           5019  hugetlb! pmd! 2!  no!  fast   copy   copy   copy
hugetlb+child-gone       5019  hugetlb! pmd! 1!  no!  fast   mark!  reuse! reuse
hugetlb+child-vmspliced  5019  hugetlb! pmd! 1!  no!  fast   mark!  reuse! reuse
hugetlb-shared           5010  hugetlb! pmd! *   -    fast   fast   *      *
ksm                      5019  ksm      pte  *   no   fast   copy   copy   copy
file-private             5010  file!    pte  *   -    fast!  fast!  copy!  copy!
file-cowed               5019  anon!    pte  1!  yes! fast   fast!  fast   fast
file-shared              6005  file!    pte  *   -    fast   fast   *      EFAULT!
secretmem                5014  *        pte  *   -    EFAULT! EFAULT! EFAULT! EFAULT!
'

# judge WANT GOT: what is wrong, if anything.
judge()
{
	local want=$1 got=$2
	[ "$want" = "*" ] && return
	if [ "${want%!}" != "$want" ]; then
		[ "${want%!}" = "$got" ] || echo "wanted ${want%!}, got $got"
	else
		[ "$want" = "$got" ] || [ "$got" = "?" ] || echo "wanted $want, got $got"
	fi
}

# state NAME WANTED…: makes the state, looks at it, compares.
state()
{
	local name=$1 line page pid bad="" names got
	shift
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
	read -r -a got <<<"$("$gupinfo" --pid "$pid" --pages --range "$page" -n -o "$columns" ${EVIDENCE:+--evidence=$EVIDENCE} 2>/dev/null | tail -1)"
	IFS=, read -r -a names <<<"$columns"
	for i in "${!names[@]}"; do
		why=$(judge "$1" "${got[$i]:-nothing}")
		[ -z "$why" ] || bad+="${names[$i]}: $why"$'\n'
		shift
	done
	eval "exec $in>&-"
	wait "$maker" 2>/dev/null
	expect_empty "$name${EVIDENCE:+ by $EVIDENCE}" "${bad:+${bad}row: ${got[*]}}"
}

for EVIDENCE in procfs ""; do
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
	done <<<"$table"
done
done_testing
