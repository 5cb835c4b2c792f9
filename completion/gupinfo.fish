# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for gupinfo(1), made by tools/completion.py; columns are asked of gupinfo itself.

# name, tab, description of each column, once
function __gupinfo_columns
	gupinfo --list-columns --noheadings 2>/dev/null |
		awk '!seen[$1]++ { name = $1; $1 = $2 = ""; sub(/^ +/, ""); print name "\t" $0 }'
end

function __gupinfo_states
	printf '%s\n' hole hole-thp order-0 zero readonly protnone ro-then-rw free dontfork wipeonfork guard uffd-wp uffd-wp-async uffd-rwp uffd-rwp-async uffd-rwp-swapped uffd-rwp-unarmed swapped ksm mlocked thp thp-pte thp-half-shared thp-half-own thp-single thp-mremapped huge-zero mthp-16k mthp-32k mthp-64k mthp-128k mthp-256k mthp-512k mthp-1024k hugetlb hugetlb-shared hugetlb-hole hugetlb-readonly hugetlb-file-private hugetlb-1g hugetlb-none-hole hugetlb-none-shared hugetlb-full-hole hugetlb-full-shared file-private file-cowed file-shared file-shared-dirty file-shared-ro file-private-ro file-hole file-beyond tmpfs-private tmpfs-cowed memfd memfd-dirty memfd-ro shmem shmem-hole secretmem unmapped vsyscall arena arena-thp arena-shmem arena-tmpfs arena-file arena-file-shared arena-hugetlb plain random
end

complete -c gupinfo -f
complete -c gupinfo -n 'not __fish_seen_argument -s p -l pid' -a '(__fish_complete_list , __fish_complete_pids)'
complete -c gupinfo -s p -l pid -x -a '(__fish_complete_list , __fish_complete_pids)' -d 'look at these processes'
complete -c gupinfo -l comm -x -a '(cat /proc/[0-9]*/comm 2>/dev/null | sort -u)' -d 'look at the processes of this name'
complete -c gupinfo -l cgroup -r -F -d 'look at the processes of this memory cgroup and of those below it'
complete -c gupinfo -s A -l range -x -a '(printf "%s\\n" [heap] [stack])' -d 'only these addresses: A-B, A+SIZE, ADDR, [heap], a file name'
complete -c gupinfo -l replay -r -F -d 'look at a recorded report instead of this machine'
complete -c gupinfo -l pages -d 'one row per run of like pages'
complete -c gupinfo -l each -d 'one row per page'
complete -c gupinfo -s e -l explain -x -d 'the decision path for one address, every request'
complete -c gupinfo -l facts -d 'the resolved kernel model and where each fact came from'
complete -c gupinfo -l all -d 'one row per process, largest first; --pid and --comm limit it'
complete -c gupinfo -l family -d 'processes and their descendants: what they still share, what was copied since, frames counted once'
complete -c gupinfo -l tui -d 'interactive; without --pid it lets you choose a process'
complete -c gupinfo -l report -F -d 'a bug report: plain text, one file, readable and replayable'
complete -c gupinfo -l svg -F -d 'a picture in one file, with the report in it: of processes, of a family, over the time of a recording'
complete -c gupinfo -l diff -r -F -d 'what changed between two reports, or a report and a PID; exit 1 when anything'
complete -c gupinfo -l who -r -F -d 'every process that maps a page, by PFN, physical address or with --pid by address, and every other holder; of an area as of --blockers, or of a file what its frames are'
complete -c gupinfo -l pins -d 'what processes hold and pin, mapped or not, beside the kernel\'s counters and their limits; --pid and --comm limit it'
complete -c gupinfo -l blockers -x -a 'cma node0 zone:Movable zone:Normal' -d 'what of an area of physical memory would not move, why and whose: PFN-PFN, phys:A-B, memory32, node1, zone:Movable, cma:NAME; exit status 4 when anything'
complete -c gupinfo -l dmesg -r -F -d 'explain the kernel\'s own dumps of pages in its log: migration failure, unmovable page and others; needs no privileges'
complete -c gupinfo -l lint -d 'invariants that do not hold, with --all of the whole machine; exit status 4 for bugs'
complete -c gupinfo -l demo -f -a 'hugetlb thp order-0 child child-mprotect before-fork after-fork' -d 'the hugetlb vmsplice case and its siblings, step by step, on pages that gupinfo makes itself'
complete -c gupinfo -l trace -d 'follow -- COMMAND or --pid through fork, vmsplice and the other calls that change pages'
complete -c gupinfo -l verify -d 'check the predictions against this kernel, on pages of gupinfo\'s own'
complete -c gupinfo -l trials -x -a '100 1000 10000' -d 'random trials after the fixed ones (default 1000)'
complete -c gupinfo -l seed -x -d 'repeat the random trials of an earlier run'
complete -c gupinfo -l state -x -a '(__fish_complete_list , __gupinfo_states)' -d 'only these page states, e.g. hugetlb+child-vmspliced; plain: all without variants; random: only random trials'
complete -c gupinfo -l request -x -a 'get-r get-w pin-r pin-w lt-r lt-w store fork migrate' -d 'only get-r, get-w, pin-r, pin-w, lt-r, lt-w, store, fork or migrate'
complete -c gupinfo -l no-stop -d 'sample; never stop the process'
complete -c gupinfo -l interval -x -a '50 200 1000' -d 'look for silent changes this often (default 200)'
complete -c gupinfo -l events -x -a 'exec fork exit vmsplice write-fault mmap munmap mremap mprotect madvise io_uring_register process_vm_readv process_vm_writev read write change attach warnings leaks' -d 'of --trace, and as -e: only fork, vmsplice, munmap, ..., or those with warnings, or leaks'
complete -c gupinfo -l reserve-hugepages -d '--demo: add the huge pages it needs to the pool, then take them away again'
complete -c gupinfo -s o -l output -x -a '(__fish_complete_list , __gupinfo_columns)' -d 'columns to print; +COLS adds to the defaults'
complete -c gupinfo -s H -l list-columns -d 'list the columns'
complete -c gupinfo -s J -l json -f -d 'one JSON document; with =compact what like pages share stands in the first of them'
complete -c gupinfo -l json-lines -d 'one JSON object per line'
complete -c gupinfo -s r -l raw -d 'columns separated by one blank'
complete -c gupinfo -s P -l pairs -d 'KEY="value" pairs'
complete -c gupinfo -s n -l noheadings -d 'no headings'
complete -c gupinfo -s b -l bytes -d 'sizes in bytes'
complete -c gupinfo -l sort -x -a '(__gupinfo_columns; __gupinfo_columns | string replace -r "^" -)' -d 'in the order of a column; - descending'
complete -c gupinfo -s Q -l filter -x -a '(__gupinfo_columns)' -d 'only rows for which EXPR holds, e.g. \'PIN>0 && EXCL\''
complete -c gupinfo -l bits -x -a 'active anon anon_exclusive arch arch_2 arch_3 buddy compound_head compound_tail dirty error file huge hwpoison idle_page ksm locked lru mappedtodisk mlocked mmap mmap_exclusive nopage offline owner_2 owner_private pgtable private private_2 readahead reclaim referenced reserved slab slub_debug slub_frozen softdirty swap swapbacked swapcache thp uncached unevictable uptodate writeback zero_page' -d 'only pages with these flags: b1,b2 or b1,~b2 or b1,b2=b1 or =b1,b2'
complete -c gupinfo -l top -x -a '10 20 50' -d 'only the first N rows; of --all without --sort the largest'
complete -c gupinfo -l by -x -a 'cgroup' -d '--all: one row per memory cgroup'
complete -c gupinfo -l openmetrics -d '--all or --family as OpenMetrics, for node_exporter\'s textfile collector'
complete -c gupinfo -s v -l verbose -d 'every mapping of the summary and of --family, every event and run of --trace, every step of --demo'
complete -c gupinfo -l no-mouse -d '--tui: leave the mouse to the terminal'
complete -c gupinfo -l color -f -a 'auto always never' -d 'auto, always or never'
complete -c gupinfo -l model -x -a '5.10 5.15 6.1 6.6 6.12 6.18 7.0 7.1 7.2 7.3 +hugetlb-refcount' -d 'judge by the rules of another kernel, e.g. 6.1, +hugetlb-refcount'
complete -c gupinfo -l redact -f -a 'addresses' -d 'renumber page frames, mask names; with =addresses rebase addresses, too'
complete -c gupinfo -l evidence -x -a 'auto procfs bpf' -d 'auto, procfs or bpf: where facts come from'
complete -c gupinfo -l gentle -d 'rest between reads: slower, and the processes hardly notice'
complete -c gupinfo -s h -l help -d 'this text'
complete -c gupinfo -s V -l version -d 'the version'
