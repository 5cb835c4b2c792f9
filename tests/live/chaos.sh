#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# chaos.sh - a few of the runs of tests/chaos: processes that change under gupinfo, and what it leaves alone.
#
# By hand, and for long: tests/chaos/chaos.py -n 10000 BUILD, tests/chaos/disturb.py -n 10000 BUILD.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}/tests/tap.sh"
command -v python3 >/dev/null || skip_all "python3 is not installed"

# runs NAME COMMAND...: the last lines say what was done.
runs()
{
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		ok "$name ($(tail -n 1 <<<"$said"))"
	else
		not_ok "$name" "$said"
	fi
}
runs "chaos" python3 "$srcdir/tests/chaos/chaos.py" -n "${GUPINFO_CHAOS:-80}" "$builddir"
if is_root; then
	runs "disturbance" python3 "$srcdir/tests/chaos/disturb.py" -n "${GUPINFO_DISTURB:-60}" "$builddir"
else
	skip "disturbance" "page frame numbers are hidden from others than root"
fi
done_testing
