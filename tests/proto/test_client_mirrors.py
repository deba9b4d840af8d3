#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Mirrors of registries.conf and hosts.toml, and certificates in folders of hosts: what is read comes from mirrors
first, what is written goes to the registry itself, and no mirror sees the registry's credentials."""

import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../lib"))
import tap  # noqa: E402
from registry import OCI_INDEX, OCI_MANIFEST, Answer, World, error, manifest, sha256  # noqa: E402

ORIGIN = "registry.invalid"
LAYER = b"a layer" * 100


class Mirrors(World):
    """A registry, two mirrors of it, a destination, and the command."""

    def __init__(self, **origin):
        super().__init__()
        self.origin = self.registry(**origin)
        self.first, self.second, self.to = self.registry(), self.registry(), self.registry()
        self.home = self.below("home")
        self.conf = os.path.join(self.home, "registries.conf")

    def below(self, *names):
        path = os.path.join(self.folder, *names)
        os.makedirs(path, exist_ok=True)
        return path

    def write(self, path, text):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def registries(self, *mirrors, prefix=None, more="", **keys):
        """A registries.conf with these mirrors, (location, keys), of the origin."""
        lines = ["[[registry]]", f'location = "{self.origin.name}"']
        lines += [f'prefix = "{prefix}"'] if prefix else []
        lines += [more]
        for registry, extra in mirrors:
            lines += ["[[registry.mirror]]", f'location = "{registry}"', extra]
        self.write(self.conf, "\n".join(lines) + "\n")

    def mirrored(self):
        self.registries((self.first.name, ""), (self.second.name, ""))

    def image(self, *registries, tag="1", repository="a/b", layers=(LAYER,), config=b"{}"):
        data = manifest(config, layers)
        for registry in registries:
            for blob in (config, *layers):
                registry.add_blob(repository, blob)
            registry.add_manifest(repository, tag, data)
        return data

    def zreg(self, *words, code=0, files=True, env=None):
        options = ["--registries-conf", self.conf] if files else []
        done = subprocess.run(
            ["zreg", words[0], *options, *words[1:]], capture_output=True, text=True, timeout=60,
            env={**os.environ, "HOME": self.home, "XDG_RUNTIME_DIR": self.home, **(env or {})})
        assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def copy(self, *options, src="a/b:1", **more):
        return self.zreg("copy", *options, f"{self.origin.name}/{src}", f"{self.to.name}/c/d:1", **more)

    def holds(self, data, *blobs):
        return (self.to.manifests["c/d"]["1"][1] == data and
                all(self.to.blobs["c/d"].get(sha256(blob)) == blob for blob in blobs))

    def clear(self):
        for registry in (self.origin, self.first, self.second, self.to):
            registry.clear()
        self.to.blobs.clear()
        self.to.manifests.clear()


def test_37_all_of_an_image_comes_from_the_first_mirror_and_the_registry_is_not_asked():
    with Mirrors() as w:
        data = w.image(w.origin, w.first, w.second)
        w.mirrored()
        w.copy()
        assert w.holds(data, LAYER, b"{}")
        assert not w.origin.log and not w.second.log, (w.origin.log, w.second.log)
        assert len(w.first.requests("/manifests/1$")) == 1 and len(w.first.requests("/blobs/")) == 2, w.first.log


def test_37_who_answers_stands_in_the_log():
    with Mirrors() as w:
        w.image(w.origin, w.first)
        w.mirrored()
        said = w.copy("--verbose")
        assert f"its mirror {w.first.name} answers" in said, said


def test_37_a_mirror_that_lacks_it_costs_one_look():
    with Mirrors() as w:
        data = w.image(w.origin, layers=(LAYER, b"two", b"three"))
        w.mirrored()
        w.copy()
        assert w.holds(data, LAYER, b"two", b"three", b"{}")
        assert w.first.requests() == ["GET /v2/a/b/manifests/1"], w.first.log
        assert w.second.requests() == ["GET /v2/a/b/manifests/1"], w.second.log


def test_37_a_mirror_that_fails_costs_one_look():
    faults = {
        "500": Answer(500), "503": Answer(503, b"", {"Retry-After": "30"}), "429": Answer(429),
        "401": error(401, "UNAUTHORIZED"), "403": error(403, "DENIED"), "drop": Answer(drop=True),
        "page": Answer(200, b"<html>", {"Content-Type": "text/html"}),
        "other": Answer(200, manifest(b"no"), {"Content-Type": OCI_MANIFEST, "Docker-Content-Digest": sha256(b"x")}),
        "cut": Answer(200, manifest(), {"Content-Type": OCI_MANIFEST}, cut=10),
        "redirect": Answer(302, b"", {"Location": "/login"}),
        "no manifest": Answer(200, b"[]", {"Content-Type": OCI_MANIFEST}),
    }
    with Mirrors() as w:
        for name, fault in faults.items():
            w.clear()
            w.first.script.clear()
            data = w.image(w.origin, w.first)
            w.first.on("GET", "/manifests/", fault, times=9)
            w.first.on("GET", "/login", Answer(404), times=9)
            w.registries((w.first.name, ""))
            w.copy()
            assert w.holds(data, LAYER, b"{}"), name
            looks = w.first.requests("/manifests/")
            # A connection that was dropped is asked once more by plain HTTP or by libcurl; a 401 is asked what for.
            assert 1 <= len(looks) <= 2 and not w.first.requests("/blobs/"), (name, w.first.log)


def test_37_a_mirror_that_is_down_is_passed_over():
    with Mirrors() as w:
        data = w.image(w.origin)
        w.registries(("127.0.0.1:1", ""))
        w.copy()
        assert w.holds(data, LAYER, b"{}")


def test_37_by_digest_what_a_mirror_gives_is_verified():
    with Mirrors() as w:
        data = w.image(w.origin)
        w.first.manifests["a/b"] = {sha256(data): (OCI_MANIFEST, manifest(b"another"))}
        w.mirrored()
        w.copy(src=f"a/b@{sha256(data)}")
        assert w.holds(data, LAYER, b"{}")
        assert len(w.first.log) == 1, w.first.log


def test_37_a_blob_of_other_bytes_is_had_elsewhere():
    for wrong in (b"b layer" * 100, b"a layer" * 99, b"a layer" * 101, b""):
        with Mirrors() as w:
            data = w.image(w.origin, w.first)
            w.first.blobs["a/b"][sha256(LAYER)] = wrong
            w.registries((w.first.name, ""))
            w.copy("--jobs", "1")
            assert w.holds(data, LAYER, b"{}"), len(wrong)
            assert len(w.first.requests(sha256(LAYER))) == 1, w.first.log


def test_37_a_blob_that_breaks_off_goes_on_elsewhere():
    with Mirrors() as w:
        data = w.image(w.origin, w.first)
        w.first.on("GET", "/blobs/" + sha256(LAYER), Answer(200, LAYER, cut=300), times=9)
        w.registries((w.first.name, ""))
        w.copy("--jobs", "1")
        assert w.holds(data, LAYER, b"{}")
        assert len(w.first.requests(sha256(LAYER))) == 1, w.first.log
        ranges = [request.headers.get("Range") for request in w.origin.log if sha256(LAYER) in request.path]
        assert len(ranges) == 1 and ranges[0].startswith("bytes=300-"), ranges


def test_37_a_mirror_without_the_blobs_does_no_harm():
    with Mirrors() as w:
        data = w.image(w.origin, layers=(LAYER, b"two"))
        w.first.add_manifest("a/b", "1", data)
        w.registries((w.first.name, ""))
        w.copy("--jobs", "1")
        assert w.holds(data, LAYER, b"two", b"{}")
        assert len(w.first.requests("/blobs/")) == 1, w.first.log


def test_37_a_mirror_that_has_another_tag_is_asked_for_that():
    with Mirrors() as w:
        w.image(w.origin, tag="1")
        speculative = w.image(w.first, tag="2", config=b'{"a":1}')
        for tag in "1", "2":
            w.origin.add_manifest("a/b", tag, w.origin.manifests["a/b"]["1"][1])
        w.registries((w.first.name, ""))
        w.zreg("sync", f"{w.origin.name}/a/b", f"{w.to.name}/c/d")
        assert w.to.manifests["c/d"]["2"][1] == speculative


def test_37_a_tag_that_is_missing_says_nothing_of_what_else_is_there():
    with Mirrors() as w:
        data = w.image(w.origin, w.first)
        tag = "sha256-" + sha256(data)[7:]
        w.image(w.origin, tag=tag + ".sig", layers=(b"signature",))
        w.registries((w.first.name, ""))
        w.origin.on("GET", "/referrers/", error(404, "NOT_FOUND"), times=9)
        w.copy("--with-referrers")
        assert w.holds(data, LAYER, b"{}") and tag + ".sig" in w.to.manifests["c/d"]
        assert w.first.requests("/manifests/sha256-") and w.first.requests("/blobs/" + sha256(LAYER)), w.first.log


def test_37_credentials_of_the_registry_go_to_no_mirror():
    with Mirrors(auth="basic", users={"ann": "secret"}) as w:
        data = w.image(w.origin)
        w.first.auth, w.first.users = "basic", {"ann": "secret"}
        w.second.auth = "open"
        w.image(w.first, w.second, layers=())
        w.mirrored()
        w.write(os.path.join(w.home, "auth.json"), json.dumps({"auths": {w.origin.name: {"auth": "YW5uOnNlY3JldA=="}}}))
        w.second.on("GET", "/manifests/", error(404, "MANIFEST_UNKNOWN"))
        w.copy("--authfile", os.path.join(w.home, "auth.json"))
        assert w.holds(data, LAYER, b"{}")
        shown = [request.headers.get("Authorization") for registry in (w.first, w.second) for request in registry.log]
        assert shown and not any(shown), shown


def test_37_a_mirror_is_shown_its_own_credentials():
    with Mirrors() as w:
        data = w.image(w.first)
        w.first.auth, w.first.users = "bearer", {"bob": "other"}
        w.mirrored()
        w.write(os.path.join(w.home, "auth.json"), json.dumps({"auths": {w.first.name: {"auth": "Ym9iOm90aGVy"}}}))
        w.copy("--authfile", os.path.join(w.home, "auth.json"))
        assert w.holds(data, LAYER, b"{}") and not w.origin.log


def test_37_nothing_is_written_to_or_deleted_at_a_mirror():
    with Mirrors() as w:
        data = w.image(w.first, layers=())
        w.image(w.origin, tag="old")
        w.write(w.conf, f'[[registry]]\nlocation = "{w.to.name}"\n[[registry.mirror]]\nlocation = "{w.second.name}"\n')
        w.image(w.second, repository="c/d")
        w.zreg("copy", f"{w.first.name}/a/b:1", f"{w.to.name}/c/d:1")
        assert w.to.manifests["c/d"]["1"][1] == data and not w.second.log, w.second.log
        w.zreg("delete-tag", f"{w.to.name}/c/d:1")
        w.zreg("tags", f"{w.to.name}/c/d", code=1)
        assert not w.second.log, w.second.log


def test_37_pull_from_mirror_says_what_for():
    for key, by_tag, by_digest in (('pull-from-mirror = "digest-only"', 0, 3), ('pull-from-mirror = "tag-only"', 1, 0),
                                   ('pull-from-mirror = "all"', 1, 2)):
        with Mirrors() as w:
            data = w.image(w.origin, w.first)
            w.registries((w.first.name, key))
            w.copy()
            tags = w.first.requests("/manifests/1$")
            assert len(tags) == by_tag, (key, w.first.log)
            if by_tag == 0 or by_digest == 0:
                assert w.origin.log, key
            w.clear()
            w.copy(src=f"a/b@{sha256(data)}")
            assert len(w.first.log) == (by_digest and 3), (key, w.first.log)
    with Mirrors() as w:
        w.image(w.origin, w.first)
        w.registries((w.first.name, ""), more="mirror-by-digest-only = true")
        w.copy()
        assert not w.first.requests("/manifests/1$") and w.first.requests("/blobs/"), w.first.log


def test_37_prefix_and_location_put_one_name_for_another():
    with Mirrors() as w:
        data = w.image(w.first, repository="cache/x/a/b")
        w.write(w.conf, f'[[registry]]\nprefix = "{ORIGIN}/x"\nlocation = "{w.first.name}/cache/x"\n')
        w.zreg("copy", f"{ORIGIN}/x/a/b:1", f"{w.to.name}/c/d:1")
        assert w.holds(data, LAYER, b"{}")
        w.write(w.conf, f'[[registry]]\nprefix = "*.{ORIGIN}"\n[[registry.mirror]]\nlocation = "{w.first.name}/cache"\n'
                        f'[[registry]]\nprefix = "no.{ORIGIN}"\nlocation = "no.{ORIGIN}"\nblocked = true\n')
        w.clear()
        w.zreg("copy", f"any.{ORIGIN}/x/a/b:1", f"{w.to.name}/c/d:1")
        assert w.holds(data, LAYER, b"{}")
        said = w.zreg("copy", f"no.{ORIGIN}/x/a/b:1", f"{w.to.name}/c/d:1", code=1)
        assert "is blocked in" in said and w.conf in said, said


def test_37_the_longest_prefix_counts_and_drop_ins_stand_before_the_file():
    with Mirrors() as w:
        data = w.image(w.origin, w.first, w.second)
        w.write(w.conf, f'[[registry]]\nlocation = "{w.origin.name}"\nblocked = true\n'
                        f'[[registry]]\nlocation = "{w.origin.name}/a"\n'
                        f'[[registry.mirror]]\nlocation = "{w.first.name}/a"\n')
        w.copy()
        assert w.holds(data, LAYER, b"{}") and w.first.log and not w.origin.log
        w.clear()
        w.write(w.conf + ".d/10-x.conf", f'[[registry]]\nlocation = "{w.origin.name}/a"\n'
                                         f'[[registry.mirror]]\nlocation = "{w.second.name}/a"\n')
        w.write(w.conf + ".d/no", "no TOML at all [")
        w.copy()
        assert w.second.log and not w.first.log and not w.origin.log


def test_37_blocked_registries_are_asked_nothing():
    with Mirrors() as w:
        w.image(w.origin)
        w.registries(more="blocked = true")
        for words in (["inspect", "a/b:1"], ["tags", "a/b"], ["catalog", ""], ["delete-tag", "a/b:1"]):
            said = w.zreg(words[0], "/".join(filter(None, [w.origin.name, words[1]])), code=1)
            assert "is blocked in" in said, said
        assert not w.origin.log


def test_37_files_that_are_wrong_are_refused_before_a_request():
    texts = (("[[registry]]\nlocation =", "line 2"), ("[[registry]\n", "line 1"), ("a b\n", "line 1"),
             ('[[registry]]\nprefix = "x"\n', "no location"), ('[[registry]]\nlocation = "https://x"\n', "HOST"),
             ('[[registry]]\nlocation = "x"\nblocked = "true"\n', "true or false"),
             ('[[registry]]\nlocation = 3\n', "quotes"), ('[[registry]]\nlocation = "x\n', "line 2"),
             ('[[registry]]\nlocation = "x/../y"\n', "HOST"), ('[[registry]]\nlocation = "*.x"\n', "HOST"),
             ('[[registry]]\nlocation = "x"\nlocation = "y"\n', "twice"),
             ('[[registry]]\nlocation = "x"\n[[registry.mirror]]\n', "HOST"),
             ('[[registry]]\nlocation = "x"\nmirror = [{location = "y"}]\n', "[[registry.mirror]]"),
             ('registry = [{location = "y"}]\n', "[[registry]]"),
             ('[[registry]]\nlocation = "x"\n[[registry.mirror]]\nlocation = "y"\npull-from-mirror = "never"\n',
              "tag-only"),
             ('[[registry]]\nlocation = "x"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "y"\n'
              'pull-from-mirror = "all"\n', "together"))
    with Mirrors() as w:
        for text, word in texts:
            w.write(w.conf, text)
            said = w.zreg("inspect", f"{w.origin.name}/a/b:1", code=1)
            assert word in said and w.conf in said, (text, said)
            assert not w.origin.log
        os.remove(w.conf)
        said = w.zreg("inspect", f"{w.origin.name}/a/b:1", code=1)
        assert w.conf in said and "No such file" in said, said


def test_37_what_podman_reads_is_read_and_the_environment_names_another():
    with Mirrors() as w:
        w.image(w.origin, w.first)
        w.registries((w.first.name, ""))
        w.write(os.path.join(w.home, ".config/containers/registries.conf"), open(w.conf, encoding="utf-8").read())
        w.copy(files=False)
        assert w.first.log and not w.origin.log
        w.clear()
        w.write(os.path.join(w.home, "other.conf"), 'unqualified-search-registries = ["docker.io"]\n')
        w.copy(files=False, env={"CONTAINERS_REGISTRIES_CONF": os.path.join(w.home, "other.conf")})
        assert w.origin.log and not w.first.log
        w.clear()
        w.zreg("copy", "--registries-conf", "", f"{w.origin.name}/a/b:1", f"{w.to.name}/c/d:1", files=False)
        assert w.origin.log and not w.first.log


def test_37_children_of_an_index_come_from_the_mirror_too():
    with Mirrors() as w:
        image = w.image(w.origin, w.first)
        index = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
            {"mediaType": OCI_MANIFEST, "digest": sha256(image), "size": len(image)}]}).encode()
        for registry in w.origin, w.first:
            registry.add_manifest("a/b", "1", index, OCI_INDEX)
        w.mirrored()
        w.copy()
        assert w.holds(index, LAYER, b"{}") and not w.origin.log


def test_37_hosts_toml():
    with Mirrors() as w:
        data = w.image(w.first, repository="proxy/a/b")
        w.image(w.second)
        hosts = w.below("certs.d")
        w.write(f"{hosts}/{ORIGIN}/hosts.toml", f'''
server = "https://{ORIGIN}"
[host."http://127.0.0.1:1"]
  capabilities = ["pull", "resolve"]
[host."http://{w.second.name}"]
  capabilities = ["push"]
[host."http://{w.first.name}/v2/proxy"]
  capabilities = ["pull", "resolve"]
  override_path = true
  skip_verify = true
  [host."http://{w.first.name}/v2/proxy".header]
    x-who = ["me", 'and "you"']
''')
        w.zreg("copy", "--hosts-dir", hosts, f"{ORIGIN}/a/b:1", f"{w.to.name}/c/d:1", files=False)
        assert w.holds(data, LAYER, b"{}") and not w.second.log
        assert all(request.query["ns"] == [ORIGIN] and request.headers.get_all("x-who") == ["me", 'and "you"']
                   for request in w.first.log), w.first.log


def test_37_hosts_toml_names_the_server_and_a_default():
    with Mirrors() as w:
        data = w.image(w.first)
        hosts = w.below("certs.d")
        w.write(f"{hosts}/_default/hosts.toml", f'server = "http://{w.first.name}"\n')
        w.zreg("copy", "--hosts-dir", hosts, f"{ORIGIN}/a/b:1", f"{w.to.name}/c/d:1", files=False)
        assert w.holds(data, LAYER, b"{}")


def test_37_headers_of_hosts_toml_do_not_follow_a_redirect():
    with Mirrors() as w:
        data = w.image(w.first)
        w.second.add_blob("a/b", LAYER)
        w.first.on("GET", "/blobs/" + sha256(LAYER),
                   Answer(307, b"", {"Location": f"{w.second.url}/v2/a/b/blobs/{sha256(LAYER)}"}))
        hosts = w.below("certs.d")
        w.write(f"{hosts}/{ORIGIN}/hosts.toml",
                f'[host."http://{w.first.name}"]\n[host."http://{w.first.name}".header]\nx-key = "s3cret"\n')
        said = w.zreg("copy", "--verbose", "--hosts-dir", hosts, f"{ORIGIN}/a/b:1", f"{w.to.name}/c/d:1", files=False)
        assert w.holds(data, LAYER, b"{}") and "s3cret" not in said
        assert w.second.log and all("x-key" not in request.headers for request in w.second.log)
        assert all(request.headers["x-key"] == "s3cret" for request in w.first.log)


def test_37_wrong_hosts_toml_is_refused():
    texts = (('[host."ftp://x"]\n', "https://HOST"), ('[host."https://x"]\ncapabilities = "pull"\n', "list"),
             ('[host."https://x"]\nskip_verify = "no"\n', "true or false"), ('server = 1\n', "URL"),
             ('[host]\n"https://x" = {}\n', '[host."'), ('[host."https://x"]\nca = "none.pem"\n', "none.pem"),
             ('[host."https://x"]\nca = 3\n', "path"), ('[host."https://x/../y"]\n', "path"),
             ('[host."https://x".header]\nHost = "y"\n', ""), ("server = [", "line 1"),
             ('[host."https://x"]\n[host."https://x".header]\nHost = "y"\n', "header"))
    with Mirrors() as w:
        w.image(w.origin)
        for text, word in texts:
            w.write(f"{w.below('certs.d')}/{w.origin.name}/hosts.toml", text)
            code = 0 if word == "" else 1
            said = w.zreg("inspect", "--hosts-dir", w.below("certs.d"), f"{w.origin.name}/a/b:1", files=False,
                          code=code)
            assert word in said, (text, said)
            assert code == 0 or not w.origin.log
            w.clear()


def test_37_a_mirror_that_lies_about_a_digest_is_passed_over():
    with Mirrors() as w:
        data = w.image(w.origin, w.first)
        for wrong in sha256(b"x"), "sha256:no":
            w.mirrored()
            w.first.on("HEAD", "/manifests/", Answer(200, b"", {"Docker-Content-Digest": wrong}))
            for name in f"a/b@{sha256(data)}", "a/b:1":
                assert sha256(data) in w.zreg("digest", f"{w.origin.name}/{name}"), (wrong, name)


def test_37_certificates_in_folders_of_hosts():
    with Mirrors() as w:
        pem = w.certificate()
        secure = w.registry(tls=pem)
        data = w.image(secure)
        certs = w.below("docker")
        words = ["copy", f"{secure.name}/a/b:1", f"{w.to.name}/c/d:1"]
        w.zreg(*words, files=False, code=1)
        w.write(f"{certs}/{secure.name}/ca.crt", open(pem + ".crt", encoding="utf-8").read())
        w.zreg(*words, "--certs-dir", certs, files=False)
        assert w.holds(data, LAYER, b"{}")
        w.clear()
        w.zreg(*words, "--hosts-dir", certs, files=False)
        assert w.holds(data, LAYER, b"{}")
        own = os.path.join(w.home, ".config/containers/certs.d", secure.name)
        w.write(f"{own}/any.crt", open(pem + ".crt", encoding="utf-8").read())
        w.zreg(*words, files=False)
        w.zreg(*words, "--certs-dir", "", files=False, code=1)
        w.write(f"{own}/client.cert", "x")
        said = w.zreg(*words, files=False, code=1)
        assert f"put it into {own}/client.key" in said, said


def test_37_a_mirror_with_certificates_of_its_own():
    with Mirrors() as w:
        pem = w.certificate()
        secure = w.registry(tls=pem)
        data = w.image(secure)
        hosts = w.below("certs.d")
        w.write(f"{hosts}/mirror.pem", open(pem + ".crt", encoding="utf-8").read())
        w.write(f"{hosts}/{ORIGIN}/hosts.toml", f'[host."https://{secure.name}"]\nca = ["../mirror.pem"]\n')
        w.zreg("copy", "--hosts-dir", hosts, f"{ORIGIN}/a/b:1", f"{w.to.name}/c/d:1", files=False)
        assert w.holds(data, LAYER, b"{}")
        w.clear()
        w.write(w.conf, f'[[registry]]\nlocation = "{ORIGIN}"\n[[registry.mirror]]\nlocation = "{secure.name}"\n'
                        "insecure = true\n")
        w.zreg("copy", f"{ORIGIN}/a/b:1", f"{w.to.name}/c/d:1")
        assert w.holds(data, LAYER, b"{}")


def test_37_a_registry_that_is_insecure_by_the_file():
    with Mirrors() as w:
        secure = w.registry(tls=w.certificate())
        data = w.image(secure)
        words = ["copy", f"{secure.name}/a/b:1", f"{w.to.name}/c/d:1"]
        w.write(w.conf, f'[[registry]]\nlocation = "{secure.name}"\n')
        w.zreg(*words, code=1)
        w.write(w.conf, f'[[registry]]\nlocation = "{secure.name}"\ninsecure = true\n')
        w.zreg(*words)
        assert w.holds(data, LAYER, b"{}")


if __name__ == "__main__":
    tap.main(__name__)
