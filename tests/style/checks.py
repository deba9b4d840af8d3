# SPDX-License-Identifier: Apache-2.0
"""What the checks of tests/style and tests/abi share: which files there are, C without its
comments, and TAP on standard output."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("base", "oci", "http", "registry", "store", "server", "image", "gate", "node")


def all_files():
    listing = subprocess.run([ROOT / "build-aux/sources.sh"], check=True, capture_output=True, text=True)
    return sorted(Path(line) for line in listing.stdout.splitlines())


ALL = all_files()


def files(*suffixes, under=None):
    """Paths of the project's own files, relative to the root, in order."""
    return [path for path in ALL
            if (not suffixes or path.suffix in suffixes)
            and (under is None or any(path.is_relative_to(folder) for folder in under))]


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


def installed_headers():
    """Names, such as "ref.h", of the public headers in zreg_headers."""
    return {header for layer in LAYERS
            for header in re.findall(r"libzreg/zreg/(\w+\.h)", read(f"libzreg/{layer}/local.mk"))}


def report(*results):
    """Print TAP. Each result is (what is true, list of the places where it is not)."""
    print(f"1..{len(results)}")
    for number, (name, faults) in enumerate(results, 1):
        print(f"{'not ok' if faults else 'ok'} {number} - {name}")
        for fault in faults:
            print(f"# {fault}")
    sys.exit(any(faults for _, faults in results))
