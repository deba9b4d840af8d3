#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions fit a screen, files a sitting. The figures of each folder are printed for the reader."""

import re
import statistics

import checks

LONGEST_FUNCTION = 40
LONGEST_FILE = 500
WHERE = ("libzreg", "cli")


def functions(path):
    """(first line, number of lines, name) of each function: `make format` puts its braces in column 0."""
    lines = checks.code_only(checks.read(path)).split("\n")
    start = None
    for number, line in enumerate(lines):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            head = "\n".join(lines[max(0, start - 8):start])
            names = re.findall(r"(?m)^\S[^\n]*?(\w+)\(", head)
            yield start + 1, number - start + 1, names[-1] if names else "?"
            start = None


def measure():
    lengths, faults = {}, []
    for path in checks.files(".c", under=WHERE):
        for line, length, name in functions(path):
            lengths.setdefault("/".join(path.parts[:-1]), []).append(length)
            if length > LONGEST_FUNCTION:
                faults.append(f"{path}:{line}: {name} has {length} lines, at most {LONGEST_FUNCTION}")
    for folder, values in sorted(lengths.items()):
        ranked = sorted(values)
        print(f"# {folder}: {len(ranked)} functions, median {statistics.median(ranked):g},"
              f" 90th percentile {ranked[int(0.9 * (len(ranked) - 1))]}, longest {ranked[-1]}")
    return faults


def long_files():
    for path in checks.files(".c", ".h", under=WHERE):
        count = checks.read(path).count("\n")
        if count > LONGEST_FILE:
            yield f"{path}: {count} lines, at most {LONGEST_FILE}"


checks.report(
    (f"no function has more than {LONGEST_FUNCTION} lines", measure()),
    (f"no file has more than {LONGEST_FILE} lines", list(long_files())),
)
