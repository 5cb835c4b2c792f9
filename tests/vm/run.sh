#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# run.sh BUILD_DIR - the VM level: live tests and --verify on other kernels; prints TAP.
#
#   GUPINFO_VM_TRIALS=300   random trials of --verify for each kernel; 0: none
#   GUPINFO_VM_SECONDS=240  limit for each boot
#   GUPINFO_VM_TESTS=...    only these live tests
#   GUPINFO_VM_CROSS=arm64  other architectures, which cross.sh builds for (ppc64el, riscv64, s390x); empty: none
#   GUPINFO_VM_KERNELS_arm64="6.12 6.12+16k" and so on: their kernels; default 6.12
#   and kernels.sh's and boot.sh's variables
#
# BUILD_DIR holds gupinfo and its test programs (make check TESTS=).  Kernels that are absent are
# skipped by name.
set -u
top=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
build=$(readlink -f "$1")
# shellcheck source=tests/tap.sh
. "$top/tests/tap.sh"

for tool in qemu-system-x86_64 busybox cpio mkfs.ext4; do
	command -v $tool >/dev/null || skip_all "$tool is not installed"
done
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT

# shellcheck disable=SC2016  # make expands it
tests=${GUPINFO_VM_TESTS-$(make -s -C "$build" --eval 'vm-tests: ; @echo $(filter tests/live/%,$(TESTS))' vm-tests)}
# What kernels say of what they are asked to do; not our doing.  6.1: a long-term pin of a hugetlb
# page in ZONE_MOVABLE trips WARN_ON_ONCE(!try_grab_folio()) in follow_hugetlb_page().
known_complaints='follow_hugetlb_page|Call Trace'

# boot NAME IMAGE MODULES TEST...: one VM; its lines become ours.
boot()
{
	local name=$1 image=$2 modules=$3 started=$SECONDS status

	shift 3
	TIMEOUT=${GUPINFO_VM_SECONDS:-240} "$top/tests/vm/boot.sh" "$image" "$modules" "$work/root.img" \
		"$top/tests/vm/inside.sh $build ${GUPINFO_VM_TRIALS:-300} $*" </dev/null >"$work/lines" 2>"$work/err"
	status=$?
	while IFS= read -r line; do
		case $line in
		'ok - '*' # SKIP '*) skip "$name: $(sed 's/ # SKIP.*//; s/^ok - //' <<<"$line")" "${line##* # SKIP }" ;;
		'ok - '*) ok "$name: ${line#ok - }" ;;
		'not ok - '*) not_ok "$name: ${line#not ok - }" ;;
		'#'*) echo "$line" ;;
		esac
	done <"$work/lines"
	if [ $status -eq 124 ]; then
		skip "$name: the rest" "the VM did not end in ${GUPINFO_VM_SECONDS:-240} s: emulation is slow here"
	elif [ $status -ne 0 ]; then
		not_ok "$name: the VM ended with status $status" "$(cat "$work/err")"
	elif grep '^\[kernel\]' "$work/err" | grep -qvE "$known_complaints"; then
		# a warning of the kernel's own is for people to read; what gupinfo said was judged above
		sed 's/^/# /' "$work/err"
		skip "$name: the kernel's log" "it complained, see above"
	else
		ok "$name: the kernel did not complain ($((SECONDS - started)) s)"
	fi
}

# kernels: all of $GUPINFO_VM_ARCH, with the programs in $build
kernels()
{
	"$top/tests/vm/kernels.sh" >"$work/kernels" 2>"$work/absent"
	while read -r line; do
		skip "vm" "${line#kernels.sh: }"
	done <"$work/absent"
	[ -s "$work/kernels" ] || { skip "vm" "no kernel of ${GUPINFO_VM_ARCH:-this architecture}"; return; }
	"$top/tests/vm/rootfs.sh" "$build" "$work/root.img" || { not_ok "the root image"; return; }
	while read -r name image modules; do
		# shellcheck disable=SC2086  # a list
		boot "$name" "$image" "${modules:-}" $tests
		# kernels of our own making know these: two nodes, CMA, ZONE_MOVABLE
		case $name in stock-*) continue ;; esac
		NUMA=2 APPEND="movablecore=512M cma=128M" boot "$name+numa+movable+cma" "$image" "${modules:-}"
		GUPINFO_VM_TRIALS=0 APPEND="movablecore=512M page_owner=on" \
			boot "$name+movable" "$image" "${modules:-}" tests/live/blockers.sh
	done <"$work/kernels"
}

kernels
for GUPINFO_VM_ARCH in ${GUPINFO_VM_CROSS-arm64}; do
	export GUPINFO_VM_ARCH
	kernels=GUPINFO_VM_KERNELS_$GUPINFO_VM_ARCH
	[ "$GUPINFO_VM_ARCH" != arm64 ] || : "${GUPINFO_VM_KERNELS_arm64=6.12 6.12+16k}"
	export GUPINFO_VM_KERNELS=${!kernels-6.12}
	why=$("$top/tests/vm/cross.sh" "$GUPINFO_VM_ARCH" "$top/build/vm/$GUPINFO_VM_ARCH" 2>&1)
	case $? in
	0) build=$top/build/vm/$GUPINFO_VM_ARCH/build && kernels ;;
	77) skip "$GUPINFO_VM_ARCH" "$why" ;;
	*) not_ok "$GUPINFO_VM_ARCH: the cross build" "$why" ;;
	esac
done
done_testing
