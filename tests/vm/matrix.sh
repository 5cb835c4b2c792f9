#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# matrix.sh BUILD_DIR - judges every kernel by --verify, and writes down what came out.
#
#   GUPINFO_MATRIX_SECONDS=60    for each kind of evidence of each boot
#   GUPINFO_MATRIX_VARIANTS="default on nodes+movable+cma+on"
#                                default: as it boots; on: KSM, mTHP and swap; nodes: two of them, with
#                                ZONE_MOVABLE and CMA memory; radix, hash: Power by its MMU (the default there)
#   GUPINFO_MATRIX_HOST=1        the running kernel is judged as well (as it is: "host")
#   GUPINFO_MATRIX_SEED=...      of the first random trial; default: of the time
#   GUPINFO_MATRIX_BOOT=300      seconds that a boot may take
#   GUPINFO_MATRIX_DRY=1         nothing is written down
#   and the variables of kernels.sh (here by default: all), boot.sh and judge.sh
#
# Appends a line for each slice to docs/kernels.tsv and renews what is made of it (tools/proved.sh).
# BUILD_DIR's gupinfo must be of a committed state: the line names the commit.  What was wrong is
# printed, with the line that reproduces it.  Exit: 0 nothing was wrong, 4 something was.
set -u
top=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
build=$(readlink -f "$1")
tsv=$top/docs/kernels.tsv
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
seconds=${GUPINFO_MATRIX_SECONDS:-60}
seed=${GUPINFO_MATRIX_SEED:-$(date +%s)0000000}
commit=$(git -C "$top" rev-parse --short=10 HEAD) || exit 1
wrong=0

if [ -z "${GUPINFO_MATRIX_DRY-}" ] &&
	[ -n "$(git -C "$top" status --porcelain --untracked-files=no -- . ':!docs' ':!*proved.def')" ]; then
	echo "matrix.sh: commit first: what is judged must have a name" >&2
	exit 1
fi

# keep NAME: the slices of $work/lines, and what was wrong
keep()
{
	local date lines

	date=$(date -u +%F)
	# the serial line of Power ends lines as a terminal does
	sed -i 's/\r$//' "$work/lines"
	lines=$(sed -nE "s/^slice\t(.*)/\1\t$date\t$commit/p" "$work/lines")
	grep -av '^slice' "$work/lines"
	[ -n "$lines" ] || { echo "$1: nothing was judged: $(tail -n 3 "$work/err")"; return; }
	awk -F '\t' -v name="$1" '{ t += $6; r += $7; ok += $8; w += $9; u += $10; s += $11 }
		END { printf "%s: %d trials, %d random: %d right, %d wrong, %d unknown, %d skipped\n",
			name, t, r, ok, w, u, s; exit w != 0 }' <<<"$lines" || wrong=4
	[ -n "${GUPINFO_MATRIX_DRY-}" ] || printf '%s\n' "$lines" >>"$tsv"
	grep -aE '^(\[kernel\]|judge.sh)' "$work/err"
	seed=$((seed + 1000000))
}

host()
{
	"$top/tests/vm/judge.sh" "$build/gupinfo" host "$seconds" "$seed" </dev/null >"$work/lines" 2>"$work/err"
	keep host
}

# boot NAME IMAGE MODULES VARIANT
boot()
{
	local append='' nodes=1 processor=${CPU-}

	case $4 in
	nodes*) append="movablecore=512M cma=128M" nodes=2 ;;
	hash*) processor=power8 ;;
	esac
	TIMEOUT=$((seconds * 4 + ${GUPINFO_MATRIX_BOOT:-300})) CPUS=${CPUS:-1} CPU=$processor NUMA=$nodes APPEND=$append \
		"$top/tests/vm/boot.sh" "$2" "$3" "$work/root.img" "export GUPINFO_MATRIX_SLICE=${GUPINFO_MATRIX_SLICE:-4000} \
			GUPINFO_MATRIX_EVIDENCE='${GUPINFO_MATRIX_EVIDENCE-bpf procfs}'
		$top/tests/vm/judge.sh $build/gupinfo $4 $seconds $seed" </dev/null >"$work/lines" 2>"$work/err"
	keep "$1 $4"
}

[ -z "${GUPINFO_MATRIX_HOST-}" ] || host
# shellcheck source=tests/vm/arch.sh
. "$top/tests/vm/arch.sh"
arch_set "${GUPINFO_VM_ARCH:-amd64}" || exit 1
GUPINFO_VM_KERNELS=${GUPINFO_VM_KERNELS-all} "$top/tests/vm/kernels.sh" >"$work/kernels"
if [ -s "$work/kernels" ]; then
	"$top/tests/vm/rootfs.sh" "$build" "$work/root.img" || exit 1
fi
while read -r name image modules; do
	for variant in ${GUPINFO_MATRIX_VARIANTS-$variants}; do
		boot "$name" "$image" "${modules:-}" "$variant"
	done
done <"$work/kernels"
[ -n "${GUPINFO_MATRIX_DRY-}" ] || "$top/tools/proved.sh"
exit $wrong
