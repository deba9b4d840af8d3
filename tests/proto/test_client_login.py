#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Login and logout in a program that goes on, and that may treat signals in its own way."""

import base64
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import Answer, World, manifest  # noqa: E402

USERS = {"ann": "secret"}
# Such a program is not told how its children end.
DEAF = ("env", "--ignore-signal=CHLD")
# Keeps what it is told to, unless it is locked.
HELPER = r"""#!/bin/sh
input=$(cat)
echo "$1" >>"$0.verbs"
case $1 in
store) test -e "$0.locked" || printf %s "$input" >"$0.kept" ;;
get) test -e "$0.kept" || { echo credentials not found in native keychain; exit 1; }; cat "$0.kept" ;;
erase) test -e "$0.locked" || rm -f "$0.kept" ;;
esac
test "$1" = get || test ! -e "$0.locked" || { echo keychain is locked; exit 1; }
"""


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def registry_of(world, auth="basic"):
    registry = world.registry(auth=auth, users=USERS)
    registry.add_manifest("a/b", "t", manifest())
    return registry


def helper(world, name, script=HELPER):
    path = world.file(f"docker-credential-{name}", script)
    os.chmod(path, 0o755)
    return {"PATH": world.folder + ":" + os.environ["PATH"]}


def read(world, name):
    with open(os.path.join(world.folder, name), encoding="utf-8") as file:
        return file.read()


# --- the question whether a pair is accepted

def test_a_refused_login_changes_nothing_for_the_client():
    for auth in ("basic", "bearer"):
        for how in ("given", "file", "none"):
            with World() as world:
                registry = registry_of(world, auth)
                entry = {registry.name: {"auth": encoded("ann:secret")}} if how == "file" else {}
                path = world.file("auth.json", json.dumps({"auths": entry}))
                client = world.client(authfile=path)
                if how == "given":
                    client.do("credentials", registry.name, "ann", "secret")
                for _ in range(2):
                    client.fails("DENIED", "login", registry.name, "ann", "wrong")
                    if how == "none" and auth == "basic":
                        client.fails("DENIED", "get", f"{registry.name}/a/b:t")
                    else:
                        client.do("get", f"{registry.name}/a/b:t")
                assert json.loads(read(world, "auth.json")) == {"auths": entry}
                client.do("login", registry.name, "ann", "secret")
                client.fails("DENIED", "login", registry.name, "ann", "wrong")
                client.do("get", f"{registry.name}/a/b:t")


def test_a_login_that_cannot_be_kept_changes_nothing_for_the_client():
    with World() as world:
        registry = registry_of(world)
        client = world.client(authfile=world.file("auth.json", '{"auths": 1}'))
        client.fails("INVAL", "login", registry.name, "ann", "secret")
        client.fails("DENIED", "get", f"{registry.name}/a/b:t")


def test_no_token_of_a_login_serves_another():
    with World() as world:
        registry = registry_of(world, "bearer")
        client = world.client(authfile=os.path.join(world.folder, "auth.json"))
        client.do("login", registry.name, "ann", "secret")
        client.fails("DENIED", "login", registry.name, "ann", "wrong")
        client.do("ping", registry.name)
        client.fails("DENIED", "login", registry.name, "bob", "secret")
        client.do("login", registry.name, "ann", "secret")
        assert registry.requests("token") == ["GET /token"] * 5, registry.log


def test_of_a_host_that_asks_for_no_password_nothing_is_kept():
    with World() as world:
        registry = world.registry(auth="open")
        client = world.client(authfile=os.path.join(world.folder, "auth.json"))
        failure = client.fails("INVAL", "login", registry.name, "ann", "never-checked")
        assert registry.name in failure.text and "asks for no password" in failure.text, failure
        assert "never-checked" not in failure.text and not os.path.exists(os.path.join(world.folder, "auth.json"))
        client.do("ping", registry.name)
        assert "Authorization" not in registry.log[-1].headers


def test_a_host_that_asks_only_who_pushes_is_shown_the_pair():
    """As zreg serve, zot and others are where everybody may pull."""
    with World() as world:
        registry = world.registry(auth="open", users=USERS)
        path = os.path.join(world.folder, "auth.json")
        client = world.client(authfile=path)
        for user, password in (("ann", "wrong"), ("bob", "secret")):
            client.fails("DENIED", "login", registry.name, user, password)
            assert not os.path.exists(path)
        client.do("login", registry.name, "ann", "secret")
        assert registry.name in json.loads(read(world, "auth.json"))["auths"]


def test_whether_the_pair_is_accepted_is_known_or_nothing_is_kept():
    for good in range(3):
        with World() as world:
            registry = world.registry(auth="open", users=USERS)
            registry.on("GET", "^/v2/$", *[Answer(200, b"{}")] * good, Answer(500))
            client = world.client(authfile=os.path.join(world.folder, "auth.json"), attempts=1)
            client.fails("PEER", "login", registry.name, "ann", "secret")
            assert not os.path.exists(os.path.join(world.folder, "auth.json"))


def test_what_was_given_for_a_token_service_does_not_answer_for_a_pair():
    with World() as world:
        registry = world.registry(auth="bearer", users=USERS, realm="http://localhost:1/token")
        path = world.file("auth.json", json.dumps({"auths": {"localhost:1": {"auth": encoded("ann:secret")}}}))
        client = world.client(authfile=path)
        client.fails("DENIED", "login", registry.name, "ann", "anything")
        assert registry.name not in read(world, "auth.json")


# --- helpers of which it is not known how they ended

def test_who_is_not_told_how_a_helper_ended_asks_it():
    with World() as world:
        registry = registry_of(world)
        path = world.file("auth.json", '{"credsStore": "safe"}')
        client = world.client(authfile=path, env=helper(world, "safe"), before=DEAF)
        assert client.do("login", registry.name, "ann", "secret") == ["docker-credential-safe"]
        assert json.loads(read(world, "docker-credential-safe.kept"))["Secret"] == "secret"
        other = world.client(authfile=path, env=helper(world, "safe"), before=DEAF)
        other.do("get", f"{registry.name}/a/b:t")
        assert client.do("logout", registry.name) == ["docker-credential-safe"]
        client.fails("NOTFOUND", "logout", registry.name)
        world.client(authfile=path, env=helper(world, "safe"), before=DEAF).fails("DENIED", "ping", registry.name)


def test_a_helper_that_failed_is_not_taken_for_one_that_did_it():
    with World() as world:
        registry = registry_of(world)
        for kept in (None, {"Username": "ann", "Secret": "older"}, {"Username": "bob", "Secret": "secret"}):
            text = json.dumps({"credsStore": "safe", "auths": {registry.name: {"auth": encoded("old:old")}}})
            path = world.file("auth.json", text)
            client = world.client(authfile=path, env=helper(world, "safe"), before=DEAF)
            world.file("docker-credential-safe.locked", "")
            if kept:
                world.file("docker-credential-safe.kept", json.dumps(kept))
            failure = client.fails("IO", "login", registry.name, "ann", "secret")
            assert "docker-credential-safe" in failure.text and "secret" not in failure.text, failure
            assert read(world, "auth.json") == text
            if kept:
                assert "docker-credential-safe" in client.fails("IO", "logout", registry.name).text


if __name__ == "__main__":
    tap.main(__name__)
