# SPDX-License-Identifier: Apache-2.0
"""A registry, eight clients that push and pull, and one that breaks a limit beside them.

Clients work for a while alone and for a while beside the attacker, in turns, against one server: the longest time
that 99 % of their requests took in the one is compared with the other. Then the attacker goes, and what it cost the
server has to come back. Attackers are slow or clumsy, and not greedy: they have two cores to share with the server,
so what they do in a second is bounded (`pace`)."""

import base64
import contextlib
import hashlib
import json
import mmap
import os
import resource
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import traceback

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402

ROUNDS = int(os.environ.get("ZREG_HOSTILE_ROUNDS", "3"))
ROUND_MS = 1000
MOST_TIMES = 3
LONGEST_US = 2000000  # of any request, whatever it took without the attacker; else one that stands still hides in p99
DESCRIPTORS = 700  # of the server: some 300 connections
MANY = 400  # connections: more than it takes
MORE_BYTES = 48 << 20  # that the server may keep of what it used
OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
MEMORY = "/dev/shm"  # where a disk that others use too does not have its part in the figures


def digest_of(data, algorithm="sha256"):
    return f"{algorithm}:{hashlib.new(algorithm, data).hexdigest()}"


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def wait_until(holds, what, seconds=15):
    until = time.monotonic() + seconds
    while not holds():
        check(time.monotonic() < until, what() if callable(what) else what)
        time.sleep(0.05)


class Place:
    """Where the server is, and one way to speak with it: what attackers are given."""

    def __init__(self, host, port, context, authorization):
        self.host, self.port, self.context, self.authorization = host, port, context, authorization
        self.shared = mmap.mmap(-1, 16)  # what the attacker did, and whether it has begun

    def tcp(self, source="127.0.0.66", read_bytes=None):
        plain = socket.socket()
        plain.settimeout(30)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if read_bytes:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, read_bytes)
        plain.bind((source, 0))
        try:
            plain.connect((self.host, self.port))
        except OSError:
            plain.close()
            raise
        return plain

    def connect(self, source="127.0.0.66", read_bytes=None):
        plain = self.tcp(source, read_bytes)
        return self.context.wrap_socket(plain) if self.context else plain

    def head(self, method, path, *fields, authorization=None):
        lines = (f"{method} {path} HTTP/1.1", "Host: h", f"Authorization: {authorization or self.authorization}", *fields)
        return "\r\n".join((*lines, "", "")).encode()

    def ask(self, method, path, body=b"", *fields, connection=None, authorization=None):
        """(status, head, body) of one request."""
        with contextlib.ExitStack() as stack:
            wire = connection or stack.enter_context(self.connect())
            wire.sendall(self.head(method, path, f"Content-Length: {len(body)}", *fields,
                                   authorization=authorization) + body)
            return read_answer(wire, method == "HEAD")

    def push_blob(self, data, repository="x", connection=None):
        path = f"/v2/{repository}/blobs/uploads/?digest={digest_of(data)}"
        status, _, text = self.ask("POST", path, data, connection=connection)
        check(status == 201, f"a blob is pushed: {status} {text[:200]}")

    def push_manifest(self, body, reference, repository="x", media_type=OCI, connection=None):
        status, _, text = self.ask("PUT", f"/v2/{repository}/manifests/{reference}", body,
                                   f"Content-Type: {media_type}", connection=connection)
        check(status == 201, f"a manifest is pushed: {status} {text[:200]}")

    # ---- the attacker tells its side ----

    def did(self, count=1):
        self.shared[:8] = struct.pack("Q", self.done() + count)

    def done(self):
        return struct.unpack("Q", self.shared[:8])[0]

    def begun(self):
        self.shared[8] = 1

    def has_begun(self):
        return self.shared[8] == 1


def read_answer(wire, is_head=False):
    received = b""
    while b"\r\n\r\n" not in received:
        piece = wire.recv(65536)
        if not piece:
            raise ConnectionError("no answer")
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and not is_head:
            length = int(value)
    while len(body) < length:
        piece = wire.recv(1 << 20)
        if not piece:
            raise ConnectionError("half an answer")
        body += piece
    return int(head[9:12]), head, body


def pace(a_second, burst=1):
    """Says when to do the next thing, so that so many are done in a second. What was missed is not made up for."""
    step, due = burst / a_second, time.monotonic()
    while True:
        now = time.monotonic()
        due = max(due + step, now)
        for _ in range(burst):
            yield
        time.sleep(max(0, due - time.monotonic()))


class Server:
    """`zreg serve` with users."""

    def __init__(self, tls, durability="full", log="file", root=None):
        self.folder = tempfile.mkdtemp(prefix="zreg-hostile-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None)
        self.tls, self.log, self.root = tls, f"{self.folder}/access.log", f"{root or self.folder}/root"
        try:
            users = os.path.join(self.folder, "htpasswd")
            for n, user in enumerate(("honest", "attacker")):
                subprocess.run(["htpasswd", "-bBC", "8", *["-c"][n:], users, user, user], check=True, capture_output=True)
            if log == "pipe":  # with an end to read from, from which nobody reads
                os.mkfifo(self.log)
                self.reader = os.open(self.log, os.O_RDONLY | os.O_NONBLOCK)
            self.start(["--htpasswd", users, "--durability", durability, "--access-log", self.log])
        except Exception:
            self.close()
            raise

    def start(self, options):
        if self.tls:
            key, cert = f"{self.folder}/key.pem", f"{self.folder}/cert.pem"
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                            "-subj", "/CN=localhost", "-keyout", key, "-out", cert], check=True, capture_output=True)
            options += ["--tls-cert", cert, "--tls-key", key]
        self.errors = open(f"{self.folder}/errors", "w+")
        self.process = subprocess.Popen(
            ["zreg", "serve", "--json", "--root", self.root, *options], stdout=subprocess.PIPE,
            stderr=self.errors, text=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS)))
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise RuntimeError(f"zreg serve: {self.errors.read()}")
        record = json.loads(line)
        context = None
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.host, self.port = record["host"], record["port"]
        self.honest = Place(self.host, self.port, context, basic("honest", "honest"))
        self.place = Place(self.host, self.port, context, basic("attacker", "attacker"))

    def authorizations(self):
        """What honest clients show: a password, or a token."""
        scope = "".join(f"&scope=repository:honest/{n}:pull,push" for n in range(8))
        status, _, body = self.honest.ask("GET", f"/v2/_token?service=zreg{scope}")
        check(status == 200, f"a token is given: {status} {body}")
        return self.honest.authorization, "Bearer " + json.loads(body)["token"]

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def memory(self, key="VmRSS"):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) << 10 for line in status if line.startswith(key + ":"))

    def close(self):
        if hasattr(self, "process") and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=30)
        if hasattr(self, "errors"):
            self.errors.close()
        if hasattr(self, "reader"):
            os.close(self.reader)
        shutil.rmtree(self.folder, ignore_errors=True)


class Clients:
    """The eight: tests/hostile/clients."""

    def __init__(self, server):
        self.process = subprocess.Popen(
            ["tests/hostile/clients", server.host, str(server.port), "tls" if server.tls else "plain",
             *server.authorizations()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def work(self, label, ms=ROUND_MS):
        self.process.stdin.write(f"{label} {ms}\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        check(line, "the clients ended")
        return json.loads(line)

    def close(self):
        self.process.kill()
        self.process.communicate()


class Attacker:
    """A process that runs `attack(place)` until it is killed, as a client that crashes would end."""

    def __init__(self, attack, place):
        place.shared[:] = bytes(16)
        self.place, self.attack = place, attack

    def __enter__(self):
        sys.stdout.flush()
        self.began = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            self.run()
        wait_until(lambda: self.place.has_begun() or self.has_ended(), f"{self.attack.__name__} begins", 60)
        return self

    def run(self):
        try:
            os.nice(5)
            self.attack(self.place)
            print(f"# {self.attack.__name__} ended by itself", flush=True)
        except BaseException:  # whatever it is, this process must not go on as the test
            print("".join(f"# {line}\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
        os._exit(1)

    def has_ended(self):
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def __exit__(self, *_):
        ended = self.has_ended()
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, 9)
        usage = os.wait4(self.pid, 0)[2]
        self.seconds = time.monotonic() - self.began
        self.share = (usage.ru_utime + usage.ru_stime) / self.seconds
        if not _[0]:
            check(not ended, "the attacker gave up")


def times(one, other):
    return one["p99_us"] / max(1, other["p99_us"])


def told(alone, beside, attacker, place, server, before):
    print(f"# p99 {alone['p99_us'] / 1000:.2f} ms alone, {beside['p99_us'] / 1000:.2f} ms beside: "
          f"{times(beside, alone):.2f} times; p50 {alone['p50_us'] / 1000:.2f} and {beside['p50_us'] / 1000:.2f} ms; "
          f"longest {alone['max_us'] / 1000:.0f} and {beside['max_us'] / 1000:.0f} ms; "
          f"{alone['requests']} and {beside['requests']} requests, {beside['refused']} refused")
    print("# p99 by kind: " + ", ".join(f"{kind} {alone['kinds'][kind][1] / 1000:.1f}/{p99 / 1000:.1f}"
                                        for kind, (_, p99) in beside["kinds"].items()))
    print(f"# the attacker did {place.done()} things in {attacker.seconds:.1f} s with {attacker.share:.0%} of a core; "
          f"memory of the server {before >> 20} MiB, at most {server.memory('VmHWM') >> 20} MiB", flush=True)


def fill_up(server):
    """As many connections as the server takes, but a few, each of which is served: no place was lost."""
    with contextlib.ExitStack() as stack:
        for n in range((DESCRIPTORS - 112) // 2 - 24):
            wire = stack.enter_context(server.honest.connect(f"127.0.{1 + n % 100}.1"))
            status = server.honest.ask("GET", "/healthz", connection=wire)[0]
            check(status == 200, f"connection {n} is served: {status}")


def recovers(server, descriptors, memory):
    wait_until(lambda: server.descriptors() <= descriptors,
               lambda: f"descriptors are {server.descriptors()} and were {descriptors}")
    wait_until(lambda: server.memory() <= memory + MORE_BYTES,
               lambda: f"memory is {server.memory() >> 20} MiB and was {memory >> 20} MiB")
    check(server.process.poll() is None, "the server lives")
    fill_up(server)


def withstand(attack, tls=False, prepare=None, **settings):
    """Asserts that the eight are served as well beside `attack` as without, and what it took comes back."""
    with contextlib.ExitStack() as stack:
        server = Server(tls, **settings)
        stack.callback(server.close)
        if prepare:
            prepare(server.place)
        clients = Clients(server)
        stack.callback(clients.close)
        clients.work(2, 300)
        descriptors, memory = server.descriptors(), server.memory()
        for _ in range(ROUNDS):
            alone = clients.work(0)
            with Attacker(attack, server.place) as attacker:
                beside = clients.work(1)
        told(alone, beside, attacker, server.place, server, memory)
        check(server.place.done() > 0, "the attacker did something")
        check(alone["failed"] + beside["failed"] == 0, f"all are served: {beside['failed']} failed, {beside['why']}")
        check(beside["refused"] == 0, f"none is turned away: {beside['refused']} were")
        longest = max(LONGEST_US, MOST_TIMES * alone["max_us"])
        check(beside["max_us"] <= longest, f"one took {beside['max_us'] / 1000:.0f} ms")
        check(times(beside, alone) <= MOST_TIMES, f"p99 is {times(beside, alone):.2f} times that of the server alone")
        recovers(server, descriptors, memory)


def main(module):
    """Runs the tests of a module: each attack of its table on a plain server, and under TLS where it says so."""
    tap.main(module)
