# SPDX-License-Identifier: Apache-2.0
"""Checks that each op and pass of a TableGen dump (JSON on standard input) has a description with an example of itself.

Takes the class of the records (Op or Pass) and how many there are at least. Prints their names; ends with an error that
names those without an example.
"""

import json
import re
import sys


def example_of(description: str) -> str:
    """The text of the description's ```mlir blocks, empty when there is none."""
    return "\n".join(re.findall(r"^ *```mlir\n(.*?)^ *```$", description, re.MULTILINE | re.DOTALL))


def main() -> None:
    kind, least = sys.argv[1], int(sys.argv[2])
    dump = json.load(sys.stdin)
    records = [dump[name] for name in dump["!instanceof"][kind]]
    names = {}
    for record in records:
        if kind == "Op":
            name = f"{dump[record['opDialect']['def']]['name']}.{record['opName']}"
            used = name
        else:
            # An example of a pass shows what becomes of something.
            name, used = record["argument"], "// "
        names[name] = bool(record["summary"]) and used in example_of(record["description"])
    print("\n".join(sorted(names)))
    lacking = sorted(name for name, good in names.items() if not good)
    if lacking:
        sys.exit(f"expects a summary and a ```mlir example that shows it, but {', '.join(lacking)} has none")
    if len(names) < least:
        sys.exit(f"expects at least {least} records of class {kind}, but got {len(names)}")


main()
