# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for gupinfo(1), made by tools/completion.py; columns are asked of gupinfo itself.

_gupinfo_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# words with commas between: what stands before the last comma stays
_gupinfo_list()
{
	local before=

	[[ $cur == *,* ]] && before=${cur%"${cur##*,}"}
	mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "${cur##*,}")
	compopt -o nospace 2>/dev/null
}

_gupinfo_pids()
{
	_gupinfo_list "$(cd /proc && compgen -G '[0-9]*' | tr '\n' ' ')"
}

_gupinfo_comms()
{
	_gupinfo_words "$(cat /proc/[0-9]*/comm 2>/dev/null | sort -u | grep -v '[ ()]')"
}

_gupinfo_ranges()
{
	_gupinfo_words '[heap] [stack]'
}

_gupinfo_files()
{
	mapfile -t COMPREPLY < <(compgen -f -- "$cur")
}

_gupinfo_column_names()
{
	"$gupinfo" --list-columns --noheadings 2>/dev/null | cut -d' ' -f1 | sort -u
}

_gupinfo_columns()
{
	local before=

	[[ $cur == *[,+]* ]] && before=${cur%"${cur##*[,+]}"}
	mapfile -t COMPREPLY < <(compgen -P "$before" -W "$(_gupinfo_column_names)" -- "${cur##*[,+]}")
	compopt -o nospace 2>/dev/null
}

_gupinfo_sorts()
{
	mapfile -t COMPREPLY < <(compgen -P "${cur%"${cur#-}"}" -W "$(_gupinfo_column_names)" -- "${cur#-}")
}

_gupinfo_filters()
{
	_gupinfo_words "$(_gupinfo_column_names)"
	compopt -o nospace 2>/dev/null
}

# STATE+OPERATION+OPERATION,STATE
_gupinfo_states()
{
	local before='' words='hole hole-thp order-0 zero readonly protnone ro-then-rw free dontfork wipeonfork guard uffd-wp uffd-wp-async uffd-rwp uffd-rwp-async uffd-rwp-swapped uffd-rwp-unarmed swapped ksm mlocked thp thp-pte thp-half-shared thp-half-own thp-single thp-mremapped huge-zero mthp-16k mthp-32k mthp-64k mthp-128k mthp-256k mthp-512k mthp-1024k mthp-2048k hugetlb hugetlb-shared hugetlb-hole hugetlb-readonly hugetlb-file-private hugetlb-none-hole hugetlb-none-shared hugetlb-full-hole hugetlb-full-shared file-private file-cowed file-shared file-shared-dirty file-shared-ro file-private-ro file-hole file-beyond tmpfs-private tmpfs-cowed memfd memfd-dirty memfd-ro shmem shmem-hole secretmem aio-ring unmapped vsyscall arena arena-thp arena-shmem arena-tmpfs arena-file arena-file-shared arena-hugetlb plain random'

	[[ $cur == *[,+]* ]] && before=${cur%"${cur##*[,+]}"}
	[[ $before != *+ ]] || words='look touch read fill shared child-gone exit child-write child-unmap vmspliced pinned release child-vmspliced parent-vmspliced vmspliced-before-fork as-child ro rw none all-ro all-rw madv-free dontneed pageout cold nofork dofork hugepage nohugepage collapse guarded unguarded mlock munlock merge move-away move-around unmap vm-read move-node drained only truncate wipe-on-fork swap-out uffd-wp uffd-wp-async uffd-rwp uffd-rwp-async as-thp as-huge-zero as-folio take-pool'
	mapfile -t COMPREPLY < <(compgen -P "$before" -W "$words" -- "${cur##*[,+]}")
	compopt -o nospace 2>/dev/null
}

_gupinfo()
{
	local gupinfo=$1 cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i

	COMPREPLY=()
	# COMP_WORDBREAKS makes "--color=x" three words
	if [ "$cur" = = ]; then
		cur=
	elif [ "$prev" = = ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for ((i = 1; i < COMP_CWORD; i++)); do
		# after "--" stands a command
		if [ "${COMP_WORDS[i]}" = -- ]; then
			mapfile -t COMPREPLY < <(compgen -c -f -- "$cur")
			return
		fi
	done
	case $prev in
	-p | --pid) _gupinfo_pids ;;
	--comm) _gupinfo_comms ;;
	--cgroup) _gupinfo_files ;;
	-A | --range) _gupinfo_ranges ;;
	--replay) _gupinfo_files ;;
	-e | --explain) ;;
	--report) _gupinfo_files ;;
	--svg) _gupinfo_files ;;
	--diff) _gupinfo_files ;;
	--who) _gupinfo_files ;;
	--blockers) _gupinfo_words 'cma node0 zone:Movable zone:Normal' ;;
	--dmesg) _gupinfo_files ;;
	--demo) _gupinfo_words 'hugetlb thp order-0 child child-mprotect before-fork after-fork' ;;
	--trials) _gupinfo_words '100 1000 10000' ;;
	--seed) ;;
	--state) _gupinfo_states ;;
	--request) _gupinfo_list 'get-r get-w pin-r pin-w lt-r lt-w store fork migrate' ;;
	--interval) _gupinfo_words '50 200 1000' ;;
	--events) _gupinfo_list 'exec fork exit vmsplice write-fault mmap munmap mremap mprotect madvise io_uring_register process_vm_readv process_vm_writev read write change attach warnings leaks' ;;
	-o | --output) _gupinfo_columns ;;
	--sort) _gupinfo_sorts ;;
	-Q | --filter) _gupinfo_filters ;;
	--bits) _gupinfo_list 'active anon anon_exclusive arch arch_2 arch_3 buddy compound_head compound_tail dirty error file huge hwpoison idle_page ksm locked lru mappedtodisk mlocked mmap mmap_exclusive nopage offline owner_2 owner_private pgtable private private_2 readahead reclaim referenced reserved slab slub_debug slub_frozen softdirty swap swapbacked swapcache thp uncached unevictable uptodate writeback zero_page' ;;
	--top) _gupinfo_words '10 20 50' ;;
	--by) _gupinfo_words 'cgroup' ;;
	--color) _gupinfo_words 'auto always never' ;;
	--model) _gupinfo_words '5.10 5.15 6.1 6.6 6.12 6.18 7.0 7.1 7.2 7.3 +hugetlb-refcount' ;;
	--redact) _gupinfo_words 'addresses' ;;
	--evidence) _gupinfo_words 'auto procfs bpf' ;;
	--jobs) _gupinfo_words '1 2 4 8' ;;
	*)
		if [[ $cur == [0-9]* ]]; then
			_gupinfo_pids
		else
			_gupinfo_words '-p --pid --comm --cgroup -A --range --replay --pages --each -e --explain --facts --all --family --tui --report --svg --diff --who --pins --blockers --dmesg --lint --demo --trace --verify --trials --seed --state --request --no-stop --interval --events --reserve-hugepages -o --output -H --list-columns -J --json --json-lines -r --raw -P --pairs -n --noheadings -b --bytes --sort -Q --filter --bits --top --by --openmetrics -v --verbose --no-mouse --color --model --redact --evidence --jobs --gentle -h --help -V --version --'
		fi
		;;
	esac
}
complete -F _gupinfo gupinfo
