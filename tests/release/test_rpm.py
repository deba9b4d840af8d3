#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The spec: rpmlint takes it, rpmbuild makes packages of it, and their command runs."""

import functools
import re
import shutil
import tempfile
from pathlib import Path

from release_world import BUILD, SOURCE, call, folder, need, tap, version

SPEC = SOURCE / "packaging/rpm/zreg.spec"


@functools.lru_cache(maxsize=None)
def packages():
    """The packages by name, built once; Debian has what they need under other names, hence --nodeps."""
    need("rpmbuild", "rpm")
    tarball = BUILD / f"libzreg-{version()}.tar.xz"
    if not tarball.exists():
        raise tap.Skip(f"{tarball} is missing; `make dist` makes it, and tests/run release calls that")
    top = Path(tempfile.mkdtemp(prefix="zreg-rpm-", dir=BUILD))
    (top / "SOURCES").mkdir()
    shutil.copy(tarball, top / "SOURCES")
    call("rpmbuild", "-ba", "--nodeps", "--define", f"_topdir {top}", SPEC, timeout=1200)
    return {call("rpm", "-qp", "--qf", "%{name}", path): path for path in top.glob("RPMS/*/*.rpm")}


def test_rpmlint_takes_the_spec():
    need("rpmlint")
    said = call("rpmlint", "--config", SOURCE / "packaging/rpm/rpmlint.toml", SPEC)
    assert re.search(r"\b0 errors, 0 warnings", said), said


def test_it_builds_every_package():
    assert {"zreg", "zreg-libs", "zreg-devel", "python3-zreg", "zreg-registry"} <= set(packages()), packages()


def test_the_command_runs_from_the_packages():
    need("rpm2cpio", "rpm2cpio")
    need("cpio")
    with folder() as top:
        for name in ("zreg", "zreg-libs"):
            call("sh", "-c", 'rpm2cpio "$1" | cpio -idm --quiet', "sh", packages()[name], cwd=top)
        libraries = next(top.glob("usr/lib*/libzreg.so.0")).parent
        assert version() in call(top / "usr/bin/zreg", "version", env={"LD_LIBRARY_PATH": str(libraries)})


def test_the_service_brings_its_configuration():
    said = call("rpm", "-qpl", packages()["zreg-registry"])
    for name in ("/etc/zreg/registry.conf", "/etc/zreg/registry\n", "zreg-registry.service", "zreg-registry.socket"):
        assert name in said, said
    assert "/etc/zreg/registry.conf" in call("rpm", "-qpc", packages()["zreg-registry"])


if __name__ == "__main__":
    try:
        tap.main(__name__)
    finally:
        for left in BUILD.glob("zreg-rpm-*"):
            shutil.rmtree(left)
