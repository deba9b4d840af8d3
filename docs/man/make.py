#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the manual and the completion of shells: make.py OUTPUT VERSION EXAMPLES HEADER ... < TABLE

TABLE is what `zreg help --json` prints, HEADER a public header, the first being zreg.h, and EXAMPLES a folder that may
have a program of each header's name. OUTPUT gets man1, man3 and completion. The date is that of SOURCE_DATE_EPOCH."""

import datetime
import json
import os
import pathlib
import sys
import time

import completion
import functions
import headers
import programs
import verbs

HERE = pathlib.Path(__file__).resolve().parent


def make_page(version):
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))
    day = datetime.datetime.fromtimestamp(epoch, datetime.timezone.utc)

    def page(name, section, lines):
        head = ['.\\" SPDX-License-Identifier: Apache-2.0', '.\\" Made by docs/man/make.py: edit its sources.',
                f".Dd {day:%B} {day.day}, {day.year}", f".Dt {name.upper()} {section}", f".Os libzreg {version}"]
        return "\n".join(head + lines) + "\n"

    return page


def write(folder, files):
    """Replaces what the folder holds, so that nothing stays of what is no longer made."""
    folder.mkdir(parents=True, exist_ok=True)
    written = set()
    for name, text in files:
        (folder / name).write_text(text, encoding="utf-8")
        written.add(name)
    for path in folder.iterdir():
        if path.name not in written:
            path.unlink()


def main(output, version, examples, umbrella, *paths):
    table, output, page = json.load(sys.stdin), pathlib.Path(output), make_page(version)
    topics = [headers.read(path) for path in sorted(paths)]
    shown = {path.stem: programs.read(path) for path in pathlib.Path(examples).glob("*.c")}
    pages = functions.Pages(headers.read(umbrella), topics, shown, page)
    write(output / "man1", ((f"{name}.1", text) for name, text in verbs.Pages(table, HERE / "verbs", page).all()))
    write(output / "man3", ((f"{name}.3", text) for name, text in pages.all()))
    write(output / "completion", completion.all_shells(table))


if __name__ == "__main__":
    main(*sys.argv[1:])
