# SPDX-License-Identifier: Apache-2.0
import gc
import os
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
import weakref

import pytest

import zreg


def test_server_answers_until_it_is_stopped(tmp_path):
    with zreg.Server(tmp_path / "registry") as server:
        url = f"http://{server.address}/v2/"
        assert urllib.request.urlopen(url).status == 200
        assert server.running and (server.host, server.address) == ("127.0.0.1", f"127.0.0.1:{server.port}")
        assert (server.username, server.password, server.cert, server.fingerprint) == (None,) * 4
    assert not server.running and "stopped" in repr(server)
    server.stop()
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url)


def test_buildset_registry_has_tls_and_a_user():
    with zreg.BuildsetRegistry(names=["registry.example"]) as registry:
        record = registry.connection()
        assert record["host"] == registry.host and record["port"] == registry.port
        assert record["username"] == registry.username == "zuul" and record["password"] == registry.password
        assert record["cert"] == registry.cert and record["fingerprint"] == registry.fingerprint
        assert registry.password not in repr(registry)
        context = ssl.create_default_context(cadata=registry.cert)
        try:
            status = urllib.request.urlopen(f"https://{registry.address}/v2/", context=context).status
        except urllib.error.HTTPError as error:
            status = error.code
        assert status in (200, 401)


def test_two_registries_have_two_passwords():
    with zreg.BuildsetRegistry() as one, zreg.BuildsetRegistry() as two:
        assert one.password != two.password and one.cert != two.cert and one.port != two.port


def test_a_client_uses_a_registry_or_its_record(tmp_path):
    layer = tmp_path / "layer"
    layer.mkdir()
    (layer / "file").write_text("text")
    with zreg.BuildsetRegistry() as registry, zreg.Client(authfile="") as client:
        with pytest.raises(zreg.NetError):
            client.ping(registry.address)  # its certificate is not trusted yet
        with zreg.Client(authfile="") as other:
            assert other.use(registry.connection()) == registry.address
            digest = other.append("scratch", [layer], f"{registry.address}/image:1")
            other.set_credentials(registry.address, None)
            assert other.head(f"{registry.address}/image:1") == digest  # anonymous pull
            with pytest.raises(zreg.Denied):
                other.create_blob(f"{registry.address}/image").commit()


def test_access_and_log_come_from_the_servers_threads(tmp_path):
    lines, log = [], []
    with zreg.Server(tmp_path / "registry", access=lines.append, log=lambda *line: log.append(line)) as server:
        urllib.request.urlopen(f"http://{server.address}/v2/").read()
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [("GET", "/v2/", 200)]
    assert {level for level, line in log} <= {10, 20, 30, 40}


def test_an_exception_in_a_server_callback_changes_nothing(tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(sys, "unraisablehook", lambda event: shown.append(event.exc_type))
    with zreg.Server(tmp_path / "registry", access=lambda line: 1 // 0) as server:
        assert urllib.request.urlopen(f"http://{server.address}/v2/").status == 200
    assert shown == [ZeroDivisionError]


@pytest.mark.parametrize("options", [{"anonymous": "maybe"}, {"durability": "some"}, {"listen": "nowhere"},
                                     {"htpasswd": "no colon"}, {"tls_cert_pem": "no certificate"}])
def test_wrong_options_are_refused(tmp_path, options):
    with pytest.raises(ValueError):
        zreg.Server(tmp_path / "registry", **options)


def test_a_root_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        zreg.Server(tmp_path / "file/registry")


def test_a_dropped_server_stops_even_when_its_callback_refers_to_it(tmp_path):
    class Owner:
        def __init__(self):
            self.server = zreg.Server(tmp_path / "registry", access=self.access)

        def access(self, line):
            pass

    owner = Owner()
    gone, address = weakref.ref(owner), owner.server.address
    urllib.request.urlopen(f"http://{address}/v2/").read()
    del owner
    gc.collect()
    assert gone() is None
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://{address}/v2/")


def test_the_interpreter_ends_with_a_server_still_busy(tmp_path):
    program = f"""
import contextlib, threading, urllib.request, zreg
server = zreg.Server({str(tmp_path / "registry")!r}, access=print)
def ask():
    with contextlib.suppress(Exception):  # the server ends first; nobody is to print while Python ends
        while True:
            urllib.request.urlopen("http://" + server.address + "/v2/").read()
threading.Thread(target=ask, daemon=True).start()
threading.Event().wait(0.3)
"""
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True, timeout=30, env=os.environ)
    assert done.returncode == 0, f"{done.returncode}: {done.stderr}"
    assert time.monotonic() - start < 20


def test_a_read_only_user_has_to_exist(tmp_path):
    with pytest.raises(zreg.InvalidArgument, match="nobody"):
        zreg.Server(tmp_path, read_only=["nobody"])
