#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""artifacts, resolve, populate, publish, upload and promote on real registries."""

import base64
import hashlib
import http.client
import http.server
import json
import ssl
import threading

from cli_world import tap, world
from layout import MANIFEST

BASE = "example/base"
ZEROS = "sha256:" + 64 * "0"


def make(w, text):
    layout = w.layout(f"layout-{text}")
    return f"oci:{layout.folder}:one", layout.tag(layout.image(text), "one")


def publish(w, buildset, intermediate, text, build, change, image=f"{BASE}:latest"):
    """One change: builds an image into its buildset registry and publishes it."""
    place, digest = make(w, text)
    w.json("copy", place, f"{buildset.address}/{image}")
    document = w.json("publish", "--from", buildset.address, "--to", intermediate.address,
                      "--build", build, "--change", change, "--image", image)
    return document["artifacts"], digest


def two_changes(w):
    """The artifacts of change 1 and of change 2, as a job behind both gets them."""
    buildset, intermediate = w.buildset(), w.buildset()
    first, digest1 = publish(w, buildset, intermediate, "one", "b1", "1")
    second, digest2 = publish(w, buildset, intermediate, "two", "b2", "2")
    path = w.file("zuul.json", {"zuul": {"build": "b3", "change": "3", "artifacts": first + second}})
    return intermediate, path, (digest1, digest2)


def test_publish_gives_artifacts_in_zuuls_shape():
    with world() as w:
        buildset, intermediate = w.buildset(), w.buildset()
        artifacts, digest = publish(w, buildset, intermediate, "one", "b1", "1")
        url = f"docker://{intermediate.address}/{BASE}:b1_latest"
        assert artifacts == [{
            "name": f"{BASE}:latest", "url": url,
            "metadata": {"type": "container_image", "repository": BASE, "tag": "latest",
                         "digest": digest, "media_type": MANIFEST, "platforms": ["linux/amd64"],
                         "change": "1", "build": "b1"}}], artifacts
        assert w.json("inspect", url)["digest"] == digest


def test_publish_names_the_platforms_of_an_index():
    with world() as w:
        buildset, intermediate = w.buildset(), w.buildset()
        layout = w.layout()
        layout.tag(layout.index("linux/amd64", "linux/arm64"), "one")
        w.json("copy", f"oci:{layout.folder}:one", f"{buildset.address}/quay.io/x/y:1.0")
        document = w.json("publish", "--from", buildset.address, "--to", intermediate.address,
                          "--build", "b1", "--image", "quay.io/x/y:1.0")
        artifact = document["artifacts"][0]
        assert artifact["name"] == "quay.io/x/y:1.0"
        assert artifact["url"] == f"docker://{intermediate.address}/quay.io/x/y:b1_1.0"
        assert artifact["metadata"]["platforms"] == ["linux/amd64", "linux/arm64"]
        assert "change" not in artifact["metadata"]


def test_what_was_done_before_an_error_is_told():
    with world() as w:
        buildset, intermediate, target = w.buildset(), w.buildset(), w.buildset()
        place, digest = make(w, "one")
        w.json("copy", place, f"{buildset.address}/{BASE}:latest")
        error, done = w.partly("publish", "--from", buildset.address, "--to", intermediate.address, "--build", "b1",
                               "--image", f"{BASE}:latest", "--image", f"{BASE}:none")
        assert error["code"] == "NOTFOUND", error
        (artifact,) = done["artifacts"]
        assert artifact["metadata"]["digest"] == digest, done
        gone = dict(artifact, name=f"{BASE}:other", metadata={**artifact["metadata"], "tag": "other", "digest": ZEROS})
        for other in ([gone, artifact], [artifact, gone]):
            path = w.file("zuul.json", {"zuul": {"build": "b3", "change": "3", "artifacts": other}})
            failed = w.run("populate", "--json", *w.connections(), "--artifacts", path, "--to", target.address)
            document = json.loads(failed.stdout)
            assert failed.returncode == 1 and document["error"]["code"] == "NOTFOUND", document
            if "done" in document:
                assert [image["tag"] for image in document["done"]["images"]] == ["latest"], document
                break
        else:
            raise AssertionError("no order of the artifacts leaves one image done")
        text = w.run("publish", *w.connections(), "--from", buildset.address, "--to", intermediate.address, "--build",
                     "b4", "--image", f"{BASE}:latest", "--image", f"{BASE}:none")
        assert text.returncode == 1 and digest in text.stdout, text


def test_publish_looks_at_all_names_first():
    with world() as w:
        buildset, intermediate = w.buildset(), w.buildset()
        place, _ = make(w, "one")
        w.json("copy", place, f"{buildset.address}/{BASE}:latest")
        argv = ("--from", buildset.address, "--to", intermediate.address, "--build", "b1")
        for image in ("x y:1", BASE, f"{BASE}@{ZEROS}"):
            error = w.error("publish", *argv, "--image", f"{BASE}:latest", "--image", image)
            assert error["code"] == "INVAL", error
        assert w.error("publish", *argv, "--image", "example/none:1")["code"] == "NOTFOUND"
        assert not any(line["method"] == "PUT" for line in intermediate.requests())


def test_populate_brings_the_winners_only():
    with world() as w:
        intermediate, path, (digest1, digest2) = two_changes(w)
        target = w.buildset()
        document = w.json("populate", "--artifacts", path, "--to", target.address)
        assert list(document) == ["images", "items", "bytes"] and document["bytes"] > 0
        assert document["images"] == [{
            "repository": BASE, "tag": "latest", "digest": digest2, "project": None, "change": "2",
            "reason": "change 2 is the last in the list that made this image",
            "superseded": [f"docker://{intermediate.address}/{BASE}:b1_latest"]}], document
        assert w.json("inspect", f"{target.address}/{BASE}:latest")["digest"] == digest2
        assert w.error("inspect", f"{target.address}/{BASE}@{digest1}")["code"] == "NOTFOUND"


def item(change, project="example/base"):
    """What `zuul.items` has for a change; those that follow are in no order that a number tells."""
    return {"project": {"name": project, "short_name": "base", "canonical_hostname": "review", "src_dir": "src/x"},
            "change": str(change), "patchset": "7", "change_url": f"https://review/{change}", "topic": None,
            "branch": "master", "commit_id": "abc", "change_message": "Add {{ it }}\n\nwith \u00e9"}


def collected(artifacts, change, project="example/base", job="build"):
    """As Zuul hands on what a change ahead returned; GitHub's numbers are numbers."""
    return [{**artifact, "project": project, "change": change, "patchset": "7", "job": job} for artifact in artifacts]


def appended(artifacts, change, project="example/base", job="build"):
    """As Zuul hands on what an earlier job of the same change returned."""
    return [{**artifact, "project": project, "job": job, "branch": "master", "change": str(change), "patchset": 7}
            for artifact in artifacts]


def variables(w, items, artifacts=None, **more):
    given = {} if artifacts is None else {"artifacts": artifacts}
    last = items[-1] if items else {}
    return w.file("zuul.json", {"zuul": {"build": "b9", "pipeline": "gate", "change": last.get("change"),
                                         "items": items, **given, **more}})


def said(w, verb, *argv):
    """What a verb that must succeed says to people."""
    done = w.run(verb, *w.connections(), *argv)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_populate_tells_which_images_each_item_ahead_gave():
    with world() as w:
        buildset, intermediate = w.buildset(), w.buildset()
        first, _ = publish(w, buildset, intermediate, "one", "b1", "1")
        second, digest2 = publish(w, buildset, intermediate, "two", "b2", "2")
        tools, _ = publish(w, buildset, intermediate, "tools", "b2", "2", image="example/tools:1.0")
        own, digest4 = publish(w, buildset, intermediate, "own", "b4", "4", image="example/own:latest")
        artifacts = (collected(first, 1) + collected(tools + second, 2) + collected(own, 4, "example/app")
                     + appended(own, 4, "example/app"))
        path = variables(w, [item(1), item(2), item(3, "example/other"), item(4, "example/app")], artifacts)
        target = w.buildset()
        document = w.json("populate", "--artifacts", path, "--to", target.address)
        assert len(w.json("artifacts", path)["artifacts"]) == 4
        facts = {f"{image['repository']}:{image['tag']}": image for image in document["images"]}
        assert sorted(facts) == [f"{BASE}:latest", "example/own:latest", "example/tools:1.0"], facts
        assert facts[f"{BASE}:latest"]["digest"] == digest2 and len(facts[f"{BASE}:latest"]["superseded"]) == 1
        assert facts["example/own:latest"]["digest"] == digest4 and facts["example/own:latest"]["superseded"] == []
        items = document["items"]
        assert [entry["change"] for entry in items] == ["1", "2", "3"], items
        assert items[1] == {"project": "example/base", "change": "2", "patchset": "7", "url": "https://review/2",
                            "images": [f"{BASE}:latest", "example/tools:1.0"], "reason": None, "merged": False,
                            "missed": False}, items[1]
        assert items[0]["images"] == [] and items[0]["reason"] == (
            f"all its images are superseded: {BASE}:latest by change 2 of example/base"), items[0]
        assert items[2]["images"] == [] and "Zuul gave this job no image of it" in items[2]["reason"], items[2]
        for word in ("builds none", "require", "provides", "had not finished"):
            assert word in items[2]["reason"], word
        text = said(w, "populate", "--artifacts", path, "--to", target.address)
        assert f"\nchange 2,7 of example/base: {BASE}:latest, example/tools:1.0\n" in text, text
        assert "\nchange 3,7 of example/other: no image: Zuul gave this job" in text, text
        assert "change 4,7" not in text


def test_populate_knows_when_nothing_is_ahead_and_when_that_is_unknown():
    with world() as w:
        target = w.buildset()
        argv = ("populate", "--to", target.address, "--artifacts")
        alone = variables(w, [item(4)])
        assert w.json(*argv, alone)["items"] == []
        assert said(w, *argv, alone) == "no change is ahead\n"
        assert "not known" in said(w, *argv, w.file("list.json", "[]"))
        # Changes that depend on each other are one item, and none is ahead of the other.
        assert w.json(*argv, variables(w, [item(3), item(4)], buildset_refs=[item(3), item(4)]))["items"] == []
        branch = {"project": {"name": "example/base"}, "ref": "refs/heads/master", "change_url": None}
        document = w.json(*argv, variables(w, [branch, item(4)]))
        assert document["items"][0]["change"] is None and "is no change" in document["items"][0]["reason"]


def recorded(w, buildset, intermediate, text, build, change, pipeline="gate", patchset="7", image=f"{BASE}:latest"):
    place, _ = make(w, text)
    w.json("copy", place, f"{buildset.address}/{image}")
    return w.json("publish", "--from", buildset.address, "--to", intermediate.address, "--build", build, "--change", change,
                  "--patchset", patchset, "--project", "example/base", "--pipeline", pipeline, "--image", image)["artifacts"]


def test_what_a_change_has_published_and_zuul_did_not_give_is_told():
    with world() as w:
        buildset, intermediate, target = w.buildset(), w.buildset(), w.buildset()
        recorded(w, buildset, intermediate, "one", "b1", "1")
        recorded(w, buildset, intermediate, "tools", "b2", "1", image="example/tools:1.0")
        given = recorded(w, buildset, intermediate, "three", "b3", "3")
        recorded(w, buildset, intermediate, "four", "b4", "4", pipeline="check")
        recorded(w, buildset, intermediate, "five", "b5", "5", patchset="6")
        path = variables(w, [item(n) for n in (1, 2, 3, 4, 5, 9)], collected(given, 3))
        argv = ("populate", "--artifacts", path, "--to", target.address)
        items = {entry["change"]: entry for entry in w.json(*argv, "--records", intermediate.address)["items"]}
        assert [n for n in items if items[n]["missed"]] == ["1"], items
        assert items["1"]["images"] == [] and items["1"]["reason"].startswith("it has published "), items["1"]
        for word in (f"{BASE}:latest (build b1)", "example/tools:1.0 (build b2)", "let it require", "provides"):
            assert word in items["1"]["reason"], items["1"]
        # Another pipeline's, another patchset's and a record that is not there tell nothing.
        assert all("Zuul gave this job no image" in items[n]["reason"] for n in "245"), items
        assert not any(entry["missed"] for entry in w.json(*argv)["items"])
        unreachable = w.json(*argv, "--records", "127.0.0.1:1")  # it is told what is known without
        assert "Zuul gave this job no image" in unreachable["items"][0]["reason"], unreachable
        assert w.error(*argv, "--records", "registry")["code"] == "INVAL"
        intermediate.stop()
        lists = [line["path"] for line in intermediate.requests() if line["path"].endswith("/tags/list")]
        assert len(lists) == 4, lists  # one for each that gave nothing


def put_manifest(registry, repository, tag, document):
    """Stores what the command would not make."""
    record = json.loads(registry.record_file.read_text())
    context = ssl.create_default_context(cadata=record["cert"])
    request = http.client.HTTPSConnection(record["host"], record["port"], context=context, timeout=30)
    login = base64.b64encode(f"{record['username']}:{record['password']}".encode()).decode()
    request.request("PUT", f"/v2/{repository}/manifests/{tag}", json.dumps(document),
                    {"Authorization": f"Basic {login}", "Content-Type": document["mediaType"]})
    assert request.getresponse().status == 201
    request.close()


def test_a_record_is_left_only_where_its_change_is_known_and_is_not_trusted():
    with world() as w:
        buildset, intermediate, target = w.buildset(), w.buildset(), w.buildset()
        publish(w, buildset, intermediate, "none", "b1", "1")
        key = hashlib.sha256(b"example/base\n1\n7\ngate").hexdigest()
        repository = f"{intermediate.address}/zreg/published/{key}"
        assert w.error("tags", repository)["code"] == "NOTFOUND"
        recorded(w, buildset, intermediate, "one", "b1", "1")
        assert w.json("tags", repository)["tags"] == ["b1"]
        for number, images in enumerate(("example/a:1 \u0007bad x y z", "", 5000 * "x", "example/b:2\nforged: line")):
            put_manifest(intermediate, repository.partition("/")[2], f"b0{number}", {
                "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [],
                "annotations": {"org.zuul-ci.images": images}})
        path = variables(w, [item(1), item(9)])
        entry, = w.json("populate", "--artifacts", path, "--to", target.address, "--records", intermediate.address)["items"]
        assert entry["missed"] and "example/a:1 (build b00)" in entry["reason"], entry
        assert "\u0007" not in entry["reason"] and "forged" not in entry["reason"], entry


def test_populate_refuses_items_that_are_none():
    with world() as w:
        target = w.buildset()
        for items in ({"a": 1}, "x", 7, [item("1\n2"), item(4)], [item(9 * 100 * "9"), item(4)]):
            path = w.file("zuul.json", {"zuul": {"build": "b9", "items": items}})
            error = w.error("populate", "--artifacts", path, "--to", target.address)
            assert error["code"] == "INVAL" and "item" in error["message"], error
        path = variables(w, [item(n) for n in range(1002)])
        assert w.error("populate", "--artifacts", path, "--to", target.address)["code"] == "LIMIT"
        # What only people read is left out.
        path = variables(w, [{**item(1), "change_url": "https://x/" + 300 * "y"}, 7, item(4)])
        document = w.json("populate", "--artifacts", path, "--to", target.address)
        assert [entry["url"] for entry in document["items"]] == [None, None], document


def test_populate_again_moves_nothing():
    with world() as w:
        _, path, _ = two_changes(w)
        target = w.buildset()
        w.json("populate", "--artifacts", path, "--to", target.address)
        assert w.json("populate", "--artifacts", path, "--to", target.address)["bytes"] == 0


def test_populate_from_nothing():
    with world() as w:
        target = w.buildset()
        for content in ([], {"zuul": {"build": "b"}}, {"artifacts": []}):
            path = w.file("none.json", content)
            document = w.json("populate", "--artifacts", path, "--to", target.address)
            assert document == {"images": [], "items": None, "bytes": 0}
        document = w.json("populate", "--artifacts", "-", "--to", target.address, input="[]")
        assert document["images"] == []


def test_populate_takes_the_artifacts_digest_and_no_other():
    with world() as w:
        intermediate, path, (digest1, digest2) = two_changes(w)
        place, _ = make(w, "evil")
        w.json("copy", place, f"{intermediate.address}/{BASE}:b2_latest")
        target = w.buildset()
        document = w.json("populate", "--artifacts", path, "--to", target.address)
        assert document["images"][0]["digest"] == digest2
        w.file("zuul.json", path.read_text().replace(digest2, ZEROS))
        error = w.error("populate", "--artifacts", path, "--to", w.buildset().address)
        assert error["code"] == "NOTFOUND" and BASE in error["message"], error


def test_populate_from_another_intermediate_registry():
    with world() as w:
        intermediate, path, (_, digest2) = two_changes(w)
        w.file("zuul.json", path.read_text().replace(intermediate.address, "gone.invalid:5000"))
        target = w.buildset()
        document = w.json("populate", "--artifacts", path, "--to", target.address,
                          "--intermediate", intermediate.address)
        assert document["images"][0]["digest"] == digest2


def test_populate_does_not_mistake_a_word_for_a_registry():
    with world() as w:
        path = w.file("none.json", "[]")
        assert w.error("populate", "--artifacts", path, "--to", "registry")["code"] == "INVAL"


def test_resolve_says_who_wins_and_why():
    with world() as w:
        intermediate, path, (digest1, digest2) = two_changes(w)
        document = w.json("resolve", f"docker.io/{BASE}:latest", "--artifacts", path)
        assert list(document) == ["ref", "winner", "candidates"]
        assert document["ref"] == f"docker.io/{BASE}:latest"
        assert document["winner"] == {
            "source": "intermediate", "ref": f"{intermediate.address}/{BASE}@{digest2}",
            "digest": digest2, "change": "2",
            "reason": "change 2 is the last in the list that made this image"}, document["winner"]
        candidates = document["candidates"]
        assert candidates[0] == document["winner"]
        assert [c["source"] for c in candidates] == ["intermediate", "intermediate", "upstream"]
        assert candidates[1]["digest"] == digest1
        assert candidates[1]["reason"] == "superseded by change 2, which is nearer"
        assert candidates[2]["digest"] is None and "not asked" in candidates[2]["reason"]


def test_resolve_prefers_the_buildset_registry():
    with world() as w:
        _, path, (_, digest2) = two_changes(w)
        target = w.buildset()
        argv = (f"docker.io/{BASE}:latest", "--artifacts", path, "--buildset", target.address)
        before = w.json("resolve", *argv)
        assert before["winner"]["source"] == "intermediate"
        assert before["candidates"][1]["reason"] == "the buildset registry does not have it"
        w.json("populate", "--artifacts", path, "--to", target.address)
        after = w.json("resolve", *argv)
        assert after["winner"]["source"] == "buildset" and after["winner"]["digest"] == digest2
        assert after["winner"]["change"] == "2"


def test_resolve_falls_back_to_upstream():
    with world() as w:
        public = w.buildset()
        place, digest = make(w, "public")
        w.json("copy", place, f"{public.address}/{BASE}:latest")
        document = w.json("resolve", f"{public.address}/{BASE}:latest")
        assert document["winner"]["source"] == "upstream", document
        assert document["winner"]["digest"] == digest and document["winner"]["change"] is None
        assert w.error("resolve", f"{public.address}/{BASE}:none")["code"] == "NOTFOUND"


def test_resolve_without_the_registries():
    with world() as w:
        _, path, (_, digest2) = two_changes(w)
        w.file("zuul.json", path.read_text().replace("127.0.0.1", "gone.invalid"))
        document = w.json("resolve", "--offline", f"{BASE}:latest", "--artifacts", path)
        assert document["winner"]["digest"] == digest2
        assert w.error("resolve", f"{BASE}:latest", "--artifacts", path)["code"] == "LOOKUP"
        nothing = w.json("resolve", "--offline", "example/other:1", "--artifacts", path)
        assert nothing["winner"]["source"] == "upstream"


def uploaded(w, change="12", text="one", tag="latest"):
    public = w.registries[0] if w.registries else w.buildset()
    place, digest = make(w, text)
    document = w.json("upload", place, f"{public.address}/{BASE}", "--tag", tag, "--change", change)
    return public, digest, document


def test_upload_uses_the_temporary_tag():
    with world() as w:
        public, digest, document = uploaded(w)
        assert document["tag"] == "change_12_latest" and document["digest"] == digest, document
        assert document["repository"] == f"{public.address}/{BASE}"
        assert w.json("tags", f"{public.address}/{BASE}")["tags"] == ["change_12_latest"]
        place, _ = make(w, "nightly")
        other = w.json("upload", place, f"{public.address}/{BASE}", "--tag", "latest",
                       "--pipeline", "periodic")
        assert other["tag"] == "periodic_latest"
        for row in (["--tag", "a b", "--change", "1"], ["--tag", "t", "--pipeline", "a/b"]):
            assert w.error("upload", place, f"{public.address}/{BASE}", *row)["code"] == "INVAL"
        error = w.error("upload", place, f"{public.address}/{BASE}:1", "--tag", "t", "--change", "1")
        assert error["code"] == "INVAL"


def since(registry, count):
    """Requests that were heeded. Those that only asked for a token got 401."""
    return [(line["method"], line["path"].split("?")[0]) for line in registry.requests()[count:]
            if line["status"] < 300 and line["repository"]]


def test_promote_moves_a_manifest_and_nothing_else():
    with world() as w:
        public, digest, _ = uploaded(w)
        count = len(public.requests())
        place = f"{public.address}/{BASE}"
        document = w.json("promote", place, "--change", "12", "--tag", "latest", "--tag", "1.0")
        assert document["digest"] == digest and document["tags"] == ["latest", "1.0"]
        assert document["blob_requests"] == 0
        assert document["requests"] - document["auth_requests"] == 3, document
        assert document["temporary_deleted"] is True and document["cleanup_requests"] >= 1
        assert sorted(w.json("tags", place)["tags"]) == ["1.0", "latest"]
        assert w.json("inspect", f"{place}:1.0")["digest"] == digest
        public.stop()
        root = f"/v2/{BASE}/manifests"
        wanted = [("GET", f"{root}/change_12_latest"), ("PUT", f"{root}/latest"),
                  ("PUT", f"{root}/1.0"), ("DELETE", f"{root}/change_12_latest")]
        # A line is written after its answer was sent, so lines of two connections may change places.
        seen = [request for request in since(public, count) if request in wanted]
        assert sorted(seen) == sorted(wanted), seen


def test_promote_refuses_what_was_not_uploaded():
    with world() as w:
        public, _, _ = uploaded(w)
        place = f"{public.address}/{BASE}"
        assert w.error("promote", place, "--change", "13", "--tag", "latest")["code"] == "NOTFOUND"
        assert w.error("promote", f"{place}:1", "--change", "12", "--tag", "x")["code"] == "INVAL"
        assert w.error("promote", place, "--change", "12", "--tag", "a b")["code"] == "INVAL"


def test_31_promote_checks_its_conditions_before_any_change():
    with world() as w:
        public, digest, _ = uploaded(w)
        place = f"{public.address}/{BASE}"
        argv = (place, "--change", "12", "--tag", "latest", "--tag", "1.0", "--keep")
        before = w.json("tags", place)
        assert w.error("promote", *argv, "--expect-digest", ZEROS)["code"] == "CONFLICT"
        assert w.error("promote", *argv, "--if-current", ZEROS)["code"] == "CONFLICT"
        assert w.json("tags", place) == before
        assert w.json("promote", *argv, "--expect-digest", digest, "--if-current", "absent")
        assert w.json("promote", *argv, "--if-current", "absent")["digest"] == digest
        uploaded(w, change="13", text="two")
        late = (place, "--change", "13", "--tag", "2.0", "--tag", "latest", "--from-tag",
                "change_13_latest", "--if-current", "absent")
        error = w.error("promote", *late)
        assert error["code"] == "CONFLICT" and digest in error["message"], error
        assert "2.0" not in w.json("tags", place)["tags"]


def test_promote_again_with_the_digest_is_fine():
    with world() as w:
        public, digest, _ = uploaded(w)
        argv = (f"{public.address}/{BASE}", "--change", "12", "--tag", "latest")
        assert w.json("promote", *argv)["temporary_deleted"] is True
        assert w.error("promote", *argv)["code"] == "NOTFOUND"
        assert w.json("promote", *argv, "--expect-digest", digest)["digest"] == digest


def test_promote_keeps_what_is_not_temporary():
    with world() as w:
        public, _, _ = uploaded(w)
        place = f"{public.address}/{BASE}"
        kept = w.json("promote", place, "--change", "12", "--tag", "latest", "--keep")
        assert kept["temporary_deleted"] is False and kept["cleanup_requests"] == 0
        named = w.json("promote", place, "--from-tag", "latest", "--tag", "stable")
        assert named["temporary_deleted"] is False
        own = w.json("promote", place, "--change", "12", "--tag", "latest", "--tag",
                     "change_12_latest")
        assert own["temporary_deleted"] is False
        assert sorted(w.json("tags", place)["tags"]) == ["change_12_latest", "latest", "stable"]


class WithoutDelete(http.server.BaseHTTPRequestHandler):
    """A registry that cannot delete tags: it hands on everything else."""

    protocol_version = "HTTP/1.1"

    def hand_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        inner = http.client.HTTPConnection(self.server.inner, timeout=10)
        inner.request(self.command, self.path, body, dict(self.headers))
        answer = inner.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("date", "server", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        inner.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = hand_on

    def do_DELETE(self):
        self.server.deletes.append(self.path)
        self.send_response(405)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        """Standard error is for TAP."""


def test_promote_where_tags_cannot_be_deleted():
    with world() as w:
        public = w.serve("--root", w.folder / "root", "--anonymous", "push")
        _, digest, _ = uploaded(w)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), WithoutDelete) as proxy:
            proxy.inner, proxy.deletes = public.address, []
            threading.Thread(target=proxy.serve_forever, daemon=True).start()
            place = f"127.0.0.1:{proxy.server_port}/{BASE}"
            done = w.run("promote", "--json", place, "--change", "12", "--tag", "latest")
            proxy.shutdown()
        document = json.loads(done.stdout)
        assert done.returncode == 0 and document["digest"] == digest, done
        assert document["temporary_deleted"] is False and "temporary tag stays" in done.stderr, done
        assert document["cleanup_error"].startswith("the temporary tag stays: "), document
        assert proxy.deletes[0] == f"/v2/{BASE}/manifests/change_12_latest", proxy.deletes
        assert not any(digest in path for path in proxy.deletes), proxy.deletes
        assert w.json("inspect", f"{public.address}/{BASE}:latest")["digest"] == digest


def test_artifacts_are_shown():
    with world() as w:
        _, path, _ = two_changes(w)
        document = w.json("artifacts", path)
        assert [a["metadata"]["change"] for a in document["artifacts"]] == ["1", "2"]
        plain = w.run("artifacts", path).stdout.splitlines()
        assert len(plain) == 3 and plain[0].startswith("CHANGE"), plain
        assert w.run("artifacts", w.file("bad.json", "{")).returncode == 1


if __name__ == "__main__":
    tap.main(__name__)
