#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# clangs.sh - the BPF programs of every clang that is installed here: built, loaded, and right.
#
# Compilers differ in what they infer and leave out, and this kernel's verifier takes a program or
# refuses it.  Each clang makes the programs anew, and the tests of the reader run with them.
set -u
top=$(readlink -f "${srcdir:-$(dirname "$0")/../..}")
# shellcheck source=tests/tap.sh
. "$top/tests/tap.sh"
cd "$builddir" || exit 1
excuse=$(tests/live/mkpages --bpf) || skip_all "$excuse"
[ -z "${GUPINFO_TEST_QUICK:-}" ] || skip_all "takes longer than quick tests may"
[ -e src/bpf/structpage.bpf.o ] || skip_all "the BPF programs came ready with the sources"
oldest=14
unset MAKEFLAGS MFLAGS MAKELEVEL

# The version of a clang, "14"; nothing when it is none, or knows no BPF.
version_of()
{
	"$1" -print-targets 2>/dev/null | grep -q '^ *bpf ' &&
		"$1" -dumpversion 2>/dev/null | grep -oE '^[0-9]+'
}

declare -A clangs=()
while read -r clang; do
	version=$(version_of "$clang") && [ "$version" -ge $oldest ] && clangs[$version]=$clang
done < <(compgen -c clang | grep -E '^clang(-[0-9]+)?$' | sort -u)
[ ${#clangs[@]} -gt 0 ] || skip_all "no clang is installed"

for version in $(printf '%s\n' "${!clangs[@]}" | sort -n); do
	out=clangs/$version
	tests=(test_bpfpage test_live_holders)
	said=$(make -s CLANG="$(command -v "${clangs[$version]}")" OF_CLANG="$out" BPF_OUT="$out/bpf" \
		"${tests[@]/#/$out/}" 2>&1)
	if [ $? -ne 0 ] || grep -q 'warning:' <<<"$said"; then
		not_ok "clang $version: the programs are built without a warning" "$said"
		continue
	fi
	ok "clang $version: the programs are built without a warning"
	for test in "${tests[@]}"; do
		said=$("$out/$test" 2>&1)
		expect_empty "clang $version: $test" "$([ $? -eq 0 ] || grep -v '^ok' <<<"$said")"
	done
done

# refused HEADER EXPRESSION: builds the reader's programs with HEADER as that sed makes it, so that the verifier
# refuses some; $said is what the reader's test says
refused()
{
	local broken=clangs/broken-${1%%.*}

	mkdir -p "$broken"
	sed "$2" "$top/src/bpf/$1" >"$broken/$1"
	cat >"$broken/clang" <<-END
		#!/bin/bash
		for word in "\$@"; do
			case \$word in
			*/structpage.bpf.c) # it includes what lies beside it
				cp "\$word" $broken/
				word=$broken/structpage.bpf.c
				;;
			esac
			words+=("\$word")
		done
		exec "${clangs[$version]}" "\${words[@]}"
	END
	chmod +x "$broken/clang"
	make -s CLANG="$PWD/$broken/clang" OF_CLANG="$broken" BPF_OUT="$broken/bpf" "$broken/test_bpfpage" >/dev/null 2>&1
	said=$("$broken/test_bpfpage" 2>&1)
}

refused calibrate.bpf.h 's/^\treturn 1;/\treturn i;/'
expect_empty "refused programs: the test of the reader fails" "$([ $? -ne 0 ] || echo "$said")"
expect_empty "refused programs: the verifier's last line is given as the reason" \
	"$(grep -qE 'BPF must work here, but: .*callback return' <<<"$said" || grep '^#' <<<"$said")"
# a callback returns what a global function did
refused walk.bpf.h 's/return r != 0;/return r;/'
expect_empty "refused \"observe\": the host walks" \
	"$([ $? -eq 0 ] && grep -q '^# reader copy' <<<"$said" || grep -v '^ok' <<<"$said")"
done_testing
