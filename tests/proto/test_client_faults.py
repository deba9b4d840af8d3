#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A part of tests/matrix: some cells of each kind of request, and a small copy that is cut at some of its bytes."""

import os
import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1] / part) for part in ("matrix", "lib")]

import cells  # noqa: E402
import offsets  # noqa: E402
import tap  # noqa: E402
from world import world  # noqa: E402

# These have no common divisor with how often anything in the matrix comes again.
SOME_CELLS, SOME_BYTES = (17, 211) if os.environ.get("ZREG_SANITIZERS") else (5, 37)

if __name__ == "__main__":
    with world() as made:
        tests = cells.tests(made, list(cells.cells())[::SOME_CELLS]) + offsets.tests(made, SOME_BYTES)
        failures = tap.run(tests)
    sys.exit(1 if failures else 0)
