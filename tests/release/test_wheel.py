#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The wheel, in an empty virtual environment on a machine that has Python and libc; and the sdist."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from release_world import BUILD, call, check_licenses, folder, need, need_root, seconds, tap, version

FOLDER = BUILD / "wheel"
# What libzreg is linked with, except zlib, which Python itself wants.
HIDDEN = ("libcurl", "libjson-c", "libssl", "libcrypto", "libyaml", "libcrypt.")
STORY = """
import json, sys, zreg
with zreg.BuildsetRegistry() as registry, zreg.Client() as client:
    client.append("scratch", [sys.argv[1]], "example/base:latest", dst_server=registry)
    print(json.dumps({"version": zreg.__version__, "file": zreg.__file__}))
"""


def one(pattern):
    found = sorted(FOLDER.glob(pattern))
    if not found:
        raise tap.Skip(f"{FOLDER} has no {pattern}; `make wheel` makes it, and tests/run release calls that")
    return found[-1]


def pip(python, *words):
    return call(python, "-m", "pip", "--disable-pip-version-check", *words)


@contextlib.contextmanager
def environment():
    with folder() as top:
        call(sys.executable, "-m", "venv", top / "venv")
        yield top / "venv"


def install(venv, what):
    return pip(venv / "bin/python", "install", "--no-index", "--no-deps", what)


def test_the_tag_is_what_the_symbols_want():
    wheel = one("zreg-*.whl")
    tag = re.search(r"-(cp3\d+)-\1-manylinux_2_(\d+)_(\w+)\.whl$", wheel.name)
    assert tag and tag.group(3) == os.uname().machine, wheel.name
    with zipfile.ZipFile(wheel) as archive, folder() as top:
        archive.extractall(top)
        newest, needed = 0, set()
        for path in [*top.glob("zreg/*.so"), *top.glob("*.data/scripts/zreg")]:
            said = call("readelf", "--wide", "--dynamic", "--version-info", path)
            newest = max([newest, *map(int, re.findall(r"GLIBC_2\.(\d+)", said))])
            needed |= set(re.findall(r"NEEDED.*\[(.*)\]", said))
    assert newest == int(tag.group(2)), (newest, wheel.name)
    print(f"# {wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB; wants {' '.join(sorted(needed))}")
    assert all(name.startswith(("libc.so", "libm.so", "ld-linux")) for name in needed), needed


def test_the_licences_of_all_that_is_inside_are_in_it():
    with zipfile.ZipFile(one("zreg-*.whl")) as archive, folder() as top:
        archive.extractall(top)
        info, = top.glob("*.dist-info")
        command, = top.glob("*.data/scripts/zreg")
        command.chmod(0o755)
        check_licenses(info / "licenses", command)
        named = re.findall(r"(?m)^License-File: (.*)$", (info / "METADATA").read_text())
        assert named == sorted(str(path.relative_to(info / "licenses")) for path in (info / "licenses").rglob("*") if path.is_file())


def test_auditwheel_agrees():
    wheel = one("zreg-*.whl")
    with environment() as venv:
        said = subprocess.run([venv / "bin/pip", "install", "--quiet", "auditwheel"], capture_output=True, text=True, check=False)
        if said.returncode != 0:
            raise tap.Skip("auditwheel cannot be installed from PyPI")
        said = " ".join(call(venv / "bin/python", "-m", "auditwheel", "show", wheel).split())
    tag = re.search(r"manylinux_2_\d+_\w+(?=\.whl)", wheel.name).group()
    assert f'consistent with the following platform tag: "{tag}"' in said, said


def test_one_line_installs_all():
    wheel = one("zreg-*.whl")
    with environment() as venv:
        taken = seconds(lambda: install(venv, wheel), 1)
        started = seconds(lambda: call(venv / "bin/python", "-c", "import zreg"), 5)
        print(f"# installed in {taken:.1f} s; import zreg, with Python's own start, {started:.2f} s")
        (venv / "root").mkdir()
        said = json.loads(call(venv / "bin/python", "-c", STORY, venv / "root"))
        assert said["version"] == version() and Path(said["file"]).is_relative_to(venv), said
        assert version() in call(venv / "bin/zreg", "version")
        assert "zreg" in pip(venv / "bin/python", "show", "--files", "zreg")
        pip(venv / "bin/python", "uninstall", "--yes", "zreg")
        assert not (venv / "bin/zreg").exists() and not list(venv.glob("lib/*/site-packages/zreg*"))


def bare(venv, *command, env=None, expect=0):
    """In a mount namespace where the libraries that are said to be inside cannot be found on the machine."""
    libraries = [path for top in ("/usr/lib", "/usr/local/lib") for path in Path(top).glob("**/*.so*")
                 if path.name.startswith(HIDDEN) and not path.is_symlink()]
    assert libraries or not Path("/usr/lib/x86_64-linux-gnu").exists()
    hide = "".join(f"mount --bind /dev/null {path} && " for path in libraries)
    return call("unshare", "--mount", "sh", "-c", hide + 'exec "$@"', "sh", *command, env=env, expect=expect)


def test_none_of_the_machines_libraries_is_used():
    need_root()
    need("unshare", "util-linux")
    wheel = one("zreg-*.whl")
    with environment() as venv:
        install(venv, wheel)
        (venv / "root").mkdir()
        bare(venv, venv / "bin/python", "-c", STORY, venv / "root")
        assert version() in bare(venv, venv / "bin/zreg", "version")


def test_authorities_of_the_machine_are_found():
    wheel = one("zreg-*.whl")
    with environment() as venv:
        install(venv, wheel)
        asks = ("import sys, zreg\n"
                "with zreg.BuildsetRegistry() as r, zreg.Client() as c:\n"
                "    open(sys.argv[1], 'w').write(r.cert)\n"
                "    try:\n        c.tags(r.address + '/a/b')\n    except zreg.Error as e:\n        print(e)\n")
        said = call(venv / "bin/python", "-c", asks, venv / "ca.pem")
        assert "certificate" in said, said
        said = call(venv / "bin/python", "-c", asks, venv / "ca.pem", env={"SSL_CERT_FILE": str(venv / "ca.pem")})
        assert "certificate" not in said, said


def test_the_sdist_compiles_where_the_development_packages_are():
    need("swig")
    sdist = one("zreg-*.tar.gz")
    with folder() as top, environment() as venv:
        shutil.copy(sdist, top)
        pip(venv / "bin/python", "install", "--no-index", "--no-deps", top / sdist.name)
        (venv / "root").mkdir()
        assert json.loads(call(venv / "bin/python", "-c", STORY, venv / "root"))["version"] == version()
        assert version() in call(venv / "bin/zreg", "version")


if __name__ == "__main__":
    tap.main(__name__)
