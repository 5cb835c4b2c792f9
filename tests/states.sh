# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash disable=SC2034  # its variables are for those who source it
#
# states.sh - what gupinfo must say of page states: . "$srcdir/tests/states.sh".
#
# A row: state, minimum release, then what the columns must say.  "?" as an answer passes unless
# the wanted word ends in "!" (the tests bound how many may); any other difference
# fails.  "*" is not compared.
states_columns=KIND,LEAF,MAP,EXCL,GET-R,PIN-R,PIN-W,LT-W

#  state                 since kind     leaf map excl get-r  pin-r  pin-w  lt-w
states_table='
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
aio-ring                 6005  file     pte  1!  -    fast   fast   *      EFAULT!
secretmem                5014  *        pte  *   -    EFAULT! EFAULT! EFAULT! EFAULT!
'

# states_judge WANT GOT: what is wrong, if anything.
states_judge()
{
	local want=$1 got=$2
	[ "$want" = "*" ] && return
	if [ "${want%!}" != "$want" ]; then
		[ "${want%!}" = "$got" ] || echo "wanted ${want%!}, got $got"
	else
		[ "$want" = "$got" ] || [ "$got" = "?" ] || echo "wanted $want, got $got"
	fi
}

# states_release RELEASE: 6.18.44-x as 6018, as in the table.
states_release()
{
	sed -nE 's/^([0-9]+)\.([0-9]+).*/\1 \2/p' <<<"$1" | { read -r a b; echo $((a * 1000 + b)); }
}
