# SPDX-License-Identifier: Apache-2.0
"""Programs that tests/run built from the Go module proxy (install_go_programs in install.sh)."""

import os
import pathlib

import tap

TOP = pathlib.Path(__file__).resolve().parents[2]
FOLDER = pathlib.Path(os.environ.get("ZREG_GO_PROGRAMS", TOP / "build/go-programs"))


def need_go_program(name):
    """The path of a program; skips the test where it could not be built."""
    if (FOLDER / "bin" / name).exists():
        return FOLDER / "bin" / name
    reason = FOLDER / f"{name}.reason"
    raise tap.Skip(reason.read_text().strip() if reason.exists() else
                   f"{name} is not in {FOLDER}/bin; tests/run builds it there")
