#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# inside.sh BUILD_DIR TRIALS TEST... - what the VM level runs in a VM; run.sh reads its lines.
#
# Prints "ok - TEST: NAME", "not ok - TEST: NAME", "ok - TEST: NAME # SKIP REASON" and "# " lines.
set -u
srcdir=$(cd "$(dirname "$(readlink -f "$0")")/../.." && pwd)
builddir=$1 trials=$2
shift 2
export srcdir builddir TZ=UTC GUPINFO_TEST_IN_VM=1

one()
{
	local test=$1 program status lines

	for program in "$builddir/$test" "$srcdir/$test" ''; do
		[ ! -x "$program" ] || break
	done
	[ -n "$program" ] || { echo "not ok - $test: it is not in the image"; return; }
	lines=$(timeout 150 "$program" 2>&1)
	status=$?
	if grep -qE '^1\.\.0' <<<"$lines"; then
		sed -n "s,^1\.\.0 *,ok - $test ,p" <<<"$lines"
		return
	fi
	sed -nE "s,^((not )?ok) [0-9]+ ?-? ?,\1 - $test: ,p; /^#/p" <<<"$lines"
	if [ $status -eq 124 ]; then
		echo "ok - $test # SKIP it did not end in 150 s: emulation is slow here"
		return
	fi
	[ $status -eq 0 ] || grep -q '^not ok' <<<"$lines" || {
		tail -n 5 <<<"$lines" | sed 's/^/# /'
		echo "not ok - $test: it ended with status $status"
	}
}

for test in "$@"; do
	one "$test"
done

[ "$trials" -gt 0 ] || exit 0
gupinfo=$builddir/gupinfo
if ! "$gupinfo" --help 2>/dev/null | grep -q -- --verify; then
	echo "ok - verify # SKIP this gupinfo has no --verify"
	exit 0
fi
timeout 200 "$gupinfo" --verify --state plain,random --trials "$trials" \
	--seed "${GUPINFO_VM_SEED:-1}" >/tmp/verify.out 2>/tmp/verify.err
status=$?
tail -n 30 /tmp/verify.out | sed 's/^/# /'
tail -n 5 /tmp/verify.err | sed 's/^/# /'
case $status in
0 | 3) echo "ok - verify: $trials random trials" ;;
4) echo "not ok - verify: gupinfo's rules and this kernel disagree" ;;
124) echo "ok - verify # SKIP it did not end in 200 s: emulation is slow here" ;;
*) echo "not ok - verify: status $status" ;;
esac
