#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# binary.sh - the binary has the protection that configure found a compiler for.
#
# make check builds with sanitizers; .ci/run asks of the optimised build, too.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
binary=$builddir/gupinfo
[ -x "$binary" ] || skip_all "gupinfo is not built"
for tool in readelf nm objdump; do
	command -v $tool >/dev/null || skip_all "no $tool"
done
flags=$(sed -nE 's/^HARDEN_(C|LD)FLAGS = //p' "$builddir/Makefile" | tr '\n' ' ')
segments=$(readelf -lW "$binary")
dynamic=$(readelf -dW "$binary")
imports=$(nm -D --undefined-only "$binary")

# has NAME FLAG TEXT PATTERN: TEXT has PATTERN if the compiler has FLAG.
has()
{
	if [[ -n $2 && " $flags " == *" $2 "* ]]; then
		expect_empty "$1" "$(grep -qE -- "$4" <<<"$3" || echo "not found: $4")"
	else
		skip "$1" "the compiler has no flag for it, or the sanitizers do that"
	fi
}

has "its addresses are random" -pie "$(readelf -hW "$binary")" 'Type: +DYN'
has "relocations are read-only after start" -Wl,-z,relro "$segments" ' GNU_RELRO '
has "all of them: nothing is bound late" -Wl,-z,now "$dynamic" 'BIND_NOW|FLAGS.* NOW'
has "the stack is not executable" -Wl,-z,noexecstack "$segments" ' GNU_STACK .* RW '
has "functions with buffers watch their frame" -fstack-protector-strong "$imports" '__stack_chk_fail'
has "the C library checks sizes" -D_FORTIFY_SOURCE=3 "$imports" '__[a-z]+_chk'
body=$(objdump -d --no-show-raw-insn "$binary")
# With sanitizers variables stand elsewhere, and no frame need be large.
has "large frames are touched page by page" \
	"$(grep -oE -- '-fstack-clash-protection.*_FORTIFY_SOURCE' <<<"$flags" | cut -d' ' -f1)" "$body" \
	'(or[ql]|mov[ql]) +\$0x0,(0x0)?\(%rsp\)|sub +\$0x1000,%rsp'
has "indirect jumps land on marks" -fcf-protection=full "$(grep -A1 '<main>:$' <<<"$body")" endbr64
expect_empty "no segment is writable and executable" "$(grep -E 'LOAD .* RWE ' <<<"$segments")"
expect_empty "no library is looked for in a path of the build" "$(grep -E 'RPATH|RUNPATH|TEXTREL' <<<"$dynamic")"
done_testing
