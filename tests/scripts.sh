#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# scripts.sh - run and check refuse a path that cannot be built in before they touch anything.
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
done_testing
