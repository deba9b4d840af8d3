#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`zreg serve`: what it takes as proof of who calls, and how that changes while it runs."""

import base64
import contextlib
import http.client
import json
import select

from cli_world import hang_up, said, tap, world

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


def test_a_changed_line_forgets_the_password_of_before():
    with world() as w:
        registry = serve(w)
        assert may_enter(registry, "user")
        w.file("users", "user:$2y$05$c4WoMPo3SXsafkva.HHa6uMfC1yQvyPpwh3r8x1Vn0vDmsoNNOPqG\n")
        assert "the users were read again" in said(registry)
        assert not may_enter(registry, "user")


if __name__ == "__main__":
    tap.main(__name__)
