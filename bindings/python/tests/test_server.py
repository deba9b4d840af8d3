# SPDX-License-Identifier: Apache-2.0
import gc
import os
import queue
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import weakref

import pytest

import zreg

PUBLIC_KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2kNYE4PHv6etbbFTGYsWtLtq9XSg
FuykK+9ULIXZIYPbatpvOuv+MhShtgqp0e+gSfEiqd3i0pn7Ql//SUCiFA==
-----END PUBLIC KEY-----
"""


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


def test_a_sparse_index_is_taken_where_the_registry_says_so(tmp_path):
    index = zreg.Manifest(
        b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":'
        b'"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":2}]}' % (b"0" * 64))
    with zreg.Client(authfile="") as client:
        with zreg.Server(tmp_path / "strict") as server:
            client.set_host(server.address, plain_http=True)
            with pytest.raises(zreg.NotFound):
                client.put_manifest(f"{server.address}/x:1", index)
        with zreg.Server(tmp_path / "sparse", sparse_indexes=True) as server:
            client.set_host(server.address, plain_http=True)
            client.put_manifest(f"{server.address}/x:1", index)


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


def test_users_are_exchanged_while_it_runs(tmp_path):
    hashed = "$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS"  # "password"
    with zreg.Server(tmp_path, htpasswd=f"a:{hashed}", anonymous="none") as server, zreg.Client(authfile="") as client:
        client.set_host(server.address, plain_http=True)
        client.set_credentials(server.address, "a", "password")
        client.catalog(server.address)
        with pytest.raises(zreg.InvalidArgument, match="htpasswd line 1"):
            server.reload(htpasswd="a")
        client.catalog(server.address)
        server.reload(htpasswd=f"b:{hashed}")
        with pytest.raises(zreg.Denied):
            client.catalog(server.address)
        client.set_credentials(server.address, "b", "password")
        client.catalog(server.address)
        with pytest.raises(zreg.InvalidArgument, match="TLS is not begun"):
            server.reload(htpasswd=f"b:{hashed}", tls_cert_pem="x", tls_key_pem="y")


def test_rules_say_who_may_do_what(tmp_path):
    hashed = "$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS"  # "password"
    lines = []
    rules = [zreg.Rule("anyone", "public/**", ["pull", "catalog"]),
             zreg.Rule(["group:team", "user:c"], ["team/*", "public/*"], ("pull", "push", "delete"))]
    table = dict(htpasswd=f"a:{hashed}", rules=rules, groups={"team": ["a", "b"]}, immutable_tags=["team/*:v*"])
    with zreg.Server(tmp_path, audit=lines.append, **table) as server, zreg.Client(authfile="") as client:
        client.set_host(server.address, plain_http=True)
        client.set_credentials(server.address, "a", "password")
        client.append("scratch", [], f"{server.address}/team/x:v1")
        with pytest.raises(zreg.Denied, match="immutable"):
            client.append("scratch", [], f"{server.address}/team/x:v1", labels={"a": "b"})
        with pytest.raises(zreg.Denied, match="immutable"):  # by a copy in the process, too
            client.append("scratch", [], "team/x:v1", labels={"a": "b"}, dst_server=server)
        client.append("scratch", [], "team/x:latest", labels={"a": "b"}, dst_server=server)
        with pytest.raises(zreg.NotFound):
            client.append("scratch", [], f"{server.address}/other/x:1")
        server.reload(no_writes=True, **table)
        with pytest.raises(zreg.Denied, match="read-only"):
            client.append("scratch", [], f"{server.address}/team/x:v2")
        with pytest.raises(zreg.InvalidArgument, match="rule 1 of the rights"):
            server.reload(**{**table, "rules": [zreg.Rule("nobody", "x", "pull")]})
    told = {(line["action"], line["outcome"], line["user"]) for line in lines}
    assert {("push-manifest", "done", "a"), ("push-manifest", "done", None), ("push-manifest", "denied", "a"), ("push-blob", "denied", "a"),
            ("reload", "done", None), ("reload", "failed", None)} <= told


def test_a_wrong_rule_is_told_by_its_place(tmp_path):
    for rules, error, words in (([zreg.Rule("anyone", "x", "read")], ValueError, "rights are pull"),
                                (["anyone"], TypeError, "zreg.Rule"),
                                ([zreg.Rule("anyone", "a//b", "pull")], zreg.InvalidArgument, "rule 1 of the rights"),
                                ([zreg.Rule([1], "x", "pull")], TypeError, "who")):
        with pytest.raises(error, match=words):
            zreg.Server(tmp_path, rules=rules)


def test_an_address_has_so_many_uploads(tmp_path):
    with zreg.Server(tmp_path, uploads_per_user=1, no_deletes=True) as server:
        url = f"http://{server.address}/v2/x/blobs/uploads/"
        assert urllib.request.urlopen(urllib.request.Request(url, method="POST")).status == 202
        with pytest.raises(urllib.error.HTTPError, match="429"):
            urllib.request.urlopen(urllib.request.Request(url, method="POST"))


def test_a_read_only_user_has_to_exist(tmp_path):
    with pytest.raises(zreg.InvalidArgument, match="nobody"):
        zreg.Server(tmp_path, read_only=["nobody"])


def test_limits_and_trusted_proxies(tmp_path):
    limits = zreg.ServerLimits(head_fields=5, body_bytes=10)
    lines = []
    with zreg.Server(tmp_path / "r", limits=limits, trusted_proxies=["127.0.0.0/8"], access=lines.append) as server:
        ask = urllib.request.Request(f"http://{server.address}/v2/", headers={"X-Forwarded-For": "192.0.2.7"})
        with pytest.raises(urllib.error.HTTPError, match="431"):
            urllib.request.urlopen(urllib.request.Request(ask.full_url, headers={"X-A": "1", "X-B": "2"}))
        assert urllib.request.urlopen(ask).status == 200
    assert [line["remote"] for line in lines] == ["192.0.2.7:0"]


def test_limits_that_are_none_say_so(tmp_path):
    with pytest.raises(TypeError, match="limits: expected zreg.ServerLimits"):
        zreg.Server(tmp_path, limits={"head_ms": 1})
    with pytest.raises(ValueError, match="limits.head_ms"):
        zreg.Server(tmp_path, limits=zreg.ServerLimits(head_ms=-1))
    with pytest.raises(zreg.InvalidArgument, match="header fields"):
        zreg.Server(tmp_path, limits=zreg.ServerLimits(head_fields=101))
    with pytest.raises(zreg.InvalidArgument, match="10.0.0.0/33"):
        zreg.Server(tmp_path, trusted_proxies=["10.0.0.0/33"])
    with pytest.raises(zreg.InvalidArgument, match="PROXY protocol"):
        zreg.Server(tmp_path, proxy_protocol=True)


def test_token_keys_are_long_enough(tmp_path):
    with pytest.raises(zreg.InvalidArgument, match="too short"):
        zreg.Server(tmp_path, token_keys=["short"])
    with pytest.raises(TypeError, match="token_keys"):
        zreg.Server(tmp_path, token_keys="one text")
    with zreg.Server(tmp_path, token_keys=["a key of some length"]) as server:
        server.reload(token_keys=["another key of some length", "a key of some length"])
        with pytest.raises(zreg.InvalidArgument, match="too short"):
            server.reload(token_keys=["short"])


def test_a_token_service_is_named_whole_and_stays(tmp_path):
    whole = dict(token_realm="https://tokens.example/token", token_service="registry", token_issuer="tokens",
                 token_trust_pem=PUBLIC_KEY)
    for name in whole:
        with pytest.raises(zreg.InvalidArgument, match="give all four"):
            zreg.Server(tmp_path, **{**whole, name: None})
    with zreg.Server(tmp_path, **whole) as server, zreg.Client(authfile="") as client:
        client.set_host(server.address, plain_http=True)
        with pytest.raises(zreg.Error):
            client.catalog(server.address)
        server.reload(**whole)
        with pytest.raises(zreg.InvalidArgument, match="start it anew"):
            server.reload()


def test_certificates_of_clients_need_tls_and_a_ca(tmp_path):
    with pytest.raises(zreg.InvalidArgument, match="under TLS only"):
        zreg.Server(tmp_path, tls_client_ca_pem="x")
    with pytest.raises(zreg.InvalidArgument, match="takes the CA"):
        zreg.Server(tmp_path, tls_client_required=True)
    with zreg.BuildsetRegistry() as made:
        pem = made.cert
    with zreg.Server(tmp_path) as server:
        with pytest.raises(zreg.InvalidArgument, match="start it anew"):
            server.reload(tls_client_ca_pem=pem)


def test_metrics_have_a_port_of_their_own(tmp_path):
    with zreg.Server(tmp_path / "registry", metrics_listen="127.0.0.1:0") as server:
        assert server.metrics_address is not None and server.metrics_address != server.address
        text = urllib.request.urlopen(f"http://{server.metrics_address}/metrics").read().decode()
        assert f'zreg_build_info{{version="{zreg.__version__}"}} 1' in text
        assert urllib.request.urlopen(f"http://{server.metrics_address}/readyz").status == 200
        with pytest.raises(urllib.error.HTTPError, match="404"):
            urllib.request.urlopen(f"http://{server.address}/metrics")
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"http://{server.metrics_address}/healthz")


def test_metrics_beside_the_rest(tmp_path):
    with zreg.Server(tmp_path / "registry", metrics=True) as server:
        assert server.metrics_address is None
        assert b"zreg_draining 0" in urllib.request.urlopen(f"http://{server.address}/metrics").read()


def test_a_socket_that_listens_already(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as mine:
        with zreg.Server(tmp_path / "registry", listen_descriptor=mine.fileno()) as server:
            assert server.port == mine.getsockname()[1]
            assert urllib.request.urlopen(f"http://{server.address}/healthz").status == 200
        socket.create_connection(mine.getsockname()).close()  # it is the caller's, and listens on
    with open(os.devnull) as none, pytest.raises(zreg.InvalidArgument, match="is no TCP socket that listens"):
        zreg.Server(tmp_path / "registry", listen_descriptor=none.fileno())


def test_event_threads_come_round(tmp_path):
    with zreg.Server(tmp_path / "registry") as server:
        server.check()
        server.check(timeout=1.5)
    with pytest.raises(zreg.Error):
        server.check()


def test_a_check_ends_with_the_server(tmp_path):
    ends = []

    def watch(server):
        while not ends:
            try:
                server.check(timeout=60)
            except zreg.Error as error:
                ends.append(error)

    for number in range(10):
        ends.clear()
        with zreg.Server(tmp_path / str(number)) as server:
            watcher = threading.Thread(target=watch, args=(server,))
            watcher.start()
        watcher.join(30)
        assert not watcher.is_alive() and isinstance(ends[0], zreg.Cancelled), ends


def test_the_event_thread_that_asks_is_not_stuck(tmp_path):
    seen = queue.Queue()
    with zreg.Server(tmp_path / "registry", access=lambda _: seen.put(server.check(timeout=60))) as server:
        urllib.request.urlopen(f"http://{server.address}/healthz").close()
        assert seen.get(timeout=30) is None


def test_a_reload_may_open_and_close_reading(tmp_path):
    users = "user:$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS\n"
    with zreg.Server(tmp_path / "registry", htpasswd=users) as server:
        url = f"http://{server.address}/v2/a/tags/list"
        for anonymous, status in ((None, "401"), ("pull", "404"), (None, "404"), ("none", "401")):
            server.reload(htpasswd=users, anonymous=anonymous)
            with pytest.raises(urllib.error.HTTPError, match=status):
                urllib.request.urlopen(url)


def status_of(server, method, path):
    """The answer to one without credentials; who the server is does not matter."""
    url = f"{'https' if server.cert else 'http'}://{server.address}{path}"
    try:
        request = urllib.request.Request(url, method=method)
        return urllib.request.urlopen(request, context=ssl._create_unverified_context()).status
    except urllib.error.HTTPError as error:
        return error.code


def test_what_is_open_to_nobody_stays_shut_at_a_reload_that_says_nothing_of_it(tmp_path):
    for name in ("server", "ca"):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=127.0.0.1", "-keyout", tmp_path / f"{name}.key",
                        "-out", tmp_path / f"{name}.pem"], check=True, capture_output=True)
    users = {"htpasswd": "user:$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS\n"}
    service = {"token_realm": "https://tokens.example/token", "token_service": "registry", "token_issuer": "tokens",
               "token_trust_pem": PUBLIC_KEY}
    certificates = {"tls_cert_pem": (tmp_path / "server.pem").read_text(),
                    "tls_key_pem": (tmp_path / "server.key").read_text(),
                    "tls_client_ca_pem": (tmp_path / "ca.pem").read_text()}
    calls = ("POST", "/v2/x/blobs/uploads/"), ("DELETE", "/v2/x/manifests/one"), ("GET", "/v2/_catalog")
    for number, options in enumerate((users, service, certificates, {**users, **service, **certificates})):
        with zreg.Server(tmp_path / str(number), **options) as server:
            for _ in range(3):
                assert [status_of(server, *call) for call in calls] == [401] * 3, options
                server.reload(**options)
