#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each folder of the library explains itself, and the map names it."""

import checks

LONGEST = 15


def folders():
    return [layer for layer in sorted(p.name for p in (checks.ROOT / "libzreg").iterdir() if p.is_dir())
            if (checks.ROOT / "libzreg" / layer / "local.mk").exists()]


def without_readme():
    for layer in folders():
        readme = f"libzreg/{layer}/README.md"
        if not (checks.ROOT / readme).exists():
            yield f"{readme}: missing"
        elif checks.read(readme).count("\n") > LONGEST:
            yield f"{readme}: more than {LONGEST} lines"


def unmentioned(document):
    if not (checks.ROOT / document).exists():
        return [f"{document}: missing"]
    text = checks.read(document)
    return [f"{document}: does not name {layer}/" for layer in folders() if f"{layer}/" not in text]


checks.report(
    (f"each folder of libzreg/ has a README of at most {LONGEST} lines", list(without_readme())),
    ("docs/ARCHITECTURE.md names each folder of libzreg/", unmentioned("docs/ARCHITECTURE.md")),
)
