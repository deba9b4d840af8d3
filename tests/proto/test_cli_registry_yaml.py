#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`zreg serve --config`: each option that an operator may want in the file has a key there."""

import base64
import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess

from cli_world import ask, hang_up, said, tap, world
from test_cli_serve_certificates import Authority
from token_service import ISSUER, SERVICE, Key, access, claims, token

HASH = "$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS"  # "password"
BEGIN = ("POST", "/v2/x/blobs/uploads/")
TAGS = ("GET", "/v2/x/tags/list")
# Options that mean nothing in the file, and those that have another name there.
NO_KEY = {"buildset", "name", "no-tls", "config", "connection-file", "json", "quiet", "verbose", "help"}
NAMES = {"token-key-file": "token-key-files", "trusted-proxy": "trusted-proxies", "listen": "address", "root": "storage",
         "max-connections": "limits", "max-connections-per-address": "limits", "max-body": "limits"}


def config(w, **settings):
    """JSON is YAML."""
    settings = {key.replace("_", "-"): value for key, value in settings.items()}
    return w.file("registry.yaml", json.dumps({"registry": {
        "storage": {"driver": "filesystem", "root": str(w.folder / "store")}, "durability": "none", **settings}}))


def basic(user):
    return "Basic " + base64.b64encode(f"{user}:password".encode()).decode()


def test_each_option_has_its_key():
    with world() as w:
        options = set(re.findall(r"(?m)^ +--([a-z-]+)", w.run("serve", "--help").stdout))
        assert len(options) > 40 and NO_KEY < options and set(NAMES) < options, options
        for option in options - NO_KEY:
            key = NAMES.get(option, option)
            done = w.run("serve", "--config", config(w, **{key: {"unheard": "of"}}))
            assert done.returncode == 1 and f'"{key}" is not supported' not in done.stderr, (option, done.stderr)


def test_one_that_shadows_takes_three_names_as_one():
    for shadow, wanted in ((False, "NOTFOUND"), (True, None)):
        with world() as w:
            registry = w.serve("--config", config(w, shadow=shadow))
            layout = w.layout()
            digest = layout.tag(layout.image("x"), "one")
            w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/library/x:1")
            for name in ("x", "docker.io/library/x"):
                if wanted:
                    assert w.error("inspect", f"{registry.address}/{name}:1")["code"] == wanted, name
                else:
                    assert w.json("inspect", f"{registry.address}/{name}:1")["digest"] == digest, name


def test_users_may_be_in_a_file_of_their_own_which_is_read_again_when_it_changes():
    with world() as w:
        users = w.file("users", f"user:{HASH}\nreader:{HASH}\n")
        path = config(w, htpasswd=str(users), read_only="reader")
        registry = w.serve("--config", path)
        assert [ask(registry, *BEGIN, basic(name)) for name in ("user", "reader", "late")] == [202, 403, 401]
        assert ask(registry, *BEGIN) == 401
        users.write_text(f"user:{HASH}\nreader:{HASH}\nlate:{HASH}\n")
        assert "the users were read again" in said(registry)
        assert ask(registry, *BEGIN, basic("late")) == 202
        other = w.file("other", f"late:{HASH}\n")
        config(w, htpasswd=str(other))
        assert "the files were read again" in hang_up(registry)
        assert [ask(registry, *BEGIN, basic(name)) for name in ("late", "user")] == [202, 401]
        config(w, htpasswd=[])
        assert "nothing was changed" in hang_up(registry)
        other.write_text(f"late:{HASH}\nreader:{HASH}\n")
        assert "the users were read again" in said(registry), "the file is looked at as before"
        assert ask(registry, *BEGIN, basic("reader")) == 202
        registry.stop()
        config(w, htpasswd=str(other), read_only="late")
        registry = w.serve("--config", path, "--read-only", "reader")
        assert [ask(registry, *BEGIN, basic(name)) for name in ("late", "reader")] == [202, 403], "options go before the file"


def test_anybody_may_do_what_the_file_says():
    with world() as w:
        for right, statuses in (("push", [404, 202]), ("pull", [404, 401]), ("none", [401, 401])):
            users = [{"name": "user", "pass": "password", "access": "write"}]
            registry = w.serve("--config", config(w, users=users, anonymous=right))
            assert [ask(registry, *TAGS), ask(registry, *BEGIN)] == statuses, right
        registry = w.serve("--config", config(w, users=users, anonymous="push"), "--anonymous", "none")
        assert ask(registry, *TAGS) == 401


def test_token_keys_are_files():
    with world() as w:
        users = [{"name": "user", "pass": "password", "access": "write"}]
        old, new = w.file("old", "the old key of this registry"), w.file("new", "the new key of this registry")
        path = config(w, users=users, token_key_files=str(old))
        bearer = token_of(w.serve("--config", path))
        config(w, users=users, token_key_files=[str(new), str(old)])
        both = w.serve("--config", path)
        assert ask(both, *TAGS, bearer) == 404
        config(w, users=users, token_key_files=str(new))
        assert "read again" in hang_up(both)
        assert ask(both, *TAGS, bearer) == 401
        assert ask(w.serve("--config", path, "--token-key-file", old), *TAGS, bearer) == 404


def token_of(registry):
    connection = http.client.HTTPConnection(registry.address, timeout=20)
    basic = "Basic " + base64.b64encode(b"user:password").decode()
    connection.request("GET", "/v2/_token?service=zreg&scope=repository:x:pull", headers={"Authorization": basic})
    text = json.loads(connection.getresponse().read())["token"]
    connection.close()
    return f"Bearer {text}"


def test_a_token_service_decides():
    with world() as w:
        key = Key(w.folder, "service", "ES256")
        given = dict(token_realm="https://tokens.example/token", token_service=SERVICE, token_issuer=ISSUER)
        registry = w.serve("--config", config(w, token_trust=str(key.public), **given))
        assert ask(registry, *TAGS) == 401
        assert ask(registry, *TAGS, f"Bearer {token(key, claims(access('x', 'pull')))}") == 404
        done = w.run("serve", "--config", config(w, **given))
        assert done.returncode == 1 and "give all four" in done.stderr, done.stderr


def test_clients_show_certificates():
    with world() as w:
        ca = Authority(w.folder, "ca")
        own = ca.sign("server", "/CN=server", "subjectAltName=IP:127.0.0.1")
        given = dict(tls_cert=str(own), tls_key=str(own), tls_client_ca=str(ca.pem),
                     rights=[{"who": "user:alice", "repositories": "x", "allow": ["pull"]}])
        for required, stranger in ((False, "401"), (True, "000")):
            registry = w.serve("--config", config(w, tls_client_required=required, **given))
            alice = ca.sign("alice", "/CN=alice")
            for words, wanted in ((["--cert", alice], "404"), ([], stranger)):
                done = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", ca.pem, *words,
                                       f"https://{registry.address}/v2/x/tags/list"], capture_output=True, text=True)
                assert done.stdout == wanted, (required, words, done)


@contextlib.contextmanager
def bare(w, *options):
    """A server that is told of logs by its file alone, and the messages that it sends to systemd."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(w.folder / "notify"))
        receiver.settimeout(20)
        environment = {**w.environment, "NOTIFY_SOCKET": str(w.folder / "notify")}
        with subprocess.Popen(["zreg", "serve", "--json", *map(str, options)], env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                record = json.loads(process.stdout.readline())
                server = type("Server", (), dict(process=process, address=f"{record['host']}:{record['port']}"))
                yield server, lambda: dict(line.split("=", 1) for line in receiver.recv(4096).decode().splitlines())
            finally:
                process.kill()


def test_logs_and_grace_are_in_the_file():
    with world() as w:
        access_log, audit_log = w.folder / "access", w.folder / "audit"
        given = dict(access_log=str(access_log), audit_log=str(audit_log), grace=7)
        with bare(w, "--config", config(w, **given)) as (server, message):
            assert message()["READY"] == "1" and ask(server, *BEGIN) == 202
            access_log.rename(w.folder / "access.1")
            config(w, **{**given, "grace": 9})
            assert "the files were read again" in hang_up(server)
            assert message()["RELOADING"] == "1" and message()["READY"] == "1"
            assert ask(server, *TAGS) == 404
            server.process.send_signal(signal.SIGTERM)
            told = message()
            assert told["STOPPING"] == "1" and int(told["EXTEND_TIMEOUT_USEC"]) == 14_000_000, told
            assert server.process.wait(10) == 0
        assert '"path":"/v2/x/tags/list"' in access_log.read_text()
        assert '"action":"reload"' in audit_log.read_text()


def test_a_log_that_cannot_be_opened_is_told_with_its_key():
    with world() as w:
        done = w.run("serve", "--config", config(w, audit_log=str(w.folder)))
        assert done.returncode == 1 and f"audit-log {w.folder}: Is a directory" in done.stderr, done.stderr


def test_what_needs_a_restart():
    with world() as w:
        given = dict(shadow=False, access_log=str(w.folder / "one"), audit_log=str(w.folder / "two"))
        later = dict(shadow=True, access_log=str(w.folder / "three"), audit_log=str(w.folder / "four"), durability="full")
        with bare(w, "--config", config(w, **given), "--audit-log", w.folder / "mine") as (server, _):
            config(w, **later)
            told = hang_up(server)
            for key in ("durability", "shadow", "access-log"):
                assert f"zreg serve: {key} has changed, which needs a restart\n" in told, told
            assert "audit-log" not in told, "an option says where that is"
            assert hang_up(server).endswith("the files were read again\n")


def test_what_cannot_be_meant_is_refused():
    user = {"name": "user", "pass": "s3cret", "access": "write"}
    rows = (
        (dict(shadow="x"), "shadow is true or false"),
        (dict(tls_client_required=1), "tls-client-required is true or false"),
        (dict(anonymous="read"), "anonymous is none, pull or push"),
        (dict(durability="some"), "durability is full, manifest or none"),
        (dict(grace="soon"), "grace is a number"),
        (dict(grace=-1), "grace is a number"),
        (dict(uploads_per_user=5000000), "uploads-per-user is a number, up to 1000000"),
        (dict(access_log=["a", "b"]), "access-log is one plain value"),
        (dict(token_key_files={}), "a text, or a list of texts"),
        (dict(htpasswd="users", users=[user]), "users are in the file of htpasswd, or here"),
        (dict(read_only="user", users=[user]), "read-only names users of the file of htpasswd"),
        (dict(anonymous="push", users=[{"name": "anonymous", "access": "read"}]), "what anyone may do is said twice"),
        (dict(users=[{"name": "anonymous", "access": "read"}], anonymous="pull"), "what anyone may do is said twice"),
        (dict(secret="a secret of some length", token_key_files="key"), "with this or with token-key-files"),
        (dict(tls_client_ca="nowhere.pem"), "tls-client-ca nowhere.pem: No such file"),
        (dict(htpasswd="nowhere"), "htpasswd nowhere: No such file"),
    )
    with world() as w:
        for settings, expected in rows:
            done = w.run("serve", "--config", config(w, **settings))
            assert done.returncode == 1 and expected in done.stderr, f"{settings}: {done.stderr}"
            assert "s3cret" not in done.stderr and "a secret" not in done.stderr


if __name__ == "__main__":
    tap.main(__name__)
