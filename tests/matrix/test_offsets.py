#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A small copy between two registries, cut at every byte that goes either way at either of them: it ends well each time,
and costs a few requests more. The seams of requests and answers are among the bytes, whatever they are."""

import pathlib
import sys

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(pathlib.Path(__file__).resolve().parents[1] / "lib")]

import tap  # noqa: E402
from offsets import tests  # noqa: E402
from world import world  # noqa: E402

if __name__ == "__main__":
    with world() as made:
        failures = tap.run(tests(made, 1))
    sys.exit(1 if failures else 0)
