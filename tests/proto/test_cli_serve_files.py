#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`zreg serve`: files that are not what they should be, at the start and when they are read again."""

import fcntl
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

from cli_world import hang_up, said, tap, world
from test_cli_registry_yaml import HASH, config
from test_cli_serve_certificates import Authority


def make_fifo(path):
    path.unlink()
    os.mkfifo(path)


def link_to(target):
    def make(path):
        path.unlink()
        path.symlink_to(target)
    return make


def make_folder(path):
    path.unlink()
    path.mkdir()


# What stands where the file was, and what is said of it.
NO_FILES = (
    (make_fifo, "this is no plain file, and is not read again"),
    (link_to("/dev/zero"), "this is no plain file, and is not read again"),
    (make_folder, "this is no plain file, and is not read again"),
    (link_to("/nowhere"), "No such file or directory"),
    (lambda path: path.write_bytes(path.read_bytes() + b"\0more"), "there is a NUL byte in it; it is to be text"),
    (lambda path: path.write_bytes(b"x" * (5 << 20)), "the file is too large"),
)


def remove(path):
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()


def test_what_is_no_file_is_refused_when_it_is_read_again():
    with world() as w:
        both = Authority(w.folder, "ca").sign("server", "/CN=server", "subjectAltName=IP:127.0.0.1")
        certificate, key, ca = (shutil.copy(both, w.folder / name) for name in ("cert", "key", "clients"))
        users, token_key = w.file("users", f"user:{HASH}\n"), w.file("token", "k" * 32 + "\n")
        file = config(w, htpasswd=str(users))
        registry = w.serve("--config", file, "--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", ca,
                           "--token-key-file", token_key)
        for what, path in (("tls-cert", certificate), ("tls-key", key), ("tls-client-ca", ca),
                           ("token-key-file", token_key), ("--config", file)):
            before = path.read_bytes()
            for spoil, why in NO_FILES:
                spoil(path)
                line = hang_up(registry)
                assert line == f"zreg serve: nothing was changed: {what} {path}: {why}\n", line
                remove(path)
                path.write_bytes(before)
            assert hang_up(registry) == "zreg serve: the files were read again\n"
        registry.process.send_signal(signal.SIGTERM)
        assert registry.process.wait(10) == 0


def test_users_that_are_watched_and_become_a_pipe_stay_as_they_were():
    with world() as w:
        users = w.file("users", f"user:{HASH}\n")
        registry = w.serve("--root", w.folder / "root", "--htpasswd", users)
        make_fifo(users)
        line = said(registry)
        assert line.endswith(f"users stay as they were: htpasswd {users}: this is no plain file, and is not read again\n"), line
        registry.process.send_signal(signal.SIGTERM)
        assert registry.process.wait(10) == 0


def test_a_key_from_a_pipe_serves_and_is_not_waited_for_again():
    with world() as w:
        reader, writer = os.pipe()
        os.write(writer, b"k" * 32)
        os.close(writer)
        registry = w.serve("--root", w.folder / "root", "--token-key-file", f"/dev/fd/{reader}", pass_fds=[reader])
        os.close(reader)
        assert "this is no plain file, and is not read again" in hang_up(registry)


def test_standard_input_that_is_a_file_is_not_read_again_from_its_end():
    with world() as w, open(w.file("key", "k" * 32), "rb") as key:
        registry = w.serve("--root", w.folder / "root", "--token-key-file", "-", stdin=key)
        line = hang_up(registry)
        assert line.endswith("token-key-file -: standard input is read once, and not again\n"), line


def test_where_standard_error_is_closed_no_socket_takes_its_place():
    with world() as w:
        record, log = w.folder / "record", w.folder / "log"
        options = ["serve", "--verbose", "--root", w.folder / "root", "--listen", "127.0.0.1:0", "--connection-file", record]
        with subprocess.Popen(["sh", "-c", 'exec zreg "$@" 0<&- >"$0" 2>&-', log, *options]) as registry:
            end = time.monotonic() + 20
            while not record.exists():
                assert registry.poll() is None and time.monotonic() < end, "it did not start"
                time.sleep(0.02)
            place = json.loads(record.read_text())
            with urllib.request.urlopen(f"http://{place['host']}:{place['port']}/healthz", timeout=10) as answer:
                assert answer.status == 200
            for number in (0, 2):
                assert os.readlink(f"/proc/{registry.pid}/fd/{number}") == "/dev/null"
            registry.send_signal(signal.SIGTERM)
            assert registry.wait(10) == 0


def refuse(registry):
    """A line of the log, where it tells of requests that are none."""
    with socket.create_connection((registry.record["host"], registry.record["port"]), timeout=10) as wire:
        wire.sendall(b"none\r\n\r\n")
        assert wire.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_a_standard_error_that_nobody_reads_holds_up_no_client():
    with world() as w:
        registry = w.serve("--verbose", "--root", w.folder / "root", "--anonymous", "push")
        pipe = registry.process.stderr.fileno()
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, 4096)
        for _ in range(200):
            refuse(registry)
        registry.process.send_signal(signal.SIGHUP)
        os.read(pipe, 65536)
        refuse(registry)  # its line is written before its answer, unless that of the reload came first
        found = re.fullmatch(r"zreg serve: (\d+) lines were left out\n", said(registry))
        assert found and 0 < int(found[1]) <= 201
        registry.process.send_signal(signal.SIGTERM)
        assert registry.process.wait(10) == 0


SALT = "c4WoMPo3SXsafkva.HHa6u"
# A hash, and what is said of it; None: nothing.
HASHES = (
    (HASH, None), (f"$2y$17${HASH[7:]}", None), ("$6$rounds=5000000$salt$x", None), ("$6$salt$x", None), ("$y$j9T$abcd$x", None),
    (f"$2y$18${HASH[7:]}", "to check the hash takes too long"), (f"$2b$31${HASH[7:]}", "to check the hash takes too long"),
    ("$6$rounds=999999999$salt$x", "to check the hash takes too long"), (HASH[:59], "the hash is not whole"),
    (f"$2y$05${SALT}", "the hash is not whole"), (f"{HASH}:more", "the hash is of a kind"), (f"!{HASH}", "the hash is of a kind"),
    ("password", "the hash is of a kind"), ("{SHA}x", "the hash is of a kind"), ("$apr1$x$y", "the hash is of a kind"),
)


def test_hashes_that_fit_nothing_or_take_too_long_are_refused():
    with world() as w:
        nowhere = w.file("file", "")
        for text, why in HASHES:
            users = w.file("users", f"first:{HASH}\nuser:{text}\n")
            message = w.error("serve", "--root", nowhere / "root", "--htpasswd", users)["message"]
            assert message.startswith(f"htpasswd line 2: {why}" if why else "make the folder"), f"{text}: {message}"


RULE = "registry:\n  rights:\n  - {who: anyone, repositories: x, allow: pull"
# A registry.yaml, and what is said of it.
TWO_MEANINGS = (
    ("registry:\n  no-writes: true\n  no-writes: false\n", ':3: the key "no-writes" is there twice'),
    ("registry:\n  no-writes: true\nregistry:\n  grace: 1\n", ':3: the key "registry" is there twice'),
    (RULE + ", who: user:x}\n", ':3: the key "who" is there twice'),
    (RULE + ", allow: push}\n", ':3: the key "allow" is there twice'),
    ("registry:\n  users:\n  - {name: a, pass: b, access: read, access: write}\n", ':3: the key "access" is there twice'),
    ("registry:\n  limits: {connections: 5, connections: 6}\n", ':2: the key "connections" is there twice'),
    ("registry:\n  storage: {root: /a, root: /b}\n", ':2: the key "root" is there twice'),
    ("registry:\n  groups: {a: [x], a: [y]}\n" + RULE[10:] + "}\n", ':2: the key "a" is there twice'),
    ("registry:\n  address: &a one\n  port: *a\n  address: *a\n", ':4: the key "address" is there twice'),
    ('registry:\n  address: "127.0.0.1\\0more"\n', ":2: there is a NUL in this text"),
    ('registry:\n  users:\n  - {name: a, pass: "b\\0c", access: read}\n', ":3: there is a NUL in this text"),
    ("registry:\n  grace: 1\n---\nregistry:\n  anonymous: none\n", ":4: one document is wanted here"),
    ("registry:\n  groups: {" + ", ".join(f"g{i}: a" for i in range(10001)) + "}\n", ":2: there are too many keys here"),
    ("registry: {}\n\0", ": there is a NUL byte in it; it is to be text"),
)


def test_what_can_be_read_in_two_ways_is_refused():
    with world() as w:
        for text, why in TWO_MEANINGS:
            file = w.file("registry.yaml", text)
            message = w.error("serve", "--root", w.folder / "root", "--config", file)["message"]
            assert message.endswith(f"{file}{why}"), f"{text[:200]}: {message}"


if __name__ == "__main__":
    tap.main(__name__)
