#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# style.sh - clang-format, shellcheck and codespell over the project's own files.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
cd "$srcdir" || exit 1

mapfile -t c_files < <(find src tests bench -name '*.[ch]' ! -name '*.skel.h' ! -name 'vmlinux*' 2>/dev/null)
mapfile -t scripts < <(grep -lE -m 1 '^#!/bin/(ba)?sh|^# shellcheck shell=' -r \
	run check autogen.sh .ci tools tests bench completion 2>/dev/null | grep -vE '\.(log|trs|md|c|py)$')
mapfile -t texts < <(find README.md HACKING.md man docs completion src tests/*.sh tests/unit tools run check \
	-type f ! -name '*.skel.h' ! -name 'vmlinux*' ! -name '*.o' ! -path '*/golden/*' 2>/dev/null)

# Releases of clang-format differ; the project's is Debian 12's.
version=$(clang-format --version 2>/dev/null | grep -oE 'version [0-9]+' | grep -oE '[0-9]+')
if [ -z "$version" ]; then
	skip "clang-format" "clang-format is not installed"
elif [ "$version" != 14 ]; then
	skip "clang-format" "the project is formatted by clang-format 14, this is $version"
else
	bad=$(for f in "${c_files[@]}"; do
		clang-format --dry-run -Werror "$f" >/dev/null 2>&1 || echo "clang-format -i $f"
	done)
	expect_empty "clang-format" "$bad"
fi

if command -v shellcheck >/dev/null; then
	expect_empty "shellcheck" "$(shellcheck -x -e SC1091 -f gcc "${scripts[@]}" 2>&1 | grep -vE ': note:')"
else
	skip "shellcheck" "shellcheck is not installed"
fi

if command -v codespell >/dev/null; then
	expect_empty "codespell" "$(codespell -q 3 -L "$(paste -sd, tests/spelling 2>/dev/null)" "${texts[@]}" 2>&1)"
else
	skip "codespell" "codespell is not installed"
fi

done_testing
