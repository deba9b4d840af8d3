#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What files say of a mirror is for what is read from it in another's name: pushes to the same host, and what is read
of it for its own sake, know nothing of it; and who fills a mirror does not read from it."""

import base64
import io
import json
import os
import sys
import tarfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import OCI_MANIFEST, Answer, sha256  # noqa: E402
from test_client_mirrors import LAYER, Mirrors  # noqa: E402


def secured(w, repository):
    """A registry that speaks TLS, by a certificate that nobody trusts, and wants a password, which is kept."""
    pem = w.certificate()
    secure = w.registry(tls=pem)
    secure.auth, secure.users = "basic", {"ann": "secret"}
    w.authfile = os.path.join(w.home, "auth.json")
    kept = {"auth": base64.b64encode(b"ann:secret").decode()}
    w.write(w.authfile, json.dumps({"auths": {f"{secure.name}/{repository}": kept}}))
    return secure, pem + ".crt"


def test_37_an_insecure_mirror_is_insecure_for_nobody_else():
    with Mirrors() as w:
        secure, ca = secured(w, "c")
        data = w.image(w.origin)
        w.registries((f"{secure.name}/cache", "insecure = true"))
        words = ["sync", "--retry", "0", "--authfile", w.authfile, f"{w.origin.name}/a/b", f"{secure.name}/c/d"]
        w.zreg(*words, code=1)
        shown = [request.headers.get("Authorization") for request in secure.log]
        assert not any(shown) and "c/d" not in secure.manifests, (secure.log, shown)
        w.zreg(*words, "--ca", ca)
        assert secure.manifests["c/d"]["1"][1] == data, secure.log


def test_37_a_mirror_without_tls_is_so_for_nobody_else():
    with Mirrors() as w:
        secure, ca = secured(w, "c")
        data = w.image(w.origin)
        hosts = w.below("certs.d")
        w.write(f"{hosts}/{w.origin.name}/hosts.toml", f'[host."http://{secure.name}"]\n')
        words = ["--authfile", w.authfile, "--ca", ca, "--hosts-dir", hosts]
        for verb, src, dst in ("copy", "a/b:1", "c/d:1"), ("sync", "a/b", "c/e"):
            w.zreg(verb, *words, f"{w.origin.name}/{src}", f"{secure.name}/{dst}", files=False)
        assert secure.manifests["c/d"]["1"][1] == data and secure.manifests["c/e"]["1"][1] == data, secure.log


def test_37_a_certificate_for_a_mirror_is_for_nobody_else():
    with Mirrors() as w:
        secure, ca = secured(w, "")
        secure.auth = "open"
        data = w.image(secure)
        hosts = w.below("certs.d")
        w.write(f"{hosts}/{w.origin.name}/hosts.toml", f'[host."https://{secure.name}"]\nca = "{ca}"\n')
        w.image(w.origin, tag="2")
        words = ["--retry", "0", "--hosts-dir", hosts, f"{w.origin.name}/a/b"]
        w.zreg("sync", *words, f"{w.to.name}/c/d", files=False)
        assert w.to.manifests["c/d"]["2"][1] == data and secure.log
        w.zreg("sync", *words, f"{secure.name}/c/d", files=False, code=1)
        assert "c/d" not in secure.manifests, secure.log


def test_37_a_mirror_without_tls_is_named_by_its_port():
    with Mirrors() as w:
        data = w.image(w.origin)
        hosts = w.below("certs.d")
        w.write(f"{hosts}/{w.origin.name}/hosts.toml", '[host."http://localhost"]\n')
        said = w.zreg("copy", "--verbose", "--hosts-dir", hosts, f"{w.origin.name}/a/b:1", f"{w.to.name}/c/d:1",
                      files=False)
        assert w.holds(data, LAYER, b"{}") and "its mirror localhost:80 does not" in said, said


def test_37_who_fills_a_mirror_reads_from_the_registry():
    for verb, src, dst in (("copy", "a/b:1", "a/b:1"), ("sync", "a/b", "a/b")):
        with Mirrors() as w:
            new = w.image(w.origin, layers=(b"new",))
            w.image(w.first, layers=(b"old",))
            w.registries((w.first.name, ""))
            said = w.zreg(verb, f"{w.origin.name}/{src}", f"{w.first.name}/{dst}")
            assert w.first.manifests["a/b"]["1"][1] == new, (verb, said)


def test_37_who_fills_another_repository_of_a_mirror_reads_from_it():
    with Mirrors() as w:
        data = w.image(w.origin, w.first)
        w.registries((w.first.name, ""))
        w.zreg("copy", f"{w.origin.name}/a/b:1", f"{w.first.name}/c/d:1")
        assert w.first.manifests["c/d"]["1"][1] == data and not w.origin.log, w.origin.log


def test_37_a_mirror_below_a_path_is_known_where_it_is_filled():
    with Mirrors() as w:
        new = w.image(w.origin, layers=(b"new",))
        w.image(w.first, repository="proxy/a/b", layers=(b"old",))
        hosts = w.below("certs.d")
        w.write(f"{hosts}/{w.origin.name}/hosts.toml",
                f'[host."http://{w.first.name}/v2/proxy"]\noverride_path = true\n')
        w.zreg("sync", "--hosts-dir", hosts, f"{w.origin.name}/a/b", f"{w.first.name}/proxy/a/b", files=False)
        assert w.first.manifests["proxy/a/b"]["1"][1] == new, w.first.log


def tar_of(size):
    made, out = tarfile.TarInfo("file"), io.BytesIO()
    made.size = size
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(made, io.BytesIO(b"x" * size))
    return out.getvalue()


def image_with_lies(w, label, size, wrong):
    """An image at the registry and its mirror, whose blobs are all others at the mirror."""
    plain = tar_of(size)
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Labels": {"x": "y" * label}},
                         "rootfs": {"type": "layers", "diff_ids": [sha256(plain)]}}).encode()
    w.image(w.origin, w.first, layers=(plain,), config=config)
    for blob in plain, config:
        w.first.blobs["a/b"][sha256(blob)] = wrong(blob)
    w.registries((w.first.name, ""))
    return plain, config


LIES = (lambda blob: b"z" * len(blob), lambda blob: blob[:-1], lambda blob: blob + b"z", lambda blob: b"",
        lambda blob: blob[:-1] + b"z")


def test_37_what_a_mirror_sends_wrong_is_had_from_the_registry_by_all_verbs():
    for label, size, lies in ((1, 10, LIES[2:4]), (300000, 600000, LIES[::2])):
        for wrong in lies:
            with Mirrors() as w:
                plain, config = image_with_lies(w, label, size, wrong)
                src, new = f"{w.origin.name}/a/b:1", os.path.join(w.home, "new.tar")
                assert "amd64" in w.zreg("inspect", src)
                assert json.loads(w.zreg("config", src)) == json.loads(config)
                with tarfile.open(fileobj=io.BytesIO(w.zreg("export", src).encode())) as tar:
                    assert tar.getmember("file").size == size
                w.write(new, tar_of(1).decode())
                w.zreg("append", "--base", src, "--layer", new, f"{w.to.name}/c/d:1")
                assert w.to.blobs["c/d"][sha256(plain)] == plain
                assert w.first.requests("/blobs/") and w.origin.requests("/blobs/"), w.first.log


def test_37_who_sent_other_bytes_is_named():
    with Mirrors() as w:
        plain, _ = image_with_lies(w, 1, 600000, LIES[0])
        said = w.zreg("blob", f"{w.origin.name}/a/b@{sha256(plain)}", "--output", os.path.join(w.home, "out"), code=1)
        assert f"its mirror {w.first.name}/v2 sent other bytes" in said, said
        w.registries()
        w.origin.blobs["a/b"][sha256(plain)] = plain[1:]
        said = w.zreg("blob", f"{w.origin.name}/a/b@{sha256(plain)}", "--output", os.path.join(w.home, "out"), code=1)
        assert "the registry sent other bytes" in said, said


def test_37_a_mirror_that_is_blocked_is_not_asked():
    with Mirrors() as w:
        data = w.image(w.origin, w.first, w.second)
        blocked = f'[[registry]]\nlocation = "{w.first.name}"\nblocked = true\n'
        w.write(w.conf, f'{blocked}[[registry]]\nlocation = "{w.origin.name}"\n[[registry.mirror]]\n'
                        f'location = "{w.first.name}"\n[[registry.mirror]]\nlocation = "{w.second.name}"\n')
        w.copy()
        assert w.holds(data, LAYER, b"{}") and not w.first.log and w.second.log
        w.write(w.conf, f'{blocked}[[registry]]\nprefix = "{w.origin.name}"\nlocation = "{w.first.name}"\n')
        assert f"{w.first.name} is blocked in" in w.copy(code=1) and not w.first.log


def test_37_a_prefix_without_a_port_is_of_no_port_but_blocks_all():
    with Mirrors() as w:
        data = w.image(w.origin)
        for prefix in "127.0.0.1", "*.0.0.1":
            w.write(w.conf, f'[[registry]]\nprefix = "{prefix}"\nlocation = "{w.first.name}"\n')
            w.clear()
            w.copy()
            assert w.holds(data, LAYER, b"{}") and not w.first.log, w.first.log
            with open(w.conf, "a", encoding="utf-8") as file:
                file.write("blocked = true\n")
            assert f"{prefix} is blocked in" in w.copy(code=1)


def test_37_headers_of_hosts_toml_for_the_registry_itself():
    for server in "", 'server = "http://{0}"\n':
        with Mirrors(auth="basic", users={"ann": "secret"}) as w:
            data = w.image(w.origin)
            hosts, authfile = w.below("certs.d"), os.path.join(w.home, "auth.json")
            path = f"{hosts}/{w.origin.name}/hosts.toml"
            words = ["--authfile", authfile, "--hosts-dir", hosts, f"{w.origin.name}/a/b:1"]
            w.write(authfile, json.dumps({"auths": {w.origin.name: {"auth": base64.b64encode(b"ann:no").decode()}}}))
            header = "Basic " + base64.b64encode(b"ann:secret").decode()
            w.write(path, server.format(w.origin.name) + f'[header]\nX-Key = "k"\nAuthorization = "{header}"\n')
            w.zreg("copy", *words, f"{w.to.name}/c/d:1", files=False)
            assert w.holds(data, LAYER, b"{}")
            w.zreg("copy", *words, f"{w.origin.name}/c/d:1", files=False)
            w.zreg("tags", *words[:4], f"{w.origin.name}/c/d", files=False)
            assert w.origin.manifests["c/d"]["1"][1] == data
            for request in w.origin.log:
                shown = request.headers.get_all("Authorization"), request.headers.get_all("X-Key")
                assert shown == ([header], ["k"]), (str(request), shown)


def test_37_an_authorization_of_hosts_toml_that_is_refused_is_shown_alone():
    with Mirrors() as w:
        w.first.auth, w.first.users = "basic", {"ann": "secret"}
        data = w.image(w.origin, w.first)
        hosts, authfile = w.below("certs.d"), os.path.join(w.home, "auth.json")
        w.write(authfile, json.dumps({"auths": {w.first.name: {"auth": base64.b64encode(b"ann:secret").decode()}}}))
        mirror = f'host."http://{w.first.name}"'
        w.write(f"{hosts}/{w.origin.name}/hosts.toml", f'[{mirror}]\n[{mirror}.header]\nauthorization = "Bearer k"\n')
        w.zreg("copy", "--authfile", authfile, "--hosts-dir", hosts, f"{w.origin.name}/a/b:1", f"{w.to.name}/c/d:1",
               files=False)
        assert w.holds(data, LAYER, b"{}")
        assert all(request.headers.get_all("Authorization") == ["Bearer k"] for request in w.first.log), w.first.log


def test_37_for_a_mirror_there_is_less_patience_than_for_the_registry():
    with Mirrors() as w:
        w.image(w.origin, w.first)
        late = Answer(200, w.first.manifests["a/b"]["1"][1], {"Content-Type": OCI_MANIFEST}, wait=1)
        w.first.on("GET", "/manifests/", late)
        w.registries((w.first.name, ""))
        client = w.client(idle_ms=2000, registries_conf=w.conf)
        client.do("get", f"{w.origin.name}/a/b:1")
        assert w.first.requests("/manifests/") and w.origin.requests("/manifests/")
        w.first.on("GET", "/manifests/", late)
        client.do("get", f"{w.first.name}/a/b:1")
        assert len(w.first.requests("/manifests/")) == 2, w.first.log


if __name__ == "__main__":
    tap.main(__name__)
