#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same bytes to us, to Go's net/http, to nginx, and to nginx as a proxy before Go: what we accept, nobody reads
as another number of requests, another target or another length of body.

Requests are made and broken at random, by a seed: ZREG_DIFFERENTIAL="COUNT SEED" asks for others."""

import json
import os
import pathlib
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from server_tap import Server, true

COUNT, SEED = (int(word) for word in os.environ.get("ZREG_DIFFERENTIAL", "400 1").split())
HERE = pathlib.Path(__file__).resolve().parent
HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

FIELDS = (
    b"Content-Length: %d", b"content-length:%d", b"Content-Length : %d", b"Content-Length: +%d", b"Content-Length: %d, %d",
    b"Content-Length: 0%d", b"Content-Length:\t%d ", b" Content-Length: %d", b"Content-Length: %d\x00", b"Content-Length: 0x%x",
    b"Content-Length\x00: %d", b"Content-Length: -%d", b"Content-Length: %d;", b"Content-Length: %d\x0b",
    b"Content-Length: 1844674407370955161%d", b"Content_Length: %d",
    b"Transfer-Encoding: chunked", b"transfer-encoding:CHUNKED", b"Transfer-Encoding : chunked", b"Transfer-Encoding: chunked, chunked",
    b"Transfer-Encoding: identity", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, identity",
    b"Transfer-Encoding: \x0bchunked", b"Transfer-Encoding: \"chunked\"", b"Transfer-Encoding: chunked;x=y", b"Transfer-Encoding:",
    b"Transfer-Encoding: xchunked", b"Transfer-Encoding\t: chunked", b"Transfer-Encoding:\r\n chunked", b"Transfer-Encoding: chunked\x00",
    b"Connection: keep-alive", b"Connection: close", b"Connection: Content-Length", b"Connection: Transfer-Encoding",
    b"Expect: 100-continue", b"Upgrade: h2c", b"Host: other", b"Host:", b"X: y", b"X:", b": y", b"X", b"X\n: y", b"X: a\rb", b"X: a\nY: b", b"Trailer: X",
)
SIZES = (b"%x\r\n", b"%x;a=b\r\n", b"%x ;a\r\n", b"0%x\r\n", b"%X\r\n", b"+%x\r\n", b"0x%x\r\n", b"%x\n", b"%x \r\n", b" %x\r\n",
         b"%x;\r\n", b"%x;a=\"\n\"\r\n", b"-%x\r\n", b"%x\r", b"%x_\r\n", b"fffffffffffffff%x\r\n", b"%x;a\x00\r\n")
TARGETS = (b"/v2/a/manifests/t", b"/healthz", b"/", b"//x", b"/a/../b", b"/%00", b"/%2e%2e", b"http://h/abs", b"http://other:1/abs?q",
           b"HTTP://h", b"/a?b", b"/a#b", b"h:80", b"/a b", b"/\x80", b"/a\tb", b"?x", b"/;x", b"https://h//y")
METHODS = (b"GET", b"PUT", b"POST", b"PATCH", b"DELETE", b"HEAD", b"OPTIONS", b"get", b"G@T", b"GE T", b"")
VERSIONS = (b"HTTP/1.1",) * 8 + (b"HTTP/1.0", b"HTTP/1.0", b"HTTP/1.2", b"HTTP/0.9", b"HTTP/2.0", b"http/1.1", b"HTTP/1.10", b"HTTP/1.1 ", b"")
BREAKS = (b"\r", b"\n", b"\t", b" ", b"\0", b":", b";", b",", b"\x0b", b"\x0c", b"\x80", b"\"", b"\r\n", b"\r\n\r\n", b"0", b"\xff")


def often(dice, common, others, chance=0.8):
    return common if dice.random() < chance else dice.choice(others)


def chunked(dice, body):
    parts = b""
    while body:
        piece, body = body[:dice.randint(1, len(body))], body[dice.randint(1, len(body)):]
        parts += often(dice, b"%x\r\n", SIZES, 0.85) % len(piece) + piece + often(dice, b"\r\n", (b"\n", b"\r", b"", b"x"), 0.95)
    return parts + often(dice, b"0\r\n\r\n", (b"0\r\nX: y\r\n\r\n", b"0\n\n", b"0\r\n", b"00\r\n\r\n", b"0\r\n\n", b"0\r\nContent-Length: 9\r\n\r\n"), 0.8)


def request(dice):
    end = often(dice, b"\r\n", (b"\n", b"\r", b"\r\r\n"), 0.97)
    line = b" ".join((dice.choice(METHODS[:6]) if dice.random() < 0.9 else dice.choice(METHODS),
                      often(dice, dice.choice(TARGETS[:3]), TARGETS, 0.7), dice.choice(VERSIONS)))
    body = dice.choice((b"", b"abc", HIDDEN, HIDDEN * 2))
    fields = [often(dice, b"Host: h", (b"Host: a b", b"host:h", b"X: y"), 0.95)]
    framing = dice.random()
    if framing < 0.4 and body:
        fields.append(b"Content-Length: %d" % len(body))
    elif framing < 0.7 and body:
        fields.append(b"Transfer-Encoding: chunked")
        body = chunked(dice, body)
    for _ in range(dice.choice((0, 0, 0, 1, 1, 2))):
        field = dice.choice(FIELDS)
        fields.insert(dice.randint(0, len(fields)), field % ((dice.choice((len(body), 3, 0)),) * field.count(b"%")))
    return end.join((line, *fields, b"", body))


def broken(dice, data):
    for _ in range(dice.choice((0, 0, 0, 1, 1, 2))):
        at = dice.randrange(len(data) + 1)
        data = data[:at] + dice.choice(BREAKS) + data[at + dice.choice((0, 0, 1)):]
    return data


def case(number):
    dice = random.Random(f"{SEED} {number}")
    return broken(dice, b"".join(request(dice) for _ in range(dice.choice((1, 1, 2))))) + LAST


def client_of(number):
    """The address that a case is sent from, by which servers tell it from others."""
    return f"127.1.{number // 250}.{number % 250 + 1}"


def send(port, number):
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(client_of(number), 0)) as plain:
        try:
            plain.sendall(case(number))
            plain.shutdown(socket.SHUT_WR)
            while piece := plain.recv(65536):
                received += piece
        except OSError:
            pass
    return received


def path_of(target):
    target = re.sub(r"^(?i:https?)://[^/?]*", "", target)
    return target.split("?")[0] or "/"


NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;
events {{ }}
http {{
    log_format way escape=json '{{"client":"$remote_addr","method":"$request_method","target":"$request_uri","status":$status}}';
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{ listen 127.0.0.1:{alone}; access_log {folder}/alone way; location / {{ return 200; }} }}
    server {{
        listen 127.0.0.1:{proxy}; access_log off; merge_slashes off;
        location / {{
            proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; proxy_ignore_client_abort on;
            proxy_set_header X-Client $remote_addr; proxy_set_header Connection "";
        }}
    }}
}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Peers:
    """The servers; each has a port, and lists of (method, path, body) by client, body None: not told."""

    def __init__(self, folder):
        self.folder = folder
        self.ours = Server(durability=3, anonymous=3)
        binary = folder / "recorder"
        subprocess.run(["go", "build", "-o", binary, "main.go"], cwd=HERE / "recorder", check=True,
                       env=dict(os.environ, GO111MODULE="off", GOTOOLCHAIN="local", GOFLAGS=""))
        self.written = open(folder / "recorded", "w+", encoding="utf-8")
        self.recorder = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=self.written)
        while not (first := self.recorded()):
            time.sleep(0.01)
        self.ports = {"ours": self.ours.port, "go": int(first[0]), "nginx": free_port(), "proxy": free_port()}
        config = NGINX.format(folder=folder, alone=self.ports["nginx"], proxy=self.ports["proxy"], behind=self.ports["go"])
        (folder / "nginx.conf").write_text(config)
        self.nginx = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf"], stderr=subprocess.DEVNULL)
        self.wait()

    def recorded(self):
        return (self.folder / "recorded").read_text(encoding="utf-8").splitlines()

    def wait(self):
        until = time.monotonic() + 10
        for port in self.ports.values():
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except OSError:
                    true(time.monotonic() < until, "a server does not begin")
                    time.sleep(0.02)

    def readings(self):
        """Ends them all. By server and client: what it read to its end; ours with the status."""
        self.nginx.terminate()
        self.nginx.wait()
        self.recorder.communicate()
        found = {name: {} for name in self.ports}
        for line in self.ours.stop():
            entry = (line["method"], path_of(line["path"]), line["received"], line["status"])
            found["ours"].setdefault(line["remote"].split(":")[0], []).append(entry)
        for entry in map(json.loads, self.recorded()[1:]):
            whole = (entry["Method"], path_of(entry["Target"]), entry["Body"])
            found["proxy" if entry["Proxied"] else "go"].setdefault(entry["Client"], []).append(whole)
        with open(self.folder / "alone", encoding="utf-8", errors="replace") as lines:
            for entry in map(json.loads, lines):
                if entry["status"] == 200:
                    found["nginx"].setdefault(entry["client"], []).append((entry["method"], path_of(entry["target"]), None))
        return found

    def close(self):
        for process in (self.nginx, self.recorder):
            if process.poll() is None:
                process.kill()
        self.ours.close()


def disagreement(accepted, is_clean, theirs):
    for (method, path, body), other in zip(accepted, theirs):
        if (method, path) != other[:2] or (None not in (body, other[2]) and body != other[2]):
            return f"{(method, path, body)} is read as {other}"
    if is_clean and len(theirs) > len(accepted):
        return f"{len(accepted)} requests are read as {len(theirs)}"
    return None


def what_we_accepted(lines, received):
    """And whether all that was sent was read. Refusals of the wire have no id."""
    refusals = received.count(b"HTTP/1.1 ") - received.count(b"HTTP/1.1 100 ") - received.count(b"\r\nX-Request-Id: ")
    answered = len(re.findall(rb"HTTP/1\.1 [2-5]\d\d ", received)) - refusals
    # A body that is not wanted is dropped uncounted; where the next request begins tells its length.
    accepted = [(*line[:2], None if line[2] == 0 and line[3] >= 400 else line[2]) for line in lines if line[3] != 0][:answered]
    is_cut = b"\r\nConnection: close" in received and (not accepted or accepted[-1][1] != "/last")
    return accepted, refusals == 0 and len(accepted) == len(lines) and not is_cut


def compare(peers):
    received = {name: [] for name in peers.ports}

    def run_all(name):
        received[name].extend(send(peers.ports[name], number) for number in range(COUNT))
    threads = [threading.Thread(target=run_all, args=(name,)) for name in peers.ports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = peers.readings()
    accepted_in_all = 0
    for number in range(COUNT):
        client = client_of(number)
        accepted, is_clean = what_we_accepted(found["ours"].get(client, []), received["ours"][number])
        accepted_in_all += len(accepted)
        for name in ("go", "nginx", "proxy"):
            theirs = found[name].get(client, [])
            said = disagreement(accepted, is_clean, theirs)
            true(said is None, f"{name}, seed {SEED}, case {number}: {said}\n{case(number)!r}\n{accepted} {theirs}")
    return accepted_in_all


def main():
    for program, package in (("nginx", "nginx-light"), ("go", "golang-go")):
        if shutil.which(program) is None:
            print(f"1..0 # SKIP there is no {program}; on Debian: apt-get install {package}")
            return
    print("1..1", flush=True)
    with tempfile.TemporaryDirectory(prefix="zreg-differential-") as folder:
        peers = Peers(pathlib.Path(folder))
        try:
            accepted = compare(peers)
            true(accepted > COUNT // 4, f"only {accepted} requests were accepted, which proves little")
            print(f"ok 1 - nobody reads otherwise what we accept ({COUNT} connections, seed {SEED}, {accepted} requests)")
        except AssertionError as error:
            print("not ok 1 - nobody reads otherwise what we accept")
            print("".join(f"# {line}\n" for line in str(error).splitlines()), end="")
            sys.exit(1)
        finally:
            peers.close()


if __name__ == "__main__":
    main()
