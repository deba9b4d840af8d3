#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Login and logout in a program that goes on, and that may treat signals in its own way."""

import base64
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import World, manifest  # noqa: E402

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
