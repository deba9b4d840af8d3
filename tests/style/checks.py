# SPDX-License-Identifier: Apache-2.0
"""What the checks of tests/style and tests/abi share: which files there are, C without its
comments, and TAP on standard output."""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("libzreg", "cli", "bindings", "tests", "examples", "bench", "build-aux", "m4", "docs",
           "zuul.d", "playbooks", "roles", ".ci")
GENERATED = re.compile(r"_wrap\.(c|h)$|/_raw\.py$|/m4/(libtool|lt.*)\.m4$|/build-aux/(?!.*\.py$)"
                       r"|\.(in|la|lo|o|so|pyc|log|trs)$|/[.]libs/|/[.]deps/|/__pycache__/|/[.]?build")
LAYERS = ("base", "oci", "http", "registry", "store", "server", "image", "gate")


def files(*suffixes, under=FOLDERS):
    """Paths of the project's own files, relative to the root, in order."""
    found = []
    for folder in under:
        for where, _, names in os.walk(ROOT / folder):
            for name in names:
                path = (Path(where) / name).relative_to(ROOT)
                if not GENERATED.search(f"/{path}") and (not suffixes or path.suffix in suffixes):
                    found.append(path)
    return sorted(found)


def read(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def code_only(text):
    """C text with comments blanked and string contents removed; every line keeps its number."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        piece = match.group()
        return piece[0] + piece[-1] if piece[0] in "\"'" else re.sub(r"[^\n]", " ", piece)

    return token.sub(blank, text)


def lines_matching(pattern, text):
    """(line number, match) of each place in text where pattern stands."""
    for match in re.finditer(pattern, text):
        yield text.count("\n", 0, match.start()) + 1, match


def header_layers():
    """Public header, such as "ref.h" -> the layer whose local.mk lists it."""
    return {header: layer for layer in LAYERS
            for header in re.findall(r"libzreg/zreg/(\w+\.h)", read(f"libzreg/{layer}/local.mk"))}


def report(*results):
    """Print TAP. Each result is (what is true, list of the places where it is not)."""
    print(f"1..{len(results)}")
    for number, (name, faults) in enumerate(results, 1):
        print(f"{'not ok' if faults else 'ok'} {number} - {name}")
        for fault in faults:
            print(f"# {fault}")
    sys.exit(any(faults for _, faults in results))
