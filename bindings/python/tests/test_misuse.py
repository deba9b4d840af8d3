# SPDX-License-Identifier: Apache-2.0
"""Every object, method and parameter of the package, used wrongly in every way: see misuse.py."""
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import misuse

TRIED = {}


@pytest.mark.parametrize("way", misuse.MISUSES)
@pytest.mark.parametrize("name", misuse.objects())
def test_misuse_is_an_exception(name, way):
    try:
        done = subprocess.run([sys.executable, Path(misuse.__file__), name, way], capture_output=True, text=True, timeout=150)
    except subprocess.TimeoutExpired as late:
        pytest.fail("it hangs: " + (late.stdout or b"").decode().splitlines()[-1])
    last = done.stdout.splitlines()[-1]
    if done.returncode < 0:
        pytest.fail(f"{signal.Signals(-done.returncode).name} in {last}\n{done.stderr}")
    assert done.returncode == 0 and last.startswith("cases "), f"{last}\n{done.stderr[-2000:]}"
    TRIED[name, way] = int(last.split()[1])


def test_how_much_was_misused(capsys):
    with capsys.disabled():
        print(f"# misuse: {sum(TRIED.values())} cases of {len(misuse.objects())} objects x {len(misuse.MISUSES)} misuses, 0 signals")
    assert TRIED
