# SPDX-License-Identifier: Apache-2.0
"""A front before a registry: hands requests and answers on as they are, but for the one that a test has chosen, which
meets a fault."""

import contextlib
import json
import re
import socket
import struct
import threading
from urllib.parse import parse_qs, unquote, urlsplit

STEP = 65536
PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>One moment, please.</body></html>"
STATUSES = (408, 425, 429, 500, 502, 503, 504)


class Head:
    """A head of a request or an answer, and whose body it is that follows."""

    def __init__(self, text):
        self.start, *lines = text.decode("latin-1").split("\r\n")
        self.fields = [tuple(line.split(":", 1)) for line in lines]

    def get(self, name, otherwise=""):
        for field, value in self.fields:
            if field.lower() == name:
                return value.strip()
        return otherwise

    def set(self, name, value):
        self.fields = [field for field in self.fields if field[0].lower() != name] + [(name, f" {value}")]

    def encode(self):
        return "\r\n".join([self.start, *(":".join(field) for field in self.fields), "", ""]).encode("latin-1")


class Stream:
    """A connection, read by heads and bodies."""

    def __init__(self, sock):
        self.sock, self.rest = sock, b""
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def more(self):
        data = self.sock.recv(STEP)
        if not data:
            raise ConnectionError("it ended")
        self.rest += data

    def head(self):
        """The next head, or None at the end."""
        while b"\r\n\r\n" not in self.rest:
            data = self.sock.recv(STEP)
            if not data:
                return None
            self.rest += data
        text, _, self.rest = self.rest.partition(b"\r\n\r\n")
        return Head(text)

    def take(self, size):
        while len(self.rest) < size:
            self.more()
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    def line(self):
        while b"\r\n" not in self.rest:
            self.more()
        line, _, self.rest = self.rest.partition(b"\r\n")
        return line + b"\r\n"

    def body(self, head):
        """Pieces of the body, as they are on the wire."""
        if head.get("transfer-encoding").lower() == "chunked":
            size = -1
            while size != 0:
                line = self.line()
                size = int(line.split(b";")[0], 16)
                yield line + self.take(size) + self.line()
            return
        left = int(head.get("content-length", "0"))
        while left > 0:
            if not self.rest:
                self.more()
            piece, self.rest = self.rest[:left], self.rest[left:]
            left -= len(piece)
            yield piece

    def reset(self):
        """Ends without the courtesy of TCP: what the peer has not read yet may be lost to it."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class Request:
    """A request as far as its head."""

    def __init__(self, head):
        self.head = head
        self.method, self.target, _ = head.start.split(" ")
        parts = urlsplit(self.target)
        self.path, self.query = unquote(parts.path), parse_qs(parts.query, keep_blank_values=True)
        self.size = int(head.get("content-length", "0"))
        self.has_body = self.size > 0 or head.get("transfer-encoding") != ""

    def kind(self):
        """What the request is for, as rows of the matrix are named."""
        if self.path.endswith("/_token"):
            return "token"
        if not self.head.get("authorization"):
            return "contact"
        if "/blobs/uploads/" in self.path:
            return self.upload_kind()
        for part, name in (("/manifests/", "manifest"), ("/blobs/", "blob"), ("/tags/list", "tags")):
            if part in self.path:
                return f"{self.method} {name}"
        return self.method

    def upload_kind(self):
        if self.method == "POST":
            return "mount" if "mount" in self.query else "POST upload"
        if self.method == "PUT":
            return "PUT blob" if self.has_body else "closing PUT"
        return {"GET": "upload status", "DELETE": "DELETE upload"}.get(self.method, self.method)

    def concerns(self, digests):
        """Whether it names one of these, if it names any."""
        named = re.findall(r"sha256:[0-9a-f]{64}", self.path + " " + " ".join(sum(self.query.values(), [])))
        return not named or any(name in digests for name in named)


class Abort(Exception):
    """The connection is over."""


class Front:
    """Listens for one test. `plan(request)` gives the name of the fault that this request meets, or None."""

    def __init__(self, address, plan, rewrite=None):
        host, _, port = address.rpartition(":")
        self.server, self.plan, self.rewrite = (host, int(port)), plan, rewrite or (lambda request: None)
        self.log, self.streams, self.challenge = [], set(), ""
        self.lock, self.closed = threading.Lock(), threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.socket.accept()
                threading.Thread(target=self.connection, args=(Stream(sock),), daemon=True).start()

    def connection(self, near):
        far = None
        self.keep(near)
        with contextlib.suppress(OSError, ValueError, Abort):
            far = Stream(socket.create_connection(self.server))
            self.keep(far)
            while head := near.head():
                self.exchange(near, far, Request(head))
        for stream in (near, far):
            if stream is not None:
                stream.close()
                with self.lock:
                    self.streams.discard(stream)

    def keep(self, stream):
        with self.lock:
            self.streams.add(stream)
            if self.closed.is_set():
                stream.close()

    def exchange(self, near, far, request):
        with self.lock:
            fault = self.plan(request)
            self.log.append((f"{request.method} {request.target}", fault))
        if fault is not None:
            Faults(self, near, far, request).meet(fault)
            return
        answer = self.rewrite(request)
        if answer is not None:
            discard(near, request)
            near.sock.sendall(answer)
            return
        head = self.forward(near, far, request)
        near.sock.sendall(head.encode())
        for piece in answer_body(far, head, request):
            near.sock.sendall(piece)

    def forward(self, near, far, request):
        """Carries the request to the registry, and gives the head of its answer."""
        far.sock.sendall(request.head.encode())
        for piece in near.body(request.head):
            far.sock.sendall(piece)
        head = far.head()
        if head is None:
            raise ConnectionError("no answer")
        self.challenge = head.get("www-authenticate") or self.challenge
        return head

    def close(self):
        self.closed.set()
        self.socket.close()
        with self.lock:
            streams = list(self.streams)
        for stream in streams:
            stream.close()


def status_of(head):
    return int(head.start.split(" ")[1])


def answer_body(far, head, request):
    if request.method == "HEAD" or status_of(head) in (204, 304):
        return []
    return far.body(head)


def discard(near, request):
    for _ in near.body(request.head):
        pass


def answer(status, body=b"", fields=(), content_type="application/json"):
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", f"Content-Type: {content_type}", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + body


def error(status, code, fields=()):
    return answer(status, json.dumps({"errors": [{"code": code, "message": "for once"}]}).encode(), fields)


class Faults:
    """One request, which meets a fault."""

    def __init__(self, front, near, far, request):
        self.front, self.near, self.far, self.request = front, near, far, request

    def meet(self, fault):
        if fault in STATUSES:
            discard(self.near, self.request)
            self.send(error(fault, "UNKNOWN"))
            return
        getattr(self, fault.replace(" ", "_"))()

    def send(self, data):
        """An answer made here; one to HEAD has no body."""
        end = data.index(b"\r\n\r\n") + 4
        self.near.sock.sendall(data[:end] if self.request.method == "HEAD" else data)

    def answered(self):
        """What the registry answers: head and body."""
        head = self.front.forward(self.near, self.far, self.request)
        return head, b"".join(answer_body(self.far, head, self.request))

    def over(self):
        raise Abort

    def reset_before(self):
        self.near.reset()
        self.over()

    def reset_in_the_answer(self):
        head, body = self.answered()
        data = head.encode()
        data = data + body[:len(body) // 2] if body else data[:len(data) // 2]
        self.near.sock.sendall(data)
        self.near.close()  # a reset might take back what was sent
        self.over()

    def reset_in_the_body(self):
        """The registry has half of it."""
        body = self.near.body(self.request.head)
        self.far.sock.sendall(self.request.head.encode())
        left = self.request.size // 2
        for piece in body:
            self.far.sock.sendall(piece[:left])
            left -= len(piece)
            if left <= 0:
                break
        self.far.close()
        self.near.reset()
        self.over()

    def lost_answer(self):
        self.answered()
        self.near.reset()
        self.over()

    def stall(self):
        self.front.closed.wait(60)
        self.over()

    def stall_in_the_answer(self):
        head, body = self.answered()
        self.near.sock.sendall(head.encode() + body[:len(body) // 2])
        self.front.closed.wait(60)
        self.over()

    def unauthorized(self):
        discard(self.near, self.request)
        self.send(error(401, "UNAUTHORIZED", [f"WWW-Authenticate: {self.front.challenge}"]))

    def lost_session(self):
        """The registry forgets it."""
        discard(self.near, self.request)
        kept = [field for field in self.request.head.fields
                if field[0].lower() in ("host", "authorization", "user-agent")]
        self.request.head.start = f"DELETE {self.request.target} HTTP/1.1"
        self.request.head.fields = kept
        self.far.sock.sendall(self.request.head.encode())
        for _ in self.far.body(self.far.head()):
            pass
        self.send(error(404, "BLOB_UPLOAD_UNKNOWN"))

    def page(self):
        discard(self.near, self.request)
        self.send(answer(200, PAGE, content_type="text/html; charset=utf-8"))

    def short_body(self):
        """A whole answer, whose body is not."""
        head, body = self.answered()
        head.set("content-length", len(body) - 7)
        self.near.sock.sendall(head.encode() + body[:-7])

    def longer_length(self):
        head, body = self.answered()
        head.set("content-length", int(head.get("content-length")) + 7)
        self.near.sock.sendall(head.encode() + body)
        if self.request.method != "HEAD":
            self.near.close()
            self.over()

    def shorter_length(self):
        """Bytes come that belong to no answer."""
        head, body = self.answered()
        head.set("content-length", int(head.get("content-length")) - 7)
        self.near.sock.sendall(head.encode() + body)
