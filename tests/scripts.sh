#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts.sh - run and check refuse a path that cannot be built in before they touch anything; what bench/run
# compares with the last release.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
for tool in apt-get dpkg-query gcc make clang; do
	printf '#!/bin/sh\necho "%s was called"\n' $tool >"$dir/bin/$tool"
done
chmod +x "$dir"/bin/*

for name in 'a blank' 'a#b' 'a$b' 'a:b' "a'b"; do
	mkdir -p "$dir/$name/tools"
	cp "$srcdir/run" "$srcdir/check" "$dir/$name/"
	cp "$srcdir/tools/ensure.sh" "$dir/$name/tools/"
	for script in run check; do
		said=$(PATH=$dir/bin:$PATH "$dir/$name/$script" 2>&1)
		bad=$([ $? = 1 ] || echo "it did not exit with 1")
		grep -qF "'$dir/$name'" <<<"$said" || bad+=" the path is not named"
		[ "$(wc -l <<<"$said")" = 1 ] || bad+=" not one sentence"
		[ ! -e "$dir/$name/build" ] || bad+=" something was made"
		expect_empty "$script in '$name'" "${bad:+$bad: $said}"
	done
done

bench=$srcdir/bench
# is NAME WANTED GOT
is()
{
	expect_empty "$1" "$(diff <(echo "$2") <(echo "$3"))"
}
compare()
{
	awk -f "$bench/release.awk" "$1" "$dir/results"
}
row()
{
	printf 'small|420|%s|9 %s %s 500 %s\n' "$@"
}
{
	row 'page-types' 1 900 0
	row 'page-types -M -r -l' 2 900 0
	row 'gupinfo, bpf' 8 5000 0
	row 'gupinfo, procfs' 4 5000 3
	row 'gupinfo --pages, bpf' 9 5000 124
} >"$dir/results"
awk -v made="a machine" -f "$bench/release.awk" "$dir/results" >"$dir/release.tsv"
is "what bench/run --release keeps" $'small\tgupinfo, bpf\t0.250\t8.00\t5000\nsmall\tgupinfo, procfs\t0.500\t4.00\t5000' \
	"$(grep -v '^#' "$dir/release.tsv")"
is "the same is no loss" "0 of 2 rows lost" "$(compare "$dir/release.tsv" | tail -n 1)"
sed -i 's/|9 8 5000/|9 9 5000/; s/|9 4 5000/|9 4 6500/' "$dir/results"
is "a tenth of the speed or a quarter of the memory is a loss" "small: gupinfo, bpf
small: gupinfo, procfs
2 of 2 rows lost" "$(compare "$dir/release.tsv" | awk '/LOSS$/ { print $1, $2, $3 } END { print }')"
row 'gupinfo --all, bpf' 1 5000 0 >>"$dir/results"
is "a row that is new" 1 "$(compare "$dir/release.tsv" | grep -c 'gupinfo --all, bpf .* new$')"
expect_empty "bench/release.tsv can be read" "$(compare "$bench/release.tsv" | grep '^release.tsv:')"
bad=$(printf 'small\tgupinfo, bpf\tfast\n' | compare - && echo "exit 0")
is "a line that is none is named" "release.tsv:1: not SUBJECT TOOL RATIO CPU_MS RSS_KIB: small	gupinfo, bpf	fast" \
	"$(head -n 1 <<<"$bad")"
done_testing
