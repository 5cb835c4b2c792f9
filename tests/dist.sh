#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# dist.sh BUILD - what a packager asks of the release tarball of this build; prints TAP.
#
# Is everything in it, are the BPF programs really compiled where --with-bpf=rebuild wants that, and does
# everybody get the same bytes?  .ci/run runs it after make distcheck.
set -u
# shellcheck source=tests/tap.sh
. "$(dirname "$0")/tap.sh"
build=$(readlink -f "${1:-$builddir}")
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
make -s -C "$build" dist >"$dir/log" 2>&1 || { not_ok "make dist" "$(tail -n 5 "$dir/log")"; done_testing; }
tarball=$(find "$build" -maxdepth 1 -name 'gupinfo-*.tar.xz' -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
name=$(basename "$tarball" .tar.xz)
mkdir -p "$dir/one" "$dir/a/deeper/two"
tar -C "$dir/one" -xf "$tarball" && mv "$dir/one/$name" "$dir/src"
src=$dir/src

if [ -e "$srcdir/.git" ]; then
	expect_empty "the tarball holds what the repository holds" "$(comm -23 \
		<(git -C "$srcdir" ls-files | grep -vE '^(\.git.*|\.github/.*|debian/.*|m4/\.gitkeep)$' | sort) \
		<(cd "$src" && find . -type f -printf '%P\n' | sort))"
fi
expect_empty "it knows its version" "$([ "$("$src/tools/version.sh")" = "$("$srcdir/tools/version.sh")" ] || cat "$src/.tarball-version")"
expect_empty "all files that name a version agree" "$("$src/tools/version.sh" --check)"

# configured DIR ARG...: its output on failure
configured()
{
	mkdir -p "$dir/$1" && (cd "$dir/$1" && "$src/configure" -q "${@:2}") >"$dir/log" 2>&1 || tail -n 3 "$dir/log"
}
if ! command -v clang >/dev/null || ! PATH=$PATH:/usr/sbin:/sbin command -v bpftool >/dev/null; then
	skip "the BPF programs" "clang or bpftool is not installed"
	done_testing
fi
expect_empty "without clang, the shipped programs will do" \
	"$(configured shipped ac_cv_path_CLANG=no; grep -q 'define HAVE_BPF 1' "$dir/shipped/config.h" || echo "built without BPF")"
expect_empty "with --with-bpf=rebuild they will not" \
	"$(configured refused --with-bpf=rebuild ac_cv_path_CLANG=no | grep -q 'needs clang and bpftool' || echo "it configured")"
expect_empty "nor will another word" \
	"$(configured refused --with-bpf=build | grep -q 'yes, no or rebuild' || echo "it configured")"

# Shipped ones that cannot be compiled, newer than all sources: whoever uses them fails.
mkdir "$dir/kept" && cp "$src"/src/bpf/*.skel.h "$dir/kept/"
for skeleton in "$src"/src/bpf/*.skel.h; do
	echo '#error the shipped skeleton was used' >"$skeleton"
done
made()
{
	configured "$1" --with-bpf=rebuild
	make -s -C "$dir/$1" libgupsys.a >"$dir/log" 2>&1 || grep -E 'error|\*\*\*' "$dir/log"
	[ -f "$dir/$1/src/bpf/structpage.skel.h" ] || echo "nothing was compiled"
}
expect_empty "--with-bpf=rebuild compiles them" "$(made one)"
expect_empty "in a directory elsewhere, too" "$(made a/deeper/two)"
for skeleton in holders memory structpage; do
	cmp "$dir/one/src/bpf/$skeleton.skel.h" "$dir/a/deeper/two/src/bpf/$skeleton.skel.h" 2>&1
	cmp "$dir/one/src/bpf/$skeleton.skel.h" "$dir/kept/$skeleton.skel.h" 2>&1
done >"$dir/differ"
expect_empty "who compiles them again gets the same bytes" "$(cat "$dir/differ")"
expect_empty "which name no path of the machine" "$(strings "$dir/one/src/bpf/structpage.bpf.o" | grep -F "$dir" | head -n 3)"
done_testing
