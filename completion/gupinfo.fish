# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for gupinfo(1); options and columns are asked of gupinfo itself.
complete -c gupinfo -f
for option in (gupinfo --help 2>/dev/null | string match -rg '^ *(?:-[A-Za-z], )? *--([a-z-]+)')
	complete -c gupinfo -l $option
end
complete -c gupinfo -l pid -s p -x -a '(__fish_complete_pids)'
complete -c gupinfo -l output -s o -x -a '(gupinfo --list-columns --noheadings 2>/dev/null | string split -f1 " ")'
complete -c gupinfo -l color -x -a 'auto always never'
complete -c gupinfo -l evidence -x -a 'auto procfs bpf'
complete -c gupinfo -l replay -r -F
