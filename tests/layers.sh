#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# layers.sh - the layers of HACKING.md, checked: who may include, call and define what.
set -u
# shellcheck source=tests/tap.sh
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"
cd "$srcdir" || exit 1

# Symbols that the core may use besides its own: memory, strings, text of a value.
core_may='mem(cpy|move|set|cmp|chr|mem|pcpy|rchr)|str[a-z0-9]*|__isoc(99|23)_(strtou?ll?|sscanf)|sscanf'
core_may+='|v?snprintf|qsort(_r)?|bsearch|__ctype_[a-z_]*|_GLOBAL_OFFSET_TABLE_|__stack_chk_fail|__errno_location'
core_may+='|crc32|__assert_fail|__tls_get_addr|t(search|find|destroy)|strerrorname_np'
# Core files that own memory.
core_owns=' array blockers dmesg event event_select event_warn collect diag family filter fold capture btfcut verdict_cache kernel pins record record_read record_write redact report store store_merge vma '

# The layer of each folder of src; what stands beside them is listed in Makefile.am.
declare -A layer=(
	[lib]=core [arch]=core [kernel]=core [page]=core [gup]=core [report]=core [event]=core [reportfile]=core
	[os]=sys [live]=sys [replay]=sys [trace]=sys [pagestate]=sys [verify]=sys [demo]=sys
	[render]=view [tui]=view
	[cmd]=main
)
declare -A library=([core]=libgupcore_a [sys]=libgupsys_a [view]=libgupview_a [main]=gupinfo)
core='src/pagemap.c src/kpageflags.c'
for folder in "${!layer[@]}"; do
	[ "${layer[$folder]}" != core ] || core+=" $(echo "src/$folder"/*.c)"
done
mapfile -t files < <(find src -name '*.[ch]' ! -name '*.skel.h' ! -name 'vmlinux.h' ! -name '*.bpf.*' | sort)
mapfile -t headers < <(printf '%s\n' "${files[@]}" | grep '\.h$')

# nm of an archive as "object type symbol", without what sanitizers and fortify add.
symbols()
{
	nm -A "$builddir/$1" 2>/dev/null |
		sed -nE 's,^[^:]*:([^:]*)\.o:[0-9a-f ]* ([A-Za-z]) (.*)$,\1 \2 \3,p' |
		sed -E 's/ __([a-z]+)_chk$/ \1/; s/^libgup[a-z]+_a-//' |
		grep -vE ' (__(asan|ubsan|odr|sanitizer|gcov|llvm|start|stop)[_A-Za-z.]|\.L|_sub_[DI]_)'
}
for l in core sys view; do
	[ -f "$builddir/libgup$l.a" ] || skip_all "libgup$l.a is not built"
done
core_symbols=$(symbols libgupcore.a)
sys_symbols=$(symbols libgupsys.a)
view_symbols=$(symbols libgupview.a)
main_symbols=$(nm "$builddir"/src/gupinfo.o "$builddir"/src/cmd/*.o 2>/dev/null | awk 'NF == 3 { print "main", $2, $3 }')

defined()
{
	awk '$2 ~ /^[A-TV-Z]$/ { print $3 }' | sort -u
}
undefined()
{
	awk '$2 == "U" { print $1, $3 }' | sort -u
}

# ---- the folders
bad=$(for folder in src/*/; do
	folder=$(basename "$folder")
	[ "$folder" != bpf ] || continue # the kernel's side
	mk=src/$folder/Makemodule.am l=${layer[$folder]-}
	[ -n "$l" ] || { echo "src/$folder is in no layer" && continue; }
	grep -qxF "include $mk" Makefile.am || echo "Makefile.am does not include $mk"
	grep -E '^[a-z_]+ ' "$mk" | grep -v "^${library[$l]}_SOURCES += " | sed "s,^,$mk is not of $l: ,"
	for f in "src/$folder"/*.[ch] "src/$folder"/*.def; do
		[ ! -f "$f" ] || grep -qE "\s${f//./\\.}(\s|\$)" "$mk" || echo "$f is not in $mk"
	done
done
for f in src/*.[ch] src/*.def src/bpf/*; do
	[[ -f $f && $f != *.skel.h && $f != *.o && $f != *.d && $f != *vmlinux.h ]] || continue
	grep -qE "\s${f//./\\.}(\s|\$)" Makefile.am || echo "$f is not in Makefile.am"
done)
expect_empty "a folder is one layer and lists its files" "$bad"
bad=$(for f in "${files[@]}"; do
	grep -nE '^[[:space:]]*#[[:space:]]*include "[^/"]*"' "$f" | grep -vE '"(config|version|pagemap|kpageflags|tui|kernel\.bpf)\.h"|"kpageflags\.def"' | sed "s,^,$f:,"
done)
expect_empty "an include names the folder" "$bad"

# ---- no circles: tsort names who is in one
bad=$(grep -oE '^[[:space:]]*#[[:space:]]*include "[^"]+"' "${files[@]}" | sed -nE 's,^src/([^:]*):.*"(.*)",\1 \2,p' |
	awk 'function room(path) { sub(/[\/.].*/, "", path); return path }
	$2 !~ /^(config|kernel\.bpf)\.h|skel/ && room($1) != room($2) { print room($1), room($2) }' |
	sort -u | tsort 2>&1 >/dev/null)
expect_empty "no circle of folders" "$bad"
# One is of two files: what BPF reads of memory is part of the machine, which it reads again.
bad=$(printf '%s\n' "$core_symbols" "$sys_symbols" "$view_symbols" | sort -u | awk '
	$2 == "U" { uses[$1 " " $3] = 1; next }
	$2 ~ /^[A-TV-Z]$/ { home[$3] = $1 }
	END {
		for (use in uses) {
			split(use, at, " ")
			if (at[2] in home && home[at[2]] != at[1])
				print at[1], home[at[2]]
		}
	}' | sort -u | grep -vxF 'live_bpf live_machine' | tsort 2>&1 >/dev/null)
expect_empty "no circle of more than two files" "$bad"

# ---- core is pure
bad=$(for f in $core; do
	[ "$(grep -oE '^#include [<"][^<">]*' "$f" | grep -v '\.def' | tail -n 1)" = '#include "lib/pure.h' ] ||
		echo "$f: the last #include is not pure.h"
done)
expect_empty "core files include pure.h last" "$bad"

bad=$(undefined <<<"$core_symbols" | awk -v may="^($core_may)\$" -v owns="$core_owns" '
	NR == FNR { own[$1] = 1; next }
	$2 in own || $2 ~ may { next }
	$2 ~ /^(malloc|calloc|realloc|reallocarray|free|strdup|strndup)$/ && index(owns, " " $1 " ") { next }
	{ print $1 ".c calls " $2 }' <(defined <<<"$core_symbols") -)
expect_empty "core calls only core and the short list" "$bad"
bad=$(undefined <<<"$core_symbols" | awk -v owns="$core_owns" '
	$2 ~ /^str(n)?dup$/ && !index(owns, " " $1 " ") { print $1 ".c calls " $2 }')
expect_empty "only the owners in core allocate" "$bad"

# ---- sys and view do not know each other, neither knows main
calls()
{
	undefined <<<"$1" | awk -v who="$3" 'NR == FNR { theirs[$1] = 1; next }
		$2 in theirs { print $1 ".c calls " $2 " of " who }' <(defined <<<"$2") -
}
expect_empty "sys does not call view" "$(calls "$sys_symbols" "$view_symbols" view)"
expect_empty "view does not call sys" "$(calls "$view_symbols" "$sys_symbols" sys)"
expect_empty "nobody calls main" "$(calls "$core_symbols
$sys_symbols
$view_symbols" "$main_symbols" main)"
bad=$(undefined <<<"$sys_symbols
$view_symbols" | awk '$2 ~ /^(exit|abort|perror|stderr|err|errx|warn|warnx|error)$/ { print $1 ".c uses " $2 }')
expect_empty "only gupinfo.c prints errors and exits" "$bad"
bad=$(undefined <<<"$view_symbols" |
	awk '$2 ~ /^(open|openat|fopen|ioctl|pread|mmap|fork|kill|syscall)(64)?$/ { print $1 ".c calls " $2 }')
expect_empty "view makes no system calls for facts" "$bad"

# ---- names
bad=$(printf '%s\n' "$core_symbols" "$sys_symbols" "$view_symbols" |
	awk '$2 ~ /^[A-TV-Z]$/ && index($3, $1 "_") != 1 && $3 != $1 { print $1 ".c defines " $3 }')
expect_empty "global symbols of x.c start with x_" "$bad"

# ---- versions have one home
bad=$(for f in "${files[@]}"; do
	case $f in src/kernel/kernel.c | src/lib/bits.h) continue ;; esac
	sed -E 's,/\*.*\*/,,; s,^[[:space:]]*(/?\*|//).*,,; s,/\*.*,,' "$f" | grep -nE '\bKV\(' | sed "s,^,$f:,"
done)
expect_empty "KV( only in tables and kernel.c" "$bad"

# ---- foreign headers
bad=$(while read -r what pattern; do
	users=$(grep -lE "^#[[:space:]]*include [<\"]$pattern" "${files[@]}" 2>/dev/null)
	n=$(grep -c . <<<"$users")
	[ "$n" -le 1 ] || echo "$what is included by" $users
	case $users in *.h*) echo "$what is included by the header" $users ;; esac
done <<'EOT'
curses n?curses
libproc2 libproc2/
libkmod libkmod
libbpf bpf/(libbpf|bpf|btf)\.h
libsmartcols libsmartcols
liblzma lzma\.h
libzstd zstd\.h
EOT
)
expect_empty "each foreign library is included by one .c file" "$bad"

# ---- headers
bad=$(for h in "${headers[@]}"; do
	case $h in *.skel.h | *vmlinux.h) continue ;; esac
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -I"$builddir" -Isrc -I"$builddir/src" -fsyntax-only -x c "$h" \
		2>&1 | grep error: | grep -vE -m 1 '\.(def|skel\.h): No such'
done)
expect_empty "each header compiles alone" "$bad"
bad=$(for h in "${headers[@]}"; do
	case $h in *.skel.h | *vmlinux.h) continue ;; esac
	head -n 4 "$h" | grep -q "\* ${h##*/} - " || echo "$h does not name its subject"
done)
expect_empty "each header names its subject" "$bad"

# ---- budgets
bad=$(for f in "${files[@]}" src/bpf/*.c tests/unit/*.c tests/live/*.c; do
	[ -f "$f" ] || continue
	case $f in *.skel.h | *vmlinux.h) continue ;; tests/*) max=900 ;; *) max=600 ;; esac
	awk -v f="$f" -v max=$max '
		/^[^ \t#}].*\)$/ || /^[a-z].*\(/ { name = $0 }
		/^\{/ { at = FNR }
		/^\}/ && at { if (FNR - at > 60 && f !~ /^tests/) print f ":" at ": " FNR - at " lines: " name; at = 0 }
		END { if (FNR > max) print f ": " FNR " lines, budget " max }' "$f"
done)
expect_empty "600 lines a file (900 of a test), 60 a function" "$bad"

# ---- tables: those of rules, of what cannot be and of architectures have a measure of their own
bad=$(diff <(sed -n 's/^    ("\([a-z_/]*\.def\)".*/src\/\1/p' tests/coverage.py | sort -u) \
	<(find src -name '*.def' | grep -vE '/predict_|/fact_never|/proved|arch/(x86|aarch)' | sort))
expect_empty "each table is measured by tests/coverage.py" "$bad"

# ---- the size of a page is the machine's: else 4096 is room for text, a named limit, an errno
bad=$(grep -nE '(^|[^[:alnum:]])409[56]([^0-9]|$)|(<<|>>) *12\b' "${files[@]}" src/bpf/*.[ch] |
	grep -vE '#[[:space:]]*define|\[4096\]|-409[56]|/\*.*4096|"[^"]*4096|<= 4095|size = 4096|entry > 4096|store_nrows|page_owner\.h')
expect_empty "the size of a page comes from the machine (kernel_page_size(), page_shift)" "$bad"

# ---- fuzzing: any byte for a bool is undefined, and ends the target at once
bad=$(sed -n '/^struct vma {/,/^};/s/^\tbool \([^;]*\);.*/\1/p' src/page/vma.h | tr -d ' ' | tr , '\n' |
	while read -r member; do
		grep -qw "in\.vma\.$member" tests/fuzz/fuzz_page.c || echo "fuzz_page does not mask $member"
	done)
expect_empty "fuzz_page knows each bool of struct vma" "$bad"

done_testing
