#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Credentials as people have them, the programs and services they come from, and what threads that wait for one of
these meet."""

import base64
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import Answer, World, content, error, manifest, sha256  # noqa: E402

USERS = {"ann": "secret"}
# Of waits that must not add up: much longer than one, much shorter than all after each other.
MANY = 16


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def authfile(world, **members):
    return world.file("auth.json", json.dumps(members))


def bearer(world, **options):
    registry = world.registry(auth="bearer", users=USERS, **options)
    registry.add_manifest("a/b", "t", manifest())
    return registry


def helper(world, name, script):
    path = world.file(f"docker-credential-{name}", "#!/bin/sh\n" + script)
    os.chmod(path, 0o755)
    return {"PATH": world.folder + ":" + os.environ["PATH"]}


def lines(world, name):
    try:
        with open(os.path.join(world.folder, name), encoding="utf-8") as file:
            return file.read().split("\n")[:-1]
    except FileNotFoundError:
        return []


def gone(pid):
    """Whether a process has ended, be it that nobody has waited for it."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def eventually(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


class Silent:
    """A host that takes connections and says nothing."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.name = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.peers = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            while True:
                self.peers.append(self.socket.accept()[0])
        except OSError:
            pass

    def close(self):
        for peer in self.peers:
            peer.close()
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


# --- files

def test_auth_may_have_the_line_breaks_of_base64():
    password = "p" * 90
    whole = encoded(f"ann:{password}")
    for text in (base64.encodebytes(f"ann:{password}".encode()).decode(), whole + "\r\n", "\n" + whole,
                 "\r\n".join(whole[i:i + 5] for i in range(0, len(whole), 5)), whole[:-1] + "\n" + whole[-1]):
        with World() as world:
            registry = world.registry(auth="basic", users={"ann": password})
            client = world.client(authfile=authfile(world, auths={registry.name: {"auth": text}}))
            client.do("ping", registry.name)
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        client = world.client(authfile=authfile(world, auths={registry.name: {"auth": "YW5u Om"}}))
        client.fails("INVAL", "ping", registry.name)


def test_a_file_may_be_empty_or_begin_with_a_byte_order_mark():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        text = json.dumps({"auths": {registry.name: {"auth": encoded("ann:secret")}}})
        world.client(authfile=world.file("f", b"\xef\xbb\xbf" + text.encode())).do("ping", registry.name)
        for nothing in (b"", b" \n", b"\xef\xbb\xbf", b'{"auths": null}', b'{"auths": {}, "credHelpers": null}',
                        json.dumps({"auths": {registry.name: {"auth": ""}}}).encode(),
                        json.dumps({"auths": {registry.name: {}}}).encode()):
            world.client(authfile=world.file("f", nothing)).fails("DENIED", "ping", registry.name)
        world.client(authfile=world.file("f", b"[]")).fails("INVAL", "ping", registry.name)


def test_of_a_key_that_is_a_url_the_host_counts():
    for form in ("https://{}/some/path", "http://{}", "{}/", "{}/v1/", "{}/v2", "https://{}/v1/"):
        with World() as world:
            registry = world.registry(auth="basic", users=USERS)
            key = form.format(registry.name.replace("127.0.0.1", "LocalHost"))
            client = world.client(authfile=authfile(world, auths={key: {"auth": encoded("ann:secret")}}))
            registry.name = registry.name.replace("127.0.0.1", "localhost")
            client.do("ping", registry.name)


def test_an_exact_key_comes_before_an_old_form_of_it():
    for form in ("https://{}/v1/", "http://{}", "{}/", "{}/v1/", "{}/v2/"):
        for last in (False, True):
            with World() as world:
                registry = world.registry(auth="basic", users=USERS)
                entries = [(form.format(registry.name), "ann:old"), (registry.name, "ann:secret")]
                auths = {key: {"auth": encoded(pair)} for key, pair in entries[::-1 if last else 1]}
                client = world.client(authfile=authfile(world, auths=auths))
                client.do("ping", registry.name)


def test_an_exact_key_that_is_empty_hides_no_other_form():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        auths = {f"https://{registry.name}/v1/": {"auth": encoded("ann:secret")}, registry.name: {}}
        world.client(authfile=authfile(world, auths=auths)).do("ping", registry.name)


def test_a_helper_without_a_name_means_the_file():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        for members in ({"credHelpers": {registry.name: ""}}, {"credHelpers": {registry.name: ""}, "credsStore": "gone"}):
            path = authfile(world, auths={registry.name: {"auth": encoded("ann:secret")}}, **members)
            world.client(authfile=path).do("ping", registry.name)
            path = authfile(world, **members)
            client = world.client(authfile=path)
            client.fails("DENIED", "ping", registry.name)
            assert client.do("login", registry.name, "ann", "secret") == [path]
            world.client(authfile=path).do("ping", registry.name)
        path = authfile(world, credHelpers={registry.name: "", "other.example": ""}, credsStore="gone")
        registry.clear()
        world.client(authfile=path).fails("DENIED", "ping", registry.name)
        path = authfile(world, credHelpers={"other.example": ""}, credsStore="gone")
        assert "docker-credential-gone" in world.client(authfile=path).fails("IO", "ping", registry.name).text
        for wrong in (5, [], {}):
            path = authfile(world, credHelpers={registry.name: wrong}, credsStore="gone")
            assert "is no text" in world.client(authfile=path).fails("INVAL", "ping", registry.name).text
        path = authfile(world, credHelpers={registry.name: None}, credsStore="gone")  # as docker reads it
        world.client(authfile=path).fails("DENIED", "ping", registry.name)


def test_case_does_not_count_in_a_host():
    with World() as world:
        registry, client = world.registry(auth="basic", users=USERS), world.client()
        port = registry.name.split(":")[1]
        registry.name = f"localhost:{port}"
        client.do("credentials", f"LOCALHOST:{port}", "ann", "secret")
        client.do("ping", f"LocalHost:{port}")
        client.do("ping", registry.name)
        assert len(registry.requests()) == 3
        assert client.counters(f"LocalHost:{port}")["requests"] == 3


def test_podmans_lasting_file_is_found():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        clean = {"HOME": "/nonexistent", "XDG_RUNTIME_DIR": "/nonexistent", "XDG_CONFIG_HOME": "",
                 "DOCKER_CONFIG": "", "REGISTRY_AUTH_FILE": ""}
        for name, variables in ((".config/containers/auth.json", {"HOME": world.folder}),
                                ("containers/auth.json", {"XDG_CONFIG_HOME": world.folder})):
            os.makedirs(os.path.dirname(os.path.join(world.folder, name)), exist_ok=True)
            world.file(name, json.dumps({"auths": {registry.name: {"auth": encoded("ann:secret")}}}))
            world.client(authfile="usual", env={**clean, **variables}).do("ping", registry.name)


def test_a_registry_token_is_shown_as_it_is():
    for challenge in ('Bearer realm="http://127.0.0.1:1/token"', 'Basic realm="x"'):
        with World() as world:
            registry = world.registry(auth="basic")
            client = world.client(authfile=authfile(world, auths={registry.name: {"registrytoken": "as-it-is"}}))
            registry.on("GET", "/v2/", error(401, "UNAUTHORIZED", WWW_Authenticate=challenge), Answer(200, b"{}"))
            client.do("ping", registry.name)
            assert registry.log[1].headers["Authorization"] == "Bearer as-it-is"


def test_a_refresh_token_is_nothing_to_who_wants_user_and_password():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        registry.add_manifest("a/b", "t", manifest())
        env = helper(world, "tokens", 'echo \'{"Username":"<token>","Secret":"hunter2"}\'\n')
        for members in ({"auths": {registry.name: {"identitytoken": "hunter2"}}}, {"credsStore": "tokens"}):
            client = world.client(authfile=authfile(world, **members), env=env)
            for words in (("get", f"{registry.name}/a/b:t"), ("ping", registry.name), ("tags", f"{registry.name}/a/b"),
                          ("blob-put", f"{registry.name}/a/b", 9, sha256(content(9)), 9)):
                failure = client.fails("DENIED", *words)
                assert "token" in failure.text and registry.name in failure.text, failure
                assert "hunter2" not in failure.text and failure.http_status == "401", failure
        assert not any("Authorization" in request.headers for request in registry.log)


# --- helpers

def test_a_helper_is_waited_for_by_who_wants_its_answer_only():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        env = helper(world, "slow", 'echo x >>"$0.runs"; while [ ! -e "$0.go" ]; do sleep 0.02; done\n'
                                    'echo \'{"Username":"ann","Secret":"secret"}\'\n')
        client = world.client(authfile=authfile(world, credHelpers={registry.name: "slow"}), env=env)
        waiting = threading.Thread(target=client.do, args=("parallel", MANY, "get", f"{registry.name}/a/b:t"))
        registry.add_manifest("a/b", "t", manifest())
        waiting.start()
        eventually(lambda: lines(world, "docker-credential-slow.runs"))
        world.file("docker-credential-slow.go", "")
        waiting.join()
        assert len(lines(world, "docker-credential-slow.runs")) == 1
        assert len(registry.requests()) == 1 + MANY


def test_what_a_helper_failed_with_is_met_by_all_who_waited():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        env = helper(world, "bad", 'echo x >>"$0.runs"; sleep 0.7; exit 1\n')
        client = world.client(authfile=authfile(world, credHelpers={registry.name: "bad"}), env=env)
        client.fails("IO", "parallel", MANY, "ping", registry.name)
        assert len(lines(world, "docker-credential-bad.runs")) < MANY / 2
        client.fails("IO", "ping", registry.name)


def test_a_helper_ends_with_the_call_and_so_does_what_it_started():
    for rest in ("sleep 999", "exec >&-; sleep 999", "trap '' TERM INT HUP; sleep 999 & wait"):
        with World() as world:
            registry = world.registry(auth="basic", users=USERS)
            env = helper(world, "stuck", f'echo $$ >"$0.pid"; sleep 998 & echo $! >>"$0.pid"\n{rest}\n')
            client = world.client(authfile=authfile(world, credHelpers={registry.name: "stuck"}), env=env)
            client.do("cancel-after", 400)
            client.fails("CANCELLED", "ping", registry.name)
            pids = lines(world, "docker-credential-stuck.pid")
            assert len(pids) == 2
            eventually(lambda found=pids: all(gone(pid) for pid in found))


def test_a_helper_has_every_signal():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        env = helper(world, "probe", 'grep -E "^Sig(Blk|Ign)" /proc/self/status >"$0.mask"; ps -o pgid= $$ >"$0.group"\n'
                                     'echo $$ >>"$0.group"; echo \'{"Username":"ann","Secret":"secret"}\'\n')
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1, signal.SIGALRM})
        try:
            client = world.client(authfile=authfile(world, credHelpers={registry.name: "probe"}), env=env)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        client.do("ping", registry.name)
        # Of the two that the C library keeps for itself it decides itself.
        masks = [int(line.split()[1], 16) & ~(3 << 31) for line in lines(world, "docker-credential-probe.mask")]
        assert masks == [0, 0], masks
        assert len({line.strip() for line in lines(world, "docker-credential-probe.group")}) == 1


def test_a_helper_that_leaves_something_behind_has_answered():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        env = helper(world, "agent", 'sleep 30 & echo $! >"$0.pid"; echo \'{"Username":"ann","Secret":"secret"}\'\n')
        client = world.client(authfile=authfile(world, credHelpers={registry.name: "agent"}), env=env)
        began = time.monotonic()
        client.do("ping", registry.name)
        took = time.monotonic() - began
        os.kill(int(lines(world, "docker-credential-agent.pid")[0]), signal.SIGKILL)
        assert took < 15, took


def test_answers_of_helpers_are_bounded_and_understood():
    for script, status in (("yes 12345678901234567890", "LIMIT"), ("echo no json", "INVAL"), ("echo {}", "INVAL"),
                           ('echo \'{"Username":"ann"}\'', "INVAL"), ("kill -9 $$", "IO"),
                           ("echo no credentials server URL; exit 1", "IO")):
        with World() as world:
            registry = world.registry(auth="basic", users=USERS)
            client = world.client(authfile=authfile(world, credsStore="odd"), env=helper(world, "odd", script + "\n"))
            assert "docker-credential-odd" in client.fails(status, "ping", registry.name).text
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        env = helper(world, "none", 'echo \'{"ServerURL":"","Username":"","Secret":""}\'\n')
        world.client(authfile=authfile(world, credsStore="none"), env=env).fails("DENIED", "ping", registry.name)


def test_what_a_helper_says_beside_its_answer_is_not_shown():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        env = helper(world, "loud", 'echo hunter2 >&2; echo hunter2; exit 1\n')
        path = authfile(world, credsStore="loud")
        done = subprocess.run([os.path.join(os.environ["ZREG_BUILDDIR"], "tests/proto/client")], text=True,
                              input=f"new {path} - - -\nping {registry.name}\n", capture_output=True, check=False,
                              env={**os.environ, **env})
        assert "ERR IO" in done.stdout and "hunter2" not in done.stdout + done.stderr, done


# --- token services

def test_a_refresh_token_goes_by_get_where_there_is_no_post():
    for status in (404, 405, 400):
        for entry, user, password in (({"identitytoken": "refresh-me"}, "<token>", "refresh-me"),
                                      ({"identitytoken": "refresh-me", "auth": encoded("0000:")}, "0000", "refresh-me"),
                                      ({"identitytoken": "x", "auth": encoded("ann:secret")}, "ann", "secret")):
            with World() as world:
                registry = bearer(world)
                registry.users = {user: password}
                registry.on("POST", "/token", Answer(status, b"no"))
                registry.on("GET", "/token", lambda r, w=registry: Answer(200, json.dumps({
                    "access_token": w.user_of(r)}).encode()))
                client = world.client(authfile=authfile(world, auths={registry.name: entry}))
                client.fails("DENIED", "get", f"{registry.name}/a/b:t")
                assert registry.requests()[1:3] == ["POST /token", "GET /token"], registry.log
                assert registry.user_of(registry.log[2]) == user, registry.log[2].headers


def test_a_refresh_token_that_is_refused_is_not_tried_elsewhere():
    with World() as world:
        registry = bearer(world)
        registry.on("POST", "/token", error(401, "UNAUTHORIZED"))
        client = world.client(authfile=authfile(world, auths={registry.name: {"identitytoken": "refresh-me"}}))
        assert "refresh-me" not in client.fails("DENIED", "get", f"{registry.name}/a/b:t").text
        assert len(registry.requests()) == 2


def test_user_and_password_go_by_post_where_there_is_no_get_and_that_is_remembered():
    with World() as world:
        registry, client = bearer(world), world.client()
        registry.add_manifest("c/d", "t", manifest())

        def give(request):
            form = type(request)("GET", "/token?" + request.body.decode(), request.headers, b"").query
            assert form["grant_type"] == ["password"] and form["username"] == ["ann"] and form["password"] == ["secret"]
            return registry.give_token(type(request)("GET", f"/token?service=test&scope={form['scope'][0]}",
                                                     {}, b""))
        registry.on("GET", "/token", Answer(405), times=9)
        registry.on("POST", "/token", give, give)
        client.do("credentials", registry.name, "ann", "secret")
        client.do("get", f"{registry.name}/a/b:t")
        client.do("get", f"{registry.name}/c/d:t")
        assert registry.requests("token") == ["GET /token", "POST /token", "POST /token"]
        world.client().fails("DENIED", "get", f"{registry.name}/a/b:t")


def test_the_life_of_a_token_may_be_odd():
    for life in ('"300"', "300.0", "-5", "null", '"soon"', "[]", "1e400", "18446744073709551615", "0", "true"):
        with World() as world:
            registry, client = bearer(world), world.client()
            body = f'{{"token": "T", "expires_in": {life}, "issued_at": 7}}'.encode()
            if life == "1e400":  # no number of JSON that anything can hold
                registry.on("GET", "/token", Answer(200, body), times=9)
                client.fails("PROTO", "get", f"{registry.name}/a/b:t")
                continue
            registry.on("GET", "/token", Answer(200, body))
            registry.tokens["T"] = ({"a/b": {"pull"}}, time.time() + 300)
            for _ in range(3):
                client.do("get", f"{registry.name}/a/b:t")
            assert registry.requests("token") == ["GET /token"], (life, registry.log)


def test_a_token_service_is_asked_again_where_that_may_help():
    good = json.dumps({"token": "T" * 4000}).encode()
    for fault in (Answer(500, b"x" * 100000), Answer(503), Answer(429), Answer(408), Answer(200, good, drop=True),
                  Answer(200, good, cut=50), Answer(200, good[:50]), Answer(200, b"{}"), Answer(425),
                  Answer(200, b"<html>", {"Content-Type": "text/html"})):
        with World() as world:
            registry, client = bearer(world), world.client()
            registry.on("GET", "/token", fault)
            client.do("get", f"{registry.name}/a/b:t")
            assert registry.requests("token") == ["GET /token"] * 2, registry.log


def test_a_token_service_that_is_silent_costs_those_who_wait_one_wait():
    with World() as world:
        registry, client = bearer(world), world.client(attempts=1, idle_ms=600)
        registry.on("GET", "/token", *[Answer(200, b"{}", wait=2)] * MANY)
        client.fails("TIMEOUT", "parallel", MANY, "get", f"{registry.name}/a/b:t")
        assert registry.requests("token") == ["GET /token"]


def test_basic_does_what_no_token_service_is_there_to_do():
    for realm in ("/token", "http://127.0.0.1:1x/", "not a url"):
        with World() as world:
            registry, client = world.registry(auth="basic", users=USERS), world.client()
            registry.add_manifest("a/b", "t", manifest())
            both = error(401, "UNAUTHORIZED", WWW_Authenticate=f'Bearer realm="{realm}",service="s", Basic realm="x"')
            registry.on("GET", "/manifests/", both)
            client.do("credentials", registry.name, "ann", "secret")
            client.do("get", f"{registry.name}/a/b:t")
            client.do("get", f"{registry.name}/a/b:t")
            assert len(registry.requests()) == 3


def test_bearer_is_chosen_where_both_are_offered():
    with World() as world:
        registry, client = bearer(world), world.client()
        both = error(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="x", '
                                                           f'Bearer realm="{registry.realm}",service="test"')
        registry.on("GET", "/manifests/", both)
        client.do("credentials", registry.name, "ann", "secret")
        client.do("get", f"{registry.name}/a/b:t")
        assert registry.requests("token") == ["GET /token"]


def test_a_wrong_password_is_not_tried_twice_where_both_are_offered():
    with World() as world:
        registry, client = bearer(world), world.client()
        both = error(401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="x", '
                                                           f'Bearer realm="{registry.realm}",service="test"')
        registry.on("GET", "/manifests/", both, times=9)
        client.do("credentials", registry.name, "ann", "wrong")
        client.fails("DENIED", "get", f"{registry.name}/a/b:t")
        assert len(registry.requests()) == 2, registry.log


def test_a_relative_realm_is_said_to_be_relative():
    with World() as world:
        registry, client = world.registry(auth="basic"), world.client()
        registry.on("GET", "/v2/", error(401, "UNAUTHORIZED", WWW_Authenticate='Bearer realm="/token",service="s"'))
        assert "relative" in client.fails("PROTO", "ping", registry.name).text


def test_a_late_401_ends_no_token_but_that_which_it_refused():
    with World() as world:
        registry, client = bearer(world), world.client()
        client.do("get", f"{registry.name}/a/b:t")
        registry.tokens.clear()
        came = []

        def refuse(request):
            came.append(request)
            late = len(came) == 2
            eventually(lambda: len(came) == 2 and (not late or len(registry.requests("manifests")) == 5))
            return registry.refusal(request)
        registry.on("GET", "/manifests/", refuse, refuse)
        client.do("parallel", 2, "get", f"{registry.name}/a/b:t")
        assert registry.requests("token") == ["GET /token"] * 2, registry.log


# --- first contact

def test_a_silent_host_costs_those_who_wait_one_wait():
    with World() as world:
        silent = Silent()
        world.things.append(silent)
        client = world.client(attempts=1, idle_ms=500)
        client.do("host", silent.name, "plain")
        began = time.monotonic()
        client.fails("TIMEOUT", "parallel", MANY, "ping", silent.name)
        assert time.monotonic() - began < MANY * 0.5 / 2 and len(silent.peers) < MANY / 2, len(silent.peers)
        before = len(silent.peers)
        client.fails("TIMEOUT", "ping", silent.name)
        assert len(silent.peers) == before + 1


def test_those_who_waited_try_again_as_the_first_does():
    with World() as world:
        registry, client = world.registry(), world.client()
        registry.add_manifest("a/b", "t", manifest())
        client.do("host", registry.name, "plain")
        registry.on("GET", "/manifests/", Answer(200, b"", drop=True, wait=0.5))
        client.do("parallel", MANY, "get", f"{registry.name}/a/b:t")
        assert len(registry.requests()) == 1 + MANY, registry.log


# --- proxies

def test_a_proxy_that_wants_a_password_is_named():
    no_exceptions = {"no_proxy": "", "NO_PROXY": ""}
    with World() as world:
        proxy = world.proxy(world.registry(), refuse=407)
        client = world.client(env={"https_proxy": proxy.url.replace("//", "//ann:hunter2@"), **no_exceptions})
        failure = client.fails("DENIED", "ping", "registry.example.test")
        assert proxy.url in failure.text and "https_proxy" in failure.text and "hunter2" not in failure.text, failure
        assert failure.http_status == "407" and len(proxy.tunnels) == 1, failure
    with World() as world:
        registry = world.registry()
        place, registry.name = registry.name, "registry.example.test"
        client = world.client(env={"HTTP_PROXY": f"ann:hunter2@{place}", "http_proxy": "", **no_exceptions})
        client.do("host", registry.name, "plain")
        registry.on("GET", "", Answer(407, b"", {"Proxy-Authenticate": "Basic"}))
        failure = client.fails("DENIED", "ping", "registry.example.test")
        assert f"http://{place}" in failure.text and "HTTP_PROXY" in failure.text, failure
        assert failure.http_status == "407" and "hunter2" not in failure.text, failure


def test_a_proxy_that_is_busy_is_asked_again():
    for status in (503, 429, 408):
        with World() as world:
            proxy = world.proxy(world.registry(), refuse=status)
            client = world.client(attempts=2, env={"https_proxy": proxy.url, "no_proxy": "", "NO_PROXY": ""})
            failure = client.fails("NET", "ping", "registry.example.test")
            assert str(status) in failure.text and len(proxy.tunnels) == 2, failure


if __name__ == "__main__":
    tap.main(__name__)
