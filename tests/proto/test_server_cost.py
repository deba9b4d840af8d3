#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the server spends on a request: instructions and allocations counted by callgrind, system calls by
strace. Counts do not depend on how busy the machine is.

Instructions depend on compiler and C library, so server_cost.tsv has them for each kind of build that somebody
recorded; a kind that is not there is a skip. To record the kind of this build:

    build/plain/run python3 tests/proto/test_server_cost.py --record

Counted is what the event threads do from when a connection has something to say until it waits again, with all
that they call; the server ends a part of the count whenever it is asked for its health."""

import os
import pathlib
import platform
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))

import tap  # noqa: E402
from server_tap import OCI, OCTETS, PROGRAM, Server, digest_of, equal, need, true  # noqa: E402

RECORDED = pathlib.Path(__file__).with_name("server_cost.tsv")
TOLERANCE = 0.10
TIMES = 100
MAX_ALLOCATIONS = 20   # of a manifest's GET
MAX_SYSTEM_CALLS = 40  # of a push of 1 KiB


def setting(name):
    """A variable of the build's Makefile."""
    found = re.search(rf"^{name} = (.*)$", pathlib.Path("Makefile").read_text(), re.M)
    return found[1] if found else ""


def kind_of_build():
    """What instructions depend on, as server_cost.tsv names it."""
    flags = f"{setting('CFLAGS')} {setting('ZREG_CFLAGS')}"
    if "-O2" not in flags.split() or "-fsanitize" in flags or "--coverage" in flags:
        raise tap.Skip(f"the figures are for builds with -O2, not for {flags}")
    compiler = setting("CC").split()[0]
    macros = subprocess.run([compiler, "-dM", "-E", "-x", "c", os.devnull], capture_output=True, text=True,
                            check=True).stdout
    name = "clang" if "__clang_major__" in macros else "gcc"
    major = re.search(r"__clang_major__ (\d+)" if name == "clang" else r"__GNUC__ (\d+)", macros)[1]
    return f"{platform.machine()} {name}-{major} glibc-{platform.libc_ver()[1]}"


class Counted(Server):
    """A server under callgrind, which writes a file for each part of its count."""

    def command(self, arguments):
        return ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={self.folder}/count",
                "--collect-atstart=no", "--toggle-collect=zreg__serve_connection_run",
                "--dump-before=zreg__base_health", PROGRAM, *arguments]

    def end_part(self, connection):
        equal(self.ask("GET", "/healthz", connection=connection).status, 200)

    def part(self, number):
        return pathlib.Path(f"{self.folder}/count.{number}").read_text()


class Traced(Server):
    """A server under strace."""

    def command(self, arguments):
        return ["strace", "-f", "-qq", "-o", f"{self.folder}/calls", PROGRAM, *arguments]


def push(server, connection, number):
    """A new blob of 1 KiB, as clients push it: POST, then PUT."""
    body = number.to_bytes(8, "big") + bytes(1016)
    answer = server.ask("POST", "/v2/x/blobs/uploads/", b"", connection=connection)
    equal(answer.status, 202)
    path = f"{answer.headers['Location']}?digest={digest_of(body)}"
    equal(server.ask("PUT", path, body, OCTETS, connection=connection).status, 201)


def get(path):
    def once(server, connection, _):
        equal(server.ask("GET", path, headers={"Accept": OCI}, connection=connection).status, 200)
    return once


def fill(server):
    """An image with a layer of 64 KiB; gives what is measured."""
    layer = bytes(65536)
    manifest = server.push_image(layer=layer)
    return {"manifest GET": get(f"/v2/x/manifests/{digest_of(manifest)}"),
            "64 KiB blob GET": get(f"/v2/x/blobs/{digest_of(layer)}"), "1 KiB push": push}


def instructions(part):
    return int(re.search(r"^(?:summary|totals): (\d+)", part, re.M)[1])


def allocations(part):
    """How often malloc and its kin were called."""
    names = dict(re.findall(r"^c?fn=\((\d+)\) (\S+)", part, re.M))
    kin = {number for number, name in names.items() if name in ("malloc", "calloc", "realloc", "aligned_alloc")}
    called = re.findall(r"^cfn=\((\d+)\).*\ncalls=(\d+)", part, re.M)
    return sum(int(count) for number, count in called if number in kin)


def measure():
    """For each of the hot paths, the instructions and allocations of one."""
    need("valgrind", "--version")
    found = {}
    server = Counted(durability=3, threads=1)
    try:
        connection = server.connect()
        paths = fill(server)
        for number, once in enumerate(paths.values()):  # what is done once only is done
            once(server, connection, TIMES + number)
        server.end_part(connection)
        for once in paths.values():
            for number in range(TIMES):
                once(server, connection, number)
            server.end_part(connection)
        connection.close()
        server.stop()
        for number, name in enumerate(paths, 2):
            part = server.part(number)
            found[name] = (instructions(part) / TIMES, allocations(part) / TIMES)
    finally:
        server.close()
    return found


def recorded(kind):
    lines = [line.split("\t") for line in RECORDED.read_text().splitlines() if not line.startswith("#")]
    figures = {path: int(count) for of, path, count in lines if of == kind}
    if not figures:
        raise tap.Skip(f"nothing is recorded for {kind}; {sys.argv[0]} --record does it")
    return figures


def test_the_hot_paths_cost_what_is_recorded():
    wanted = recorded(kind_of_build())
    found = {name: round(count) for name, (count, _) in measure().items()}
    print(f"# instructions: {found}")
    equal(found.keys(), wanted.keys())
    for name, count in found.items():
        true(abs(count - wanted[name]) <= TOLERANCE * wanted[name],
             f"{name}: {count} instructions, recorded {wanted[name]}; when that is meant, record it anew")


def test_a_manifest_is_served_with_few_allocations():
    kind_of_build()
    count = measure()["manifest GET"][1]
    true(0 < count <= MAX_ALLOCATIONS, f"{count} allocations")


def test_a_small_push_makes_few_system_calls():
    kind_of_build()
    need("strace", "-qq", "-o", os.devnull, "true")
    server = Traced(durability=3, threads=1)
    try:
        connection = server.connect()
        push(server, connection, TIMES)
        for number in range(10):
            push(server, connection, number)
        connection.close()
        server.stop()
        text = pathlib.Path(f"{server.folder}/calls").read_text()
    finally:
        server.close()
    pushes = re.split(r"^.*recvfrom\(\d+, \"POST ", text, flags=re.M)[2:-1]
    equal(len(pushes), 9)
    calls = [re.findall(r"^\d+ +(?!\+\+\+|---|<\.\.\.)(\w+)\(.*", one, re.M) for one in pushes]
    usual = sorted(calls, key=len)[len(calls) // 2]
    print(f"# system calls: {len(usual)}")
    true(len(usual) <= MAX_SYSTEM_CALLS, f"{len(usual)}: {usual}")


def test_under_tls_the_cheaper_cipher_goes_first():
    server = Server(buildset=1, threads=1)
    try:
        connection = server.connect()
        connection.connect()
        equal(connection.sock.cipher()[0], "TLS_AES_128_GCM_SHA256")
        connection.close()
    finally:
        server.close()


def record():
    kind = kind_of_build()
    lines = [line for line in RECORDED.read_text().splitlines() if not line.startswith(f"{kind}\t")]
    lines += [f"{kind}\t{name}\t{round(count)}" for name, (count, _) in measure().items()]
    RECORDED.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--record"]:
        record()
    else:
        tap.main(__name__)
