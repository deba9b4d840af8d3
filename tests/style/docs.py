#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each folder of the library explains itself, and the map names it."""

import re

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


def leads_somewhere(name, folder):
    """A path from the root, from libzreg/ or from the document's folder; the suffix may be left out."""
    bases = (checks.ROOT, checks.ROOT / "libzreg", checks.ROOT / folder)
    return any(next(base.glob(pattern), None) for base in bases for pattern in (name, f"{name}.*"))


def names_of_nothing():
    """Paths such as `oci/link.c` or `tests/unit/test_store*` in the documents that lead nowhere."""
    path_in_backticks = re.compile(r"`((?:[\w.-]+/)+[\w.*-]*)`")
    tops = {path.parts[0] for path in checks.ALL if len(path.parts) > 1} | set(folders())
    for document in checks.files(".md"):
        for line, match in checks.lines_matching(path_in_backticks, checks.read(document)):
            name = match.group(1)
            if name.split("/")[0] in tops and not leads_somewhere(name.rstrip("/"), document.parent):
                yield f"{document}:{line}: `{name}` does not exist"


def tests_of_nothing():
    """Tests that a document names, `tests/FILE` *name of the test*, *another*, and FILE does not have."""
    listed = re.compile(r"`(tests/[\w/]+\.\w+)` (\*[\w ]+\*(?:, \*[\w ]+\*)*)")
    for document in checks.files(".md"):
        for line, match in checks.lines_matching(listed, checks.read(document)):
            for title in re.findall(r"\*([\w ]+)\*", match.group(2)):
                if not re.search(rf"\b(test_)?{title.replace(' ', '_')}\(", checks.read(match.group(1))):
                    yield f"{document}:{line}: {match.group(1)} has no test \"{title}\""


checks.report(
    (f"each folder of libzreg/ has a README of at most {LONGEST} lines", list(without_readme())),
    ("docs/ARCHITECTURE.md names each folder of libzreg/", unmentioned("docs/ARCHITECTURE.md")),
    ("the documents name files that exist", list(names_of_nothing())),
    ("the documents name tests that exist", list(tests_of_nothing())),
)
