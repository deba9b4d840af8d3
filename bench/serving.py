# SPDX-License-Identifier: Apache-2.0
"""The server's rows, beside docker-registry and nginx."""

import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from world import MANIFEST, RUNS, FastRegistry, Nginx, beside, need, random_layers
from registries import DockerRegistry, Failure, ZregRegistry, command

WRK_S = 2
IDLE_CONNECTIONS = 400
UPLOADS = 16
SMALL_PUSHES = 50

# Of a manifest by 16 connections, and of a blob by 4: what is told of them.
SERVING_ROWS = ((("manifest GET", 0, "1/s"), ("manifest GET, server CPU", 2, "us")),
                (("64 MiB blob GET", 1, "MB/s"), ("64 MiB blob GET, server CPU for a GB", 3, "ms")))


def fill(bench, registry, tls):
    """Puts one image with a 64 MiB layer into a registry; gives the paths to ask for."""
    layout = bench.folder / "served"
    if not layout.exists():
        bench.layout("served", random_layers(1, 64 << 20))
    argv = ["zreg", "copy", "--json", f"oci:{layout}:one", f"{registry.address}/bench:one"]
    command(*argv, *(["--ca", bench.credentials.bundle] if tls else []))


def served_files(bench):
    layout = bench.folder / "served"
    index = json.loads((layout / "index.json").read_text())
    digest = index["manifests"][0]["digest"]
    manifest = (layout / "blobs/sha256" / digest[7:]).read_bytes()
    layer = json.loads(manifest)["layers"][0]["digest"]
    return {f"/v2/bench/manifests/{digest}": manifest,
            f"/v2/bench/blobs/{layer}": (layout / "blobs/sha256" / layer[7:]).read_bytes()}


def wrk(registry, tls, path, connections):
    """Requests and bytes per second."""
    url = f"http{'s' if tls else ''}://{registry.address}{path}"
    text = command("wrk", "-t2", f"-c{connections}", f"-d{WRK_S}s", "-H", f"Accept: {MANIFEST}", url)
    if "Non-2xx" in text:
        raise Failure(f"{url}: {text}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    number, unit = re.search(r"Transfer/sec:\s+([\d.]+)([KMG]?B)", text).groups()
    return rate, float(number) * {"B": 1e-6, "KB": 1.024e-3, "MB": 1.048576, "GB": 1073.74}[unit]


def processes(registry):
    """The ids of a registry's process and of those that it began."""
    children = pathlib.Path(f"/proc/{registry.process.pid}/task/{registry.process.pid}/children")
    return [registry.process.pid, *map(int, children.read_text().split())]


def cpu_seconds(registry):
    """What the threads of all its processes have used so far."""
    tasks = [task for process in processes(registry) for task in pathlib.Path(f"/proc/{process}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def get_many(registry, tls, path, connections):
    """Requests and megabytes per second, and the server's CPU: microseconds for a request, milliseconds for
    a gigabyte."""
    before = cpu_seconds(registry)
    requests, megabytes = wrk(registry, tls, path, connections)
    used = (cpu_seconds(registry) - before) / WRK_S
    return requests, megabytes, used * 1e6 / max(requests, 1), used * 1e6 / max(megabytes, 1)


def serving_peers(bench, tls, files):
    """docker-registry and nginx, as far as they are installed, with the same content."""
    peers = {}
    if shutil.which("docker-registry"):
        peers["docker-registry"] = bench.start(DockerRegistry, tls=tls, login=False)
        fill(bench, peers["docker-registry"], tls)
    if pathlib.Path("/usr/sbin/nginx").exists():
        peers["nginx"] = bench.start(Nginx, tls, files)
    return peers


def share_files(ours, peer):
    """Has the peer's static files be those of our store: how a file lies in memory makes a difference of a tenth,
    whoever sends it."""
    for path in (peer.folder / "www").rglob("sha256:*"):
        mine = max(ours.folder.rglob(path.name[7:]), key=lambda file: file.stat().st_size)
        mine.chmod(0o644)
        path.unlink()
        os.link(mine, path)


def read_anew(registry):
    """Has the system drop its files from memory and read them from end to end, so that each is there in pieces of
    one size, however it was written: small pieces are slower to send, by a quarter and more, and so are those that
    several connections read for the first time at once."""
    for path in registry.folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
                while file.read(1 << 20):
                    pass


def compare_serving(bench, tls):
    need("wrk")
    ours = bench.start(ZregRegistry, tls=tls, login=False)
    fill(bench, ours, tls)
    files = served_files(bench)
    read_anew(ours)
    for name, peer in serving_peers(bench, tls, files).items():
        if name == "nginx":
            share_files(ours, peer)
        read_anew(peer)
        for path, connections, rows in zip(files, (16, 4), SERVING_ROWS):
            turns = [(get_many(ours, tls, path, connections), get_many(peer, tls, path, connections))
                     for _ in range(RUNS)]
            for what, k, unit in rows:
                yield beside(what, *(statistics.median(turn[who][k] for turn in turns)
                                     for who in range(2)), unit, name)


def row_serve_plain(bench):
    yield from compare_serving(bench, False)


def row_serve_tls(bench):
    yield from compare_serving(bench, True)


def begin_upload(connection, body=None):
    """The target of a new upload: for its pieces, or to close it as this body."""
    connection.request("POST", "/v2/bench/blobs/uploads/", b"")
    answer = connection.getresponse()
    answer.read()
    place = urllib.parse.urlsplit(answer.headers["Location"])
    digest = "" if body is None else f"digest=sha256:{hashlib.sha256(body).hexdigest()}"
    query = "&".join(part for part in (place.query, digest) if part)
    return f"{place.path}?{query}" if query else place.path


def push(registry, data, number):
    """Seconds for POST and PUT of one new blob, by curl."""
    body = number.to_bytes(8, "big") + data[8:]
    target = begin_upload(http.client.HTTPConnection(registry.address), body)
    with tempfile.NamedTemporaryFile() as file:
        file.write(body)
        file.flush()
        begin = time.monotonic()
        command("curl", "-sSf", "-T", file.name, "-H", "Expect:", f"http://{registry.address}{target}")
        return time.monotonic() - begin


def row_serve_push_64_MiB(bench):
    need("docker-registry")
    need("curl")
    ours = bench.start(ZregRegistry, tls=False, login=False)
    peer = bench.start(DockerRegistry, tls=False, login=False)
    data = os.urandom(64 << 20)
    turns = [(push(ours, data, i), push(peer, data, i)) for i in range(RUNS)]
    yield beside("wall (ours syncs to disk, the peer does not)", statistics.median(t[0] for t in turns),
                 statistics.median(t[1] for t in turns), "s", "docker-registry")


def push_small(connection, number):
    """POST and PUT of a new blob of 1 KiB."""
    body = os.urandom(16) + number.to_bytes(8, "big") + bytes(1000)
    connection.request("PUT", begin_upload(connection, body), body, {"Content-Type": "application/octet-stream"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 201:
        raise Failure(f"a push was answered {answer.status}")


def small_push_cpu(registry):
    """The server's CPU for one push, in microseconds."""
    connection = http.client.HTTPConnection(registry.address)
    push_small(connection, 0)
    before = cpu_seconds(registry)
    for number in range(SMALL_PUSHES):
        push_small(connection, number)
    connection.close()
    return (cpu_seconds(registry) - before) * 1e6 / SMALL_PUSHES


def system_calls_of_push(registry):
    """Of all threads of the server, for one push of 1 KiB, counted by strace."""
    counts = registry.folder / "calls"
    connection = http.client.HTTPConnection(registry.address)
    push_small(connection, 0)
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-o", counts, "-p",
                               str(registry.process.pid)], stderr=subprocess.DEVNULL)
    time.sleep(1)
    for number in range(10):
        push_small(connection, number)
    tracer.terminate()
    tracer.wait()
    connection.close()
    calls = [line for line in counts.read_text().splitlines() if "resumed>" not in line]
    return len(calls) / 10


def row_serve_push_1_KiB(bench):
    need("docker-registry")
    need("strace")
    ours = bench.start(FastRegistry, tls=False, login=False)
    peer = bench.start(DockerRegistry, tls=False, login=False)
    turns = [(small_push_cpu(ours), small_push_cpu(peer)) for _ in range(RUNS)]
    yield beside("server CPU", *(statistics.median(turn[who] for turn in turns) for who in range(2)),
                 "us", "docker-registry")
    yield beside("system calls", system_calls_of_push(ours), system_calls_of_push(peer), "",
                 "docker-registry")


def time_to_first_200(bench, registry_class):
    """The whole way from the start of the process, as a client sees it that tries without a pause."""
    registry = registry_class(bench.folder, f"registry-{len(bench.running)}", bench.credentials)
    bench.running.append(registry)
    registry.wait_until_open = lambda port: None  # the client below does that, and more often
    start = time.monotonic()
    registry.start(tls=False, login=False)
    while True:
        try:
            urllib.request.urlopen(f"http://{registry.address}/v2/").close()
            return (time.monotonic() - start) * 1000
        except urllib.error.URLError:
            time.sleep(0.0002)


def row_serve_start_to_first_200(bench):
    need("docker-registry")
    turns = [[time_to_first_200(bench, c) for c in (ZregRegistry, DockerRegistry)]
             for _ in range(RUNS)]
    yield beside("wall", statistics.median(t[0] for t in turns), statistics.median(t[1] for t in turns),
                 "ms", "docker-registry")


def memory(registry):
    """KiB that its processes hold for themselves: no pages of programs and libraries."""
    total = 0
    for process in processes(registry):
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as rollup:
            total += sum(int(line.split()[1]) for line in rollup if line.startswith("Private_Dirty:"))
    return total


def connect(registry, tls):
    host, port = registry.address.rsplit(":", 1)
    raw = socket.create_connection((host, int(port)))
    if not tls:
        return raw
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(raw, server_hostname=host)


def idle_cost(registry, tls, path):
    """KiB that a connection costs which has had an answer and waits. The first few are not counted:
    they fill what is kept for all."""
    ask = f"GET {path} HTTP/1.1\r\nHost: {registry.address}\r\nAccept: {MANIFEST}\r\n\r\n".encode()

    def open_idle():
        connection = connect(registry, tls)
        connection.sendall(ask)
        connection.recv(1 << 16)
        return connection

    held = [open_idle() for _ in range(32)]
    before = memory(registry)
    held += [open_idle() for _ in range(IDLE_CONNECTIONS)]
    time.sleep(0.5)
    cost = (memory(registry) - before) / IDLE_CONNECTIONS
    for connection in held:
        connection.close()
    return cost


def upload_cost(registry):
    """KiB that an upload costs of which 4 MiB have come, and the rest has not."""
    before = memory(registry)
    held = []
    for _ in range(UPLOADS):
        client = http.client.HTTPConnection(registry.address)
        client.putrequest("PATCH", begin_upload(client))
        client.putheader("Content-Length", str(8 << 20))
        client.putheader("Content-Type", "application/octet-stream")
        client.endheaders()
        client.send(bytes(4 << 20))
        held.append(client)
    time.sleep(0.5)
    cost = (memory(registry) - before) / UPLOADS
    for client in held:
        client.close()
    return cost


def row_serve_memory(bench):
    for tls in (False, True):
        way = "TLS" if tls else "plain"
        ours = bench.start(FastRegistry, tls=tls, login=False)
        start = memory(ours)
        fill(bench, ours, tls)
        files = served_files(bench)
        path = next(iter(files))
        upload = None if tls else upload_cost(ours)
        cost = idle_cost(ours, tls, path)
        for name, peer in serving_peers(bench, tls, files).items():
            peer_start = memory(peer)
            yield beside(f"at rest, {way}", start / 1024, peer_start / 1024, "MB", name)
            if not tls and name == "docker-registry":
                yield beside("an upload under way", upload, upload_cost(peer), "KiB", name)
            yield beside(f"an idle connection, {way}", cost, idle_cost(peer, tls, path), "KiB", name)
