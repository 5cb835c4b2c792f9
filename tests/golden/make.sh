#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# make.sh GUPINFO MKPAGES FILE [STATE…] - records the page states of the factory on this kernel as one report.
#
# Each state is a process of its own, named after it; needs root.  What cannot be made here is left
# out and named on stderr; stdout lists the masked process name, the state and the address that
# shows it, as NAME/states holds them.
set -u
gupinfo=$1 mkpages=$2 file=$3
states='order-0 order-0+shared order-0+child-gone order-0+child-vmspliced order-0+vmspliced order-0+pinned
	zero readonly protnone free dontfork guard uffd-wp swapped ksm mlocked
	thp thp+shared thp+child-gone thp+child-vmspliced thp-pte thp-half-shared thp-half-own thp-single huge-zero
	hugetlb hugetlb+shared hugetlb+child-gone hugetlb+child-vmspliced hugetlb+pinned hugetlb-shared
	file-private file-cowed file-shared-dirty tmpfs-private memfd-dirty shmem secretmem'
[ $# -le 3 ] || states=${*:4}
dir=$(mktemp -d) || exit
pids='' n=0
# Every process waits for the end of its input, which is kept open until the report is written.
mkfifo "$dir/input" && exec 9<>"$dir/input" || exit
for state in $states; do
	name=${state//hugetlb/huge} name=${name//child-/c-}
	name=${name:0:15}
	cp "$mkpages" "$dir/$name" || exit
	"$dir/$name" "$state" <"$dir/input" >"$dir/said" 2>&1 9>&- &
	for ((i = 0; i < 300; i++)); do
		[ -s "$dir/said" ] && break
		sleep 0.1
	done
	line=$(head -n 1 "$dir/said")
	if [[ $line == pid=* ]]; then
		page=${line##*page=} line=${line#pid=}
		pids+=,${line%% *}
		echo "comm-$((++n)) $state ${page%% *}"
	else
		echo "make.sh: not here: ${line:-$state}" >&2
	fi
	rm -f "$dir/said"
done
"$gupinfo" --pid "${pids#,}" --range 20000000+64M --redact --report="$file"
status=$?
# shellcheck disable=SC2086
kill ${pids//,/ } 2>/dev/null
rm -rf "$dir"
exit $status
