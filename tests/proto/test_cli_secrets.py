#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Failures can be looked into without hiding everything: the log of the client has a line for each
request, the registry's for each answer, and neither, nor an error, ever holds a secret."""

import base64
import json

import registry as wire
from cli_world import hang_up, tap, world
from registry import manifest
from test_cli_gate import BASE, make, publish
from vendor_apis import Hub, Quay

PASSWORD, WRONG = "s3cr3t-of-ann", "m1styped-by-bob"


def forms(secret, user):
    """A secret as it is, and as it goes over the wire."""
    pair = f"{user}:{secret}".encode()
    return [secret, base64.b64encode(secret.encode()).decode(), base64.b64encode(pair).decode().rstrip("="),
            base64.b64encode(pair).decode()]


def check(secrets, *texts):
    for secret in secrets:
        assert not any(secret in text for text in texts), f"a secret is shown: {secret[:4]}..."


def shown(done):
    return done.stdout + done.stderr


def test_the_whole_gate_shows_no_password():
    with world() as w:
        buildset, intermediate, target = w.buildset(), w.buildset(), w.buildset()
        artifacts, _ = publish(w, buildset, intermediate, "one", "b1", "1")
        path = w.file("zuul.json", artifacts)
        texts = []
        for argv in (["populate", "--artifacts", path, "--to", target.address],
                     ["resolve", f"docker.io/{BASE}:latest", "--artifacts", path, "--buildset", target.address],
                     ["upload", f"{target.address}/{BASE}:latest", f"{target.address}/x/y", "--tag", "t", "--change", "1"],
                     ["promote", f"{target.address}/x/y", "--change", "1", "--tag", "t"],
                     ["cleanup-tags", f"{target.address}/x/y"]):
            done = w.run(argv[0], "--verbose", *w.connections(), *argv[1:])
            assert done.returncode == 0, done.stderr
            texts.append(shown(done))
        assert f"PUT https://{target.address}/v2/{BASE}/manifests/latest: HTTP 201" in texts[0], texts[0]
        for registry in (buildset, intermediate, target):
            registry.process.terminate()
            texts += [registry.process.communicate(timeout=10)[1], registry.log.read_text()]
        for registry in (buildset, intermediate, target):
            check(forms(registry.record["password"], registry.record["username"]), *texts)


def test_a_wrong_password_is_not_shown_by_either_side():
    with world() as w:
        target = w.buildset()
        place, _ = make(w, "one")
        ca = w.file("ca.pem", target.record["cert"])
        done = w.run("copy", "--verbose", "--json", place, f"{target.address}/{BASE}:1", "--ca", ca, "--username", "bob",
                     "--password-file", w.file("password", WRONG))
        assert done.returncode == 1 and json.loads(done.stdout)["error"]["code"] == "DENIED", shown(done)
        target.stop()
        check(forms(WRONG, "bob") + forms(target.record["password"], target.record["username"]), shown(done),
              target.log.read_text())


def test_tokens_and_the_passwords_for_them_are_not_shown():
    for answer in (None, wire.error(403, "DENIED", "not for you"), wire.error(500, "UNKNOWN"), wire.Answer(200, b"{")):
        with world() as w, wire.World() as net:
            registry = net.registry(auth="bearer", users={"ann": PASSWORD})
            registry.add_manifest("a/b", "t", manifest())
            if answer:
                registry.on("GET", "/manifests/", wire.error(401, "UNAUTHORIZED", WWW_Authenticate=(
                    f'Bearer realm="{registry.realm}",service="test",scope="repository:a/b:pull"')))
                registry.on("GET", "/manifests/", answer, times=9)
            done = w.run("inspect", "--verbose", "--json", f"{registry.name}/a/b:t", "--username", "ann",
                         "--password-file", w.file("password", PASSWORD))
            assert "token service of" in done.stderr and "/v2/a/b/manifests/t" in done.stderr, done.stderr
            assert registry.tokens
            check(forms(PASSWORD, "ann") + list(registry.tokens), shown(done))


def test_signed_addresses_are_not_shown():
    with world() as w, wire.World() as net:
        registry = net.registry()
        place, _ = make(w, "one")
        registry.on("PUT", "/blobs/uploads/", wire.error(403, "DENIED"), times=20)
        done = w.run("copy", "--verbose", "--json", place, f"{registry.name}/a/b:t")
        assert done.returncode == 1 and "/blobs/uploads/" in done.stderr, done.stderr
        check(["state=", "a=b"], shown(done))


def test_the_vendors_logins_and_tokens_are_not_shown():
    with world() as w:
        hub, quay = Hub({"ann": PASSWORD}), Quay({"0auth-t0ken"})
        hub.push("example/app", "change_1_a", 90000)
        quay.push("example/app", "change_1_a", 90000)
        done = [w.run("cleanup-tags", "--verbose", "docker.io/example/app", "--api", "hub", "--api-url", hub.url,
                      "--username", "ann", "--password-file", w.file("password", PASSWORD)),
                w.run("cleanup-tags", "--verbose", "quay.io/example/app", "--api", "quay", "--api-url", quay.url,
                      "--api-token-file", w.file("token", "0auth-t0ken"))]
        assert [run.returncode for run in done] == [0, 0], done
        assert "POST http://" in done[0].stderr and "/v2/auth/token: HTTP 200" in done[0].stderr, done[0].stderr
        check(forms(PASSWORD, "ann") + ["0auth-t0ken"] + list(hub.tokens), *map(shown, done))
        hub.close()
        quay.close()


def in_memory(registry, words):
    """How often each stands in the memory of the process, but for areas that are too large to be its heap or stack."""
    counts = dict.fromkeys(words, 0)
    folder = f"/proc/{registry.process.pid}"
    with open(f"{folder}/maps") as maps, open(f"{folder}/mem", "rb", 0) as memory:
        for line in maps:
            place, rights, *_ = line.split()
            first, end = (int(word, 16) for word in place.split("-"))
            if not rights.startswith("rw") or end - first > 256 << 20:
                continue
            memory.seek(first)
            area = memory.read(end - first)
            for word in words:
                counts[word] += area.count(word.encode())
    return counts


def test_passwords_of_registry_yaml_do_not_stay_in_memory():
    with world() as w:
        passwords, mark = ["the-password-of-one", f"the-{'x' * 90}-password-of-two"], "what-is-public-of-this.example"
        users = [{"name": password[-3:], "pass": password, "access": "write"} for password in passwords]
        registry = w.serve("--config", w.file("registry.yaml", {"registry": {
            "public-url": f"https://{mark}", "users": users, "storage": {"root": str(w.folder / "root")}}}))
        for _ in range(2):
            try:
                found = in_memory(registry, [mark, *passwords])
            except PermissionError as reason:
                raise tap.Skip("the memory of another process cannot be read here") from reason
            assert found.pop(mark) > 0 and found == dict.fromkeys(passwords, 0), found
            assert "the files were read again" in hang_up(registry)


LINE = "a secret of one line"
ONE_LINE = "it is to have one line, and nothing else"
# What a file may hold beside a secret, and what is said of it; None: it is taken.
AROUND = (("{}", None), ("{}\n", None), ("{}\r\n", None), ("# comment\n{}\n", ONE_LINE), ("{}\n\n", ONE_LINE),
          ("\n{}\n", ONE_LINE), ("{}\rmore", ONE_LINE), ("{}\r\nmore\r\n", ONE_LINE),
          ("{}\0", "there is a NUL byte in it"),
          ("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", ONE_LINE))


def takers(w, path):
    """Each option that takes a file with a secret, and a command with it that fails for another reason."""
    nowhere = w.file("file", "")
    yield "--password-file", ["tags", "127.0.0.1:1/a", "--username", "ann", "--password-file", path]
    yield "--creds-file", ["tags", "127.0.0.1:1/a", "--creds-file", f"127.0.0.1:1={path}"]
    yield "--api-token-file", ["cleanup-tags", "127.0.0.1:1/a", "--api", "quay", "--api-url", "http://127.0.0.1:1",
                               "--api-token-file", path]
    yield "token-key-file", ["serve", "--root", nowhere / "root", "--token-key-file", path]


def test_a_file_with_a_secret_has_one_line():
    with world() as w:
        path = w.folder / "secret"
        for option, words in takers(w, path):
            for around, why in AROUND:
                path.write_bytes(around.format(f"ann:{LINE}").encode())
                done = w.run(*words)
                assert done.returncode == 1 and LINE not in shown(done), (option, around, done)
                assert f"{option} {path}: {why}" in done.stderr if why else str(path) not in done.stderr, (option, done)


def test_secrets_are_not_on_the_command_line():
    """Nothing takes one there, so nobody else on the machine can read it in /proc."""
    names = ("--token-realm", "--token-service", "--token-issuer")  # of a token service, which everybody is told
    with world() as w:
        for verb in ("copy", "promote", "cleanup-tags", "serve"):
            text = w.run(verb, "--help").stdout
            for line in text.splitlines():
                words = line.split()
                if not words or not words[0].startswith("--") or words[0] in names:
                    continue
                if any(part in words[0] for part in ("password", "token", "secret")):
                    assert words[1] == "FILE", line


if __name__ == "__main__":
    tap.main(__name__)
