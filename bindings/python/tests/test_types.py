# SPDX-License-Identifier: Apache-2.0
"""The package's types hold, and are of use to a program that is checked against them."""

import shutil
import subprocess
from pathlib import Path

import pytest

import zreg

PROGRAM = """
import zreg

with zreg.Client(authfile="") as client:
    digest: zreg.Digest = client.head("docker.io/library/alpine")
    copied: int = client.copy("docker.io/library/alpine", "oci:layout:one").bytes
"""


@pytest.fixture
def check(tmp_path):
    """check("text") has mypy look at the package and a program; gives its verdict and its words."""
    mypy = shutil.which("mypy")
    if mypy is None:
        pytest.skip("mypy is not installed; on Debian: apt-get install mypy")
    package = tmp_path / "zreg"
    package.mkdir()
    for path in Path(zreg.__file__).parent.glob("*.py*"):
        if path.name != "_raw.py":
            shutil.copy(path, package)
    (package / "py.typed").touch()
    # What SWIG makes has no types.
    (package / "_raw.pyi").write_text("from typing import Any\n\ndef __getattr__(name: str) -> Any: ...\n")

    def run(program):
        (tmp_path / "program.py").write_text(program)
        done = subprocess.run([mypy, "--strict", "--no-warn-return-any", "--cache-dir", tmp_path / "cache",
                               "-p", "zreg", "-m", "program"], cwd=tmp_path, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    return run


def test_the_package_is_typed_strictly(check):
    status, words = check(PROGRAM)
    assert status == 0, words


def test_a_wrong_use_is_found(check):
    status, words = check(PROGRAM.replace(".bytes", ".digest"))
    assert status == 1 and "program.py:6" in words and "zreg/" not in words, words
