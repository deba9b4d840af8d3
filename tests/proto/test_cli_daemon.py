#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docker-daemon: against a stand-in that answers as the Docker Engine API does, and as it should not. The real one:
tests/engines/test_daemon.py."""

import contextlib
import http.server
import json
import signal
import socketserver
import subprocess
import threading
import time
import urllib.parse

from cli_world import tap, until, world
from layout import digest_of
from test_cli_archives import docker_save, names_in, one_image, read_in, tar_of


class Daemon(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """Has one image, a/b:1, and keeps what it is given to load. `answers` come before its own."""

    daemon_threads = True

    def __init__(self, folder):
        self.path = folder / "docker.sock"
        self.asked, self.loaded, self.answers, self.ended = [], [], [], threading.Event()
        self.layer = tar_of([("etc/text", b"hello")])
        files, entry = docker_save([self.layer])
        self.saved = tar_of([*files, ("manifest.json", json.dumps([entry]).encode())])
        super().__init__(str(self.path), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Who asked may leave before all is said."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def address_string(self):
        return "a socket"

    def log_message(self, *_):
        pass

    def reply(self, status, body, length=None):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body)

    def message(self, status, text):
        self.reply(status, json.dumps({"message": text}).encode())

    def scripted(self):
        if self.server.answers:
            self.server.answers.pop(0)(self)
            return True
        return False

    def do_GET(self):
        target = urllib.parse.urlsplit(self.path)
        names = urllib.parse.parse_qs(target.query).get("names")
        self.server.asked.append((target.path, names))
        if self.scripted():
            return
        if names not in (["docker.io/a/b:1"], [f"sha256:{'1' * 64}"]):
            self.message(404, f"reference does not exist: {names}")
            return
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for at in range(0, len(self.server.saved), 1000):
            piece = self.server.saved[at:at + 1000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self):
        self.server.asked.append((urllib.parse.urlsplit(self.path).path, self.headers["Content-Type"]))
        if self.scripted():
            return
        self.server.loaded.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.reply(200, b'{"stream":"Loaded image: a/b:1\\n"}\r\n')


@contextlib.contextmanager
def daemon():
    with world() as w:
        with Daemon(w.folder) as serving:
            w.environment["DOCKER_HOST"] = f"unix://{serving.path}"
            yield w, serving
            serving.ended.set()
            serving.shutdown()


def test_an_image_is_read_by_its_name_and_by_its_id():
    with daemon() as (w, docker):
        for name in ("a/b:1", "docker.io/a/b:1", f"sha256:{'1' * 64}"):
            w.json("copy", f"docker-daemon:{name}", f"oci:{w.folder}/out:x")
            layer, = w.json("inspect", f"oci:{w.folder}/out:x")["layers"]
            assert layer["digest"] == digest_of(docker.layer), layer
        assert {path for path, _ in docker.asked} == {"/images/get"}
        assert w.json("inspect", "docker-daemon:a/b:1")["config"]["platform"] == "linux/amd64"


def test_its_layers_are_compressed_for_a_registry():
    with daemon() as (w, _):
        registry = w.buildset()
        for options, kind in (((), "tar+gzip"), (("--layers", "as-is"), "tar")):
            w.json("copy", *options, "docker-daemon:a/b:1", f"{registry.address}/x:1")
            layer, = w.json("inspect", f"{registry.address}/x:1")["layers"]
            assert layer["media_type"].endswith(kind), layer


def test_an_image_is_loaded_under_its_name():
    with daemon() as (w, docker):
        _, digest = one_image(w)
        assert w.json("copy", f"oci:{w.folder}/layout:one", "docker-daemon:q.io/x/y")["digest"] == digest
        assert docker.asked == [("/images/load", "application/x-tar")]
        archive, = docker.loaded
        entry, = json.loads(read_in(archive, "manifest.json"))
        assert entry["RepoTags"] == ["q.io/x/y:latest"], entry
        assert {entry["Config"], *entry["Layers"], "index.json", "oci-layout"} <= set(names_in(archive))
        config = json.loads(read_in(archive, entry["Config"]))
        assert len(config["rootfs"]["diff_ids"]) == len(entry["Layers"])


def test_a_large_image_goes_both_ways():
    with daemon() as (w, docker):
        layers = [tar_of([(f"data{i}", bytes([i]) * (9 << 20))]) for i in range(3)]
        files, entry = docker_save(layers)
        docker.saved = tar_of([*files, ("manifest.json", json.dumps([entry]).encode())])
        w.json("copy", "docker-daemon:a/b:1", "docker-daemon:a/b:2")
        archive, = docker.loaded
        loaded, = json.loads(read_in(archive, "manifest.json"))
        assert [read_in(archive, name) for name in loaded["Layers"]] == layers


def test_an_index_is_refused_and_one_of_its_platforms_taken():
    with daemon() as (w, docker):
        layout = w.layout()
        layout.tag(layout.index("linux/amd64", "linux/arm64"), "both")
        refused = w.error("copy", f"oci:{layout.folder}:both", "docker-daemon:a/b:1")
        assert refused["code"] == "INVAL" and not docker.loaded, refused
        assert "--platform" in refused["message"] and "archive" not in refused["message"], refused
        w.json("copy", "--platform", "linux/arm64", f"oci:{layout.folder}:both", "docker-daemon:a/b:1")
        archive, = docker.loaded
        entry, = json.loads(read_in(archive, "manifest.json"))
        assert json.loads(read_in(archive, entry["Config"]))["architecture"] == "arm64"


def broken_off(handler):
    handler.reply(200, handler.server.saved[:2000], len(handler.server.saved))
    handler.close_connection = True


def cut_with_an_error(handler):
    """What dockerd does when it fails after the head was sent."""
    handler.reply(200, handler.server.saved[:2048] + b'{"errorDetail":{"message":"no space"},"error":"no space"}\r\n')


def test_what_the_daemon_refuses_is_told():
    """The answer, the error's code and a word of it."""
    reads = ((lambda h: h.message(500, "disk on fire"), "PEER", "disk on fire"),
             (lambda h: h.message(404, "no such image"), "NOTFOUND", "docker.io/a/b:1"),
             (lambda h: h.reply(502, b"<html>" + b"x" * 200000), "PEER", "HTTP 502"),
             (lambda h: h.reply(301, b""), "PEER", "HTTP 301"),
             (lambda h: h.reply(200, b""), "NOTFOUND", "docker save"),
             (lambda h: h.reply(200, b"{}"), "INVAL", ""),
             (broken_off, "NET", "broke off"),
             (cut_with_an_error, "INVAL", ""))
    with daemon() as (w, docker):
        for answer, code, word in reads:
            docker.answers.append(answer)
            failed = w.error("copy", "docker-daemon:a/b:1", f"oci:{w.folder}/out:x")
            assert failed["code"] == code and word in failed["message"], failed
            assert len(failed["message"]) < 1000


def told(lines):
    def answer(handler):
        handler.rfile.read(int(handler.headers["Content-Length"]))
        handler.reply(200, lines)
    return answer


def test_what_is_not_loaded_is_an_error():
    refusal = b'{"errorDetail":{"message":"no room"},"error":"no room"}\r\n'
    with daemon() as (w, docker):
        one_image(w)
        progress = b'{"status":"Loading"}\r\n' * 9000
        for answer, word in ((told(refusal), "no room"), (told(progress + refusal), "no room"),
                             (told(refusal.strip()), "no room"), (lambda h: h.message(500, "no room"), "no room"),
                             (lambda h: h.reply(400, b""), "HTTP 400"), (told(refusal + progress), "no room"),
                             (told(refusal.replace(b"no room", b"no room" + b"x" * 20000)), "no room")):
            docker.answers.append(answer)
            failed = w.error("copy", f"oci:{w.folder}/layout:one", "docker-daemon:a/b:1")
            assert failed["code"] == "PEER" and word in failed["message"], failed
        for filler in (b"x" * 70000, b"x" * 300000):
            docker.answers.append(told(refusal.replace(b"no room", filler)))
            failed = w.error("copy", f"oci:{w.folder}/layout:one", "docker-daemon:a/b:1")
            assert failed["code"] == "PROTO" and "line" in failed["message"], failed
        for fine in (b"", b"not JSON", b'{"stream":"Loaded"}', b'["error"]\n{}\n\n'):
            docker.answers.append(told(fine))
            w.json("copy", f"oci:{w.folder}/layout:one", "docker-daemon:a/b:1")


def test_a_daemon_that_is_not_there_is_told_by_its_socket():
    with world() as w:
        one_image(w)
        (w.folder / "file").touch()
        for host, code, word in ((f"unix://{w.folder}/none", "NET", f"{w.folder}/none"),
                                 (f"unix://{w.folder}/file", "NET", "is it running"),
                                 ("tcp://127.0.0.1:2375", "UNSUPPORTED", "docker save"),
                                 ("ssh://somewhere", "UNSUPPORTED", "DOCKER_HOST"),
                                 ("unix://relative", "UNSUPPORTED", "DOCKER_HOST"),
                                 ("unix:///" + "x" * 200, "INVAL", "socket")):
            w.environment["DOCKER_HOST"] = host
            for words in (("docker-daemon:a:1", f"oci:{w.folder}/out:x"),
                          (f"oci:{w.folder}/layout:one", "docker-daemon:a:1")):
                failed = w.error("copy", *words)
                assert failed["code"] == code and word in failed["message"], failed


def test_what_no_daemon_has_is_refused_before_it_is_asked():
    with daemon() as (w, docker):
        one_image(w)
        layout = f"oci:{w.folder}/layout:one"
        for words in (("copy", "docker-daemon:a@sha256:" + "0" * 64, layout),
                      ("copy", layout, "docker-daemon:sha256:" + "0" * 64), ("copy", "docker-daemon:", layout),
                      ("copy", "docker-daemon:sha256:12", layout)):
            assert w.error(*words)["code"] == "INVAL", words
        for words in (("copy", "--with-referrers", layout, "docker-daemon:a:1"),):
            assert w.error(*words)["code"] == "UNSUPPORTED", words
        assert not docker.asked, docker.asked


def test_a_silent_daemon_can_be_left():
    with daemon() as (w, docker):
        one_image(w)
        for words in (("docker-daemon:a/b:1", f"oci:{w.folder}/out:x"),
                      (f"oci:{w.folder}/layout:one", "docker-daemon:a:1")):
            docker.answers.append(lambda handler: docker.ended.wait(20))
            before = len(docker.asked)
            copy = subprocess.Popen(["zreg", "copy", *words], env=w.environment, stderr=subprocess.PIPE)
            until(lambda: len(docker.asked) > before, "the daemon was not asked")
            start = time.monotonic()
            copy.send_signal(signal.SIGINT)
            copy.communicate(timeout=10)
            assert copy.returncode == -signal.SIGINT and time.monotonic() - start < 5, copy.returncode
            docker.answers.append(lambda handler: docker.ended.wait(20))
            assert w.error("copy", "--timeout", "300ms", *words)["code"] in ("TIMEOUT", "CANCELLED")


if __name__ == "__main__":
    tap.main(__name__)
