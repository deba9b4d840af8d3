#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wrong values are refused before anything is sent; how long and how often holds for all verbs."""

import json
import socket
import subprocess
import time

from cli_world import tap, world


def refused(w, *argv):
    done = w.run(*argv)
    assert done.returncode == 2 and done.stdout == "", (argv, done)
    return done.stderr


def test_a_registry_is_no_repository_of_docker_hub():
    with world() as w:
        for host in ("127.0.0.1:5000", "localhost:5000", "localhost", "registry.example.org", "registry:5000", "[::1]:5000",
                     "[::1]", "docker://localhost:5000", "localhost:5000/"):
            for verb in ("tags", "inspect", "referrers", "cleanup-tags", "delete-tag", "resolve"):
                said = refused(w, verb, host)
                assert "zreg catalog" in said and "names no repository" in said, (verb, host, said)
            assert "zreg catalog" in refused(w, "copy", host, "oci:x")
            assert "zreg catalog" in refused(w, "copy", "oci:x", host)
            assert "zreg catalog" in refused(w, "index", "oci:x", "oci:y", host)
        error = json.loads(w.run("tags", "--json", "localhost:5000").stdout)["error"]
        assert error["code"] == "INVAL", error


def test_images_of_docker_hub_are_still_named_as_docker_does():
    with world() as w:
        for name in ("debian", "debian:12", "debian:12.5", "debian:bookworm", "library/debian", "localhost/x", "a.b/c"):
            assert w.run("resolve", "--offline", name).returncode == 0, name


def test_a_catalog_is_of_a_host():
    with world() as w:
        for word in ("h.example/x", "localhost:5000/x", "https://h.example", "http://h.example:5000/"):
            assert "host" in refused(w, "catalog", word)


def test_wrong_values_are_refused_before_the_network():
    rows = [
        ["copy", "h:1/a", "h:1/b", "--jobs", "0"], ["copy", "h:1/a", "h:1/b", "--jobs", "65"],
        ["copy", "h:1/a", "h:1/b", "--jobs", ""], ["copy", "h:1/a", "h:1/b", "--jobs", "1e1"],
        ["copy", "h:1/a", "h:1/b", "--jobs", " 1"], ["copy", "h:1/a", "h:1/b", "--jobs", "1" * 40],
        ["index", "h:1/a", "h:1/b", "--jobs", "many"], ["upload", "h:1/a", "h:1/b", "--tag", "x", "--change", "1", "--jobs", "0"],
        ["copy", "h:1/a", "h:1/b", "--platform", "linux"], ["copy", "h:1/a", "h:1/b", "--platform", "linux/"],
        ["copy", "h:1/a", "h:1/b", "--platform", "/amd64"], ["copy", "h:1/a", "h:1/b", "--platform", "linux//v7"],
        ["copy", "h:1/a", "h:1/b", "--platform", "linux/arm/v7/x"], ["copy", "h:1/a", "h:1/b", "--platform", ""],
        ["append", "h:1/a", "--base", "scratch", "--platform", "linux amd64"],
        *(["tags", "h:1/a", "--timeout", text]
          for text in ("", "0", "0s", "-1", "5x", "1h30m", "h", "1.5s", "9" * 12, "5 m")),
        *(["tags", "h:1/a", "--retry", text] for text in ("", "-1", "x", "101", "1.5")),
        *(["cleanup-tags", "h:1/a", "--older-than", text] for text in ("", "1w", "h", "-1h", "1h2", "9" * 12)),
        *(["resolve", "--buildset", "h:1", "--zuul-api", text, "debian"]
          for text in ("", "zuul", "ftp://h", "http://", "https:///x", "http://h x", "http://h\x1b")),
        *(["referrers", "h:1/a", "--artifact-type", text] for text in ("", "x", "x/", "/x", "a/b/c", "a b/c", "a/b;c=d")),
        *(["promote", "h:1/b", "--tag", "t", "--change", "1", "--intermediate", text] for text in ("", "h:1/x", "a b", "u@h:1", "a=b")),
        ["upload", "h:1/a", "h:1/b", "--tag", "t", "--pipeline", "a\nb"], ["upload", "h:1/a", "h:1/b", "--tag", "", "--change", "1"],
        ["sync", "h:1/a", "h:1/b", "--tags", ""], ["sync", "h:1/a", "h:1/b", "--exclude", ""],
        ["cleanup-tags", "h:1/a", "--match", ""], ["mutate", "h:1/a", "--old-base", ""], ["export", "h:1/a", ""],
        ["blob", "h:1/a@sha256:" + "0" * 64, "--output", ""],
        ["delete-tag", "h:1/a"], ["delete-tag", "h:1/a@sha256:" + "0" * 64], ["delete-tag", "debian"],
    ]
    with world() as w:
        for row in rows:
            assert refused(w, *row), row


def test_bases_are_read_before_the_network():
    with world() as w, socket.create_server(("127.0.0.1", 0)) as nobody:
        place = f"127.0.0.1:{nobody.getsockname()[1]}/a/b"
        nobody.settimeout(0)
        for text in ("x y", "a//b", "A/b", "x:y:z", "oci:", "dir:/x"):
            done = w.run("mutate", "--new-base", text, place, "--json")
            assert done.returncode == 1 and json.loads(done.stdout)["error"]["code"] in ("INVAL", "UNSUPPORTED"), (text, done)
        try:
            nobody.accept()
            raise AssertionError("a connection was made")
        except BlockingIOError:
            pass


def test_a_timeout_is_for_all_of_it():
    with world() as w, socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}/a/b"
        for verb in (["tags", place], ["inspect", place], ["copy", place, "oci:x"], ["delete-tag", place + ":t"]):
            started = time.monotonic()
            done = w.run(*verb, "--json", "--timeout", "200ms", cwd=w.folder)
            assert done.returncode == 1 and json.loads(done.stdout)["error"]["code"] == "TIMEOUT", done
            assert time.monotonic() - started < 20


def test_how_often_is_asked_for():
    with world() as w:
        for retry in (0, 2):
            with socket.create_server(("127.0.0.1", 0)) as closes:
                closes.settimeout(0.2)
                address = f"127.0.0.1:{closes.getsockname()[1]}"
                process = subprocess.Popen(["zreg", "tags", "--plain-http", address, "--retry", str(retry), address + "/a/b"],
                                           env=w.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                came = 0
                while process.poll() is None:
                    try:
                        closes.accept()[0].close()
                        came += 1
                    except TimeoutError:
                        pass
                process.communicate()
                assert process.returncode == 1 and came == retry + 1, (retry, came)


if __name__ == "__main__":
    tap.main(__name__)
