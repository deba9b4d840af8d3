#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`zreg serve`: the ready line, the connection record, users, settings from registry.yaml."""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import ssl
import stat
import subprocess
import time
import urllib.error
import urllib.request

from cli_world import hang_up, tap, world

OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"

HTPASSWD = "user:$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS\n"


def status(registry, path="/v2/"):
    """What a plain request without credentials gets."""
    record = registry.record
    context = ssl.create_default_context(cadata=record["cert"]) if record["cert"] else None
    url = f"{'https' if context else 'http'}://{registry.address}{path}"
    try:
        with urllib.request.urlopen(url, timeout=10, context=context) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_the_ready_line_has_its_six_keys():
    with world() as w:
        record = w.buildset().record
        assert list(record) == ["host", "port", "username", "password", "cert", "fingerprint"]
        assert record["host"] == "127.0.0.1" and record["username"] == "zuul"
        assert record["cert"].startswith("-----BEGIN CERTIFICATE-----")
        assert len(record["fingerprint"].split(":")) == 32


def test_the_connection_file_is_the_same_and_the_owners_alone():
    with world() as w:
        registry = w.buildset()
        assert json.loads(registry.record_file.read_text()) == registry.record
        assert stat.S_IMODE(registry.record_file.stat().st_mode) == 0o600


def test_for_people_no_password_is_shown():
    with world() as w:
        with subprocess.Popen(["zreg", "serve", "--buildset", "--connection-file",
                               str(w.folder / "c")], stdout=subprocess.PIPE, text=True) as process:
            lines = [process.stdout.readline() for _ in range(3)]
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        password = json.loads((w.folder / "c").read_text())["password"]
        assert password not in "".join(lines) and lines[0].startswith("serving https://"), lines


def test_each_signal_ends_it_well():
    with world() as w:
        for number in (signal.SIGTERM, signal.SIGINT):
            registry = w.buildset()
            registry.process.send_signal(number)
            assert registry.process.wait(10) == 0, number


def test_the_access_log_tells_of_each_request():
    with world() as w:
        registry = w.buildset()
        w.error("inspect", f"{registry.address}/a/b:1")
        registry.stop()
        lines = registry.requests()
        assert any(line["repository"] == "a/b" and line["status"] == 404 for line in lines), lines


def test_ipv6_from_end_to_end():
    with world() as w:
        try:
            registry = w.buildset("--listen", "[::1]:0")
        except AssertionError as reason:
            raise tap.Skip("no IPv6 on this machine") from reason
        layout = w.layout()
        digest = layout.tag(layout.image("six"), "one")
        place = f"[::1]:{registry.record['port']}/a/b:1"
        assert registry.record["host"] == "::1"
        assert w.json("copy", f"oci:{layout.folder}:one", place)["digest"] == digest
        assert w.json("inspect", place)["digest"] == digest


def test_an_own_root_stays():
    with world() as w:
        layout = w.layout()
        digest = layout.tag(layout.image("kept"), "one")
        root = w.folder / "root"
        first = w.serve("--root", root)
        w.json("copy", f"oci:{layout.folder}:one", f"{first.address}/a/b:1")
        first.stop()
        w.registries.clear()
        second = w.serve("--root", root)
        assert w.json("inspect", f"{second.address}/a/b:1")["digest"] == digest


def test_htpasswd_and_anonymous():
    with world() as w:
        users = w.file("users", HTPASSWD)
        closed = w.serve("--root", w.folder / "a", "--htpasswd", users)
        assert status(closed) == 401
        pull = w.serve("--root", w.folder / "b", "--htpasswd", users, "--anonymous", "pull")
        assert status(pull, "/v2/a/b/tags/list") == 404
        assert closed.record["username"] is None and closed.record["cert"] is None


def yaml(w, **settings):
    lines = ["registry:"] + [f"  {key.replace('_', '-')}: {value}" for key, value in settings.items()]
    return w.file("registry.yaml", "\n".join(lines) + "\n")


USERS = "[{name: writer, pass: s3cret, access: write}]"
OPEN = "[{name: writer, pass: s3cret, access: write}, {name: anonymous, access: read}]"


def storage(w):
    return f"{{driver: filesystem, root: '{w.folder}/store'}}"


def headers_of(registry, *request, name):
    with socket.create_connection(tuple(registry.address.rsplit(":", 1)), timeout=10) as plain:
        plain.sendall("\r\n".join((*request, "Connection: close", "Content-Length: 0", "", "")).encode())
        received = b""
        while piece := plain.recv(65536):
            received += piece
    return re.findall(rf"(?m)^{name}: (.*)\r$", received.decode())


def status_of_body(registry, size):
    with socket.create_connection(tuple(registry.address.rsplit(":", 1)), timeout=10) as plain:
        plain.sendall(b"PUT /v2/x/manifests/1 HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % size)
        return plain.recv(4096).split()[1].decode()


def test_behind_a_proxy_clients_are_sent_back_to_it():
    with world() as w:
        for url, base, path in (("https://registry.example", "https://registry.example", ""),
                                ("http://r.example:8080/", "http://r.example:8080", ""),
                                ("https://Example.org:443/one/two/", "https://example.org/one/two", "/one/two")):
            registry = w.serve("--root", w.folder / path.strip("/").replace("/", "-"), "--listen", "127.0.0.1:0",
                               "--public-url", url, "--htpasswd", w.file("users", HTPASSWD))
            ask = ("GET /v2/ HTTP/1.1", "Host: inner:5000", "X-Forwarded-Proto: http")
            found = headers_of(registry, *ask, name="WWW-Authenticate")
            assert found == [f'Bearer realm="{base}/v2/_token",service="zreg"'], found
            opened = w.serve("--root", w.folder / "open", "--listen", "127.0.0.1:0", "--public-url", url)
            found = headers_of(opened, "POST /v2/x/blobs/uploads/ HTTP/1.1", "Host: inner", name="Location")
            assert len(found) == 1 and found[0].startswith(f"{path}/v2/x/blobs/uploads/"), found
        for url in ("registry.example", "ftp://x", "https://u@h", "https://h/?x=y", "https://h?x", "https://h/#x", "",
                    "https://h/\"x", "https://h/a>b", "https://h/a\\b"):
            done = w.run("serve", "--root", w.folder / "none", "--listen", "127.0.0.1:0", "--public-url", url)
            assert done.returncode == 1 and "is no public URL; write https://HOST[:PORT][/PATH]" in done.stderr, done


def test_the_challenge_of_a_mount_asks_for_both_repositories():
    with world() as w:
        registry = w.serve("--root", w.folder / "store", "--listen", "127.0.0.1:0", "--anonymous", "none",
                           "--htpasswd", w.file("users", HTPASSWD))
        for query, more in ((f"?mount=sha256:{'0' * 64}&from=from/repo", " repository:from/repo:pull"),
                            (f"?mount=sha256:{'0' * 64}", ""), ("?mount=x&from=No%22Name", "")):
            found = headers_of(registry, f"POST /v2/to/repo/blobs/uploads/{query} HTTP/1.1", "Host: h", name="WWW-Authenticate")
            assert len(found) == 1 and f'scope="repository:to/repo:pull,push{more}"' in found[0], found


def asks(registry, user):
    """The status of a ping with a password."""
    record = registry.record
    mine = http.client.HTTPConnection(record["host"], record["port"], timeout=10)
    mine.request("GET", "/v2/", headers={"Authorization": "Basic " + base64.b64encode(user.encode()).decode()})
    status = mine.getresponse().status
    mine.close()
    return status


def wait_for_lines(registry, count):
    """A line is written when its answer is gone."""
    until = time.monotonic() + 10
    while len(registry.requests()) < count and time.monotonic() < until:
        time.sleep(0.01)
    assert len(registry.requests()) == count, registry.requests()


def test_hangup_reads_users_and_log_again_and_no_connection_ends():
    with world() as w:
        users = pathlib.Path(w.file("users", HTPASSWD))
        registry = w.serve("--root", w.folder / "store", "--htpasswd", users)
        kept = http.client.HTTPConnection(registry.record["host"], registry.record["port"], timeout=10)
        kept.request("GET", "/healthz")
        assert kept.getresponse().read() is not None
        assert [asks(registry, user) for user in ("user:password", "other:password")] == [200, 401]
        wait_for_lines(registry, 3)
        users.write_text(HTPASSWD + HTPASSWD.replace("user:", "other:"))
        registry.log.rename(w.folder / "access.log.1")
        assert "the files were read again" in hang_up(registry)
        assert [asks(registry, user) for user in ("user:password", "other:password")] == [200, 200]
        wait_for_lines(registry, 2)
        users.write_text(HTPASSWD.replace("user:", "other:") + "wrong\n")
        assert "nothing was changed: htpasswd line 2: write USER:HASH" in hang_up(registry)
        assert asks(registry, "user:password") == 200
        users.write_text(HTPASSWD.replace("user:", "other:"))
        assert "the files were read again" in hang_up(registry)
        assert asks(registry, "user:password") == 401
        kept.request("GET", "/healthz")
        assert kept.getresponse().status == 200, "the connection from before is there still"
        users.unlink()
        assert f"nothing was changed: htpasswd {users}: " in hang_up(registry)
        assert asks(registry, "other:password") == 200


def test_the_public_url_of_registry_yaml():
    with world() as w:
        path = yaml(w, address="127.0.0.1", port=0, public_url="https://r.example", users=USERS, storage=storage(w))
        registry = w.serve("--config", path)
        found = headers_of(registry, "GET /v2/ HTTP/1.1", "Host: h", name="WWW-Authenticate")
        assert len(found) == 1 and 'realm="https://r.example/v2/_token"' in found[0], found


def push_sparse(registry):
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        {"mediaType": OCI, "digest": "sha256:" + "0" * 64, "size": 2}]})
    connection = http.client.HTTPConnection(registry.record["host"], registry.record["port"], timeout=10)
    connection.request("PUT", "/v2/x/manifests/1", index, {"Content-Type": INDEX})
    status = connection.getresponse().status
    connection.close()
    return status


def test_sparse_indexes_by_option_and_by_registry_yaml():
    with world() as w:
        assert push_sparse(w.serve("--root", w.folder / "strict")) == 404
        assert push_sparse(w.serve("--root", w.folder / "store", "--sparse-indexes")) == 201
        path = yaml(w, sparse_indexes="true", storage=storage(w))
        assert push_sparse(w.serve("--config", path)) == 201


def test_limits_and_proxies_come_from_options_and_from_registry_yaml():
    told = ("GET /v2/ HTTP/1.1", "Host: h", "X-Forwarded-Host: r.example", "X-Forwarded-Proto: https")
    with world() as w:
        path = w.file("registry.yaml", f"registry:\n  address: 127.0.0.1\n  users: {USERS}\n  storage: {storage(w)}\n"
                      "  trusted-proxies: [10.0.0.1, 127.0.0.0/8]\n  limits: {head-fields: 5, body-bytes: 10}\n")
        registry = w.serve("--config", path)
        assert headers_of(registry, *told, "X: y", name="WWW-Authenticate") == [], "six fields"
        assert 'realm="https://r.example/v2/_token"' in headers_of(registry, *told, name="WWW-Authenticate")[0]
        assert status_of_body(registry, 11) == "413"
        registry = w.serve("--config", path, "--max-body", "11", "--trusted-proxy", "10.0.0.1")
        assert "r.example" not in headers_of(registry, *told, name="WWW-Authenticate")[0]
        assert status_of_body(registry, 11) == "401"


def test_limits_that_are_none_are_misuse():
    with world() as w:
        for more in (("--max-connections", "0"), ("--max-body", "1x"), ("--max-connections-per-address", "-1"), ("--proxy-protocol",)):
            assert w.error("serve", "--buildset", *more, code=2)["code"] == "INVAL", more
        assert "10.0.0.0/33" in w.error("serve", "--buildset", "--trusted-proxy", "10.0.0.0/33")["message"]


def test_registry_yaml_is_read():
    with world() as w:
        path = yaml(w, address="127.0.0.1", port=0, secret="a secret of some length",
                    users=USERS, storage=storage(w))
        registry = w.serve("--config", path)
        assert status(registry) == 401
        layout = w.layout()
        layout.tag(layout.image("x"), "one")
        creds = w.file("creds", "writer:s3cret\n")
        w.registries.clear()
        copied = w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/a/b:1",
                        "--creds-file", f"{registry.address}={creds}")
        assert copied["blobs"]["copied"] == 2, copied
        assert (w.folder / "store").is_dir()
        w.registries.append(registry)


def test_registry_yaml_may_open_reading_to_everybody():
    with world() as w:
        closed = w.serve("--config", yaml(w, users=USERS, storage=storage(w)))
        assert status(closed, "/v2/a/b/tags/list") == 401
        closed.stop()
        opened = w.serve("--config", yaml(w, users=OPEN, storage=storage(w)))
        assert status(opened, "/v2/a/b/tags/list") == 404


def test_registry_yaml_users_with_read_access_may_pull_only():
    users = "[{name: writer, pass: s3cret, access: write}, {name: reader, pass: s3same, access: read}]"
    with world() as w:
        registry = w.serve("--config", yaml(w, users=users, storage=storage(w)))
        assert status(registry, "/v2/a/b/tags/list") == 401
        layout = w.layout()
        layout.tag(layout.image("x"), "one")
        place = f"{registry.address}/a/b:1"
        creds = {name: f"{registry.address}={w.file(name, name + ':' + word)}"
                 for name, word in (("writer", "s3cret"), ("reader", "s3same"))}
        w.registries.clear()
        assert w.error("copy", f"oci:{layout.folder}:one", place, "--creds-file",
                       creds["reader"])["code"] == "DENIED"
        w.json("copy", f"oci:{layout.folder}:one", place, "--creds-file", creds["writer"])
        w.json("copy", place, f"oci:{w.folder}/back:one", "--creds-file", creds["reader"])
        assert w.error("delete-tag", place, "--creds-file", creds["reader"])["code"] == "DENIED"
        request = urllib.request.Request(f"http://{registry.address}/v2/a/b/manifests/1", method="DELETE")
        request.add_header("Authorization", "Basic " + base64.b64encode(b"reader:s3same").decode())
        try:
            raise AssertionError(urllib.request.urlopen(request, timeout=10).status)
        except urllib.error.HTTPError as error:
            assert error.code == 403
        w.registries.append(registry)


def test_a_read_only_user_has_to_exist():
    with world() as w:
        users = w.file("users", HTPASSWD)
        done = w.run("serve", "--root", w.folder / "a", "--htpasswd", users, "--read-only", "nobody")
        assert done.returncode == 1 and '"nobody"' in done.stderr, done.stderr
        done = w.run("serve", "--root", w.folder / "a", "--read-only", "nobody")
        assert done.returncode == 2 and "--htpasswd" in done.stderr, done.stderr


def read_lines(pipe):
    """All whole lines that are in a pipe now."""
    data = b""
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(pipe, 1 << 16):
            data += piece
    return [json.loads(line) for line in data.splitlines()]


def test_an_access_log_that_nobody_reads_holds_up_nobody():
    with world() as w:
        path, record = w.folder / "pipe", w.folder / "record.json"
        os.mkfifo(path)
        server = subprocess.Popen(["zreg", "serve", "--buildset", "--no-tls", "--json", "--access-log", path,
                                   "--connection-file", record], stdout=subprocess.PIPE)
        try:
            server.stdout.readline()
            port = json.loads(record.read_text())["port"]
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

            def ask(count):
                for _ in range(count):
                    connection.request("GET", "/v2/a/b/tags/list")
                    response = connection.getresponse()
                    assert response.status == 404 and response.read()

            ask(1000)  # a pipe holds 64 KiB
            pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            first = read_lines(pipe)
            assert 0 < len(first) < 1000, len(first)
            ask(2)
            time.sleep(0.2)
            rest = read_lines(pipe)
            told = first + rest  # the last of the thousand may be written after the pipe was emptied
            dropped = [line["dropped"] for line in told if "dropped" in line]
            assert len(dropped) == 1 and len(told) - 1 + dropped[0] == 1002, (len(first), rest)
            assert sum("path" in line for line in told) == len(told) - 1, told
            os.close(pipe)
            connection.close()
        finally:
            server.terminate()
            assert server.wait(20) == 0
            server.stdout.close()


def test_registry_yaml_that_would_not_be_heeded_is_refused():
    rows = [
        ("registry:\n  upstream: x\n", ":2: the key \"upstream\""),
        ("registry:\n  storage: {driver: swift}\n", "filesystem"),
        ("registry:\n  sparse-indexes: 1\n", ":2: sparse-indexes is true or false"),
        ("registry:\n  metrics: 9100\n", ":2: metrics is true or false"),
        ("registry:\n  users:\n  - {name: r, access: read}\n", ":3: "),
        ("registry:\n  users:\n  - {name: r, pass: s3cret, access: all}\n", "read or write"),
        ("registry:\n  users:\n  - {name: 'a:b', pass: s3cret, access: write}\n", "colon"),
        ("registry:\n  users: 3\n", "list of users"),
        ("registry:\n  users:\n  - {name: r, pass: s3cret, read-only: true}\n", ':3: the key "read-only"'),
        ("registry:\n  users:\n  - {name: r, pass: s3cret,\n     repositories: x}\n", ':4: the key "repos'),
        ("registry:\n  users:\n  - {name: r, pass: s3cret, access: read, [a]: b}\n", ':3: the key "?"'),
        ("registry:\n  users:\n  - {name: anonymous, pass: [s3cret], access: read}\n", ":3: one plain value"),
        ("registry:\n  storage: {driver: filesystem, size: 3}\n", ':2: the key "size"'),
        ("registry:\n  rights: [{who: anyone, repositories: x, allow: pull, deny: push}]\n", ':2: the key "deny"'),
        ("registry: [\n", ":2: "),
        ("registry:\n  trusted-proxies: {}\n", ":2: a text, or a list of texts"),
        ("registry:\n  proxy-protocol: maybe\n", ":2: proxy-protocol is true or false"),
        ("registry:\n  limits:\n    connections: 0\n", ':3: no limit "connections"'),
        ("registry:\n  limits:\n    head-ms: 5000000000\n", ':3: no limit "head-ms"'),
        ("registry:\n  limits:\n    wishes: 3\n", ':3: no limit "wishes"'),
        ("other: {}\n", "the key \"other\""),
        ("", "empty"),
    ]
    with world() as w:
        for text, expected in rows:
            done = w.run("serve", "--config", w.file("registry.yaml", text))
            assert done.returncode == 1 and expected in done.stderr, f"{text}: {done.stderr}"
            assert "s3cret" not in done.stderr


def test_what_cannot_start_says_why():
    with world() as w:
        assert w.error("serve", "--root", w.folder / "r", "--listen", "nonsense")["code"] == "INVAL"
        taken = w.buildset().address
        assert w.error("serve", "--buildset", "--listen", taken)["code"] == "IO"
        assert w.error("serve", "--buildset", "--upstream", "h")["code"] == "UNSUPPORTED"
        bad = w.file("users", "no colon\n")
        assert w.error("serve", "--root", w.folder / "r", "--htpasswd", bad)["code"] == "INVAL"


if __name__ == "__main__":
    tap.main(__name__)
