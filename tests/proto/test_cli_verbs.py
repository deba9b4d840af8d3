#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""digest, manifest, config, blob, verify, delete, mutate and the tree of referrers."""

import hashlib
import json
import subprocess

import registry as wire
from cli_world import tap, world


def sha256(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def raw(w, *argv, code=0):
    """The bytes that a verb prints."""
    done = subprocess.run(["zreg", *map(str, argv), *w.connections()], env=w.environment, capture_output=True, timeout=60)
    assert done.returncode == code, done
    return done.stdout


def filled(w):
    """A registry with an index, x:multi, and an image, x:one."""
    registry, layout = w.buildset(), w.layout()
    digests = {"multi": layout.tag(layout.index("linux/amd64", "linux/arm64"), "multi"),
               "one": layout.tag(layout.image("text"), "one")}
    for tag in digests:
        w.json("copy", f"oci:{layout.folder}:{tag}", f"{registry.address}/x:{tag}")
    return registry, layout, digests


def test_digest():
    with world() as w:
        registry, layout, digests = filled(w)
        for tag, digest in digests.items():
            assert raw(w, "digest", f"{registry.address}/x:{tag}").decode() == digest + "\n"
            assert w.json("digest", f"oci:{layout.folder}:{tag}")["digest"] == digest
            assert w.json("digest", f"{registry.address}/x@{digest}")["digest"] == digest
        arm = w.json("digest", "--platform", "linux/arm64", f"{registry.address}/x:multi")["digest"]
        assert arm != digests["multi"]
        error = w.error("digest", "--platform", "linux/s390x", f"{registry.address}/x:multi")
        assert error["code"] == "NOTFOUND" and "linux/arm64" in error["message"], error
        assert w.error("digest", f"{registry.address}/x:none")["code"] == "NOTFOUND"


def test_a_manifest_byte_for_byte():
    with world() as w, wire.World() as net:
        registry, _, digests = filled(w)
        for tag, digest in digests.items():
            assert sha256(raw(w, "manifest", f"{registry.address}/x:{tag}")) == digest
        document = w.json("manifest", "--platform", "linux/arm64", f"{registry.address}/x:multi")
        assert document["manifest"]["layers"] and document["digest"] != digests["multi"], document
        odd = net.registry()
        text = b' {"schemaVersion": 2,\n\t"mediaType": "%s", "manifests": [] }\r\n' % wire.OCI_INDEX.encode()
        odd.add_manifest("x", "odd", text, wire.OCI_INDEX)
        assert raw(w, "manifest", f"{odd.name}/x:odd") == text


def test_a_config_byte_for_byte():
    with world() as w:
        registry, _, _ = filled(w)
        document = w.json("config", f"{registry.address}/x:one")
        text = raw(w, "config", f"{registry.address}/x:one")
        assert sha256(text) == document["digest"] and json.loads(text) == document["config"]
        arm = json.loads(raw(w, "config", "--platform", "linux/arm64", f"{registry.address}/x:multi"))
        assert arm["architecture"] == "arm64"


def test_a_blob_to_standard_output_and_to_a_file():
    with world() as w:
        registry, _, _ = filled(w)
        layer = w.json("inspect", f"{registry.address}/x:one")["layers"][0]
        place, file = f"{registry.address}/x@{layer['digest']}", w.folder / "layer"
        assert sha256(raw(w, "blob", place)) == layer["digest"]
        assert raw(w, "blob", "--output", file, place) == b"" and sha256(file.read_bytes()) == layer["digest"]
        assert w.json("blob", "--output", file, place) == {"digest": layer["digest"], "size": layer["size"], "file": str(file)}
        assert [entry for entry in w.folder.iterdir() if entry.name.startswith("layer.")] == []
        assert w.run("blob", "--json", place).returncode == 2
        assert w.run("blob", f"{registry.address}/x:one").returncode == 2


def test_a_wrong_blob_is_no_file():
    with world() as w, wire.World() as net:
        registry = net.registry()
        wanted = registry.add_blob("x", b"wanted")
        registry.blobs["x"][wanted] = b"others"
        file = w.folder / "file"
        file.write_text("before")
        error = w.error("blob", "--output", file, f"{registry.name}/x@{wanted}")
        assert error["code"] == "CORRUPT" and file.read_text() == "before", error
        assert sorted(entry.name for entry in w.folder.iterdir() if entry.name.startswith("file")) == ["file"]
        raw(w, "blob", f"{registry.name}/x@{wanted}", code=1)
        assert w.error("blob", "--output", "/nonexistent/file", f"{registry.name}/x@{wanted}")["code"] == "IO"


def test_verify_a_whole_image():
    with world() as w:
        registry, layout, digests = filled(w)
        for place in (f"{registry.address}/x:multi", f"oci:{layout.folder}:multi"):
            for options in ([], ["--quick"], ["--jobs", "1"]):
                document = w.json("verify", *options, place)
                assert (document["good"], document["bad"]) == (7, 0) and document["digest"] == digests["multi"], document
                assert (document["bytes"] == 0) == (options == ["--quick"]), document


def test_verify_tells_what_is_wrong():
    def image(registry):
        config, layers = b'{"os": "linux", "architecture": "amd64"}', (b"one", b"two", b"three")
        for blob in (config, *layers):
            registry.add_blob("x", blob)
        registry.add_manifest("x", "t", wire.manifest(config, layers))
        return [sha256(layer) for layer in layers]

    def missing(registry, layers):
        del registry.blobs["x"][layers[1]]

    def other_bytes(registry, layers):
        registry.blobs["x"][layers[1]] = b"TWO"

    def longer(registry, layers):
        registry.blobs["x"][layers[1]] = b"two and more"

    for spoil, code, quick in ((missing, "NOTFOUND", True), (other_bytes, "CORRUPT", False), (longer, "CORRUPT", True)):
        with world() as w, wire.World() as net:
            registry = net.registry()
            layers = image(registry)
            spoil(registry, layers)
            for options in [[]] + ([["--quick"]] if quick else []):
                error, done = w.partly("verify", "--retry", "0", *options, f"{registry.name}/x:t")
                assert error["code"] == code and layers[1] in error["message"], (spoil, error)
                assert [part["digest"] for part in done["parts"] if not part["good"]] == [layers[1]], done
                assert done["bad"] == 1 and done["good"] == 4, done


def test_verify_a_child_that_is_missing():
    with world() as w, wire.World() as net:
        registry = net.registry()
        gone = wire.manifest(b"{}")
        index = {"schemaVersion": 2, "mediaType": wire.OCI_INDEX, "manifests": [
            {"mediaType": wire.OCI_MANIFEST, "digest": sha256(gone), "size": len(gone)}]}
        registry.add_manifest("x", "t", json.dumps(index).encode(), wire.OCI_INDEX)
        error, done = w.partly("verify", f"{registry.name}/x:t")
        assert error["code"] == "NOTFOUND" and done["bad"] == 1 and sha256(gone) in error["message"], (error, done)


def test_delete_by_digest_tells_the_tags_that_go():
    with world() as w:
        registry, _, digests = filled(w)
        w.json("copy", f"{registry.address}/x:one", f"{registry.address}/x:again")
        place = f"{registry.address}/x@{digests['one']}"
        planned = w.json("delete", "--dry-run", place)
        assert sorted(planned["tags"]) == ["again", "one"] and planned["deleted"] is False
        assert sorted(w.json("tags", f"{registry.address}/x")["tags"]) == ["again", "multi", "one"]
        done = w.json("delete", place)
        assert sorted(done["tags"]) == ["again", "one"] and done["deleted"] is True, done
        assert w.json("tags", f"{registry.address}/x")["tags"] == ["multi"]
        assert w.error("delete", place)["code"] == "NOTFOUND"
        assert w.json("delete", "--skip-tags", f"{registry.address}/x@{digests['multi']}")["tags"] is None


def test_delete_with_a_tag_names_delete_tag():
    with world() as w:
        for place in ("h:1/x:tag", "h:1/x"):
            done = w.run("delete", place)
            assert done.returncode == 2 and "zreg delete-tag" in done.stderr and "h:1" in done.stderr, done


def test_mutate():
    with world() as w:
        registry, layout, digests = filled(w)
        place = f"{registry.address}/x:one"
        w.json("mutate", "--label", "a=b", "--annotation", "c=d", "--env", "E=f", "--cmd", "run", "--cmd", "it",
               "--entrypoint", "/e", "--user", "u", "--workdir", "/w", place, f"{registry.address}/x:new")
        inside = w.json("inspect", f"{registry.address}/x:new")
        assert inside["labels"] == {"a": "b"} and inside["config"]["command"] == ["run", "it"], inside
        assert inside["config"]["env"] == ["E=f"] and inside["config"]["user"] == "u", inside
        assert w.json("manifest", f"{registry.address}/x:new")["manifest"]["annotations"] == {"c": "d"}
        assert inside["layers"] == w.json("inspect", place)["layers"]
        assert w.json("digest", place)["digest"] == digests["one"]
        again = w.json("mutate", "--label", "a=b", place)["digest"]
        assert w.json("digest", place)["digest"] == again != digests["one"]
        w.json("mutate", "--platform", "linux/arm64", "--label", "a=b", f"{registry.address}/x:multi", f"{registry.address}/x:arm")
        for row in (["mutate", place], ["mutate", "--label", "a=b", f"{registry.address}/x@{digests['one']}"]):
            assert w.run(*row).returncode == 2, row


def lists(registry, table):
    """Scripts the lists of referrers: {digest: [(digest, type)]}."""
    def answer(request):
        digest = request.path.rpartition("/")[2]
        entries = [{"mediaType": wire.OCI_MANIFEST, "digest": name, "size": 2, "artifactType": kind}
                   for name, kind in table.get(digest, ())]
        return wire.Answer(200, json.dumps({"schemaVersion": 2, "mediaType": wire.OCI_INDEX, "manifests": entries}).encode(),
                           {"Content-Type": wire.OCI_INDEX})
    registry.on("GET", "/referrers/", answer, times=5000)


def test_referrers_as_a_tree():
    with world() as w, wire.World() as net:
        registry = net.registry()
        root = registry.add_manifest("x", "t", wire.manifest())
        sbom, signature = sha256(b"sbom"), sha256(b"signature")
        lists(registry, {root: [(sbom, "application/spdx+json")], sbom: [(signature, "application/sig\x1b[2J")]})
        document = w.json("referrers", "--tree", f"{registry.name}/x:t")
        assert document["digest"] == root
        below, = document["referrers"]
        assert below["digest"] == sbom and [one["digest"] for one in below["referrers"]] == [signature], document
        text = w.run("referrers", "--tree", f"{registry.name}/x:t").stdout
        assert text.splitlines()[1].startswith(f"`-- {sbom}") and f"    `-- {signature}" in text, text
        assert "\x1b" not in text


def test_a_loop_of_referrers_ends():
    with world() as w, wire.World() as net:
        registry = net.registry()
        root = registry.add_manifest("x", "t", wire.manifest())
        one = sha256(b"one")
        lists(registry, {root: [(one, "a/b"), (one, "a/b")], one: [(root, "a/b"), (one, "a/b")]})
        document = w.json("referrers", "--tree", f"{registry.name}/x:t")
        assert [entry.get("seen") for entry in document["referrers"]] == [None, True], document
        assert len(registry.requests("/referrers/")) == 2
        deep = {sha256(b"%d" % i): [(sha256(b"%d" % (i + 1)), "a/b")] for i in range(50)}
        registry.script.clear()
        lists(registry, {root: [(sha256(b"0"), "a/b")], **deep})
        assert w.error("referrers", "--tree", f"{registry.name}/x:t")["code"] == "LIMIT"


def test_names_that_others_have():
    rows = {"ls": "tags", "cp": "copy", "rm": "delete", "validate": "verify", "mirror": "sync", "discover": "referrers",
            "pull": "copy", "list-tags": "tags"}
    with world() as w:
        for name, meant in rows.items():
            done = w.run(name)
            assert done.returncode == 2 and f'did you mean "{meant}"?' in done.stderr, done


if __name__ == "__main__":
    tap.main(__name__)
