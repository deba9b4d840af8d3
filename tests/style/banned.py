#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions and words that may not stand in the tree."""

import re

import checks

ANYWHERE = r"\b(strcpy|strcat|sprintf|vsprintf|strtok|gets|alloca)\s*\("
# The library reports through zreg_error and the log callback; the process is its user's.
IN_LIBRARY = r"\b(printf|vprintf|puts|putchar|perror|exit|_exit|abort|raise|signal|sigaction|atexit)\s*\("
GOTO = r"\bgoto\b"
UNFINISHED = re.compile("|".join((r"\bTO" r"DO\b", r"\bFIX" r"ME\b", r"\bX" r"XX\b", r"\bnot " r"implemented\b",
                                  r"\bplace" r"holder\b")), re.I)


def calls(pattern, *under):
    for path in checks.files(".c", ".h", ".i", ".swig", under=under or None):
        for line, match in checks.lines_matching(pattern, checks.code_only(checks.read(path))):
            yield f"{path}:{line}: {match.group().rstrip('( ')}"


def unfinished():
    for path in checks.files(".c", ".h", ".i", ".swig", ".go", ".py", ".sh", ".mk", ".m4", ".yaml"):
        for line, match in checks.lines_matching(UNFINISHED, checks.read(path)):
            yield f"{path}:{line}: {match.group()}"


checks.report(
    ("no function that cannot be used safely", list(calls(ANYWHERE))),
    ("the library does not print, exit, abort or touch signals", list(calls(IN_LIBRARY, "libzreg"))),
    ("locals clean themselves: no goto", list(calls(GOTO, "libzreg", "cli"))),
    ("nothing is left for later", list(unfinished())),
)
