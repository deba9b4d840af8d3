#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind of request of a copy, of a promotion, of lists and of deletions meets every fault, once: whatever it is,
but for a final 4xx, the operation ends well, and the right bytes are where they should be."""

import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / "lib")]

import tap  # noqa: E402
from cells import cells, tests  # noqa: E402
from world import world  # noqa: E402

if __name__ == "__main__":
    with world() as made:
        failures = tap.run(list(tests(made, cells())))
    sys.exit(1 if failures else 0)
