#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each source says its licence in its first lines."""

import checks

LINE = "SPDX-License-Identifier: Apache-2.0"
SOURCES = (".c", ".h", ".i", ".swig", ".go", ".py", ".sh", ".mk", ".m4", ".map", ".yaml", ".yml")


def is_script(path):
    return not path.suffix and checks.read(path).startswith("#!")


def without_licence():
    for path in checks.files():
        if path.suffix in SOURCES or is_script(path):
            if LINE not in "\n".join(checks.read(path).split("\n", 4)[:4]):
                yield f"{path}: no line \"{LINE}\" at the top"


checks.report(("each source names its licence", list(without_licence())))
