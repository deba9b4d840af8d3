#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The Go module as it is released compiles and runs where there is no SWIG."""

import os
import shutil

from release_world import BUILD, SOURCE, call, folder, need, tap, version

PROGRAM = """package main

import (
	"fmt"

	"libzreg.org/zreg"
)

func main() { fmt.Println(zreg.Version()) }
"""


def test_it_compiles_without_swig():
    for program in ("swig", "go", "gcc", "pkg-config"):
        need(program)
    with folder() as top:
        call(SOURCE / "build-aux/go-release.sh", top / "module")
        assert not list((top / "module").rglob("*.swig")) and (top / "module/LICENSE").exists()
        (top / "bin").mkdir()
        for name in ("gcc", "g++", "cc", "pkg-config", "as", "ld", "sh", "env", "cksum", "tr", "cat"):
            (top / "bin" / name).symlink_to(shutil.which(name))
        (top / "user").mkdir()
        (top / "user/main.go").write_text(PROGRAM)
        (top / "user/go.mod").write_text("module user\n\ngo 1.19\n\nrequire libzreg.org/zreg v0.0.0\n\n"
                                         f"replace libzreg.org/zreg => {top / 'module'}\n")
        path = os.pathsep.join([str(top / "bin"), os.path.dirname(os.path.realpath(shutil.which("go")))])
        assert shutil.which("swig", path=path) is None
        alone = {"PATH": path, "GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local", "GOCACHE": str(top / "cache")}
        said = call(BUILD / "run", "go", "run", ".", cwd=top / "user", env=alone)
        assert said.strip() == version(), said
        said = call(BUILD / "run", "go", "test", "-count=1", ".", cwd=top / "module", env=alone)
        assert said.startswith("ok"), said


def test_a_folder_with_something_in_it_is_left_alone():
    with folder() as top:
        (top / "mine").write_text("mine")
        said = call(SOURCE / "build-aux/go-release.sh", top, expect=1)
        assert "is not empty" in said and [path.name for path in top.iterdir()] == ["mine"]


if __name__ == "__main__":
    tap.main(__name__)
