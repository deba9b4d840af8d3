#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The program of each topic, which stands in its page of the manual, is compiled as that page says and does what it
says; and no public function is without one. Started by ./run it uses the build; without it, what is installed."""

import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/lib"), str(TOP / "tests/style"), str(TOP / "docs/man")]

import blocks  # noqa: E402
import checks  # noqa: E402
import programs  # noqa: E402
import tap  # noqa: E402
from zuul_api import ZuulApi  # noqa: E402

TOPICS = sorted((TOP / "examples/c/topics").glob("*.c"))
# Something that each one says when all went well.
SAYS = {
    "artifact": r"change 12 made example/base:latest",
    "blob": r"mounted: 1\n12 bytes: hello world\nthe part: world\n",
    "cancel": r"CANCELLED, triggered: 1",
    "cleanup": r"change_12_latest is gone(.|\n)*latest is there",
    "client": r"repository example/base\ntag latest\ntag second\n",
    "common": r"change_12_latest",
    "copy": r"3 manifests, sha256:",
    "digest": r"sha256:2cf24dba",
    "gate": r"published docker://\S+:6a0c_latest\nuploaded \S+:change_12_latest",
    "node": r"created(.|\n)*removed",
    "manifest": r"layer of 5 bytes",
    "populate": r"example/base:latest of change 12(.|\n)*change 12 is ahead",
    "promote": r"latest is sha256:\w+\n2 requests, for blobs: 0\nsecond is sha256:",
    "provenance": r"came from change 12, 400 bytes",
    "ref": r"host quay.io, repository example/base, tag latest; in Zuul quay.io/example/base",
    "referrers": r"application/vnd.example.signature: sha256:",
    "resolve": r"it is that of change 12",
    "server": r"BEGIN CERTIFICATE(.|\n)*from now on ann may pull only",
    "version": r"the same\nhttp: libcurl",
    "zuul": r"build 6a0c of build-image\n1 images\nthe order of its merge is \d+",
}


def public_functions():
    """Those of the symbol map, but the ones that a header's own function calls, which stands for them."""
    names = re.findall(r"(?m)^\s+(zreg_\w+);", checks.read("libzreg/libzreg.map"))
    return {name.removesuffix("_sized") for name in names}


def called_in(text):
    return set(re.findall(r"\b(zreg_\w+)\(", checks.code_only(text)))


def compiled():
    """The text of every program in C that some test compiles and runs: these, the other examples, README's."""
    for path in sorted((TOP / "examples/c").rglob("*.c")):
        yield path.read_text(encoding="utf-8")
    for block in blocks.blocks_of(TOP / "README.md"):
        if block.language == "c":
            yield block.text


def test_each_public_function_stands_in_an_example():
    called = set().union(*map(called_in, compiled()))
    missing = sorted(public_functions() - called)
    assert not missing, "in no program of examples/c/topics: " + ", ".join(missing)


def test_each_example_has_a_topic():
    headers = {header.removesuffix(".h") for header in checks.installed_headers()}
    assert {path.stem for path in TOPICS} <= headers, {path.stem for path in TOPICS} - headers


def zuul_with_a_merged_change(zuul):
    artifact = {"name": "example/base:latest", "url": "docker://registry.example.org:5000/example/base:6a0c_latest",
                "metadata": {"type": "container_image", "repository": "example/base", "tag": "latest"}}
    merged = zuul.add_buildset("gate", "example/base", change=12, patchset="1")
    zuul.add_build(merged, "build-image", artifacts=[artifact], build="6a0c")
    zuul.finish(merged, "SUCCESS")
    zuul.add_buildset("promote", "example/base", change=12, patchset="1")


def compile_one(path, program):
    """The program as the manual shows it, in a folder where nothing else is."""
    source = program.with_suffix(".c")
    source.write_text(programs.read(path), encoding="utf-8")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "zreg"], check=True, capture_output=True, text=True).stdout
    compiler = [*shlex.split(os.environ.get("CC") or "cc"), "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
    done = subprocess.run([*compiler, source, *shlex.split(flags), "-o", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def run_one(path, work):
    program = pathlib.Path(work) / path.stem
    compile_one(path, program)
    (pathlib.Path(work) / "root/etc").mkdir(parents=True)
    with ZuulApi() as zuul:
        zuul_with_a_merged_change(zuul)
        words = {"zuul": [zuul.api], "server": [f"{work}/registry"], "node": [f"{work}/root"]}.get(path.stem, [])
        done = subprocess.run([program, *words], cwd=work, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done
    assert re.search(SAYS.get(path.stem, ""), done.stdout), done.stdout


def example(path):
    def test():
        with tempfile.TemporaryDirectory() as work:
            run_one(path, work)

    return test


for topic in TOPICS:
    globals()[f"test_the_program_of_{topic.stem}"] = example(topic)

if __name__ == "__main__":
    tap.main(__name__)
