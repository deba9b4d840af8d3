#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A stranger follows the documents: each block of code is cut out and carried out as it stands.

Started by ./run it uses the build; without it, what is installed. With --tree it also carries out what changes the
machine: only for a machine that may be thrown away (tests/docs/run)."""

import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

import blocks

sys.path[:0] = [str(blocks.TOP / "tests/lib")]

import tap  # noqa: E402

IN_TREE = "--tree" in sys.argv
sys.argv = [word for word in sys.argv if word != "--tree"]
README = blocks.TOP / "README.md"
ZUUL = blocks.TOP / "docs/zuul.md"
REGISTRY = blocks.TOP / "docs/registry.md"  # test_registry.py
INSTALLS = re.compile(r"make install$", re.M)
# Documents whose blocks are carried out here, and how: every other one may only have blocks to be read.
FOLLOWED = (README, ZUUL, REGISTRY)
# What stands for something of the reader's own, in capitals.
OWN = {"BUILDSET": "registry.json", "INTERMEDIATE": "inter.json", "quay.io": "public.json"}


def test_each_block_says_what_it_is():
    for document in blocks.documents():
        for block in blocks.blocks_of(document):
            known = blocks.RUN + blocks.STARTED + blocks.READ + blocks.SHOWN + (("indented",) if document == README else ())
            assert block.language in known, f"{block.where}: what is \"{block.language}\"? One of {known}"
            if block.language in blocks.RUN + blocks.STARTED:
                assert document in FOLLOWED, f"{block.where}: nothing here carries out this document"


def test_yaml_is_yaml():
    try:
        import yaml
    except ImportError as missing:
        raise tap.Skip("PyYAML is not installed") from missing

    class Loader(yaml.SafeLoader):
        pass

    Loader.add_multi_constructor("!", lambda loader, tag, node: loader.construct_sequence(node))
    for document in blocks.documents():
        for block in blocks.blocks_of(document):
            if block.language == "yaml":
                assert yaml.load(block.text, Loader), block.where
            elif block.language == "json":
                json.loads(block.text)


def go_module():
    """The go.mod that examples/README.md shows, with the module where it is: installed, or in this tree."""
    text = next(block.text for block in blocks.blocks_of(blocks.TOP / "examples/README.md") if block.language == "go.mod")
    place = re.search(r"=> (\S+)", text)[1]
    return text if IN_TREE else text.replace(place, str(blocks.TOP / "bindings/go"))


def own_words(text):
    """The addresses of registries in place of words in capitals: those that README's blocks before have started, and
    two more of the same kind."""
    start = "".join(f"zreg serve --buildset --quiet --connection-file {record} >serve.log &\n"
                    f"until [ -s {record} ]; do sleep 0.1; done\n" for record in ("inter.json", "public.json"))
    address = ("address() { python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); "
               "print(r[\"host\"], r[\"port\"], sep=\":\")' \"$1\"; }\n")
    words = "".join(f"{word.replace('.', '_')}=$(address {record})\n" for word, record in OWN.items())
    for word in OWN:
        text = text.replace(word, "${" + word.replace(".", "_") + "}")
    return start + address + words + text


def readme_pieces():
    for block in blocks.blocks_of(README):
        if block.language == "indented" and INSTALLS.search(block.text):
            continue  # tests/docs/run is for after it; tests/debian carries it out
        if block.language == "indented":
            yield block.where, own_words(block.text)
        elif block.language in blocks.RUN:
            yield block.where, blocks.as_shell(block)


def test_readme_from_top_to_bottom():
    with tempfile.TemporaryDirectory() as work:
        (pathlib.Path(work) / "program").mkdir()
        (pathlib.Path(work) / "program/go.mod").write_text(go_module())
        environment = {"GO": os.environ.get("GO", "") or (shutil.which("go") or "" if IN_TREE else ""),
                       "GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOTOOLCHAIN": "local",
                       "GOCACHE": os.environ.get("GOCACHE", os.path.expanduser("~/.cache/go-build"))}
        said = blocks.run(work, blocks.script_of(readme_pieces()), environment)
        digest = re.findall(r"oci:layout:latest (sha256:\w+)", said)[0]
        for layout in ("copy", *(["copied"] if environment["GO"] else [])):
            index = json.loads((pathlib.Path(work) / layout / "index.json").read_text())
            assert index["manifests"][0]["digest"] == digest, (layout, index)
        assert re.search(rf"(?m)^127\.0\.0\.1:\d+ {digest}$", said), said  # what Python printed
        assert "\nlatest\n" in said, said


def test_readme_has_a_block_for_each_language():
    languages = [block.language for block in blocks.blocks_of(README)]
    assert all(language in languages for language in (*blocks.RUN, "indented")), languages


def test_what_help_of_the_python_package_shows():
    asked = subprocess.run(["python3", "-c", "import zreg; print(zreg.__doc__)"], capture_output=True, text=True)
    if asked.returncode != 0:
        raise tap.Skip("built without Python")
    lines = [line[4:] for line in asked.stdout.splitlines() if line.startswith("    ")]
    done = subprocess.run(["python3", "-"], input="\n".join(["import zreg", *lines]), capture_output=True, text=True)
    assert len(lines) > 1 and done.returncode == 0 and "sha256:" in done.stdout, done


def zuul_block(number):
    if not IN_TREE:
        raise tap.Skip("it changes the machine: tests/docs/run carries it out in a tree")
    return [block for block in blocks.blocks_of(ZUUL) if block.language == "sh"][number]


def answered(pid, terminal, secret):
    """Answers whoever asks for a password on a terminal, twice."""
    seen = ""
    while seen.lower().count("password:") < 2:
        asked = seen.lower().count("password:")
        seen += os.read(terminal, 4096).decode()
        if seen.lower().count("password:") > asked:
            os.write(terminal, f"{secret}\n".encode())


def test_the_intermediate_registry_by_hand():
    import pty
    block = zuul_block(0)
    if shutil.which("htpasswd") is None:
        raise tap.Skip("htpasswd is not installed (apache2-utils)")
    pathlib.Path("/etc/zreg").mkdir(exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", "/etc/zreg/key.pem", "-out", "/etc/zreg/cert.pem"],
                   check=True, capture_output=True)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp("bash", ["bash", "-e", "-c", block.text])
    try:
        answered(pid, terminal, "pass word")
        context = ssl.create_default_context(cafile="/etc/zreg/cert.pem")
        for _ in range(100):
            try:
                with socket.create_connection(("127.0.0.1", 5000), 1) as plain, \
                        context.wrap_socket(plain, server_hostname="localhost") as connection:
                    connection.sendall(b"GET /v2/ HTTP/1.0\r\nHost: localhost\r\n\r\n")
                    assert b" 401 " in connection.recv(100)
                    return
            except ConnectionRefusedError:
                time.sleep(0.1)
        raise AssertionError("it does not answer")
    finally:
        os.kill(pid, 15)
        os.waitpid(pid, 0)


def test_zreg_for_an_executors_python():
    block = zuul_block(1)
    environment = pathlib.Path("/usr/local/lib/zuul/ansible/11")
    done = subprocess.run(["python3", "-m", "venv", "--without-pip", environment], capture_output=True, text=True)
    if done.returncode != 0:
        raise tap.Skip(f"no environment of Python: {done.stderr.strip()[-200:] or done.stdout.strip()[-200:]}")
    try:
        follow_executors(block, environment)
    finally:
        shutil.rmtree(environment.parents[1])


def follow_executors(block, environment):
    listing = subprocess.run([blocks.TOP / "build-aux/sources.sh"], check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as work:
        (pathlib.Path(work) / "build-aux").mkdir()
        (pathlib.Path(work) / "build-aux/manifest").write_bytes(listing)
        archive = subprocess.run(["tar", "-c", "-C", blocks.TOP, "-T", "-"], input=listing, check=True, capture_output=True)
        subprocess.run(["tar", "-x", "-C", work], input=archive.stdout, check=True)
        blocks.run(work, blocks.script_of([(block.where, block.text)]), {"MAKEFLAGS": f"-j{os.cpu_count()}"})
        done = subprocess.run([environment / "bin/python", "-c", "import zreg; print(zreg.__version__)"],
                              capture_output=True, text=True)
        assert done.returncode == 0 and done.stdout.strip(), done


if __name__ == "__main__":
    tap.main(__name__)
