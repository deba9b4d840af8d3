#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`zreg serve`: what it takes as proof of who calls, and how that changes while it runs."""

import base64
import contextlib
import http.client
import json
import os
import resource
import select
import ssl

from cli_world import hang_up, said, tap, world
from test_cli_serve_certificates import Authority
from token_service import ISSUER, SERVICE, Key

HASH = "$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS"  # "password"
OLD, NEW = "an old key, long enough", "a new key, long enough"


def ask(registry, path, authorization):
    connection = http.client.HTTPConnection(registry.address, timeout=20)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Authorization": authorization})
        answer = connection.getresponse()
        return answer.status, answer.read()


def basic(user):
    return "Basic " + base64.b64encode(f"{user}:password".encode()).decode()


def token(registry, user="user"):
    status, body = ask(registry, "/v2/_token?service=zreg&scope=repository:x:pull", basic(user))
    assert status == 200, (status, body)
    return "Bearer " + json.loads(body)["token"]


def is_taken(registry, bearer):
    status, _ = ask(registry, "/v2/x/tags/list", bearer)
    assert status in (401, 404), status
    return status == 404


def serve(w, *options):
    users = w.file("users", f"user:{HASH}\n")
    return w.serve("--root", str(w.folder / "root"), "--htpasswd", users, "--durability", "none", *options)


def test_tokens_outlive_a_restart_where_a_key_is_given():
    with world() as w:
        key = w.file("key", OLD + "\n")
        first = serve(w, "--token-key-file", key)
        bearer = token(first)
        assert is_taken(first, bearer)
        first.stop()
        assert is_taken(serve(w, "--token-key-file", key), bearer)
        assert not is_taken(serve(w, "--token-key-file", w.file("other", NEW)), bearer)
        assert not is_taken(serve(w), bearer)


def test_token_keys_change_while_tokens_of_the_old_one_are_accepted():
    with world() as w:
        one, two = w.folder / "one", w.folder / "two"
        one.write_text(OLD)
        two.write_text(OLD)
        registry = serve(w, "--token-key-file", str(one), "--token-key-file", str(two))
        old = token(registry)
        one.write_text(NEW)
        assert "read again" in hang_up(registry)
        new = token(registry)
        assert is_taken(registry, old) and is_taken(registry, new)
        two.write_text(NEW)
        assert "read again" in hang_up(registry)
        assert not is_taken(registry, old) and is_taken(registry, new)
        two.write_text("short")
        assert "too short" in hang_up(registry)
        assert is_taken(registry, new)


def test_the_secret_of_registry_yaml_signs_tokens():
    users = "[{name: user, pass: password, access: write}]"
    with world() as w:
        config = w.file("registry.yaml", f"registry:\n  secret: {OLD}\n  users: {users}\n"
                                         f"  storage: {{driver: filesystem, root: {w.folder}/store}}\n")
        first = w.serve("--config", config)
        bearer = token(first)
        first.stop()
        assert is_taken(w.serve("--config", config), bearer)


def test_a_key_that_is_too_short_or_missing_is_refused_and_never_shown():
    with world() as w:
        done = w.run("serve", "--root", w.folder / "a", "--token-key-file", w.file("key", "hunter2"))
        assert done.returncode == 1 and "too short" in done.stderr and "hunter2" not in done.stderr, done.stderr
        done = w.run("serve", "--root", w.folder / "a", "--token-key-file", w.folder / "none")
        assert done.returncode != 0 and "token-key-file" in done.stderr, done.stderr


def may_enter(registry, user):
    return ask(registry, "/v2/", basic(user))[0] == 200


def test_an_htpasswd_file_that_changes_is_read_again():
    with world() as w:
        registry = serve(w)
        users, other = w.folder / "users", w.folder / "other"
        bearer = token(registry)
        assert may_enter(registry, "user") and not may_enter(registry, "another")
        users.write_text(f"user:{HASH}\nanother:{HASH}\n")
        assert "the users were read again" in said(registry)
        assert may_enter(registry, "user") and may_enter(registry, "another") and is_taken(registry, bearer)
        other.write_text(f"another:{HASH}\n")
        other.rename(users)
        assert "the users were read again" in said(registry)
        assert not may_enter(registry, "user") and may_enter(registry, "another") and not is_taken(registry, bearer)


def test_an_htpasswd_file_that_is_wrong_is_told_once_and_the_users_stay():
    with world() as w:
        registry = serve(w)
        users = w.folder / "users"
        for text, why in ((f"another:{HASH}\nwrong\n", "htpasswd line 2"), ("# nobody\n", "names no user")):
            users.write_text(text)
            line = said(registry)
            assert "the users stay as they were" in line and why in line, line
            assert may_enter(registry, "user") and not may_enter(registry, "another")
        users.unlink()
        assert "No such file" in said(registry)
        assert may_enter(registry, "user")
        users.write_text(f"another:{HASH}\n")
        assert "the users were read again" in said(registry), "what was wrong was told once"
        assert may_enter(registry, "another")
        users.write_text(f"user:{HASH}\n")
        assert "the files were read again" in hang_up(registry)
        assert may_enter(registry, "user")
        assert not select.select([registry.process.stderr], [], [], 1.5)[0], "what SIGHUP read is not read twice"


def is_silent(registry):
    """Nothing more is said while the file is looked at twice and more."""
    return not getattr(registry, "rest", b"") and not select.select([registry.process.stderr], [], [], 2.5)[0]


def test_a_changed_htpasswd_file_that_cannot_be_read_is_told_once_and_tried_again():
    with world() as w:
        registry = serve(w)
        users, pid = w.folder / "users", registry.process.pid
        limit = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        for text, user in ((f"another:{HASH}\n", "another"), (f"user:{HASH}\n", "user")):
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, limit[1]))
            users.write_text(text)
            assert said(registry).endswith(f"the users stay as they were: htpasswd {users}: Too many open files\n")
            assert is_silent(registry)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limit)
            assert "the users were read again" in said(registry)
            assert [name for name in ("user", "another") if may_enter(registry, name)] == [user]


def test_an_htpasswd_file_that_is_gone_is_told_once_and_counts_when_it_is_back():
    with world() as w:
        registry = serve(w)
        users = w.folder / "users"
        for _ in range(2):
            users.rename(w.folder / "elsewhere")
            assert "No such file" in said(registry)
            assert is_silent(registry) and may_enter(registry, "user")
            (w.folder / "elsewhere").rename(users)
            assert "the users were read again" in said(registry)
            assert may_enter(registry, "user")


def test_a_change_that_leaves_size_and_time_is_noticed():
    with world() as w:
        registry = serve(w)
        users = w.folder / "users"
        before = users.stat()
        users.write_text(f"bobo:{HASH}\n")
        os.utime(users, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert users.stat().st_size == before.st_size and users.stat().st_ino == before.st_ino
        assert "the users were read again" in said(registry)
        assert may_enter(registry, "bobo") and not may_enter(registry, "user")


def test_users_that_change_before_a_hangup_that_fails_change_all_the_same():
    with world() as w:
        config, users = w.file("registry.yaml", "registry: {grace: 1}\n"), w.folder / "users"
        registry = serve(w, "--config", config)
        config.write_text("registry: {immutable-tags: ['[bad:::']}\n")
        users.write_text(f"another:{HASH}\n")
        lines = hang_up(registry)
        assert "nothing was changed" in lines
        assert "the users were read again" in lines or "the users were read again" in said(registry)
        assert may_enter(registry, "another") and not may_enter(registry, "user")
        config.write_text("registry: {grace: 1}\n")
        users.write_text("wrong\n")
        assert "nothing was changed: htpasswd line 1" in hang_up(registry)
        assert is_silent(registry), "what was wrong was told once"
        assert may_enter(registry, "another")


def test_a_changed_line_forgets_the_password_of_before():
    with world() as w:
        registry = serve(w)
        assert may_enter(registry, "user")
        w.file("users", "user:$2y$05$c4WoMPo3SXsafkva.HHa6uMfC1yQvyPpwh3r8x1Vn0vDmsoNNOPqG\n")
        assert "the users were read again" in said(registry)
        assert not may_enter(registry, "user")


def logins(w):
    """Each kind of login: its options, whether it takes TLS, and the file of users that is watched, or None."""
    own = Authority(w.folder, "ca").sign("server", "/CN=server", "subjectAltName=IP:127.0.0.1")
    users = w.file("users", f"user:{HASH}\n")
    listed = {"registry": {"users": [{"name": "user", "pass": "password", "access": "write"}]}}
    service = ["--token-realm", "https://tokens.example/token", "--token-service", SERVICE, "--token-issuer", ISSUER,
               "--token-trust", Key(w.folder, "service", "ES256").public]
    certificates = ["--tls-cert", own, "--tls-key", own, "--tls-client-ca", w.folder / "ca.pem"]
    htpasswd = ["--htpasswd", users]
    yield "htpasswd", htpasswd, False, users
    yield "users of registry.yaml", ["--config", w.file("registry.yaml", listed)], False, None
    yield "token service", service, False, None
    yield "CA of clients", certificates, True, None
    yield "token service and htpasswd", service + htpasswd, False, users
    yield "CA of clients and htpasswd", certificates + htpasswd, True, users


def of_nobody(registry, has_tls):
    """What is said to one without credentials who pushes, deletes and asks for the catalog."""
    context = ssl._create_unverified_context()
    for method, path in (("POST", "/v2/x/blobs/uploads/"), ("DELETE", "/v2/x/manifests/one"), ("GET", "/v2/_catalog")):
        connection = (http.client.HTTPSConnection(registry.address, timeout=20, context=context) if has_tls else
                      http.client.HTTPConnection(registry.address, timeout=20))
        with contextlib.closing(connection):
            connection.request(method, path)
            yield connection.getresponse().status


def test_nobody_stays_out_whatever_is_read_again():
    with world() as w:
        for kind, options, has_tls, users in logins(w):
            registry = w.serve("--root", w.folder / kind, "--durability", "none", *options)
            assert list(of_nobody(registry, has_tls)) == [401] * 3, kind
            if users:  # before a SIGHUP and after it
                users.write_text(f"user:{HASH}\none:{HASH}\n")
                assert "the users were read again" in said(registry)
                assert list(of_nobody(registry, has_tls)) == [401] * 3, kind
            for _ in range(2):
                assert "the files were read again" in hang_up(registry)
                assert list(of_nobody(registry, has_tls)) == [401] * 3, kind
            if users:
                users.write_text(f"user:{HASH}\ntwo:{HASH}\n")
                assert "the users were read again" in said(registry)
                assert list(of_nobody(registry, has_tls)) == [401] * 3, kind


def test_what_a_file_opened_to_everybody_is_shut_when_it_no_longer_says_so():
    with world() as w:
        for kind, options, has_tls, _ in logins(w):
            if "--config" in options:
                continue
            file = w.file("open.yaml", "registry: {anonymous: push}\n")
            registry = w.serve("--root", w.folder / kind, "--durability", "none", *options, "--config", file)
            assert list(of_nobody(registry, has_tls)) == [202, 404, 200], kind
            file.write_text("registry: {anonymous: pull}\n")
            assert "the files were read again" in hang_up(registry)
            assert list(of_nobody(registry, has_tls)) == [401, 401, 200], kind
            file.write_text("registry: {}\n")
            assert "the files were read again" in hang_up(registry)
            assert list(of_nobody(registry, has_tls)) == [401] * 3, kind


def test_a_server_without_logins_stays_open_and_one_with_them_does_not_lose_them():
    with world() as w:
        file, users = w.file("registry.yaml", "registry: {grace: 1}\n"), w.file("users", f"user:{HASH}\n")
        registry = w.serve("--root", w.folder / "open", "--durability", "none", "--config", file)
        file.write_text(f"registry: {{htpasswd: {users}}}\n")
        assert "nothing was changed" in hang_up(registry)
        file.write_text("registry: {}\n")
        assert "the files were read again" in hang_up(registry)
        assert list(of_nobody(registry, False)) == [202, 404, 200]
        file.write_text(f"registry: {{htpasswd: {users}}}\n")
        registry = w.serve("--root", w.folder / "shut", "--durability", "none", "--config", file)
        file.write_text("registry: {}\n")
        assert "nothing was changed" in hang_up(registry)
        file.write_text(f"registry: {{htpasswd: {users}}}\n")
        assert "the files were read again" in hang_up(registry)
        assert list(of_nobody(registry, False)) == [401] * 3


if __name__ == "__main__":
    tap.main(__name__)
