#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# judge.sh GUPINFO VARIANT SECONDS SEED - --verify on this kernel in slices; matrix.sh runs it, in a VM or not.
#
#   VARIANT  "on" (by itself or after a "+") switches KSM, mTHP and swap on: only in a VM
#   SECONDS  for each kind of evidence: first every state without variants, then random trials
#   SEED     of the first random trial
#   GUPINFO_MATRIX_EVIDENCE="bpf procfs"  GUPINFO_MATRIX_SLICE=4000 (trials)
#
# Prints one line for each slice, with tabs: "slice" RELEASE BUILD ARCH VARIANT EVIDENCE TRIALS RANDOM
# RIGHT WRONG UNKNOWN SKIPPED, and what was wrong at length.  A slice that the time cuts off counts
# what it did.
set -u
gupinfo=$1 variant=$2 seconds=$3 seed=$4
slice=${GUPINFO_MATRIX_SLICE:-4000}
out=$(mktemp) || exit 1
trap 'rm -f "$out" "$out.err"' EXIT

switch_on()
{
	local mm=/sys/kernel/mm size

	echo 1 >$mm/ksm/run
	echo 1000 >$mm/ksm/pages_to_scan
	echo 2 >$mm/ksm/sleep_millisecs
	for size in "$mm"/transparent_hugepage/hugepages-*/enabled; do
		[ ! -w "$size" ] || echo always >"$size"
	done
	grep -q '^/' /proc/swaps || echo "judge.sh: no swap space here" >&2
}

# slice EVIDENCE STATES TRIALS SECONDS
slice()
{
	local evidence=$1 status last
	local -a how=(--evidence "$evidence")

	timeout -k 60 "$4" "$gupinfo" --verify "${how[@]}" --state "$2" --trials "$3" --seed "$seed" >"$out" 2>"$out.err"
	status=$?
	sed -nE '/^WRONG/,/reproduce/p' "$out"
	last=$(sed -nE 's/^.*: ([0-9]+) trials in [0-9]+ s, ([0-9]+) of them random \(seed [0-9]+\): ([0-9]+) right, ([0-9]+) wrong, ([0-9]+) unknown, ([0-9]+) skipped$/\1\t\2\t\3\t\4\t\5\t\6/p' "$out")
	if [ -z "$last" ]; then
		echo "judge.sh: $evidence $2: status $status: $(tail -n 1 "$out.err")" >&2
		return 1
	fi
	printf 'slice\t%s\t%s\t%s\t%s\t%s\t%s\n' "$(uname -r)" "$(uname -v)" "$(uname -m)" "$variant" "$evidence" "$last"
}

[ "${variant##*+}" != on ] || switch_on
for evidence in ${GUPINFO_MATRIX_EVIDENCE-bpf procfs}; do
	end=$((SECONDS + seconds))
	slice "$evidence" plain 0 $((seconds > 10 ? seconds : 10)) || continue
	while left=$((end - SECONDS)) && [ $left -gt 2 ]; do
		slice "$evidence" random "$slice" $left || break
		seed=$((seed + slice))
	done
done
exit 0
