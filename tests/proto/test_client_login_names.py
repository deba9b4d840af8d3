#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Login for part of a registry, without asking it, and with what a token service gives in place of a password."""

import base64
import json
import os
import subprocess
import sys
from urllib.parse import parse_qs

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import Answer, World, manifest  # noqa: E402

USERS = {"ann": "secret", "bob": "other"}
HELPER = """#!/bin/sh
cat >"$0.$1"
"""


def encoded(text):
    return base64.b64encode(text.encode()).decode()


class Logins(World):
    """A registry with repositories a/b, a/c and d/e, and a file of credentials."""

    def __init__(self, auth="basic", kept=None):
        super().__init__()
        self.one = self.registry(auth=auth, users=USERS)
        for repository in "a/b", "a/c", "d/e":
            self.one.add_manifest(repository, "t", manifest())
        self.path = self.file("auth.json", json.dumps(kept or {}))

    def kept(self):
        with open(self.path, encoding="utf-8") as file:
            return json.load(file).get("auths", {})

    def zreg(self, verb, name, *options, code=0, password="", env=None):
        done = subprocess.run(["zreg", verb, "--authfile", self.path, *options, name], input=password, text=True,
                              capture_output=True, timeout=60, env={**os.environ, **(env or {})})
        assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def login(self, name, user="ann", *options, code=0, password=None, env=None):
        return self.zreg("login", name, "--username", user, "--password-stdin", *options, code=code, env=env,
                         password=USERS.get(user, "") if password is None else password)


def users_seen(registry, repository):
    shown = [request.headers.get("Authorization", "") for request in registry.log if f"/{repository}/" in request.path]
    return {base64.b64decode(value.split()[1]).decode().split(":")[0] for value in shown if value}


def test_the_longest_name_counts():
    with Logins() as w:
        name = w.one.name
        assert f"{name}/a: kept in" in w.login(f"{name}/a", "bob")
        w.login(name, "ann")
        w.login(f"{name}/a/c", "ann")
        assert set(w.kept()) == {name, f"{name}/a", f"{name}/a/c"}
        for repository, user in (("a/b", "bob"), ("a/c", "ann"), ("d/e", "ann")):
            w.one.clear()
            w.zreg("inspect", f"{name}/{repository}:t", code=1)  # there is no config
            assert users_seen(w.one, repository) == {user}, (repository, w.one.log)
        assert f"{name}/a: removed in" in w.zreg("logout", f"{name}/a")
        assert set(w.kept()) == {name, f"{name}/a/c"}
        assert "no credentials are kept" in w.zreg("logout", f"{name}/a", code=1)
        assert "no credentials are kept" in w.zreg("logout", f"{name}/d/e", code=1)
        w.zreg("logout", name)
        assert set(w.kept()) == {f"{name}/a/c"}


def test_a_name_that_is_none_is_refused_before_the_network():
    with Logins() as w:
        for name in ("a//b", "a/", "A/B", "a/b:t", "a/b@sha256:0", "a/b/../c", "/a"):
            assert "HOST" in w.login(f"{w.one.name}/{name}", code=1), name
        for name in "x y", "/", "/a":
            assert "HOST" in w.login(name, code=1), name
        assert "is no host" in w.login(f"https://{w.one.name}/a", code=2)
        assert not w.one.log


def test_the_client_of_a_program_uses_it_for_that_part_only():
    for auth in "basic", "bearer":
        with Logins(auth) as w:
            client = w.client(authfile=w.path)
            client.do("login", f"{w.one.name}/a", "ann", "secret")
            client.do("get", f"{w.one.name}/a/b:t")
            if auth == "basic":
                client.fails("DENIED", "get", f"{w.one.name}/d/e:t")
            client.do("logout", f"{w.one.name}/a")
            if auth == "basic":
                client.fails("DENIED", "get", f"{w.one.name}/a/b:t")


def test_helpers_know_hosts_only():
    with Logins(kept={"credsStore": "one"}) as w:
        os.chmod(w.file("docker-credential-one", HELPER), 0o755)
        env = {"PATH": w.folder + ":" + os.environ["PATH"]}
        assert w.path in w.login(f"{w.one.name}/a", env=env)
        assert set(w.kept()) == {f"{w.one.name}/a"} and not os.path.exists(w.folder + "/docker-credential-one.store")
        assert "docker-credential-one" in w.login(w.one.name, env=env)


def test_without_a_check_nobody_is_asked():
    with Logins() as w:
        w.login(w.one.name, "eve", "--no-check", password="wrong")
        assert not w.one.log and w.kept() == {w.one.name: {"auth": encoded("eve:wrong")}}
        w.login("registry.invalid/x", "eve", "--no-check", password="p")
        assert "registry.invalid/x" in w.kept()
        assert "password" in w.login(w.one.name, "eve", "--no-check", password="", code=1)


def refreshing(w, post=False, taken="lasting"):
    """Its token service gives what stands for a password, and takes that, unless it takes something else."""
    asked = []

    def give(request):
        form = parse_qs(request.body.decode()) if request.method == "POST" else request.query
        asked.append(form)
        if form.get("grant_type") == ["refresh_token"]:
            good = form["refresh_token"] == [taken]
        else:
            good = w.one.user_of(request) is not None or USERS.get(form.get("username", [""])[0]) == form.get(
                "password", ["no"])[0]
        if not good or (post and request.method == "GET"):
            return Answer(405 if post and request.method == "GET" else 401)
        w.one.tokens["t"] = ({repository: {"pull"} for repository in ("a/b", "a/c")}, 1e11)
        lasting = {"refresh_token": "lasting"} if "offline_token" in form or "access_type" in form else {}
        return Answer(200, json.dumps({"token": "t", **lasting}).encode(), {"Content-Type": "application/json"})

    for method in "GET", "POST":
        w.one.on(method, "^/token", give, times=20)
    return asked


def test_what_a_token_service_gives_is_kept_in_place_of_the_password():
    for post in False, True:
        with Logins("bearer") as w:
            asked = refreshing(w, post)
            w.login(w.one.name)
            assert w.kept() == {w.one.name: {"auth": encoded("ann:"), "identitytoken": "lasting"}}, w.kept()
            client = w.client(authfile=w.path)
            client.do("get", f"{w.one.name}/a/b:t")
            assert asked[-1]["refresh_token"] == ["lasting"], asked
            with open(w.path, encoding="utf-8") as file:
                assert "secret" not in file.read()


def test_a_helper_keeps_it_as_docker_does():
    with Logins("bearer", kept={"credsStore": "one"}) as w:
        refreshing(w)
        os.chmod(w.file("docker-credential-one", HELPER), 0o755)
        w.login(w.one.name, env={"PATH": w.folder + ":" + os.environ["PATH"]})
        with open(w.folder + "/docker-credential-one.store", encoding="utf-8") as file:
            assert json.load(file) == {"ServerURL": w.one.name, "Username": "<token>", "Secret": "lasting"}


def test_what_is_given_and_not_taken_is_not_kept_in_place_of_the_password():
    with Logins("bearer") as w:
        asked = refreshing(w, taken="another")
        w.login(w.one.name)
        assert any(form.get("refresh_token") == ["lasting"] for form in asked), asked
        assert w.kept() == {w.one.name: {"auth": encoded("ann:secret")}}, w.kept()
        w.client(authfile=w.path).do("get", f"{w.one.name}/a/b:t")


def test_of_those_that_are_given_in_turn_the_last_is_kept():
    with Logins("bearer") as w:
        refreshing(w)
        give = Answer(200, b'{"token": "t", "refresh_token": "next"}', {"Content-Type": "application/json"})
        w.one.on("POST", "^/token", give)
        w.one.script.insert(0, w.one.script.pop())
        w.login(w.one.name)
        assert w.kept() == {w.one.name: {"auth": encoded("ann:"), "identitytoken": "next"}}, w.kept()


def test_only_a_login_asks_for_it_and_a_wrong_password_gets_none():
    with Logins("bearer") as w:
        asked = refreshing(w)
        w.login(w.one.name, password="wrong", code=1)
        assert not w.kept()
        w.file("auth.json", json.dumps({"auths": {w.one.name: {"auth": encoded("ann:secret")}}}))
        w.client(authfile=w.path).do("get", f"{w.one.name}/a/b:t")
        assert "offline_token" in asked[0] and "offline_token" not in asked[-1], asked


if __name__ == "__main__":
    tap.main(__name__)
