#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""completion.py [--check] - completion/ for bash, zsh and fish, out of the tables of the sources.

Options and their words come from src/cmd/options.def, states from pagestate.def, flags from
kpageflags.def, cases from demo.def; columns are asked of gupinfo itself.  What the value of an option may
be stands in VALUES below.  --check compares instead of writing, and prints what differs.
"""
import difflib
import os
import re
import sys

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))


def rows(path, macro):
    """The arguments of each row of a table."""
    text = open(os.path.join(TOP, "src", path)).read()
    found = []
    for at in re.finditer(r"^%s\(" % macro, text, re.M):
        args, depth, quoted, word, i = [], 0, False, "", at.end()
        while True:
            c = text[i]
            if quoted:
                word += c
                if c == "\\":
                    i += 1
                    word += text[i]
                elif c == '"':
                    quoted = False
            elif c == '"':
                quoted = True
                word += c
            elif c == "," and not depth:
                args.append(word.strip())
                word = ""
            elif c == ")" and not depth:
                args.append(word.strip())
                break
            else:
                depth += (c == "(") - (c == ")")
                word += c
            i += 1
        found.append(args)
    return found


def string(arg):
    """What a string of C is, "one" "and the next"; None for NULL."""
    parts = re.findall(r'"((?:[^"\\]|\\.)*)"', arg)
    return re.sub(r"\\(.)", r"\1", "".join(parts)) if parts else None


class Option:
    def __init__(self, row):
        self.long = string(row[1])
        self.short = row[2].strip("'") if row[2] != "0" else ""
        self.takes, self.argument = row[3], string(row[4]) or ""
        self.help = string(row[6])


OPTIONS = [Option(row) for row in rows("cmd/options.def", "OPTION")]
# the names of states that have a size of the machine in them are not known here
STATES = [name for row in rows("pagestate/pagestate.def", "PAGESTATE") if "%" not in (name := string(row[1]))]
OPS = [string(row[1]) for row in rows("pagestate/pagestate_op.def", "OP")]
EVENTS = [string(row[1]) for row in rows("event/event.def", "EVENT")]
CASES = [string(row[1]) for row in rows("event/demo.def", "CASE")]
FLAGS = sorted({string(row[2]) for row in rows("kpageflags.def", "KPF") if string(row[2])})
# what the value of an option is: a function of the shells below, or words
VALUES = {
    "pid": "pids", "comm": "comms", "range": "ranges", "replay": "files", "report": "files", "svg": "files",
    "svg": "files",
    "diff": "files", "output": "columns", "sort": "sorts", "filter": "filters",
    "pid": "pids", "comm": "comms", "range": "ranges", "replay": "files", "report": "files",
    "diff": "files", "dmesg": "files", "output": "columns", "sort": "sorts", "filter": "filters",
    "state": "states",
    # "only get-r, get-w, … or migrate"
    "request": re.split(r", | or ", next(o.help for o in OPTIONS if o.long == "request")[len("only "):]),
    "demo": ["hugetlb", "thp", "order-0"] + CASES, "bits": FLAGS, "color": ["auto", "always", "never"],
    "model": "5.10 5.15 6.1 6.6 6.12 6.18 7.0 7.1 7.2 7.3 +hugetlb-refcount".split(),
    "redact": ["addresses"], "evidence": ["auto", "procfs", "bpf"],
    "trials": ["100", "1000", "10000"], "interval": ["50", "200", "1000"], "top": ["10", "20", "50"], "jobs": ["1", "2", "4", "8"],
    "events": EVENTS + ["warnings", "leaks"], "blockers": ["cma", "node0", "zone:Movable", "zone:Normal"],
    "explain": "none", "cgroup": "files", "by": ["cgroup"], "who": "files", "seed": "none",
}
LISTS = ("request", "bits", "events")  # several words with commas between
HEAD = """# SPDX-License-Identifier: GPL-2.0-or-later
# %s completion for gupinfo(1), made by tools/completion.py; columns are asked of gupinfo itself.
"""


def names(option):
    return (["-" + option.short] if option.short else []) + ["--" + option.long]


def bash():
    cases = []
    for option in OPTIONS:
        value = VALUES.get(option.long)
        if option.takes == "no_argument" or not value:
            continue
        head = " | ".join(names(option))
        if value == "none":
            cases.append("\t%s) ;;" % head)
        elif isinstance(value, str):
            cases.append("\t%s) _gupinfo_%s ;;" % (head, value))
        else:
            words = "_gupinfo_list" if option.long in LISTS else "_gupinfo_words"
            cases.append("\t%s) %s '%s' ;;" % (head, words, " ".join(value)))
    return ("# shellcheck shell=bash\n" + HEAD % "bash") + r"""
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
	local before='' words='@STATES@'

	[[ $cur == *[,+]* ]] && before=${cur%"${cur##*[,+]}"}
	[[ $before != *+ ]] || words='@OPS@'
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
@CASES@
	*)
		if [[ $cur == [0-9]* ]]; then
			_gupinfo_pids
		else
			_gupinfo_words '@OPTIONS@ --'
		fi
		;;
	esac
}
complete -F _gupinfo gupinfo
""".replace("@STATES@", " ".join(STATES + ["plain", "random"])).replace("@OPS@", " ".join(OPS)) \
        .replace("@CASES@", "\n".join(cases)) \
        .replace("@OPTIONS@", " ".join(n for o in OPTIONS for n in names(o)))


def zsh():
    def quoted(text, also=""):
        return re.sub(r"([\\\[\]%s])" % also, r"\\\1", text).replace("'", "'\\''")

    specs = []
    for option in OPTIONS:
        value = VALUES.get(option.long, "none")
        if value == "none":
            action = " "
        elif isinstance(value, str):
            action = "_gupinfo_" + value
        elif option.long in LISTS:
            action = "_values -s , %s %s" % (option.long, " ".join(value))
        else:
            action = "(%s)" % " ".join(value)
        all_names = names(option)
        text = "[%s]" % quoted(option.help)
        if option.takes != "no_argument":
            optional = "::" if option.takes == "optional_argument" else ":"
            text += "%s%s:%s" % (optional, quoted(option.argument, ":"), quoted(action) if action == " " else action)
            if option.long == "diff":
                text += ":%s:_gupinfo_files" % "B"
        repeat = option.long in ("range", "explain")
        exclude = "*" if repeat else "(%s)" % " ".join(all_names)
        equal = "=-" if option.takes == "optional_argument" else "=" if option.takes != "no_argument" else ""
        spelt = ["-" + option.short + ("+" if equal else "")] if option.short else []
        spelt.append("--" + option.long + equal)
        specs += ["\t'%s%s%s'" % (exclude, name, text) for name in spelt]
    return "#compdef gupinfo\n" + HEAD % "zsh" + r"""
_gupinfo_pids()
{
	_sequence _pids
}

_gupinfo_comms()
{
	local -a comms

	comms=(${(fu)"$(cat /proc/[0-9]*/comm 2>/dev/null)"})
	compadd -a comms
}

_gupinfo_ranges()
{
	compadd -- '[heap]' '[stack]'
}

_gupinfo_files()
{
	_files
}

# name and description of each column, once
_gupinfo_column_list()
{
	columns=(${(f)"$(_call_program columns $words[1] --list-columns --noheadings 2>/dev/null |
		awk '!seen[$1]++ { name = $1; $1 = $2 = ""; sub(/^ +/, ""); print name ":" $0 }')"})
}

_gupinfo_columns()
{
	local -a columns

	_gupinfo_column_list
	compset -P '*[,+]'
	_describe -t columns column columns -qS ,
}

_gupinfo_sorts()
{
	local -a columns

	_gupinfo_column_list
	compset -P -
	_describe -t columns column columns
}

_gupinfo_filters()
{
	local -a columns

	_gupinfo_column_list
	compset -P '*[ (!&|]'
	_describe -t columns column columns -S ''
}

_gupinfo_states()
{
	local -a states operations

	states=(@STATES@)
	operations=(@OPS@)
	if compset -P '*+'; then
		compadd -S '' -a operations
	else
		compset -P '*,'
		compadd -S '' -a states
	fi
}

_arguments -s \
@SPECS@ \
	'1:PID:_gupinfo_pids' \
	'(-)--[a command to trace]:command: _command_names -e' \
	'*::arguments: _normal'
""".replace("@STATES@", " ".join(STATES + ["plain", "random"])).replace("@OPS@", " ".join(OPS)) \
        .replace("@SPECS@", " \\\n".join(specs))


def fish():
    def quoted(text):
        return "'%s'" % text.replace("\\", "\\\\").replace("'", "\\'")

    actions = {
        "pids": "__fish_complete_list , __fish_complete_pids",
        "comms": "cat /proc/[0-9]*/comm 2>/dev/null | sort -u",
        "ranges": "printf \"%s\\n\" [heap] [stack]",
        "columns": "__fish_complete_list , __gupinfo_columns",
        "sorts": "__gupinfo_columns; __gupinfo_columns | string replace -r \"^\" -",
        "filters": "__gupinfo_columns",
        "states": "__fish_complete_list , __gupinfo_states",
    }
    lines = []
    for option in OPTIONS:
        value = VALUES.get(option.long, "none")
        line = "complete -c gupinfo"
        if option.short:
            line += " -s " + option.short
        line += " -l " + option.long
        if value == "files":
            line += " -F" if option.takes == "optional_argument" else " -r -F"
        elif option.takes != "no_argument":
            line += " -f" if option.takes == "optional_argument" else " -x"
            if isinstance(value, str) and value in actions:
                line += " -a %s" % quoted("(%s)" % actions[value])
            elif value != "none":
                line += " -a %s" % quoted(" ".join(value))
        lines.append(line + " -d " + quoted(option.help))
    return HEAD % "fish" + r"""
# name, tab, description of each column, once
function __gupinfo_columns
	gupinfo --list-columns --noheadings 2>/dev/null |
		awk '!seen[$1]++ { name = $1; $1 = $2 = ""; sub(/^ +/, ""); print name "\t" $0 }'
end

function __gupinfo_states
	printf '%s\n' @STATES@
end

complete -c gupinfo -f
complete -c gupinfo -n 'not __fish_seen_argument -s p -l pid' -a '(__fish_complete_list , __fish_complete_pids)'
""".replace("@STATES@", " ".join(STATES + ["plain", "random"])) + "\n".join(lines) + "\n"


def main():
    different = False
    for name, text in (("gupinfo.bash", bash()), ("_gupinfo", zsh()), ("gupinfo.fish", fish())):
        path = os.path.join(TOP, "completion", name)
        if sys.argv[1:] == ["--check"]:
            old = open(path).read()
            sys.stdout.writelines(difflib.unified_diff(old.splitlines(True), text.splitlines(True), path, "tables"))
            different |= old != text
        else:
            with open(path, "w") as out:
                out.write(text)
    return different


sys.exit(main())
