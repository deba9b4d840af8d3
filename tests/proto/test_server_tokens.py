#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tokens of a service outside: what is taken, and every way to forge one that is known."""

import base64
import contextlib
import hmac
import http.client
import json
import shutil
import subprocess
import tempfile
import time

from cli_world import tap, world
from token_service import ISSUER, SERVICE, Key, TokenService, access, claims, encode, token

HASH = "$2y$05$c4WoMPo3SXsafkva.HHa6uyvdTqVqeGuuv76QmS.t1ryNDtvJiOyS"  # "password"
PULL = "/v2/x/tags/list"


@contextlib.contextmanager
def keys(*kinds):
    with tempfile.TemporaryDirectory(prefix="zreg-keys-") as folder:
        made = [Key(folder, f"key{number}", kind) for number, kind in enumerate(kinds)]
        yield made if len(made) != 1 else made[0]


def serve(w, *trusted, realm="https://tokens.example/token", options=()):
    trust = w.file("trust.pem", "".join(path.read_text() for path in trusted))
    return w.serve("--root", str(w.folder / "root"), "--durability", "none", "--token-realm", realm,
                   "--token-service", SERVICE, "--token-issuer", ISSUER, "--token-trust", trust, *options)


def ask(registry, method, path, authorization=None, body=None):
    connection = http.client.HTTPConnection(registry.address, timeout=20)
    with contextlib.closing(connection):
        connection.request(method, path, body, {"Authorization": authorization} if authorization else {})
        answer = connection.getresponse()
        answer.read()
        return answer


def catalog(registry, text):
    connection = http.client.HTTPConnection(registry.address, timeout=20)
    with contextlib.closing(connection):
        connection.request("GET", "/v2/_catalog", headers={"Authorization": f"Bearer {text}"})
        answer = connection.getresponse()
        body = answer.read()
        return json.loads(body)["repositories"] if answer.status == 200 else None


def may(registry, text, method="GET", path=PULL):
    return ask(registry, method, path, f"Bearer {text}").status not in (401, 403)


def test_the_challenge_names_the_service_outside():
    with world() as w, keys("ES256") as key:
        registry = serve(w, key.public)
        for method, path, scope in (("GET", "/v2/", ""), ("GET", PULL, ',scope="repository:x:pull"'),
                                    ("POST", "/v2/x/blobs/uploads/", ',scope="repository:x:pull,push"')):
            answer = ask(registry, method, path)
            assert answer.status == 401, answer.status
            expected = f'Bearer realm="https://tokens.example/token",service="{SERVICE}"{scope}'
            assert answer.headers["WWW-Authenticate"] == expected, answer.headers["WWW-Authenticate"]
        assert ask(registry, "GET", "/v2/_token?service=zreg").status == 404


def test_a_token_grants_what_it_says():
    with world() as w, keys("RS256", "ES256") as both:
        registry = serve(w, *(key.public for key in both))
        for key in both:
            pull = token(key, claims(access("x", "pull")))
            assert may(registry, pull) and may(registry, pull, path="/v2/")
            assert may(registry, pull), "and again"
            assert not may(registry, pull, "POST", "/v2/x/blobs/uploads/")
            assert not may(registry, pull, path="/v2/y/tags/list") and not may(registry, pull, path="/v2/_catalog")
            push = token(key, claims(access("y", "pull"), access("x", "pull", "push")))
            assert may(registry, push, "POST", "/v2/x/blobs/uploads/")
            assert not may(registry, push, "POST", "/v2/y/blobs/uploads/") and may(registry, push, path="/v2/y/tags/list")
            assert may(registry, token(key, claims(access("catalog", "*", kind="registry"))), path="/v2/_catalog")
            everything = token(key, claims(access("x", "*"), access("z", "pull", kind="plugin"), aud=["b", SERVICE]))
            assert may(registry, everything, "DELETE", f"/v2/x/manifests/sha256:{'0' * 64}")
        assert {line["user"] for line in registry.requests() if line["status"] == 202} == {"alice"}


def test_a_certificate_is_a_key_too():
    with world() as w, keys("ES256") as key:
        assert may(serve(w, key.certificate()), token(key, claims(access("x", "pull"))))


def test_claims_that_do_not_fit_are_refused():
    now = int(time.time())
    wrong = [
        {"iss": "other"}, {"iss": None}, {"iss": [ISSUER]}, {"aud": "other"}, {"aud": None}, {"aud": []}, {"aud": ["a"]},
        {"aud": {SERVICE: SERVICE}}, {"aud": [SERVICE] * 17},
        {"exp": now - 60}, {"exp": None}, {"exp": str(now + 60)}, {"exp": -1}, {"exp": now + 60.5}, {"exp": True},
        {"nbf": now + 120}, {"nbf": "0"}, {"iat": now + 120}, {"sub": 7}, {"sub": "a\nb"}, {"sub": "x" * 300},
        {"access": {}}, {"access": "repository:x:pull"}, {"access": [access("x", "pull")] * 65}, {"access": ["x"]},
        {"access": [{"type": "repository", "name": "x"}]}, {"access": [access("x", *["pull"] * 17)]},
        {"access": [access(["x"], "pull")]}, {"access": None}, {"access": [access("X!", "pull")]},
    ]
    with world() as w, keys("ES256") as key:
        registry = serve(w, key.public)
        for changes in wrong:
            assert not may(registry, token(key, {**claims(access("x", "pull")), **changes}
                                           if None not in changes.values() else
                                           claims(access("x", "pull"), **changes))), changes
        for changes in ({"exp": now - 5}, {"nbf": now + 5}, {"nbf": None}, {"iat": None}, {"sub": None}, {"sub": ""}):
            assert may(registry, token(key, claims(access("x", "pull"), **changes))), changes


def forged(key, other, rsa):
    """Tokens that nobody trusted signed, each with what it tries."""
    good = claims(access("x", "*"))
    secret = key.public.read_bytes()

    def by_public_key(text):
        return hmac.digest(secret, text, "sha256")

    def by_nothing(_):
        return b""

    jwk = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}
    certificate = base64.b64encode(subprocess.run(["openssl", "x509", "-in", other.certificate(), "-outform", "DER"],
                                                  capture_output=True, check=True).stdout).decode()
    real = token(key, good)
    head, body, signature = real.split(".")
    wider = encode(json.dumps(claims(access("y", "*"))).encode())
    yield "no algorithm", token(key, good, {"alg": "none"}, by_nothing)
    yield "no algorithm, in capitals", token(key, good, {"alg": "None"}, by_nothing)
    yield "an algorithm that is no text", token(key, good, {"alg": ["ES256"]})
    yield "the public key as a secret", token(key, good, {"alg": "HS256"}, by_public_key)
    yield "the public key as a secret, called RS256", token(key, good, {"alg": "RS256"}, by_public_key)
    yield "a key of another type", token(key, good, {"alg": "RS256"})
    yield "a key of another type, the other way", token(rsa, good, {"alg": "ES256"})
    yield "another key", token(other, good)
    yield "another key, as jwk", token(other, good, {"jwk": jwk})
    yield "another key, as x5c", token(other, good, {"x5c": [certificate]})
    yield "another key, as jku", token(other, good, {"jku": "http://127.0.0.1:1/keys"})
    yield "another key by the name of a good one", token(other, good, {"kid": "../../key0.pem"})
    yield "something to be understood", token(key, good, {"crit": ["exp"], "exp": 1})
    yield "zeros for a signature (CVE-2022-21449)", token(key, good, None, lambda _: bytes(64))
    yield "a signature in DER", token(key, good, None, lambda text: b"\x30\x44" + key.sign(text))
    yield "a longer signature", token(key, good, None, lambda text: key.sign(text) + b"\0")
    yield "other claims", f"{head}.{wider}.{signature}"
    yield "no signature", f"{head}.{body}."
    yield "two parts", f"{head}.{body}"
    yield "four parts", f"{real}.{signature}"
    yield "five parts", f"{head}..{body}.{signature}."
    yield "padding", f"{head}.{body}.{signature}=="
    yield "a claim twice", token(key, good).replace(body, encode(json.dumps(good)[:-1].encode() + b',"sub":"root"}'))
    yield "claims that are a list", ".".join([head, encode(b"[]"), encode(key.sign(f"{head}.{encode(b'[]')}".encode()))])
    yield "too much", token(key, claims(access("x", "pull"), more="x" * 20000))
    yield "too much before the signature", "A" * 30000 + "." + body + "." + signature
    yield "nothing", ".."


def test_no_forgery_is_taken():
    with world() as w, keys("ES256", "ES256", "RS256") as (key, other, rsa):
        registry = serve(w, key.public)
        assert may(registry, token(key, claims(access("x", "pull"))))
        for what, text in forged(key, other, rsa):
            answer = ask(registry, "GET", PULL, f"Bearer {text}")
            assert answer.status in (401, 431), (what, answer.status)
        both = serve(w, key.public, rsa.public)
        for what, text in forged(key, other, rsa):
            assert not may(both, text), what


def test_keys_that_are_not_fit_are_refused():
    with world() as w, keys("ES256", "RS1024", "ES384", "EdDSA") as (key, *unfit):
        four = ["--token-realm", "https://t/x", "--token-service", "s", "--token-issuer", "i"]

        def refused(trust, *options):
            done = w.run("serve", "--root", w.folder / "r", *(options or four), "--token-trust", trust)
            assert done.returncode != 0, done
            return done.stderr

        for one in unfit:
            assert "number 1 of the keys of the token service (PUBLIC KEY)" in refused(one.public)
        mixed = w.file("mixed", key.public.read_text() + key.private.read_text())
        assert "number 2 of the keys of the token service (PRIVATE KEY)" in refused(mixed)
        assert "not PEM" in refused(w.file("text", "ssh-rsa AAAA"))
        assert "more than 8 keys" in refused(w.file("many", key.public.read_text() * 9))
        assert "give all four" in refused(key.public, *four[:4])
        assert "is no realm" in refused(key.public, "--token-realm", "tokens.example", *four[2:])
        own = w.file("own", "a key of some length")
        assert "which a token service replaces" in refused(key.public, *four, "--token-key-file", own)


def test_a_mount_is_sent_to_the_token_service_once():
    """Whether that grants more is not known here."""
    with world() as w, keys("ES256") as key:
        registry = serve(w, key.public)
        narrow, told = [access("to", "pull", "push")], [access("to", "pull", "push"), access("from")]
        both = [access("to", "pull", "push"), access("from", "pull")]

        def mount(digest, granted):
            return ask(registry, "POST", f"/v2/to/blobs/uploads/?mount=sha256:{digest * 64}&from=from",
                       f"Bearer {token(key, claims(*granted))}")

        for digest in "ab":
            answer = mount(digest, narrow)
            assert answer.status == 401, answer.status
            scopes = 'scope="repository:to:pull,push repository:from:pull",error="insufficient_scope"'
            assert answer.headers["WWW-Authenticate"].endswith(scopes), answer.headers["WWW-Authenticate"]
        assert [mount(digest, narrow).status for digest in "aabb"] == [202] * 4, "who comes back is not sent again"
        assert mount("c", told).status == 202, "a token that speaks of the other repository was asked for it"
        assert mount("d", both).status == 202, "this one reaches it, and the blob is not there"


def test_passwords_stay_good_beside_tokens():
    with world() as w, keys("ES256") as key:
        users = w.file("users", f"user:{HASH}\n")
        registry = serve(w, key.public, options=("--htpasswd", users))
        basic = "Basic " + base64.b64encode(b"user:password").decode()
        assert ask(registry, "GET", PULL, basic).status == 404
        assert may(registry, token(key, claims(access("x", "pull"))))


def test_a_token_decides_alone_beside_rules():
    """They are for those who log in here."""
    with world() as w, keys("ES256") as key:
        config = w.file("registry.yaml", json.dumps({"registry": {"rights": [
            {"who": "user:bob", "repositories": "**", "allow": ["pull", "push", "catalog"]}]}}))
        registry = serve(w, key.public, options=("--config", config))
        for subject in ("alice", "bob", None):
            pull = token(key, claims(access("x", "pull"), sub=subject))
            assert may(registry, pull), subject
            for method, path in (("POST", "/v2/x/blobs/uploads/"), ("GET", "/v2/y/tags/list"), ("GET", "/v2/_catalog")):
                answer = ask(registry, method, path, f"Bearer {pull}")
                assert answer.status == 401, (subject, path, answer.status)
                assert answer.headers["WWW-Authenticate"].endswith('error="insufficient_scope"'), subject
        layout = w.layout()
        layout.tag(layout.image("x"), "one")
        service = TokenService(key)
        try:
            registry.stop()
            registry = serve(w, key.public, realm=service.realm, options=("--config", config))
            w.registries.clear()
            creds = f"{registry.address}={w.file('creds', 'alice:secret')}"
            w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/a/b:1", "--creds-file", creds)
            w.registries.append(registry)
        finally:
            service.close()
        for subject in ("alice", "bob", None):
            for granted, listed in (("*", ["a/b"]), ("pull", None)):
                text = token(key, claims(access("catalog", granted, kind="registry"), sub=subject))
                assert catalog(registry, text) == listed, (subject, granted)


def test_clients_walk_from_the_realm_over_the_token_to_the_push():
    with world() as w, keys("ES256") as key:
        service = TokenService(key)
        try:
            registry = serve(w, key.public, realm=service.realm)
            layout = w.layout()
            layout.tag(layout.image("x"), "one")
            creds = f"{registry.address}={w.file('creds', 'alice:secret')}"
            w.registries.clear()
            w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/a/b:1", "--creds-file", creds)
            w.registries.append(registry)
            if shutil.which("skopeo") is None:
                print("# skopeo is not installed: the push by it is left out")
                return
            subprocess.run(["skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", "alice:secret",
                            f"oci:{layout.folder}:one", f"docker://{registry.address}/a/c:1"], check=True,
                           capture_output=True, timeout=60)
            refused = subprocess.run(["skopeo", "copy", "--dest-tls-verify=false", "--dest-creds", "alice:wrong",
                                      f"oci:{layout.folder}:one", f"docker://{registry.address}/a/d:1"],
                                     capture_output=True, timeout=60)
            assert refused.returncode != 0
            pushed = {line["repository"] for line in registry.requests() if line["method"] == "PUT" and line["status"] == 201}
            assert {"a/b", "a/c"} <= pushed and "a/d" not in pushed, pushed
        finally:
            service.close()


if __name__ == "__main__":
    tap.main(__name__)
