#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# blockers.sh - what --blockers says of a memory block, beside what taking the block offline does.
#
# Only in a VM that has ZONE_MOVABLE: a block is taken away from the system.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/../..}/tests/tap.sh"
is_root || skip_all "needs root"
[ -n "${GUPINFO_TEST_IN_VM-}" ] || skip_all "takes memory away: only in a VM"
grep -q 'zone  *Movable' /proc/zoneinfo || skip_all "no ZONE_MOVABLE"
gupinfo=$builddir/gupinfo sys=/sys/devices/system/memory
"$gupinfo" --evidence=bpf --pid $$ --range '[stack]' >/dev/null 2>&1 || skip_all "no BPF"
frames=$((0x$(cat $sys/block_size_bytes) / $(getconf PAGESIZE)))

coproc MAKER { exec "$builddir/tests/live/mkpages" order-0+vmspliced 2>&1; }
maker=$MAKER_PID
eval "exec 9>&${MAKER[1]}-"
read -r line <&"${MAKER[0]}"
[[ $line == pid=* ]] || skip_all "$line"
pid=${line#pid=} pid=${pid%% *} at=${line##*page=0x} at=${at%% *}
pfn=$("$gupinfo" --pid "$pid" --range "$at+4K" --pages -r -n -o PFN 2>/dev/null)
block=memory$((pfn / frames))
[ "$(cat $sys/$block/valid_zones)" = Movable ] || skip_all "the page is not in ZONE_MOVABLE"

! "$gupinfo" --blockers $block -Q 'KIND = reserved' -n 2>/dev/null | grep -q . ||
	skip_all "the kernel's image lies in the block"

if [ "$(dd if=/sys/kernel/debug/page_owner bs=4096 count=1 2>/dev/null | head -c 4)" = Page ]; then
	said=$("$gupinfo" --who "$pfn" 2>&1)
	expect_empty "--who has the record of page_owner" "$(
		grep -A 1 '^page_owner:' <<<"$said" | grep -qE '^  Page allocated via order .*\(mkpages\)' || echo "$said")"
else
	skip "--who has the record of page_owner" "the kernel runs without page_owner=on"
fi

# blocks: the frames that references keep; others are those of a moment, on their way into a cache
blocks()
{
	"$gupinfo" --blockers $block -Q 'WHY = refs' -n -r -o PAGES,WHY,PFN,PID 2>/dev/null
}
offline()
{
	timeout "$1" bash -c "echo offline >$sys/$block/state" 2>/dev/null
}
seen=$(blocks)
expect_empty "a page in a pipe blocks" "$([ "$seen" = "1 refs $pfn $pid" ] || echo "$seen")"
offline 10
expect_empty "the block cannot be taken offline" "$(grep -v online $sys/$block/state)"
expect_empty "--dmesg finds the kernel's dump of it" "$(dmesg | "$gupinfo" --dmesg - -n -r -o PFN,WHY,RULE 2>&1 |
	grep -qx "$pfn refs migrate-refs" || dmesg | tail -n 20)"
exec 9>&-
wait "$maker" 2>/dev/null
seen=$(blocks)
expect_empty "once it is read it does not" "$seen"
offline 100
expect_empty "and the block is taken offline" "$(grep -vx offline $sys/$block/state)"
expect_empty "there is no frame left in it" "$("$gupinfo" --blockers $block | grep -v ': 0 frames')"
echo online >$sys/$block/state
done_testing
