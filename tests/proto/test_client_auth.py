#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Credentials and tokens: how few requests they cost, and where they never go."""

import base64
import contextlib
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import Answer, World, error, manifest  # noqa: E402
from vendor_apis import Hub  # noqa: E402

USERS = {"ann": "secret"}


def bearer(world, **options):
    registry = world.registry(auth="bearer", users=USERS, **options)
    registry.add_manifest("a/b", "t", manifest())
    return registry


def test_02_cold_costs_one_401_and_one_token_warm_nothing():
    with World() as world:
        registry, client = bearer(world), world.client()
        client.do("credentials", registry.name, "ann", "secret")
        client.do("get", f"{registry.name}/a/b:t")
        assert registry.requests() == ["GET /v2/a/b/manifests/t", "GET /token", "GET /v2/a/b/manifests/t"]
        assert client.counters() | {"bytes_in": 0} == {"requests": 3, "auth": 2, "blobs": 0, "bytes_in": 0,
                                                       "bytes_out": 0, "connections": 1}
        registry.clear()
        client.do("get", f"{registry.name}/a/b:t")
        assert registry.requests() == ["GET /v2/a/b/manifests/t"]


def test_02_a_retag_from_cold_is_four_requests():
    with World() as world:
        registry, client = bearer(world), world.client()
        client.do("retag", f"{registry.name}/a/b:t", "new")
        assert len(registry.requests()) == 4, registry.log
        assert registry.log[1].query["scope"] == ["repository:a/b:pull,push"]


def test_02_many_threads_cost_one_401_and_one_token():
    with World() as world:
        registry, client = bearer(world), world.client()
        client.do("parallel", 12, "get", f"{registry.name}/a/b:t")
        assert registry.requests().count("GET /token") == 1, registry.log
        assert len(registry.requests()) == 14, registry.log


def test_02_nobody_asks_before_the_first_has_learnt_what_is_wanted():
    with World() as world:
        registry, client = bearer(world), world.client()
        registry.on("GET", "/manifests/", Answer(401))
        registry.on("GET", "/v2/$", Answer(401, wait=0.3, headers={
            "WWW-Authenticate": f'Bearer realm="{registry.realm}",service="test"'}))
        client.do("parallel", 12, "get", f"{registry.name}/a/b:t")
        assert registry.requests()[:3] == ["GET /v2/a/b/manifests/t", "GET /v2/", "GET /token"], registry.log
        assert len(registry.requests()) == 3 + 12, registry.log


def test_02_basic_needs_no_token():
    with World() as world:
        registry, client = world.registry(auth="basic", users=USERS), world.client()
        registry.add_manifest("a/b", "t", manifest())
        client.do("credentials", registry.name, "ann", "secret")
        client.do("get", f"{registry.name}/a/b:t")
        client.do("get", f"{registry.name}/a/b:t")
        assert len(registry.requests()) == 3


def test_03_a_401_without_challenge_costs_one_ping():
    with World() as world:
        registry, client = bearer(world), world.client()
        registry.on("GET", "/manifests/", Answer(401))
        client.do("get", f"{registry.name}/a/b:t")
        assert registry.requests() == ["GET /v2/a/b/manifests/t", "GET /v2/", "GET /token",
                                       "GET /v2/a/b/manifests/t"]


def test_05_a_mount_asks_for_both_repositories_at_once():
    with World() as world:
        registry, client = bearer(world), world.client()
        digest = registry.add_blob("from/it", b"blob")
        assert client.do("blob-put", f"{registry.name}/a/b", 4, digest, 4, "-", "from/it") == ["mounted"]
        assert registry.requests() == ["POST /v2/a/b/blobs/uploads/", "GET /token", "POST /v2/a/b/blobs/uploads/"]
        assert registry.log[1].query["scope"] == ["repository:a/b:pull,push", "repository:from/it:pull"]


def test_14_a_token_that_ran_out_is_replaced_once():
    with World() as world:
        registry, client = bearer(world), world.client()
        client.do("get", f"{registry.name}/a/b:t")
        registry.tokens.clear()
        registry.clear()
        client.do("get", f"{registry.name}/a/b:t")
        assert registry.requests() == ["GET /v2/a/b/manifests/t", "GET /token", "GET /v2/a/b/manifests/t"]
        registry.tokens.clear()
        client.do("put", f"{registry.name}/a/b:u", world.file("m", manifest()))


def test_14_a_token_is_not_used_at_the_end_of_its_life():
    with World() as world:
        registry, client = bearer(world, token_life=0), world.client()
        registry.token_life = 0
        client.fails("DENIED", "get", f"{registry.name}/a/b:t")
        registry.token_life = 300
        registry.clear()
        client.do("get", f"{registry.name}/a/b:t")
        assert registry.requests() == ["GET /token", "GET /v2/a/b/manifests/t"]


def test_14_a_wider_right_is_asked_for_when_it_is_needed():
    with World() as world:
        registry, client = bearer(world), world.client()
        client.do("get", f"{registry.name}/a/b:t")
        client.do("put", f"{registry.name}/a/b:u", world.file("m", manifest()))
        client.do("get", f"{registry.name}/a/b:t")
        assert registry.requests().count("GET /token") == 2
        assert len(registry.requests()) == 6


def test_17_a_refusal_for_good_costs_at_most_three_requests():
    with World() as world:
        registry, client = bearer(world), world.client()
        client.do("credentials", registry.name, "ann", "secret")
        refuse = error(401, "UNAUTHORIZED", WWW_Authenticate=f'Bearer realm="{registry.realm}",service="test",'
                                                             'scope="repository:a/b:pull"')
        registry.on("GET", "/manifests/", refuse, times=9)
        failure = client.fails("DENIED", "get", f"{registry.name}/a/b:t")
        assert failure.http_status == "401" and failure.code == "UNAUTHORIZED", failure
        assert len(registry.requests()) == 3, registry.log


def test_17_a_wrong_password_costs_two_requests():
    for auth in ("bearer", "basic"):
        with World() as world:
            registry, client = world.registry(auth=auth, users=USERS), world.client()
            client.do("credentials", registry.name, "ann", "wrong-password")
            failure = client.fails("DENIED", "get", f"{registry.name}/a/b:t")
            assert len(registry.requests()) == 2 and "wrong-password" not in failure.text, (registry.log, failure)


def test_17_without_credentials_the_error_says_so():
    with World() as world:
        registry, client = world.registry(auth="basic", users=USERS), world.client()
        failure = client.fails("DENIED", "get", f"{registry.name}/a/b:t")
        assert "none are known" in failure.text and len(registry.requests()) == 1, failure


def test_25_authorization_stays_with_scheme_host_and_port():
    with World() as world:
        other, registry, client = world.registry(), world.registry(auth="basic", users=USERS), world.client()
        other.add_manifest("a/b", "t", manifest())  # faults when it is shown credentials
        client.do("credentials", registry.name, "ann", "secret")
        client.do("ping", registry.name)
        for status in (301, 302, 303, 307, 308):
            registry.on("GET", "/manifests/", Answer(status, b"", {"Location": other.url + "/v2/a/b/manifests/t"}))
            client.do("get", f"{registry.name}/a/b:t")
        assert len(other.requests()) == 5
        back = Answer(307, b"", {"Location": f"{registry.url}/v2/a/b/manifests/t"})
        registry.on("GET", "/manifests/", Answer(307, b"", {"Location": other.url + "/v2/x/manifests/y"}))
        other.on("GET", "/x/", back)
        client.fails("DENIED", "get", f"{registry.name}/a/b:t")  # it came back without them


def test_25_within_one_origin_redirects_keep_it():
    with World() as world:
        registry, client = world.registry(auth="basic", users=USERS), world.client()
        registry.add_manifest("a/b", "t", manifest())
        client.do("credentials", registry.name, "ann", "secret")
        client.do("ping", registry.name)
        registry.on("GET", "/manifests/u", Answer(307, b"", {"Location": "t"}))
        client.do("get", f"{registry.name}/a/b:u")


def test_26_a_token_service_without_tls_is_refused_by_a_registry_with_tls():
    with World() as world:
        other = world.registry(auth="bearer", users=USERS)
        pem = world.certificate()
        registry, client = bearer(world, tls=pem, realm=other.url + "/token"), world.client()
        client.do("host", registry.name, "-", "-", pem + ".crt")
        failure = client.fails("DENIED", "get", f"{registry.name}/a/b:t")
        assert "without TLS" in failure.text and not other.requests(), failure


def test_26_a_password_does_not_go_to_another_domain():
    with World() as world:
        registry, client = bearer(world), world.client()
        registry.realm = registry.url.replace("127.0.0.1", "localhost") + "/token"
        client.do("credentials", registry.name, "ann", "secret")
        failure = client.fails("DENIED", "get", f"{registry.name}/a/b:t")
        assert "another domain" in failure.text and "GET /token" not in registry.requests(), failure


def test_26_anonymous_tokens_may_come_from_another_domain():
    with World() as world:
        registry, client = bearer(world), world.client()
        registry.check = lambda request: None  # its own strictness is about one name
        registry.realm = registry.url.replace("127.0.0.1", "localhost") + "/token"
        client.do("get", f"{registry.name}/a/b:t")


def test_26_hostile_realms_are_refused():
    with World() as world:
        registry, client = bearer(world), world.client()
        for realm in ("file:///etc/passwd", "gopher://127.0.0.1/", "http://ann:b@127.0.0.1/", "", "http://",
                      "http://a b/", "http://127.0.0.1:99999/"):
            registry.realm = realm
            try:
                client.do("get", f"{registry.name}/a/b:t")
            except Exception as failure:
                assert failure.status in ("PROTO", "DENIED"), (realm, failure)
            else:
                raise AssertionError(realm)


def test_28_a_token_without_end_is_cut_off():
    with World() as world:
        registry, client = bearer(world), world.client()
        registry.on("GET", "/token", Answer(200, b" " * (1 << 20)))
        client.fails("LIMIT", "get", f"{registry.name}/a/b:t")


def test_28_nonsense_for_a_token_is_an_error():
    with World() as world:
        registry, client = bearer(world), world.client(attempts=1)
        for body in (b"", b"[]", b'{"token": 7}', b'{"token": "a\\r\\nX: y"}', b'{"token": ""}'):
            registry.on("GET", "/token", Answer(200, body))
            client.fails("PROTO", "get", f"{registry.name}/a/b:t")


def authfile(world, **members):
    return world.file("auth.json", json.dumps(members))


def pair(user, password):
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_36_the_longest_prefix_counts():
    with World() as world:
        registry = world.registry(auth="basic", users={"deep": "1", "host": "2"})
        for repository in ("a/b", "a/bc"):
            registry.add_manifest(repository, "t", manifest())
        client = world.client(authfile=authfile(world, auths={
            registry.name: pair("host", "2"), f"{registry.name}/a/b": pair("deep", "1"), "127.0.0.1": pair("x", "x"),
            f"{registry.name}/a/b/c": pair("y", "y")}))
        for repository, user in (("a/b", "deep"), ("a/bc", "host")):
            client.do("get", f"{registry.name}/{repository}:t")
            assert registry.user_of(registry.log[-1]) == user


def test_36_keys_may_be_written_as_urls():
    for form in ("https://{}", "http://{}/", "https://{}/v1/", "https://{}/v2/"):
        with World() as world:
            registry = world.registry(auth="basic", users=USERS)
            client = world.client(authfile=authfile(world, auths={form.format(registry.name): pair("ann", "secret")}))
            client.do("ping", registry.name)


def helper(world, name, script):
    path = world.file(f"docker-credential-{name}", "#!/bin/sh\n" + script)
    os.chmod(path, 0o755)
    return {"PATH": world.folder + ":" + os.environ["PATH"]}


def test_36_helpers_are_asked_for_their_hosts():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        env = helper(world, "good", '[ "$1" = get ] && read server; printf %s "$server" >"$0.asked"\n'
                                    'echo \'{"ServerURL":"x","Username":"ann","Secret":"secret"}\'\n')
        for members in ({"credHelpers": {registry.name: "good"}}, {"credsStore": "good"}):
            client = world.client(authfile=authfile(world, **members), env=env)
            client.do("ping", registry.name)
            with open(os.path.join(world.folder, "docker-credential-good.asked"), encoding="ascii") as asked:
                assert asked.read() == registry.name


def test_36_a_helper_that_fails_is_an_error():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        env = helper(world, "bad", "echo boom; exit 1\n")
        client = world.client(authfile=authfile(world, credHelpers={registry.name: "bad"}, auths={
            "127.0.0.1": pair("ann", "secret")}), env=env)
        assert "docker-credential-bad" in client.fails("IO", "ping", registry.name).text
        assert len(registry.requests()) == 1
        client = world.client(authfile=authfile(world, credsStore="missing"), env=env)
        client.fails("IO", "ping", registry.name)
        client = world.client(authfile=authfile(world, credsStore="../../bin/sh"), env=env)
        client.fails("INVAL", "ping", registry.name)


def test_36_a_helper_with_nothing_to_say_means_anonymous():
    with World() as world:
        registry = bearer(world)
        env = helper(world, "empty", "echo credentials not found in native keychain; exit 1\n")
        client = world.client(authfile=authfile(world, credsStore="empty"), env=env)
        client.do("get", f"{registry.name}/a/b:t")


def test_36_an_identity_token_is_traded_by_post():
    with World() as world:
        registry = bearer(world)
        registry.on("POST", "/token", lambda request: registry.give_token(
            type(request)("GET", "/token?" + request.body.decode(), request.headers, b"")))
        client = world.client(authfile=authfile(world, auths={registry.name: {"identitytoken": "refresh-me"}}))
        client.do("get", f"{registry.name}/a/b:t")
        assert registry.requests()[1] == "POST /token" and b"refresh_token=refresh-me" in registry.log[1].body


def test_25_a_refresh_token_is_not_redirected_elsewhere():
    with World() as world:
        other, registry = world.registry(), bearer(world)
        client = world.client(authfile=authfile(world, auths={registry.name: {"identitytoken": "refresh-me"}}))
        for status in (307, 308):
            registry.on("POST", "/token", Answer(status, b"", {"Location": other.url + "/token"}))
            client.fails("PROTO", "get", f"{registry.name}/a/b:t")
        assert not other.log


def test_25_another_host_does_not_say_where_tokens_are():
    with World() as world:
        other, registry, client = world.registry(), bearer(world), world.client()
        client.do("credentials", registry.name, "ann", "secret")
        client.do("get", f"{registry.name}/a/b:t")
        asked = error(401, "UNAUTHORIZED", WWW_Authenticate=f'Bearer realm="{other.url}/token",service="test"')
        other.on("GET", "/v2/", asked, times=9)
        registry.on("GET", "/blobs/", Answer(307, b"", {"Location": other.url + "/v2/a/b/blobs/x"}))
        digest = registry.add_blob("a/b", b"x")
        client.fails("DENIED", "blob-get", f"{registry.name}/a/b", digest)
        client.do("get", f"{registry.name}/a/b:t")
        assert other.requests() == ["GET /v2/a/b/blobs/x"]


def test_36_the_usual_places():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        path = authfile(world, auths={registry.name: pair("ann", "secret")})
        docker = os.path.join(world.folder, "d")
        home = os.path.join(world.folder, "h")
        runtime = os.path.join(world.folder, "r")
        for folder, name in ((docker, "config.json"), (home, ".docker/config.json"), (runtime, "containers/auth.json")):
            os.makedirs(os.path.dirname(os.path.join(folder, name)))
            with open(path, "rb") as source, open(os.path.join(folder, name), "wb") as target:
                target.write(source.read())
        clean = {"HOME": "/nonexistent", "XDG_RUNTIME_DIR": "", "DOCKER_CONFIG": "", "REGISTRY_AUTH_FILE": ""}
        for variables in ({"REGISTRY_AUTH_FILE": path}, {"DOCKER_CONFIG": docker}, {"HOME": home},
                          {"XDG_RUNTIME_DIR": runtime}, {"XDG_RUNTIME_DIR": runtime, "HOME": home}):
            world.client(authfile="usual", env={**clean, **variables}).do("ping", registry.name)
        world.client(authfile="usual", env=clean).fails("DENIED", "ping", registry.name)


def test_36_new_credentials_end_the_login_at_a_vendors_interface():
    with World() as world, contextlib.closing(Hub({"ann": "secret", "bob": "other"})) as hub:
        client = world.client()
        client.do("tag-api", "docker.io", hub.url)
        for tag in ("1", "2", "3"):
            hub.push("a/b", tag, 0)
        client.do("credentials", "docker.io", "ann", "secret")
        client.do("delete-tag", "docker.io/a/b:1")
        client.do("delete-tag", "docker.io/a/b:2")
        assert hub.logins == 1
        client.do("credentials", "docker.io", "bob", "other")
        client.do("delete-tag", "docker.io/a/b:3")
        assert (hub.logins, hub.names("a/b"), hub.faults) == (2, [], [])


def test_36_a_file_that_is_broken_is_an_error_without_its_secrets():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        for text in ('{"auths": {"' + registry.name + '": {"auth": "c2VjcmV0"}}}', "{", "[" * 99):
            failure = world.client(authfile=world.file("f", text)).fails("INVAL", "ping", registry.name)
            assert "c2VjcmV0" not in failure.text
        world.client(authfile="/nonexistent/file").fails("INVAL", "ping", registry.name)


def test_36_a_file_that_is_broken_stays_an_error():
    with World() as world:
        registry = world.registry(auth="basic", users=USERS)
        for name, text in (("containers/auth.json", "{}"), (".docker/config.json", "{")):
            os.makedirs(os.path.dirname(os.path.join(world.folder, name)))
            world.file(name, text)
        env = {"HOME": world.folder, "XDG_RUNTIME_DIR": world.folder, "DOCKER_CONFIG": "", "REGISTRY_AUTH_FILE": ""}
        client = world.client(authfile="usual", env=env)
        for _ in range(8):
            client.fails("INVAL", "ping", registry.name)


if __name__ == "__main__":
    tap.main(__name__)
