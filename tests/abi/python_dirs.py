#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""build-aux/python-dirs.py, by which configure knows where to install the Python package: it is asked
by this Python, by virtual environments made of it, and as if it were Debian's, pyenv's or another."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import tap  # noqa: E402

PROGRAM = Path(os.environ["ZREG_SRCDIR"], "build-aux/python-dirs.py")
DEBIAN = ["/usr/local/lib/python3.13/dist-packages", "/usr/lib/python3/dist-packages",
          "/usr/lib/python3.13/dist-packages"]


def loaded():
    spec = importlib.util.spec_from_file_location("python_dirs", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asked(python, *words):
    return subprocess.run([python, PROGRAM, *words], check=True, capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"]}).stdout.strip()


def chosen(kind, prefix, *, own, sites, base="/usr"):
    """What a Python outside virtual environments would choose, whose packages are in these folders."""
    dirs = loaded()
    with mock.patch.multiple(sys, prefix=base, base_prefix=base, path=sites), \
            mock.patch("site.getsitepackages", lambda: sites), \
            mock.patch("sysconfig.get_path", lambda name, scheme=None, vars=None: f"{vars['base']}/lib/pythonX/site-packages"
                       if scheme else own):
        return dirs.relative(kind, prefix, dirs.choose(kind, prefix))


def test_a_virtual_environment_keeps_its_packages_whatever_the_prefix():
    for options in [], ["--system-site-packages"]:
        with tempfile.TemporaryDirectory() as folder:
            venv = os.path.realpath(folder) + "/venv"
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", *options, venv], check=True)
            for prefix in "/usr/local", "/usr", "/opt/zreg":
                for kind in "purelib", "platlib":
                    where = asked(f"{venv}/bin/python", kind, prefix)
                    assert where.startswith(f"{venv}/lib"), where
                    subprocess.run([f"{venv}/bin/python", PROGRAM, "looks", where], check=True)


def test_an_environment_below_the_prefix_moves_with_it():
    with tempfile.TemporaryDirectory() as folder:
        prefix = os.path.realpath(folder)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", f"{prefix}/venv"], check=True)
        assert asked(f"{prefix}/venv/bin/python", "platlib", prefix).startswith("${exec_prefix}/venv/lib")
        assert asked(f"{prefix}/venv/bin/python", "purelib", prefix).startswith("${prefix}/venv/lib")


def test_debian_has_dist_packages():
    debian = dict(own=DEBIAN[0], sites=DEBIAN)
    assert chosen("purelib", "/usr/local", **debian) == "${prefix}/lib/python3.13/dist-packages"
    assert chosen("platlib", "/usr/local", **debian) == "${exec_prefix}/lib/python3.13/dist-packages"
    assert chosen("platlib", "/usr", **debian) == "${exec_prefix}/lib/python3/dist-packages"


def test_a_prefix_of_its_own_keeps_the_package():
    """And `looks` is what configure says it by."""
    assert chosen("platlib", "/opt/zreg", own=DEBIAN[0], sites=DEBIAN) == "${exec_prefix}/lib/pythonX/site-packages"
    pyenv = "/home/me/.pyenv/versions/3.13.0"
    assert chosen("platlib", "/opt/zreg", own=f"{pyenv}/lib/pythonX/site-packages", base=pyenv,
                  sites=[f"{pyenv}/lib/pythonX/site-packages"]) == "${exec_prefix}/lib/pythonX/site-packages"
    assert subprocess.run([sys.executable, PROGRAM, "looks", "/opt/zreg/lib/python3/site-packages"], check=False).returncode == 1


def test_a_python_that_is_not_the_systems_takes_its_own_by_default():
    pyenv = "/home/me/.pyenv/versions/3.13.0"
    own = f"{pyenv}/lib/pythonX/site-packages"
    assert chosen("platlib", "/usr/local", own=own, base=pyenv, sites=[own]) == own


def test_a_python_in_the_prefix_is_as_automake_has_it():
    own = "/usr/local/lib/pythonX/site-packages"
    assert chosen("purelib", "/usr/local", own=own, base="/usr/local", sites=[own]) == "${prefix}/lib/pythonX/site-packages"


def test_the_systems_python_is_never_written_to_from_another_prefix():
    own = "/usr/lib/pythonX/site-packages"
    assert chosen("purelib", "/usr/local", own=own, sites=[own]) == "${prefix}/lib/pythonX/site-packages"


if __name__ == "__main__":
    tap.main(__name__)
