#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""coverage.py BUILD [OUTPUT...] - which rows of which table the tests reach; writes docs/coverage.md.

BUILD is an optimised build with its test programs (make check TESTS=).  A row of a .def table is data: gcov
counts no line of it.  So a row counts as hit when its effect is seen:

  rules     test_predict_ref compares each rule with the transcription on every state, and knows which fired
  columns   gupinfo prints each of them, of rows that have it
  whole     a unit test includes the table and compares each row, with a header of the kernel's or by use
  calls     test_trace_call enters the call, and expects its event or its ranges
  expected  a unit test compares the row's identifier with what the code returned: EXPECT_INT(…, EVENT_CAUSE_GONE)
  others    their word is in an output: an accepted one (tests/golden, tests/tui) or one of the commands that
            are run here, with --verify on this kernel; or keys are pressed by a script of tests/tui
  NEVER     with the row turned into its opposite, gupinfo infers something else (tests/mutate.py); by hand

OUTPUT: what gupinfo --verify --json printed on other kernels, such as one with GUP_TEST.
What is not seen that way may be named in the source of a test, which is weaker: it is counted apart.
--check: exit 1 when a row is neither.
"""
import glob
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tools"))
FILES = [os.path.realpath(a) for a in sys.argv[1:] if not a.startswith("-")]
BUILD = FILES[0] if FILES else os.path.join(TOP, "build/run")
GUPINFO = os.path.join(BUILD, "gupinfo")
os.chdir(TOP)


def text_of(*patterns):
    found = []
    for pattern in patterns:
        for path in glob.glob(pattern, recursive=True):
            if os.path.isfile(path):
                found.append(open(path, errors="replace").read())
    return "\n".join(found)


def run(*args):
    done = subprocess.run([GUPINFO, *args], capture_output=True, text=True, errors="replace", timeout=1200, check=False,
                          env=dict(os.environ, COLUMNS="250"))
    return done.stdout + done.stderr


def rows(path, macro):
    """(identifier, strings, text) of each row."""
    text = re.sub(r"/\*.*?\*/", "", open(path).read(), flags=re.S)
    for at in re.finditer(r"^%s\(" % macro, text, re.M):
        depth, i, quoted = 1, at.end(), False
        while depth:
            c = text[i]
            if quoted:
                i += c == "\\"
                quoted = c != '"'
            elif c == '"':
                quoted = True
            elif c == "'":
                i += 2 + (text[i + 1] == "\\")
            else:
                depth += (c == "(") - (c == ")")
            i += 1
        row = text[at.end():i - 1]
        identifier = row.split(",")[0].strip().strip('"')
        yield identifier, re.findall(r'"((?:[^"\\]|\\.)*)"', row) or [identifier], row


FIXTURES = sorted(glob.glob("tests/golden/linux-*.gupinfo"))
accepted = text_of("tests/golden/linux-*/**", "tests/golden/hostile/expected")
screens = text_of("tests/tui/*.screen")
nested = r"(?:[^()]|\(%s\))*"
expected = " ".join(re.findall(r"EXPECT\w*\(%s\)" % (nested % nested % nested % r"[^()]*"), text_of("tests/unit/*.c")))
expected = re.sub(r"EXPECT_(FACT|LINT)\(\w+, ", r"\1_", re.sub(r"\bF\((\w+)\)", r"FACT_\1", expected))
expected = re.sub(r"EXPECT_FLAG\(", "FACT_VMA_", expected)
entered = text_of("tests/unit/test_trace_call.c")
steps = text_of("tests/tui/*.steps")
sources = text_of("tests/unit/*.[ch]", "tests/live/*", "tests/*.sh", "tests/tui/*.[ch]", "tests/golden/*.sh", "tests/golden/*/states",
                  "tests/fuzz/*.c", "tests/chaos/*")

print("running gupinfo and test_predict_ref", file=sys.stderr)
# test_vma reads each pair of letters (flag_rows), test_tracer_filter enters each call of tracer_task_calls,
# test_holders has the sentence of each kind
whole = {"page/vma.def", "trace/tracer.def", "page/holders.def"} | set(re.findall(r'#include "([a-z/_]+\.def)"', text_of("tests/unit/*.c")))
seen = accepted + text_of(*FILES[1:], "tests/golden/*.gupinfo") + run("--facts") + run("--verify", "--trials", "3000", "--seed", "1", "--json") + run("--demo", "-v")
seen += run("--all", "--openmetrics") + run("--list-columns")
for fixture in FIXTURES:
    addresses = [line.split()[:2] for line in run("--replay", fixture, "--pages", "-rn", "-o", "PID,ADDR,KIND").splitlines()
                 if "none" not in line]
    for model in ("5.10", "5.15", "6.1", "6.6", "6.12", "7.3"):
        for pid in sorted({pid for pid, _ in addresses}):
            explain = [word for p, addr in addresses if p == pid for word in ("--explain", addr)]
            seen += run("--replay", fixture, "--pid", pid, "--model", model, *explain[:40])
    seen += run("--replay", fixture, "--pages", "-o", "FLAGS,PTE,VMFLAGS") + run("--replay", fixture, "--json", "--pages")
ref = subprocess.run([os.path.join(BUILD, "tests/unit/test_predict_ref")], capture_output=True, text=True, check=False).stdout
all_fired = re.search(r"^ok \d+ - every_rule_fired", ref, re.M) is not None


# functions of rules; all of these fire, or none counts
deciding = {r[2].split(",")[1].strip() for path in glob.glob("src/gup/predict_*.def") for r in rows(path, "RULE")} if all_fired else set()


def word(text, inside):
    return bool(text) and re.search(r"(?<![\w-])%s(?![\w-])" % re.escape(text), inside) is not None


def column_prints(row):
    name = row[0]
    for view in (["--pid", str(os.getpid()), "--pages"], ["--pid", str(os.getpid())], ["--all"], ["--lint", "--pid", str(os.getpid())],
                 ["--facts"], ["--list-columns"], ["--diff", FIXTURES[0], FIXTURES[-1]], ["--demo"],
                 ["--verify", "--state", "file-private"]):
        out = run(*view, "-o", name)
        if any(line.split() == [name] for line in out.splitlines()[:40]):
            return True
    return False


# how a test names a row: by its identifier after a prefix, or alone in a macro of the test
PREFIX = {"CAUSE": ["EVENT_CAUSE_"], "EVENT": ["EVENT_"], "FACT": [""], "LINT": [""], "PTE": ["PAGE_PTE_"], "ROLE": ["TUI_ROLE_"]}
scripts = text_of("tests/*.sh", "tests/live/*.sh", "tests/golden/*.sh", "tests/chaos/*", "tests/tui/*.sh")
# a state that was made was made by these operations
made = " ".join(r[1][1] for r in rows("src/pagestate/pagestate.def", "PAGESTATE") if word(r[1][0], seen)).replace("+", " ").replace("@", " @")
mapped = {r[2].split(",")[4].strip() for r in rows("src/pagestate/pagestate.def", "PAGESTATE") if word(r[1][0], seen)}
PRESSED = set(re.findall(r"\S+", steps))
TABLES = [  # file, macro, is it hit?, what names it in a source
    ("cmd/modes.def", "MODE", lambda r: "--" + r[0].lower().replace("_", "-") in scripts, lambda r: ""),
    ("cmd/options.def", "OPTION", lambda r: re.search(r"(--%s|[ ]-%s)(?![\w-])" % (r[1][0], r[2].split(",")[2].strip(" '")), scripts), lambda r: ""),
    ("event/demo.def", "CASE", lambda r: word(r[1][0], seen), lambda r: r[1][0]),
    ("event/event.def", "EVENT", lambda r: word(r[1][0], screens), lambda r: r[1][0]),
    ("event/event.def", "CAUSE", lambda r: bool(r[1]) and r[1][-1] in screens + seen, lambda r: "EVENT_CAUSE_" + r[0]),
    ("kernel/kconfig.def", "KCONFIG", lambda r: word(r[1][0], seen), lambda r: r[1][0]),
    ("kernel/kernel.def", "KFACT", lambda r: word(r[1][0], seen), lambda r: r[1][0]),
    ("kernel/kfunc.def", "KFUNC", lambda r: r[0] in deciding or (r[0] + "(") in seen or '"%s"' % r[0] in expected, lambda r: r[0]),
    ("kernel/kprobe.def", "KPROBE", lambda r: word(r[1][0], seen) or r[1][-1] in seen, lambda r: "KPROBE_" + r[0]),
    ("kpageflags.def", "KPF", lambda r: word(r[1][0], seen), lambda r: r[1][0]),
    ("page/fact.def", "FACT", lambda r: word(r[1][0], seen), lambda r: "F_" + r[0]),
    ("page/holders.def", "HOLDER", lambda r: word(r[1][0], seen), lambda r: r[1][0]),
    ("page/pageflag.def", "PAGEFLAG", lambda r: word(r[0].replace("PG_", ""), seen), lambda r: r[0]),
    ("arch/pte.def", "PTE", lambda r: word(r[1][-1], seen), lambda r: "PTE_" + r[0]),
    ("page/vma.def", "VMFLAG", lambda r: word(r[1][0], seen), lambda r: r[1][0]),
    ("pagestate/gupcall.def", "GUPCALL", lambda r: word(r[1][0], seen), lambda r: r[1][0]),
    ("pagestate/pagestate.def", "PAGESTATE", lambda r: word(r[1][0], seen), lambda r: r[1][0]),
    ("pagestate/pagestate_op.def", "OP", lambda r: word(r[1][0], made) or word(r[1][0], seen), lambda r: r[1][0]),
    ("pagestate/pagestate_map.def", "MAPPING", lambda r: r[0] in mapped, lambda r: r[0]),
    ("render/columns.def", "COLUMN", column_prints, lambda r: r[0]),
    ("render/svg.def", "SVG", lambda r: word(r[1][1], accepted), lambda r: "SVG_" + r[0]),
    ("render/sums.def", "SUM", lambda r: word(r[0], seen), lambda r: r[0]),
    ("report/highlights.def", "HIGHLIGHT", lambda r: r[1][0].split(":")[0] in seen + screens, lambda r: "HIGHLIGHT_" + r[0]),
    ("report/lint.def", "LINT", lambda r: word(r[1][0], seen), lambda r: r[1][0]),
    ("event/madvise.def", "MADVISE", lambda r: word(r[1][0], screens), lambda r: r[1][0]),
    ("trace/tracer.def", "TRACER_CALL", lambda r: word(r[1][0], screens), lambda r: r[1][0]),
    ("trace/trace_call.def", "TRACE_CALL", lambda r: re.search(r"(CALL\(|TRACER_)%s\b" % r[0], entered), lambda r: r[0].lower()),
    ("trace/uring.def", "URING", lambda r: word(r[1][0], screens), lambda r: r[1][0]),
    ("tui/tui_glyphs.def", "GLYPH", lambda r: word(r[1][0], screens), lambda r: r[0]),
    ("tui/tui_keys.def", "KEY", lambda r: any(k in PRESSED for k in r[1][0].split()), lambda r: "TUI_" + r[0]),
    ("tui/tui_roles.def", "ROLE", lambda r: word(r[0], screens), lambda r: r[0]),
]


def main():
    lines, left, total = [], [], [0, 0, 0, 0]
    rules = sum(len(list(rows(path, "RULE"))) for path in glob.glob("src/gup/predict_*.def"))
    lines.append(("gup/predict_*.def", "RULE", rules, rules if all_fired else 0, 0, [] if all_fired else ["test_predict_ref says which"]))
    for path, macro, hit, named in TABLES:
        table = list(rows(os.path.join("src", path), macro))
        ids = {r[0]: [macro + "_" + r[0]] + [p + r[0] for p in PREFIX.get(macro, []) if p] for r in table}
        hits = table if path in whole else [r for r in table if hit(r) or any(word(n, expected) for n in ids[r[0]])]
        rest = [r for r in table if r not in hits]
        by_name = [r for r in rest if any(word(n.lstrip("-"), sources) for n in [named(r), r[0]] + ids[r[0]])]
        neither = [r[0] for r in rest if r not in by_name]
        lines.append((path, macro, len(table), len(hits), len(by_name), neither))
    release = subprocess.run(["uname", "-r"], capture_output=True, text=True, check=False).stdout.strip().split("-")[0]
    others = sorted(set(re.findall(r'"release":"([0-9.]+)', text_of(*FILES[1:]))) - {release})
    with open("docs/coverage.md", "w") as out:
        out.write("""<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
# Which rows of which table the tests reach

Made by `tests/coverage.py build/run` on %s: its head says what counts as hit. *named*: not seen in
an output, but named in the source of a test. `fact_never.def` (what the kernel excludes) shows nothing when a row
is used: [mutants.md](mutants.md) is its measure. `kernel/proved.def` is made of [kernels.tsv](kernels.tsv).

| Table | Row | Rows | Hit | Named | Neither |
|---|---|---|---|---|---|
""" % " with outputs of ".join("Linux " + r for r in [release, *others]))
        for path, macro, n, hits, by_name, neither in lines:
            note = ", each by a unit test" if path in whole else ""
            out.write("| `%s` | %s | %d | %d%s | %d | %s |\n" % (path, macro, n, hits, note, by_name, ", ".join(neither) or "-"))
            total = [total[0] + n, total[1] + hits, total[2] + by_name, total[3] + len(neither)]
            left += neither
        out.write("| all | | %d | %d | %d | %d |\n" % tuple(total))
    print("%d rows: %d hit, %d named, %d neither: %s" % (*total, ", ".join(left)))
    return "--check" in sys.argv and bool(left)


sys.exit(main())
