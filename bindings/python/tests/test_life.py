# SPDX-License-Identifier: Apache-2.0
"""Which object belongs to whom: processes, threads, interpreters, callbacks."""
import copy
import math
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

import zreg


def in_child(function):
    """What function() gives in a forked child, as text; its child must end by itself."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, repr(function()).encode())
        except BaseException as error:
            os.write(write, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        said = answer.read()
    assert os.waitpid(child, 0)[1] == 0
    return said


def listens(server):
    try:
        socket.create_connection((server.host, server.port), 1).close()
        return True
    except OSError:
        return False


def test_a_child_leaves_its_parents_server_alone(client):
    with zreg.BuildsetRegistry() as registry:
        address = client.use(registry)
        client.append("scratch", [], f"{address}/a/b:1")

        def end():
            with registry:
                sys.exit(0)

        assert in_child(end).startswith("SystemExit")
        assert "fork()" in in_child(registry.stop) and "fork()" in in_child(registry.connection)
        assert "fork()" in in_child(lambda: client.tags(f"{address}/a/b"))
        assert in_child(lambda: registry.running) == "False"
        assert client.tags(f"{address}/a/b") == ["1"]


def test_a_child_ends_as_programs_do(tmp_path):
    program = f"""
import os, urllib.request, zreg
server = zreg.Server({str(tmp_path / "registry")!r}, access=lambda line: None)
child = os.fork()
if child:
    assert os.waitpid(child, 0)[1] == 0
    assert urllib.request.urlopen("http://" + server.address + "/v2/").status == 200
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_cancel_and_a_stream_are_of_their_process(client, server, push):
    pushed = push("image:1", b"layer" * 1000)
    cancel = zreg.Cancel()
    with client.open_blob(f"{server.address}/image", pushed.layers[0].digest, cancel=cancel) as blob:
        assert "fork()" in in_child(cancel.trigger) and "fork()" in in_child(blob.read)
        assert in_child(blob.close) == "None"
        assert blob.read() == b"layer" * 1000
    assert not cancel.triggered


@pytest.mark.parametrize("grace", [-1, math.nan, "5", None, True])
def test_a_grace_that_is_none_is_refused_and_the_server_stays(tmp_path, grace):
    with zreg.Server(tmp_path / "registry") as server:
        with pytest.raises((TypeError, ValueError)):
            server.stop(grace)
        assert server.running and listens(server)
    assert not listens(server)


@pytest.mark.parametrize("grace", [math.inf, 5e9])
def test_a_grace_may_have_no_end(tmp_path, grace):
    server = zreg.Server(tmp_path / "registry")
    server.stop(grace)
    assert not server.running and not listens(server)


def test_ctrl_c_ends_a_stop_that_waits(tmp_path):
    server = zreg.Server(tmp_path / "registry")
    held = socket.create_connection((server.host, server.port))
    held.sendall(b"PUT /v2/a/b/manifests/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
    time.sleep(0.2)
    threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        server.stop(math.inf)
    assert not listens(server)
    server.stop()
    held.close()


def test_a_server_is_not_stopped_by_its_callback(tmp_path):
    said = []

    def access(line):
        try:
            server.stop()
        except ValueError as error:
            said.append(str(error))

    with zreg.Server(tmp_path / "registry", access=access) as server, zreg.Client(authfile="") as client:
        client.ping(server.address)
        assert server.running
    assert len(said) >= 1 and "callback" in said[0]


def test_threads_that_share_a_stream(client, server, push):
    layer = os.urandom(2_000_000)
    pushed = push("image:1", layer)
    got = []
    with client.open_blob(f"{server.address}/image", pushed.layers[0].digest) as blob:
        threads = [threading.Thread(target=lambda: got.extend(iter(lambda: blob.read(5000), b""))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(map(len, got)) == len(layer)


def test_closing_a_stream_ends_the_read_of_another_thread(client):
    with socket.create_server(("127.0.0.1", 0)) as peer:
        def answer():
            with peer.accept()[0] as taken:
                taken.recv(4096)
                taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nfirst")
                taken.recv(1)

        address = "127.0.0.1:%d" % peer.getsockname()[1]
        client.set_host(address, plain_http=True)
        answering = threading.Thread(target=answer)
        answering.start()
        blob = client.open_blob(f"{address}/a/b", zreg.Digest.of(b""))
        ended = []

        def read():
            try:
                blob.read(1000)
                ended.append(None)
            except (zreg.Cancelled, ValueError) as error:
                ended.append(error)

        thread = threading.Thread(target=read)
        thread.start()
        time.sleep(0.2)
        start = time.monotonic()
        blob.close()
        thread.join()
        assert time.monotonic() - start < 1 and len(ended) == 1
        answering.join()


def test_small_reads_start_no_threads(client, server, push, monkeypatch):
    from zreg import cancel
    pushed = push("image:1", b"x" * 3_000_000)
    started = []
    begin = cancel._thread.start_new_thread
    monkeypatch.setattr(cancel._thread, "start_new_thread", lambda *args: (started.append(1), begin(*args))[1])
    with client.open_blob(f"{server.address}/image", pushed.layers[0].digest) as blob:
        while blob.read(1000):
            pass
    assert len(started) < 100  # of 3,000 reads


def test_values_are_compared_and_pickled(client, server, push):
    manifest = push("image:1", b"layer")
    again = client.manifest(f"{server.address}/image:1")
    assert manifest == again and hash(manifest) == hash(again) and len({manifest, again}) == 1
    assert manifest != push("image:2", b"other") and manifest != manifest.data
    assert pickle.loads(pickle.dumps(manifest)) == manifest == copy.deepcopy(manifest)
    artifacts = zreg.Artifacts({"zuul": {"items": [], "artifacts": [
        {"name": "a:b", "url": "docker://h.example/a:b",
         "metadata": {"type": "container_image", "repository": "a", "tag": "b"}}]}})
    assert len(artifacts) == 1 and pickle.loads(pickle.dumps(artifacts)) == artifacts == copy.copy(artifacts)


def test_what_is_alive_is_not_copied(client, server):
    for thing in (client, server, zreg.Cancel(), client.create_blob(f"{server.address}/image")):
        for copied in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError):
                copied(thing)


def test_a_subinterpreter_is_refused_in_words():
    interpreters = pytest.importorskip("_xxsubinterpreters" if sys.version_info < (3, 13) else "_interpreters")
    other = interpreters.create()
    program = """
try:
    import zreg
except ImportError as error:
    assert "subinterpreter" in str(error), error
else:
    raise SystemError("it was imported")
"""
    answer = interpreters.run_string(other, program)
    assert answer is None, answer
    interpreters.destroy(other)
    assert zreg.Digest.of(b"")


def test_a_missing_file_is_told_as_python_does(client, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        client.append("scratch", [tmp_path / "none"], f"oci:{tmp_path}/layout:1")
    assert isinstance(caught.value, zreg.Error) and caught.value.errno == 2
    assert caught.value.filename == str(tmp_path / "none")
