#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""schema.py SCHEMA DEFINITION [--lines] < JSON: complains of what the schema does not allow.

DEFINITION is a name under $defs: document, who, lint, diff, page_line, finding, change, verify, event.
Exit: 0 valid, 1 not, 77 when python3-jsonschema is missing.
"""
import json
import sys

try:
    import jsonschema
except ImportError:
    sys.exit(77)


def main():
    schema = json.load(open(sys.argv[1], encoding="utf-8"))
    schema = {"$schema": schema["$schema"], "$defs": schema["$defs"], "$ref": "#/$defs/" + sys.argv[2]}
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    text = sys.stdin.read()
    documents = text.splitlines() if "--lines" in sys.argv else [text]
    bad = 0
    if not text.strip():
        print("no JSON at all")
        return 1
    for number, document in enumerate(documents, 1):
        try:
            value = json.loads(document)
        except ValueError as error:
            print(f"document {number} is not JSON: {error}")
            return 1
        for error in validator.iter_errors(value):
            where = "/".join(str(part) for part in error.absolute_path)
            print(f"document {number}: {where}: {error.message[:200]}")
            bad += 1
            if bad == 10:
                return 1
    return bad != 0


sys.exit(main())
