#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The licences of what is linked statically, for the folder that goes along with it.

    licenses.py STATIC-DEPS INTO MAP...

The linker's maps tell which archives have become part of a file. Each has a line in STATIC-DEPS/versions, which
deps.sh wrote; INTO gets these lines as `versions`, this project's licence, and each package's in a folder of its name.
An archive of which nothing is known is an error: what holds it could not be passed on."""

import re
import shutil
import sys
from pathlib import Path

LICENSE = Path(__file__).resolve().parents[2] / "LICENSE"
# The linker's own words above the list of members that it took out of archives.
TAKEN = "Archive member included to satisfy reference by file (symbol)\n"
OURS = "libzreg-internal.a"


class Unknown(Exception):
    """An archive whose licence is not there."""


def archives_of(text):
    """The names of the archives of which a linker's map says that a part was taken."""
    start = text.find(TAKEN)
    if start < 0:
        raise Unknown("the linker's map does not tell of archives")
    listed = text[start + len(TAKEN):].lstrip("\n").split("\n\n", 1)[0]
    return set(re.findall(r"(?m)^\S*?([^/\s]+\.a)\(", listed)) - {OURS}


def lines_for(static_deps, maps):
    """The lines of STATIC-DEPS/versions, "ARCHIVE PACKAGE VERSION", for the archives in these maps."""
    lines = (Path(static_deps) / "versions").read_text(encoding="utf-8").splitlines()
    known = {line.split()[0]: line for line in lines}
    archives = set().union(*(archives_of(Path(path).read_text(encoding="utf-8")) for path in maps))
    for archive in sorted(archives):
        if archive not in known:
            raise Unknown(f"{archive} was linked, and {static_deps}/versions has no line for it")
    return [known[archive] for archive in sorted(archives)]


def files_for(static_deps, maps):
    """{name in the folder of licences: the file that it is made from, or its text}."""
    lines = lines_for(static_deps, maps)
    files = {"LICENSE": LICENSE, "versions": "".join(f"{line}\n" for line in lines)}
    for package in sorted({line.split()[1] for line in lines}):
        folder = Path(static_deps) / "licenses" / package
        if not (folder / "copyright").is_file():
            raise Unknown(f"{folder}/copyright is missing")
        files |= {f"{package}/{path.name}": path for path in sorted(folder.iterdir())}
    return files


def main(static_deps, into, *maps):
    for name, content in files_for(static_deps, maps).items():
        path = Path(into) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            shutil.copyfile(content, path)


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit("licenses.py STATIC-DEPS INTO MAP...")
    try:
        main(*sys.argv[1:])
    except (Unknown, OSError) as error:
        sys.exit(f"licenses.py: {error}")
