# SPDX-License-Identifier: Apache-2.0
"""A strict registry in this process, whose answers a test may script, and the client that talks
to it (client_main.c, one command a line)."""

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlsplit

LINGER_S = 5
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def sha512(data):
    return "sha512:" + hashlib.sha512(data).hexdigest()


def content(size):
    """The bytes that the client's blob-put writes."""
    return bytes((i * 131 + (i >> 8)) & 255 for i in range(size))


def manifest(config=b"{}", layers=(), media_type=OCI_MANIFEST, **more):
    """The bytes of an image manifest."""
    def descriptor(kind, data):
        return {"mediaType": kind, "digest": sha256(data), "size": len(data)}
    document = {"schemaVersion": 2, "mediaType": media_type,
                "config": descriptor("application/vnd.oci.image.config.v1+json", config),
                "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", layer) for layer in layers]}
    document.update(more)
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


class Answer:
    """What to send. `cut`: close the connection after so many bytes of the body. `wait`: seconds
    before anything is sent. `drop`: close without a word. `pace`: (bytes, seconds) of the body."""

    def __init__(self, status=200, body=b"", headers=None, cut=None, wait=0, drop=False, pace=None, chunked=False):
        self.status, self.body, self.headers = status, body, dict(headers or {})
        self.cut, self.wait, self.drop, self.pace, self.chunked = cut, wait, drop, pace, chunked


def error(status, code, text="no", **headers):
    return Answer(status, json.dumps({"errors": [{"code": code, "message": text}]}).encode(),
                  {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}})


class Request:
    """What came in."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        parts = urlsplit(target)
        self.path = unquote(parts.path)
        self.query = {key: values for key, values in parse_qs(parts.query, keep_blank_values=True).items()}

    def __repr__(self):
        return f"{self.method} {self.target}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = -1
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        with self.server.registry.lock:
            self.server.registry.connections += 1

    def log_message(self, *_):
        pass

    def read_body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def handle_any(self):
        registry = self.server.registry
        early = registry.early(self)
        try:
            body = b"" if early else self.read_body()
        except (OSError, ValueError):
            registry.broken_uploads += 1
            self.close_connection = True
            return
        expected = self.headers.get("Content-Length")
        if not early and expected is not None and len(body) != int(expected):
            registry.broken_uploads += 1
            self.close_connection = True
            return
        request = Request(self.command, self.path, self.headers, body)
        answer = early or registry.answer(request)
        try:
            self.send(answer, request)
            if early:
                self.linger()
        except OSError:
            self.close_connection = True

    def linger(self):
        """Closes in the two steps of RFC 9112 section 9.6: closed at once, with data on the way, the connection is
        reset, and the answer may never be seen."""
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + LINGER_S
        while time.monotonic() < deadline and self.connection.recv(1 << 16):
            pass

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

    def send(self, answer, request):
        if answer.wait:
            time.sleep(answer.wait)
        if answer.drop:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, values in answer.headers.items():
            for value in values if isinstance(values, list) else [values]:
                self.send_header(name, value)
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif "Content-Length" not in answer.headers and answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if request.method == "HEAD":
            return
        body = answer.body if answer.cut is None else answer.body[:answer.cut]
        step, pause = answer.pace or (65536, 0)
        for at in range(0, len(body), step):
            piece = body[at:at + step]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if answer.chunked else piece)
            self.wfile.flush()
            time.sleep(pause)
        if answer.cut is not None:
            self.close_connection = True
        elif answer.chunked:
            self.wfile.write(b"0\r\n\r\n")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_):
        pass  # a client that goes away in the middle is part of these tests


class Registry:
    """Serves `blobs[repository][digest]` and `manifests[repository][reference] = (type, bytes)`.

    `auth`: None, "basic" or "bearer", then `users` is {name: password}; "open": nobody is asked, but of `users` who
    shows a wrong password is refused. Whatever is wrong about a
    request by itself goes to `faults`, which must be empty in the end.
    """

    def __init__(self, auth=None, users=None, tls=None, token_life=300, realm=None):
        self.lock = threading.RLock()
        self.blobs, self.manifests, self.sessions, self.tokens = {}, {}, {}, {}
        self.auth, self.users, self.tls, self.token_life = auth, dict(users or {}), tls, token_life
        self.log, self.faults, self.script, self.early_script = [], [], [], []
        self.connections = self.broken_uploads = 0
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.registry = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                     do_handshake_on_connect=False)
        self.name = f"127.0.0.1:{self.server.server_port}"
        self.url = f"{'https' if tls else 'http'}://{self.name}"
        self.realm = realm or self.url + "/token"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    # --- what tests set up

    def on(self, method, pattern, *answers, times=None):
        """Scripts the next answers (Answer, or function of the request) to matching requests; with
        `times` the one answer is given so often."""
        self.script.append([method, re.compile(pattern), list(answers) * (times or 1)])

    def on_head_of(self, method, pattern, answer):
        """Answers once before the body was read, and closes as a server should."""
        self.early_script.append((method, re.compile(pattern), answer))

    def add_blob(self, repository, data):
        self.blobs.setdefault(repository, {})[sha256(data)] = data
        self.blobs[repository][sha512(data)] = data
        return sha256(data)

    def add_manifest(self, repository, reference, data, media_type=OCI_MANIFEST):
        for name in (reference, sha256(data), sha512(data)):
            self.manifests.setdefault(repository, {})[name] = (media_type, data)
        return sha256(data)

    # --- what tests look at

    def requests(self, pattern=""):
        """Method and path of what came in, in order."""
        with self.lock:
            lines = [f"{request.method} {request.path}" for request in self.log]
        return [line for line in lines if re.search(pattern, line)]

    def clear(self):
        with self.lock:
            self.log.clear()

    # --- answering

    def early(self, handler):
        with self.lock:
            for entry in self.early_script:
                if entry[0] == handler.command and entry[1].search(handler.path):
                    self.early_script.remove(entry)
                    handler.close_connection = True
                    self.log.append(Request(handler.command, handler.path, handler.headers, b""))
                    return entry[2]
        return None

    def answer(self, request):
        with self.lock:
            self.log.append(request)
            self.check(request)
            scripted = self.scripted(request)
        if scripted is not None:
            return scripted(request) if callable(scripted) else scripted
        with self.lock:
            if urlsplit(request.target).path == "/token":
                return self.give_token(request)
            return self.refusal(request) or self.route(request)

    def scripted(self, request):
        for method, pattern, answers in self.script:
            if method == request.method and pattern.search(request.target) and answers:
                return answers.pop(0)
        return None

    def check(self, request):
        def fault(text):
            self.faults.append(f"{request}: {text}")
        headers = request.headers
        if headers.get_all("Host") != [self.name]:
            fault(f"Host is {headers.get_all('Host')}")
        for name in ("Accept-Encoding", "Expect", "Cookie", "Referer"):
            if name in headers:
                fault(f"sends {name}")
        if "Authorization" in headers and self.auth is None:
            fault("sends Authorization unasked")
        if not headers.get("User-Agent", "").startswith("zreg/"):
            fault("User-Agent")
        if request.method in ("PUT", "POST", "PATCH"):
            if ("Content-Length" in headers) == ("Transfer-Encoding" in headers):
                fault("needs one of Content-Length and Transfer-Encoding")
        elif request.body:
            fault("has a body")

    def give_token(self, request):
        user = self.user_of(request)
        if "Authorization" in request.headers and user is None:
            return error(401, "UNAUTHORIZED")
        if request.query.get("service") != ["test"]:
            self.faults.append(f"{request}: service")
        if user and request.query.get("account") != [user]:
            self.faults.append(f"{request}: account")
        token = uuid.uuid4().hex
        granted = {}
        for scope in request.query.get("scope", []):
            kind, name, actions = scope.split(":")
            granted.setdefault(name, set()).update(actions.split(","))
        self.tokens[token] = (granted, time.time() + self.token_life)
        return Answer(200, json.dumps({"token": token, "expires_in": self.token_life}).encode(),
                      {"Content-Type": "application/json"})

    def user_of(self, request):
        kind, _, value = request.headers.get("Authorization", "").partition(" ")
        if kind != "Basic":
            return None
        user, _, password = base64.b64decode(value).decode().partition(":")
        return user if self.users.get(user) == password else None

    def refusal(self, request):
        if self.auth is None:
            return None
        if self.auth == "open":
            shown = "Authorization" in request.headers and self.users
            return error(401, "UNAUTHORIZED") if shown and not self.user_of(request) else None
        match = re.match(r"/v2/(.+?)/(manifests|blobs|tags)/", request.path)
        repository = match.group(1) if match else None
        action = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}.get(request.method, "push")
        if "/uploads/" in request.path:
            action = "push"
        if self.auth == "basic":
            allowed = self.user_of(request) is not None
            challenge = 'Basic realm="test"'
        else:
            kind, _, value = request.headers.get("Authorization", "").partition(" ")
            granted, until = self.tokens.get(value, ({}, 0))
            allowed = kind == "Bearer" and until > time.time() and (
                repository is None or action in granted.get(repository, ()))
            challenge = f'Bearer realm="{self.realm}",service="test"'
            if repository:
                challenge += f',scope="repository:{repository}:{action}"'
        return None if allowed else error(401, "UNAUTHORIZED", WWW_Authenticate=challenge)

    def route(self, request):
        if request.path == "/v2/":
            return Answer(200, b"{}")
        for pattern, handler in ((r"/v2/(.+)/manifests/([^/]+)$", self.on_manifest),
                                 (r"/v2/(.+)/blobs/uploads/(.*)$", self.on_upload),
                                 (r"/v2/(.+)/blobs/([^/]+)$", self.on_blob),
                                 (r"/v2/(.+)/tags/list()$", self.on_tags)):
            if match := re.match(pattern, request.path):
                return handler(request, *match.groups())
        self.faults.append(f"{request}: no such endpoint")
        return error(404, "NAME_UNKNOWN")

    def on_manifest(self, request, repository, reference):
        known = self.manifests.setdefault(repository, {})
        if request.method == "PUT":
            self.add_manifest(repository, reference, request.body, request.headers.get("Content-Type"))
            return Answer(201, b"", {"Location": request.path, "Docker-Content-Digest": sha256(request.body)})
        if reference not in known:
            return error(404, "MANIFEST_UNKNOWN")
        if request.method == "DELETE":
            del known[reference]
            return Answer(202)
        if OCI_MANIFEST not in request.headers.get("Accept", ""):
            self.faults.append(f"{request}: does not accept manifests")
        media_type, data = known[reference]
        return Answer(200, data, {"Content-Type": media_type, "Docker-Content-Digest": sha256(data)})

    def on_blob(self, request, repository, digest):
        data = self.blobs.get(repository, {}).get(digest)
        if data is None:
            return error(404, "BLOB_UNKNOWN")
        if request.method == "DELETE":
            del self.blobs[repository][digest]
            return Answer(202)
        if match := re.match(r"bytes=(\d+)-$", request.headers.get("Range", "")):
            first = int(match.group(1))
            return Answer(206, data[first:], {"Content-Range": f"bytes {first}-{len(data) - 1}/{len(data)}"})
        return Answer(200, data)

    def on_upload(self, request, repository, session):
        if request.method == "POST":
            mount, source = request.query.get("mount"), request.query.get("from")
            if mount and source and mount[0] in self.blobs.get(source[0], {}):
                self.add_blob(repository, self.blobs[source[0]][mount[0]])
                return Answer(201, b"", {"Location": f"/v2/{repository}/blobs/{mount[0]}"})
            return self.session_at(repository, uuid.uuid4().hex, b"", 202)
        state = parse_qs(urlsplit(request.target).query).get("state")
        if session not in self.sessions or state != ["a=b%&+ c"]:
            self.faults.append(f"{request}: no such session, or its query was changed")
            return error(404, "BLOB_UPLOAD_UNKNOWN")
        if request.method == "DELETE":
            del self.sessions[session]
            return Answer(204)
        data = self.sessions.pop(session) + request.body
        if request.method == "PATCH":
            return self.session_at(repository, uuid.uuid4().hex, data, 202)
        digest = request.query["digest"][0]
        if digest not in (sha256(data), sha512(data)):
            self.faults.append(f"{request}: digest of the body is {sha256(data)}")
            return error(400, "DIGEST_INVALID")
        self.add_blob(repository, data)
        return Answer(201, b"", {"Location": f"/v2/{repository}/blobs/{digest}", "Docker-Content-Digest": digest})

    def session_at(self, repository, session, data, status):
        self.sessions[session] = data
        where = f"/v2/{repository}/blobs/uploads/{session}?state=" + quote("a=b%&+ c", safe="=")
        return Answer(status, b"", {"Location": where, "Range": f"0-{max(len(data) - 1, 0)}"})

    def on_tags(self, request, repository, _):
        tags = sorted(name for name in self.manifests.get(repository, {}) if ":" not in name)
        if not tags:
            return error(404, "NAME_UNKNOWN")
        return Answer(200, json.dumps({"name": repository, "tags": tags}).encode(),
                      {"Content-Type": "application/json"})


class Proxy:
    """Makes tunnels (CONNECT); each leads to `registry`, whatever host was asked for; or none, but this status."""

    def __init__(self, registry, refuse=None):
        self.registry, self.refuse, self.tunnels = registry, refuse, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self.socket.accept()
                threading.Thread(target=self.tunnel, args=(peer,), daemon=True).start()

    def tunnel(self, peer):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += peer.recv(1)
        self.tunnels.append(head.split()[1].decode())
        if self.refuse:
            peer.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % self.refuse)
            peer.close()
            return
        peer.sendall(b"HTTP/1.1 200 Connection established\r\nX-Proxy: yes\r\n\r\n")
        far = socket.create_connection(self.registry.server.server_address)
        threading.Thread(target=self.pump, args=(far, peer), daemon=True).start()
        self.pump(peer, far)

    @staticmethod
    def pump(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def close(self):
        self.socket.close()


class Failed(Exception):
    """The client answered with an error."""

    def __init__(self, line):
        super().__init__(line)
        _, self.status, self.http_status, self.code, again, wait_ms, self.about, self.text = line.split(" ", 7)
        self.retryable, self.retry_after_ms = again == "1", int(wait_ms)


class Client:
    """The program under test; `before`: a command that it is started by."""

    def __init__(self, authfile="-", attempts="-", idle_ms="-", ca="-", registries_conf="-", env=None, before=()):
        program = os.path.join(os.environ["ZREG_BUILDDIR"], "tests/proto/client")
        # Without the terminal of whoever runs the tests: helpers have process groups of their own.
        self.process = subprocess.Popen([*before, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **(env or {})}, start_new_session=True)
        self.do("new", authfile, attempts, idle_ms, ca, registries_conf)

    def do(self, *words):
        """Runs a command and gives the words of its answer."""
        self.process.stdin.write(" ".join(str(word) for word in words) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline().rstrip("\n")
        if line.startswith("ERR "):
            raise Failed(line)
        assert line.startswith("OK"), f"the client died on {words}: {line!r}"
        return line.split()[1:]

    def fails(self, status, *words):
        """Runs a command that must fail like this, and gives the failure."""
        try:
            answer = self.do(*words)
        except Failed as failure:
            assert failure.status == status, f"{words}: {failure}, expected {status}"
            return failure
        raise AssertionError(f"{words} succeeded ({answer}), expected {status}")

    def counters(self, host="-"):
        names = ("requests", "auth", "blobs", "bytes_in", "bytes_out", "connections")
        return dict(zip(names, map(int, self.do("counters", host))))

    def close(self):
        self.process.stdin.close()
        status = self.process.wait(timeout=30)
        assert status == 0, f"the client ended with {status}"


class World:
    """Registries, clients and files of one test; ends them and looks for faults."""

    def __init__(self):
        self.things, self.folder = [], tempfile.mkdtemp(prefix="zreg-proto-")

    def registry(self, **options):
        self.things.append(Registry(**options))
        return self.things[-1]

    def proxy(self, *arguments, **options):
        self.things.append(Proxy(*arguments, **options))
        return self.things[-1]

    def client(self, **options):
        self.things.append(Client(**options))
        return self.things[-1]

    def file(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as out:
            out.write(data if isinstance(data, bytes) else data.encode())
        return path

    def certificate(self):
        """A self-signed certificate for 127.0.0.1 with its key, one file."""
        path = os.path.join(self.folder, "server.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                        "-keyout", path + ".key", "-out", path + ".crt"], check=True, capture_output=True)
        with open(path, "wb") as out:
            for part in (".key", ".crt"):
                with open(path + part, "rb") as source:
                    out.write(source.read())
        return path

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for thing in reversed(self.things):
            if isinstance(thing, Client) and kind is not None:
                thing.process.kill()
                thing.process.wait()
            else:
                thing.close()
        shutil.rmtree(self.folder)
        if kind is None:
            faults = [fault for thing in self.things if isinstance(thing, Registry) for fault in thing.faults]
            assert not faults, "\n".join(faults)
