#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What belongs to an image moves with it: `copy` and `upload` with --with-referrers, against scripted
registries with and without lists of referrers, `zreg serve`, and OCI layouts."""

import json
import re
import subprocess

from cli_world import tap, world
from registry import OCI_INDEX, OCI_MANIFEST, Answer, World, error, manifest, sha256
from zuul_api import ZuulApi

EMPTY = "application/vnd.oci.empty.v1+json"
SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
NONE = {"copied": 0, "skipped": 0}


def descriptor(data, media_type=OCI_MANIFEST, **more):
    return {"mediaType": media_type, "digest": sha256(data), "size": len(data), **more}


def tag_of(data, kind=""):
    """The tag of a list of referrers, or of what cosign makes."""
    return sha256(data).replace(":", "-") + kind


class Peer:
    """A scripted registry and what is put into its repository; with `lists` it has the API of OCI 1.1."""

    def __init__(self, world, repository="a/b", lists=True):
        self.registry, self.repository, self.subjects = world.registry(), repository, {}
        self.registry.on("GET", "/referrers/", self.list if lists else self.no_list, times=100000)
        self.place = f"{self.registry.name}/{repository}"

    def no_list(self, request):
        return Answer(404, b"404 page not found\n", {"Content-Type": "text/plain; charset=utf-8"})

    def list(self, request):
        """Of what was put, as well as of what tests put aside as a lie."""
        subject = request.path.rsplit("/", 1)[1]
        found = {}
        for name, (media_type, data) in self.registry.manifests.get(self.repository, {}).items():
            document = json.loads(data)
            if document.get("subject", {}).get("digest") == subject:
                found[sha256(data)] = descriptor(data, media_type)
        found.update({entry["digest"]: entry for entry in self.subjects.get(subject, [])})
        return Answer(200, json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX,
                                       "manifests": [found[key] for key in sorted(found)]}).encode(),
                      {"Content-Type": OCI_INDEX})

    def blob(self, data):
        self.registry.add_blob(self.repository, data)
        return data

    def put(self, data, reference=None, media_type=OCI_MANIFEST):
        self.registry.add_manifest(self.repository, reference or sha256(data), data, media_type)
        return data

    def image(self, tag, text=b"layer"):
        return self.put(manifest(self.blob(b"{}"), [self.blob(text)]), tag)

    def index(self, tag, *children):
        return self.put(json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
            descriptor(child, platform={"os": "linux", "architecture": f"a{i}"})
            for i, child in enumerate(children)]}).encode(), tag, OCI_INDEX)

    def referrer(self, subject, text=b"sbom", artifact_type="application/spdx+json", **more):
        """An artifact that names its subject; its media type is that of an image manifest."""
        return self.put(manifest(self.blob(b"{}"), [self.blob(text)], artifactType=artifact_type,
                                 subject=descriptor(subject), **more))

    def signature(self, subject, *signatures, kind=".sig"):
        """As `cosign sign`: one layer for each signature, which stands in an annotation."""
        payload = self.blob(b'{"critical": {"image": {"docker-manifest-digest": "%s"}}}' % sha256(subject).encode())
        layers = [descriptor(payload, SIGNING, annotations={"dev.cosignproject.cosign/signature": one})
                  for one in signatures or ("one",)]
        config = descriptor(self.blob(b'{"rootfs": {}}'), "application/vnd.oci.image.config.v1+json")
        return self.put(json.dumps({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config,
                                    "layers": layers}).encode(), tag_of(subject, kind))

    def has(self, reference):
        return reference in self.registry.manifests.get(self.repository, {})

    def get(self, reference):
        return self.registry.manifests[self.repository][reference][1]

    def listed(self, subject):
        """The list under the tag."""
        return json.loads(self.get(tag_of(subject)))["manifests"]

    def requests(self, pattern=""):
        return self.registry.requests(pattern)

    def clear(self):
        self.registry.clear()


class Pair(World):
    """A source, a destination, and the command between them."""

    def __init__(self, lists=True, to_lists=True):
        super().__init__()
        self.source, self.to = Peer(self, lists=lists), Peer(self, "c/d", to_lists)

    def run(self, *argv):
        return subprocess.run(["zreg", *argv], capture_output=True, text=True, timeout=60)

    def copy(self, tag="1", *options, code=0):
        done = self.run("copy", "--json", "--with-referrers", *options, f"{self.source.place}:{tag}",
                        f"{self.to.place}:{tag}")
        assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
        document = json.loads(done.stdout)
        document["stderr"] = done.stderr
        return document if code == 0 else dict(document["error"], stderr=done.stderr)

    def repeats(self, count, tag="1"):
        """A second run finds all there: it only looks, and asks nothing twice."""
        for peer in (self.source, self.to):
            peer.clear()
        again = self.copy(tag)
        assert again["referrers"] == {"copied": 0, "skipped": count} and again["bytes"] == 0, again
        assert not self.to.requests("^(PUT|POST|PATCH|DELETE) "), self.to.requests()
        for peer in (self.source, self.to):
            asked = peer.requests()
            assert len(asked) == len(set(asked)), sorted(asked)
        return again


def test_33_referrers_and_cosign_tags_move():
    for lists, to_lists in ((True, True), (True, False), (False, True), (False, False)):
        with Pair(lists, to_lists) as w:
            image = w.source.image("1")
            sbom = w.source.referrer(image, annotations={"org.opencontainers.image.created": "now"})
            if not lists:
                w.source.put(json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX,
                                         "manifests": [descriptor(sbom)]}).encode(), tag_of(image), OCI_INDEX)
            for kind in (".sig", ".att", ".sbom"):
                w.source.signature(image, kind, kind=kind)
            done = w.copy()
            assert done["referrers"] == {"copied": 4, "skipped": 0}, done
            assert w.to.get(sha256(sbom)) == sbom and w.to.get("1") == image
            for kind in (".sig", ".att", ".sbom"):
                assert w.to.get(tag_of(image, kind)) == w.source.get(tag_of(image, kind))
            if to_lists:
                assert not w.to.has(tag_of(image)), "the registry keeps the list itself"
            else:
                assert w.to.listed(image) == [descriptor(sbom, artifactType="application/spdx+json", annotations={
                    "org.opencontainers.image.created": "now"})], w.to.listed(image)
            w.repeats(4)


def test_referrers_are_listed_with_and_without_a_registrys_list():
    for lists in (True, False):
        with Pair(lists=lists) as pair:
            peer = pair.source
            image = peer.image("1")
            sbom = peer.referrer(image, annotations={"k": "v"})
            if not lists:
                peer.put(json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [descriptor(
                    sbom, artifactType="application/spdx+json", annotations={"k": "v"})]}).encode(), tag_of(image), OCI_INDEX)
            done = pair.run("referrers", "--json", f"{peer.place}:1")
            assert done.returncode == 0, done.stderr
            [found] = json.loads(done.stdout)["referrers"]
            assert (found["digest"], found["media_type"], found["size"]) == (sha256(sbom), OCI_MANIFEST, len(sbom)), found
            if not lists:
                assert found["artifact_type"] == "application/spdx+json" and found["annotations"] == {"k": "v"}, found
                plain = pair.run("referrers", f"{peer.place}@{sha256(image)}").stdout
                assert plain == f"{sha256(sbom)}  application/spdx+json\n", plain
                none = pair.run("referrers", "--artifact-type", "a/b", f"{peer.place}:1")
                assert (none.returncode, none.stdout) == (0, ""), none


def test_the_image_comes_first_and_cosigns_tags_last():
    with Pair(to_lists=False) as w:
        image = w.source.image("1")
        sbom = w.source.referrer(image)
        w.source.signature(image)
        w.copy()
        puts = [line.rsplit("/", 1)[1] for line in w.to.requests("^PUT .*/manifests/")]
        assert puts == ["1", sha256(sbom), tag_of(image), tag_of(image, ".sig")], puts
        blobs = w.source.requests("^GET .*/blobs/")
        assert len(blobs) == len(set(blobs)) == 5, blobs


def test_33_without_the_option_not_one_request_more():
    with Pair() as w:
        image = w.source.image("1")
        w.source.referrer(image)
        w.source.signature(image)
        done = json.loads(w.run("copy", "--json", f"{w.source.place}:1", f"{w.to.place}:1").stdout)
        assert done["referrers"] == NONE, done
        assert len(w.source.requests()) == 3, w.source.requests()
        assert not [line for peer in (w.source, w.to) for line in peer.requests(r"referrers|sha256-")]


def test_within_a_repository_nothing_is_asked():
    with Pair() as w:
        image = w.source.image("1")
        w.source.referrer(image)
        done = w.run("copy", "--json", "--with-referrers", f"{w.source.place}:1", f"{w.source.place}:2")
        assert json.loads(done.stdout)["referrers"] == NONE, done
        assert len(w.source.requests()) == 2, w.source.requests()


def test_33_children_of_an_index_and_referrers_of_referrers():
    for to_lists in (True, False):
        with Pair(to_lists=to_lists) as w:
            children = w.source.image("x", b"x"), w.source.image("y", b"y")
            index = w.source.index("1", *children)
            w.source.signature(index)
            for child in children:
                w.source.signature(child)
            sbom = w.source.referrer(children[1])
            signed = w.source.referrer(sbom, b"signature")
            w.source.signature(signed)
            done = w.copy()
            assert done["referrers"] == {"copied": 6, "skipped": 0}, done
            for kept in (sbom, signed):
                assert w.to.get(sha256(kept)) == kept
            for signed_one in (index, *children, signed):
                assert w.to.has(tag_of(signed_one, ".sig"))
            w.repeats(6)


def test_an_index_as_referrer_brings_its_children():
    with Pair(to_lists=False) as w:
        image = w.source.image("1")
        part = w.source.image("part", b"part")
        bundle = w.source.put(json.dumps({
            "schemaVersion": 2, "mediaType": OCI_INDEX, "artifactType": "application/bundle",
            "manifests": [descriptor(part)], "subject": descriptor(image)}).encode(), None, OCI_INDEX)
        w.copy()
        assert w.to.get(sha256(part)) == part and w.to.get(sha256(bundle)) == bundle
        assert w.to.listed(image)[0]["artifactType"] == "application/bundle"


def test_of_chosen_platforms_the_children_keep_what_is_theirs():
    with Pair() as w:
        children = w.source.image("x", b"x"), w.source.image("y", b"y")
        index = w.source.index("1", *children)
        for signed in (index, *children):
            w.source.signature(signed)
        done = w.copy("1", "--platform", "linux/a1")
        assert done["referrers"] == {"copied": 1, "skipped": 0}, done
        assert w.to.has(tag_of(children[1], ".sig")) and not w.to.has(tag_of(index, ".sig"))


def test_33_a_list_that_is_there_is_added_to():
    with Pair(to_lists=False) as w:
        image = w.source.image("1")
        ours = w.source.referrer(image, b"ours")
        theirs = w.to.referrer(image, b"theirs")
        w.to.put(json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "annotations": {"kept": "yes"},
                             "manifests": [descriptor(theirs)]}).encode(), tag_of(image), OCI_INDEX)
        w.copy()
        assert [entry["digest"] for entry in w.to.listed(image)] == [sha256(theirs), sha256(ours)]
        assert json.loads(w.to.get(tag_of(image)))["annotations"] == {"kept": "yes"}


def test_a_tag_in_place_of_the_list_is_refused():
    with Pair(to_lists=False) as w:
        image = w.source.image("1")
        w.source.referrer(image)
        other = w.to.image(tag_of(image), b"other")
        failed = w.copy(code=1)
        assert failed["code"] == "CONFLICT" and tag_of(image) in failed["message"], failed
        assert w.to.get(tag_of(image)) == other


def test_33_what_names_another_subject_is_left_out_with_a_warning():
    with Pair() as w:
        image, other = w.source.image("1"), w.source.image("other", b"other")
        right, wrong = w.source.referrer(image), w.source.referrer(other, b"wrong")
        free = w.source.put(manifest(b"{}", artifactType="application/spdx+json"))
        w.source.subjects[sha256(image)] = [descriptor(wrong), descriptor(free)]
        w.source.put(wrong, tag_of(image, ".sig"))
        done = w.copy()
        assert done["referrers"] == {"copied": 1, "skipped": 0}, done
        assert w.to.has(sha256(right)) and not w.to.has(sha256(wrong)) and not w.to.has(sha256(free))
        for left_out in (wrong, free):
            assert re.search(f"{sha256(left_out)} is listed as belonging to {sha256(image)}", done["stderr"]), done
        assert not w.to.has(tag_of(image, ".sig"))


def test_33_pages_are_followed_and_not_for_ever():
    with Pair() as w:
        image = w.source.image("1")
        first, second = w.source.referrer(image, b"first"), w.source.referrer(image, b"second")

        def page(data, following=None):
            link = {"Link": f"<{following}>; rel=\"next\""} if following else {}
            return Answer(200, json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX,
                                           "manifests": [descriptor(data)]}).encode(),
                          {"Content-Type": OCI_INDEX, **link})
        path = f"/v2/a/b/referrers/{sha256(image)}"
        w.source.registry.script.insert(0, ["GET", re.compile("referrers/.*page=2$"), [page(second)]])
        w.source.registry.script.insert(1, ["GET", re.compile(f"{path}$"), [page(first, f"{path}?page=2")]])
        assert w.copy()["referrers"] == {"copied": 2, "skipped": 0}
        w.source.registry.script.insert(0, ["GET", re.compile(path), [page(first, f"{path}?page=1")] * 3])
        failed = w.copy(code=1)
        assert failed["code"] == "LIMIT" and "circle" in failed["message"], failed


def test_33_limits_are_errors_before_anything_moves():
    with Pair() as w:
        image = w.source.image("1")
        w.source.subjects[sha256(image)] = [descriptor(b"%d" % i) for i in range(1001)]
        failed = w.copy(code=1)
        assert failed["code"] == "LIMIT" and "1000" in failed["message"], failed
        assert not w.to.requests("^(PUT|POST) "), w.to.requests()
    with Pair() as w:
        last = w.source.image("1")
        for i in range(8):
            last = w.source.referrer(last, b"%d" % i)
        assert w.copy()["referrers"]["copied"] == 8
        w.source.referrer(last, b"one too many")
        failed = w.copy(code=1)
        assert failed["code"] == "LIMIT" and "8 deep" in failed["message"], failed


def test_a_referrer_that_is_not_there_is_named():
    with Pair() as w:
        image = w.source.image("1")
        w.source.subjects[sha256(image)] = [descriptor(b"nowhere")]
        failed = w.copy(code=1)
        assert failed["code"] == "NOTFOUND" and sha256(b"nowhere") in failed["message"], failed
        assert not w.to.requests("^(PUT|POST) "), w.to.requests()


def test_a_referrer_that_the_destination_refuses_is_an_error():
    with Pair() as w:
        image = w.source.image("1")
        sbom = w.source.referrer(image)
        w.to.registry.on("PUT", f"/manifests/{sha256(sbom)}", error(400, "MANIFEST_INVALID", "no artifacts here"))
        failed = w.copy(code=1)
        assert "is copied, but not all that belongs to it" in failed["message"], failed
        assert sha256(sbom) in failed["message"] and "no artifacts here" in failed["message"], failed
        assert w.to.get("1") == image
        assert w.copy()["referrers"] == {"copied": 1, "skipped": 0}, "running it again finishes the rest"


def test_a_list_that_cannot_be_read_is_an_error():
    for answer in (error(403, "DENIED"), Answer(200, b"[]", {"Content-Type": OCI_INDEX})):
        with Pair() as w:
            w.source.image("1")
            w.source.registry.script.insert(0, ["GET", re.compile("/referrers/"), [answer]])
            failed = w.copy(code=1)
            assert "referrers of" in failed["message"], failed
            assert not w.to.requests("^(PUT|POST) ")


def test_signatures_at_the_destination_are_never_lost():
    rows = ((("one", "two"), ("one",), 0, ("one", "two"), {"copied": 1, "skipped": 0}),
            (("one",), ("one", "two"), 0, ("one", "two"), {"copied": 0, "skipped": 1}),
            (("one",), ("two",), 1, ("two",), None))
    for ours, theirs, code, after, counts in rows:
        with Pair() as w:
            image = w.source.image("1")
            w.source.signature(image, *ours)
            w.to.signature(image, *theirs)
            done = w.copy(code=code)
            assert code == 1 or done["referrers"] == counts, done
            if code == 1:
                assert done["code"] == "CONFLICT" and tag_of(image, ".sig") in done["message"], done
            layers = json.loads(w.to.get(tag_of(image, ".sig")))["layers"]
            assert tuple(layer["annotations"]["dev.cosignproject.cosign/signature"] for layer in layers) == after


def test_a_list_that_outlived_its_referrer_is_no_proof():
    with Pair(to_lists=False) as w:
        image = w.source.image("1")
        sbom = w.source.referrer(image)
        w.copy()
        del w.to.registry.manifests["c/d"][sha256(sbom)]
        assert w.copy()["referrers"] == {"copied": 1, "skipped": 0}
        assert w.to.has(sha256(sbom)) and len(w.to.listed(image)) == 1


def test_upload_takes_them_along():
    with Pair() as w:
        image = w.source.image("1")
        sbom = w.source.referrer(image)
        w.source.signature(image)
        done = json.loads(w.run("upload", "--json", "--with-referrers", f"{w.source.place}:1", w.to.place,
                                "--tag", "latest", "--change", "12").stdout)
        assert done["tag"] == "change_12_latest" and done["referrers"] == {"copied": 2, "skipped": 0}, done
        assert w.to.has(sha256(sbom)) and w.to.has(tag_of(image, ".sig"))
        text = w.run("upload", "--with-referrers", f"{w.source.place}:1", w.to.place, "--tag", "latest",
                     "--change", "12").stdout
        assert "signatures and other referrers: 0 copied, 2 there already\n" in text, text


def promote(w, *argv, code=0):
    done = w.run("promote", "--json", w.to.place, "--change", "1", "--tag", "latest", *argv)
    assert done.returncode == code, f"exit {done.returncode}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout)


def test_a_promotion_looks_at_them_and_moves_nothing_but_the_manifest():
    for lists in (True, False):
        with Pair(to_lists=lists) as w:
            image = w.source.image("change_1_latest")
            sbom = w.source.referrer(image)
            w.source.signature(image)
            w.copy("change_1_latest")
            w.to.clear()
            assert promote(w, "--keep")["referrers"] == 0 and not w.to.requests("referrers|sha256-")
            w.to.clear()
            done = promote(w, "--with-referrers", "--keep")
            assert done["referrers"] == 2 and done["requests"] == 2 and done["blob_requests"] == 0, done
            assert [line.split()[0] for line in w.to.requests() if "GET" not in line and "HEAD" not in line] == ["PUT"]
            looked = w.to.requests("^HEAD .*/blobs/")
            assert len(looked) == len(set(looked)) == 5, "blobs of the image, the artifact and the signature"
            asked = w.to.requests("^GET ")
            assert len(asked) == len(set(asked)), asked
            text = w.run("promote", w.to.place, "--change", "1", "--tag", "latest", "--with-referrers").stdout
            assert "signatures and other referrers: 2\n" in text, text
            assert w.to.has(sha256(sbom)) and w.to.has(tag_of(image, ".sig"))


def test_an_image_whose_signature_is_not_whole_is_not_promoted():
    with Pair() as w:
        image = w.to.image("change_1_latest")
        w.to.signature(image)
        payload = json.loads(w.to.get(tag_of(image, ".sig")))["layers"][0]["digest"]
        del w.to.registry.blobs["c/d"][payload]
        failed = promote(w, "--with-referrers", code=1)["error"]
        assert failed["code"] == "NOTFOUND" and payload in failed["message"], failed
        assert failed["message"].endswith("nothing was changed") and not w.to.has("latest"), failed
        w.to.subjects[sha256(image)] = [descriptor(b"nowhere")]
        failed = promote(w, "--with-referrers", "--no-verify", code=1)["error"]
        assert sha256(b"nowhere") in failed["message"] and not w.to.has("latest"), failed
        assert promote(w)["promoted"] is True, "unasked for, they are not looked at"


def test_from_the_intermediate_registry_they_come_along_before_the_tag():
    with Pair(to_lists=False) as w, ZuulApi() as zuul:
        image = w.source.image("b1_latest")
        sbom = w.source.referrer(image)
        w.source.signature(image)
        zuul.add_buildset("promote", "org/app", 1, 1)
        gate = zuul.add_buildset("gate", "org/app", 1, 1, result="SUCCESS")
        zuul.add_build(gate, "build-image", artifacts=[{
            "name": "app", "url": f"docker://{w.source.place}:b1_latest",
            "metadata": {"type": "container_image", "repository": w.to.place, "tag": "latest"}}])
        tried = promote(w, "--with-referrers", "--patchset", "1", "--zuul-api", zuul.api, "--dry-run")
        assert tried["referrers"] == 2 and not w.to.requests("^(PUT|POST) "), tried
        done = promote(w, "--with-referrers", "--patchset", "1", "--zuul-api", zuul.api)
        assert done["referrers"] == 2 and done["digest"] == sha256(image), done
        assert w.to.get(sha256(sbom)) == sbom and w.to.listed(image)[0]["digest"] == sha256(sbom)
        puts = [line.rsplit("/", 1)[1] for line in w.to.requests("^PUT .*/manifests/")]
        assert puts.index(tag_of(image, ".sig")) < puts.index("latest"), puts


def test_publish_and_populate_take_them_along():
    with world() as w:
        first, intermediate, second = w.buildset(), w.buildset(), w.buildset()
        layout = w.layout()
        image = layout.image("hello")
        layout.tag(image, "1")
        layout.tag(layout.image("signature"), image["digest"].replace(":", "-") + ".sig")
        w.json("copy", "--with-referrers", f"oci:{layout.folder}:1", f"{first.address}/a/b:1")
        published = w.json("publish", "--with-referrers", "--from", first.address, "--to", intermediate.address,
                           "--build", "b" * 32, "--image", "a/b:1")
        path = w.file("artifacts.json", {"zuul": published})
        w.json("populate", "--with-referrers", "--artifacts", path, "--to", second.address)
        for registry in (intermediate, second):
            assert image["digest"].replace(":", "-") + ".sig" in w.json("tags", f"{registry.address}/a/b")["tags"]


def test_through_zreg_serve_and_layouts():
    with world() as w, World() as peers:
        source = Peer(peers)
        image = source.image("1")
        sbom = source.referrer(image)
        source.referrer(sbom, b"signature of it")
        source.signature(image)
        first, second = w.buildset(), w.buildset()
        layout = f"oci:{w.folder}/layout"
        way = [f"{source.place}:1", f"{first.address}/a/b:1", layout, f"{second.address}/x/y:1",
               f"oci:{w.folder}/other:1"]
        for src, dst in zip(way, way[1:]):
            done = w.json("copy", "--with-referrers", src, dst)
            assert done["referrers"] == {"copied": 3, "skipped": 0} and done["digest"] == sha256(image), (dst, done)
            again = w.json("copy", "--with-referrers", src, dst)
            assert again["referrers"] == {"copied": 0, "skipped": 3} and again["bytes"] == 0, (dst, again)
        entries = json.loads((w.folder / "layout/index.json").read_text())["manifests"]
        digests = [entry["digest"] for entry in entries]
        assert len(digests) == len(set(digests)) == 4 and {sha256(image), sha256(sbom)} < set(digests), entries
        assert w.json("inspect", layout)["digest"] == sha256(image), "the one image among what belongs to it"


def test_a_layout_may_list_referrers_under_a_tag():
    with world() as w:
        layout = w.layout()
        image = layout.image("hello")
        artifact = layout.document({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": "a/b",
                                    "config": layout.blob(b"{}", EMPTY), "layers": [], "subject": image}, OCI_MANIFEST)
        lists = layout.document({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [artifact]}, OCI_INDEX)
        layout.tag(image, "1")
        layout.tag(lists, image["digest"].replace(":", "-"))
        place = f"{w.buildset().address}/a/b:1"
        assert w.json("copy", "--with-referrers", f"oci:{layout.folder}", place)["referrers"]["copied"] == 1
        assert w.json("inspect", f"{place[:-2]}@{artifact['digest']}")["digest"] == artifact["digest"]


def test_an_archive_has_nothing_beside_its_image():
    with world() as w:
        layout = w.layout()
        layout.tag(layout.image("hello"), "1")
        archive = w.folder / "image.tar"
        config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}
        (w.folder / "config.json").write_text(json.dumps(config))
        (w.folder / "manifest.json").write_text(json.dumps([{"Config": "config.json", "RepoTags": ["x:1"],
                                                             "Layers": []}]))
        subprocess.run(["tar", "-cf", archive, "-C", w.folder, "config.json", "manifest.json"], check=True)
        place = f"docker-archive:{archive}"
        failed = w.error("copy", "--with-referrers", place, f"oci:{w.folder}/out:1")
        assert failed["code"] == "UNSUPPORTED" and "without its referrers" in failed["message"], failed
        assert w.json("copy", place, f"oci:{w.folder}/out:1")["referrers"] == NONE


if __name__ == "__main__":
    tap.main(__name__)
