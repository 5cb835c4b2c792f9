#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""session.py [--check] - docs/session.svg, the interactive view in motion, of screens that tests compare.

tests/tui/50-session.steps plays it, tests/tui/50-session.screen has its screens with the role of each
character, src/tui/tui_roles.def the colours of the roles; a comment before a screen is its caption.
--check compares instead of writing, and prints what differs.
"""
import difflib
import os
import re
import sys
from xml.sax.saxutils import escape

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
SCENE = os.path.join(TOP, "tests/tui/50-session")
PICTURE = os.path.join(TOP, "docs/session.svg")
WIDTH, HEIGHT = 7.2, 15  # of a character of 12 pixels
SECONDS = 4  # that a screen is shown
FRONT, BACK = "#d0d0d0", "#16181d"


def colour(number):
    """One of the 256 colours of a terminal; the first sixteen are not used."""
    if number >= 232:
        return "#" + "%02x" % (8 + 10 * (number - 232)) * 3
    steps = (0, 95, 135, 175, 215, 255)
    number -= 16
    return "#%02x%02x%02x" % (steps[number // 36], steps[number // 6 % 6], steps[number % 6])


def roles():
    """Name of each role: colours of text and ground, whether it is bold."""
    looks = {}
    for row in re.findall(r"^ROLE\((.*)\)$", open(os.path.join(TOP, "src/tui/tui_roles.def")).read(), re.M):
        part = [word.strip() for word in row.split(",")]
        front, back = int(part[2]), int(part[3])  # of the dark scheme
        looks[part[0]] = (colour(front) if front >= 0 else FRONT, colour(back) if back >= 0 else None,
                          "BOLD" in part[-1])
    return looks


def frames():
    """(caption, rows of text, rows of [(column, role)]) of each screen."""
    steps = open(SCENE + ".steps", encoding="utf-8").read().splitlines()
    captions, caption = [], ""
    for step in steps:
        caption = step[2:] if step.startswith("# ") else caption
        if step == "screen":
            captions.append(caption)
    found = []
    for part in re.split(r"^=+\n", open(SCENE + ".screen", encoding="utf-8").read(), flags=re.M)[1:]:
        lines = part.splitlines()
        looks = [line for line in lines if re.match(r"\d+: \d+ [A-Z]", line)]
        runs = [[(int(word), role) for word, role in re.findall(r"(\d+) ([A-Z_]+(?:\+\w+)*)", line.split(":", 1)[1])]
                for line in looks]
        found.append((captions[len(found)], lines[:len(lines) - len(looks)], runs))
    return found


def row(y, text, runs, looks, columns):
    out = []
    for i, (start, role) in enumerate(runs):
        end = runs[i + 1][0] if i + 1 < len(runs) else columns
        words = text[start:end]
        front, back, bold = looks[role.split("+")[0]]
        if "+reverse" in role:
            front, back = BACK if back is None else front, front if back is None else back
        x, width = start * WIDTH, (end - start) * WIDTH
        if back:
            out.append('<path d="M%.1f %dh%.1fv%dh-%.1fz" fill="%s"/>' % (x, y, width, HEIGHT, width, back))
        if not words.strip():
            continue
        blank = len(words) - len(words.lstrip())
        words = words.strip()
        out.append('<text x="%.1f" y="%d" textLength="%.1f" fill="%s"%s>%s</text>' % (
            x + blank * WIDTH, y + 11, len(words) * WIDTH, front, ' font-weight="bold"' if bold else "", escape(words)))
    return "".join(out)


def picture():
    looks, shown = roles(), frames()
    columns = max(len(line) for _, lines, _ in shown for line in lines)
    rows = max(len(lines) for _, lines, _ in shown)
    width, height = columns * WIDTH + 16, (rows + 2) * HEIGHT + 16
    part = 100 / len(shown)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="-8 -8 %d %d" role="img">' % (
        width, height, width, height),
           "<title>gupinfo --tui</title>", "<style>",
           'text{font:12px "DejaVu Sans Mono",Menlo,Consolas,monospace;white-space:pre}',
           # where nothing moves the first screen is shown
           ".f{opacity:0;animation:f %ds step-end infinite}#f0{opacity:1}" % (SECONDS * len(shown)),
           "@keyframes f{0%%{opacity:1}%.3f%%{opacity:0}100%%{opacity:0}}" % part]
    out += ["#f%d{animation-delay:%ds}" % (i, i * SECONDS) for i in range(1, len(shown))]
    out += ["@media print{.f{animation:none}}</style>",
            '<path d="M-8 -8h%dv%dh-%dz" fill="%s"/>' % (width, height, width, BACK)]
    for i, (caption, lines, runs) in enumerate(shown):
        out.append('<g class="f" id="f%d">' % i)
        out += [row(y * HEIGHT, line, runs[y], looks, columns) for y, line in enumerate(lines)]
        out.append('<text x="0" y="%d" fill="#8fd18f">%d/%d %s</text></g>' % (
            (rows + 1) * HEIGHT + 6, i + 1, len(shown), escape(caption)))
    return "\n".join(out) + "\n</svg>\n"


def main():
    new = picture()
    old = open(PICTURE, encoding="utf-8").read() if os.path.exists(PICTURE) else ""
    if sys.argv[1:] == ["--check"]:
        sys.stdout.writelines(list(difflib.unified_diff(old.splitlines(True), new.splitlines(True), "docs/session.svg",
                                                        "tools/session.py", n=0))[:20])
    elif new != old:
        with open(PICTURE, "w", encoding="utf-8") as file:
            file.write(new)


if __name__ == "__main__":
    main()
