#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""clean.py [--terminal] < OUTPUT: complains of characters that a terminal or a reader may obey.

Output is UTF-8 without C0 and C1 controls but the newline, without what turns the direction of
text or hides it.  --terminal: the stream of a terminal, which has escape sequences of its own.
"""
import re
import sys

text = sys.stdin.buffer.read()
try:
    text = text.decode()
except UnicodeDecodeError as error:
    sys.exit("no UTF-8: %r" % text[max(error.start - 60, 0):error.start + 20])
unsafe = "\x80-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\U000e0000-\U000e007f"
if "--terminal" not in sys.argv:
    unsafe += "\\x00-\\x09\\x0b-\\x1f\\x7f"
found = re.search("[" + unsafe + "]", text)
if found:
    sys.exit("U+%04X: %r" % (ord(found[0]), text[max(found.start() - 60, 0):found.end() + 20]))
