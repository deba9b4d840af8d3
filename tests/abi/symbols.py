#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three lists of public functions are one: the headers, libzreg.map, and what the library exports."""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "style"))
import checks  # noqa: E402

LIBRARY = Path(os.environ.get("ZREG_BUILDDIR", ".")) / "libzreg/.libs/libzreg.so"


def declared():
    """Names with ZREG_API in the public headers."""
    names = set()
    for path in checks.files(".h", under=("libzreg/zreg",)):
        text = checks.code_only(checks.read(path))
        names.update(re.findall(r"(?m)^ZREG_API\b[^;{]*?\b(zreg_\w+)\s*\(", text))
    return names


def mapped():
    """(names, names listed twice) of the symbol map."""
    text = re.sub(r"#.*", "", checks.read("libzreg/libzreg.map"))
    listed = re.findall(r"\b(zreg_\w+)\s*;", text)
    return set(listed), sorted({name for name in listed if listed.count(name) > 1})


def exported():
    out = subprocess.run(["nm", "-D", "--defined-only", LIBRARY], check=True, capture_output=True, text=True).stdout
    names = {line.split()[-1].split("@")[0] for line in out.splitlines()}
    return {name for name in names if not re.match(r"ZREG_\d+$|__(asan|ubsan|tsan|odr_asan|gcov|llvm|start|stop)_", name)}


def differences(left, left_name, right, right_name):
    return ([f"{name}: in {left_name}, not in {right_name}" for name in sorted(left - right)]
            + [f"{name}: in {right_name}, not in {left_name}" for name in sorted(right - left)])


listed, twice = mapped()
results = [
    ("the map lists exactly what the headers declare", differences(declared(), "the headers", listed, "libzreg.map")),
    ("the map lists each name once", twice),
]
if LIBRARY.exists():
    results.append(("the library exports exactly what the map lists",
                    differences(exported(), "the library", listed, "libzreg.map")))
checks.report(*results)
