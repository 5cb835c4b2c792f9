# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# bash completion for gupinfo(1); options and columns are asked of gupinfo itself.

# Long and short options of the given gupinfo, from its --help.
_gupinfo_options()
{
	"$1" --help 2>/dev/null | grep -oE '^ *(-[A-Za-z], )? *--[a-z-]+' | grep -oE -- '-[A-Za-z-]+'
}

_gupinfo_columns()
{
	"$1" --list-columns --noheadings 2>/dev/null | cut -d' ' -f1
}

_gupinfo()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i

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
	-p | --pid)
		mapfile -t COMPREPLY < <(cd /proc && compgen -G '[0-9]*' | grep "^$cur")
		;;
	--comm)
		mapfile -t COMPREPLY < <(compgen -W "$(cat /proc/[0-9]*/comm 2>/dev/null | sort -u | grep -v '[ ()]')" -- "$cur")
		;;
	-A | --range)
		mapfile -t COMPREPLY < <(compgen -W '[heap] [stack]' -- "$cur")
		;;
	-o | --output)
		local before=
		[[ $cur == *[,+]* ]] && before=${cur%"${cur##*[,+]}"}
		mapfile -t COMPREPLY < <(compgen -P "$before" -W "$(_gupinfo_columns "$1")" -- "${cur##*[,+]}")
		compopt -o nospace 2>/dev/null
		;;
	--sort)
		mapfile -t COMPREPLY < <(compgen -P "${cur%"${cur#-}"}" -W "$(_gupinfo_columns "$1")" -- "${cur#-}")
		;;
	--color)
		mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$cur")
		;;
	--evidence)
		mapfile -t COMPREPLY < <(compgen -W 'auto procfs bpf' -- "$cur")
		;;
	--model)
		mapfile -t COMPREPLY < <(compgen -W '5.10 5.15 6.1 6.6 6.12 6.18 +hugetlb-refcount' -- "$cur")
		;;
	--request)
		mapfile -t COMPREPLY < <(compgen -W 'get-r get-w pin-r pin-w lt-r lt-w' -- "$cur")
		;;
	--replay | --report | --diff)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		;;
	-e | --explain | --who | -Q | --filter | --bits | --trials | --seed | --top) ;;
	*)
		mapfile -t COMPREPLY < <(compgen -W "$(_gupinfo_options "$1") --" -- "$cur")
		;;
	esac
}
complete -F _gupinfo gupinfo
