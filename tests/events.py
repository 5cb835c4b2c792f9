#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the lines of gupinfo --trace --json-lines against the schema and against each other.

events.py SCHEMA FILE [EXPRESSION]: lines that do not begin with {"event" are the traced program's.
EXPRESSION is Python over the list "e" of events; it must be true.
"""
import json
import os
import sys

schema = json.load(open(sys.argv[1]))
e = []
for n, line in enumerate(open(sys.argv[2], errors="replace"), 1):
    if not line.startswith('{"event"'):
        continue
    try:
        e.append(json.loads(line))
    except ValueError as err:
        sys.exit("line %d is not JSON: %s" % (n, err))
if not e:
    sys.exit("no event")
try:
    import jsonschema
    check = jsonschema.Draft7Validator(schema)
    for i, event in enumerate(e):
        for err in check.iter_errors(event):
            sys.exit("event %d (%s): %s: %s" % (i, event["event"], list(err.path), err.message[:200]))
except ImportError:
    for event in e:
        for key in schema["required"]:
            if key not in event:
                sys.exit("event %s lacks %s" % (event["event"], key))
for a, b in zip(e, e[1:]):
    if b["seq"] != a["seq"] + 1:
        sys.exit("event %d follows %d" % (b["seq"], a["seq"]))
for event in e:
    if event.get("since", 0) > event["time"]:
        sys.exit("event %d lies before its interval" % event["seq"])


def kinds(name):
    return [x for x in e if x["event"] == name]


def leaks(name):
    """What was predicted for pages that the first stores after the last splice went to."""
    spliced = [r for x in kinds("vmsplice") for r in x["ranges"]]
    for x in kinds("write-fault"):
        hit = [p for p in x["before"] for r in spliced
               if int(p["addr"], 16) < int(r["end"], 16)
               and int(p["addr"], 16) + p["pages"] * p["size"] > int(r["start"], 16)
               and x["seq"] > kinds("vmsplice")[-1]["seq"]]
        if hit:
            return [p["write"]["leak"] for p in hit]
    return []


def warned(word):
    return [w for x in e for w in x["warnings"] if w["id"] == word]


if len(sys.argv) > 3 and not eval(sys.argv[3]):
    sys.exit("does not hold: " + sys.argv[3])
print(len(e), "events")
