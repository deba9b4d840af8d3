#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Public headers are short, listed, guarded, and explain each function."""

import re

import checks

LONGEST = 200
PUBLIC = [path for path in checks.files(".h", under=("libzreg",))
          if path.parts[1] == "zreg" or path.name == "zreg.h"]


def too_long():
    for path in PUBLIC:
        count = checks.read(path).count("\n")
        if count > LONGEST:
            yield f"{path}: {count} lines, at most {LONGEST}: split the topic"


def undocumented():
    for path in PUBLIC:
        lines = checks.read(path).split("\n")
        for number, line in enumerate(lines):
            if line.startswith("ZREG_API") and not lines[number - 1].rstrip().endswith("*/"):
                yield f"{path}:{number + 1}: no comment directly above: {line}"


def unlisted():
    umbrella = checks.read("libzreg/zreg.h")
    installed = checks.installed_headers()
    for path in PUBLIC:
        if path.name == "zreg.h":
            continue
        if path.name not in installed:
            yield f"{path}: in no libzreg/*/local.mk (zreg_headers), so not installed"
        if f"#include <zreg/{path.name}>" not in umbrella:
            yield f"{path}: not included by libzreg/zreg.h"


def unguarded():
    for path in PUBLIC:
        topic = path.stem.upper()
        guard = "ZREG_H" if path.name == "zreg.h" else f"ZREG_{topic}_H"
        if not re.search(rf"#ifndef {guard}\n#define {guard}\n", checks.read(path)):
            yield f"{path}: include guard is not {guard}"


checks.report(
    (f"public headers have at most {LONGEST} lines", list(too_long())),
    ("each public function has a comment directly above it", list(undocumented())),
    ("public headers are installed and in the umbrella", list(unlisted())),
    ("public headers have their guard", list(unguarded())),
)
