#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names in Python: what a file takes from another is there, and nothing is taken or said for nothing."""

import ast
import re
import subprocess
from collections import defaultdict

import checks

FILES = checks.files(".py")
UNUSED = re.compile(r"'(?:\.?\w+\.)*(\w+)' imported but unused")


def bound(tree):
    """The names that a file has when it was read."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (alias.asname or alias.name.split(".")[0] for alias in node.names)


TREES = {path: ast.parse(checks.read(path)) for path in FILES}
NAMES = {path: set(bound(tree)) for path, tree in TREES.items()}


def neighbours(path, module):
    """The files that may be meant: the one beside it, or else those of that name elsewhere among the tests."""
    beside = path.with_name(f"{module}.py")
    return [beside] if beside in TREES else [other for other in FILES if other.name == beside.name]


def taken():
    """(file, line, module's files, name) of each name that a file takes from another of ours."""
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                others = neighbours(path, node.module)
                yield from ((path, node.lineno, others, alias.name) for alias in node.names if others)


def missing():
    for path, line, others, name in taken():
        if not any(name in NAMES[other] for other in others):
            yield f"{path}:{line}: {name} is not in {' or '.join(map(str, others))}"


def pyflakes():
    """What pyflakes finds, but for names that are here for others to take."""
    passed_on = defaultdict(set)
    for _, _, others, name in taken():
        for other in others:
            passed_on[str(other)].add(name)
    said = subprocess.run(["pyflakes3", *map(str, FILES)], cwd=checks.ROOT, capture_output=True, text=True, check=False)
    yield from said.stderr.splitlines()
    for line in said.stdout.splitlines():
        unused = UNUSED.search(line)
        if not unused or unused[1] not in passed_on[line.split(":")[0]]:
            yield line


checks.report(
    ("a name that is taken from another file is there", list(missing())),
    ("pyflakes finds nothing", list(pyflakes())),
)
