# SPDX-License-Identifier: Apache-2.0
"""What the tests of the server's wire and limits send, read and wait for, beside server_tap.py."""

import contextlib
import os
import re
import select
import socket
import struct
import time

from server_tap import equal, true

LAST = b"Connection: close"
MANIFEST = b"PUT /v2/a/manifests/t HTTP/1.1\r\nHost: x\r\n"
A_SECOND = 10 if os.environ.get("ZREG_SANITIZERS") else 1  # a sanitizer makes one of ten


def statuses(received):
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3}) ", received)]


def get(path=b"/healthz", *fields, version=b"1.1"):
    return b"\r\n".join((b"GET " + path + b" HTTP/" + version, b"Host: h", *fields, b"", b""))


def connect(server, seconds=10, source="127.0.0.1", read_bytes=None):
    """`read_bytes`: what the system may hold for it unread, about."""
    if read_bytes is None:
        return socket.create_connection((server.host, server.port), timeout=seconds, source_address=(source, 0))
    plain = socket.socket()
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, read_bytes)
    plain.settimeout(seconds)
    plain.bind((source, 0))
    plain.connect((server.host, server.port))
    return plain


def under_tls(server, **how):
    return server.tls.wrap_socket(connect(server, **how), server_hostname="127.0.0.1")


def reset(plain):
    """Leaves by an RST in the place of a FIN."""
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    plain.close()


def read_all(plain):
    received = b""
    with contextlib.suppress(OSError):
        while piece := plain.recv(65536):
            received += piece
    return received


def send_slowly(plain, pieces, pause):
    """What is said before the last piece was sent."""
    for piece in pieces:
        plain.sendall(piece)
        if select.select([plain], [], [], pause)[0]:
            return plain.recv(4096)
    return b""


def answers(plain):
    plain.sendall(get())
    return statuses(plain.recv(4096))


def until(holds, what, seconds=A_SECOND):
    """Waits for it; what takes no longer than it may is no error."""
    end = time.monotonic() + seconds
    while not holds():
        true(time.monotonic() < end, what)
        time.sleep(0.02)


def is_served(server):
    with contextlib.suppress(OSError), under_tls(server) if server.tls else connect(server) as wire:
        wire.sendall(get(b"/healthz", LAST))
        return statuses(read_all(wire)) == [200]  # and its place is free again
    return False


def until_served(server, seconds=A_SECOND):
    """A place comes free within a second."""
    until(lambda: is_served(server), "no place came free", seconds)


def metric(server, name, **labels):
    """One number of /metrics; 0 where it is not there."""
    text = server.ask("GET", "/metrics").body.decode()
    marks = ",".join(f'{key}="{value}"' for key, value in labels.items())
    found = re.search(rf"^{name}{re.escape('{' + marks + '}') if marks else ''} (\d+)$", text, re.M)
    return int(found[1]) if found else 0


def resident_kib(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1])


def grown_kib(server, before):
    """By how much its memory has grown; what a sanitizer keeps of the memory that was touched is no measure."""
    return 0 if os.environ.get("ZREG_SANITIZERS") else resident_kib(server) - before


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def expect(server, cases):
    """Each (what, bytes, the statuses that come back until the server closes)."""
    for what, data, wanted in cases:
        equal(statuses(server.raw(data)), wanted, what)
