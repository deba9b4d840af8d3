# SPDX-License-Identifier: Apache-2.0
"""Commands and roles with zuul-registry as the intermediate registry: images of each kind, as buildah and
podman push them, go through it from change to change and stay what they are."""

import hashlib
import json
import pathlib
import subprocess

from zuul_registry import READER, ZuulRegistry, main
from ansible_world import ansible
from registries import BuildsetRegistry
from roles_world import roles_world
from test_promote import FROM_INTERMEDIATE, build_of, from_intermediate, image_of
from test_roles import job
from world import need, world
from zuul_api import ZuulApi

PLATFORMS = ["linux/amd64", "linux/arm64"]


def place(registry, name):
    return f"{registry.address}/{name}:latest"


def pushed(w, buildset):
    """Images of one and of two platforms, each as docker and as OCI have them; their digests by name."""
    need("buildah")
    (w.folder / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    w.run("buildah", "manifest", "create", "both")
    for platform in PLATFORMS:
        w.run("buildah", "bud", "--quiet", "--platform", platform, "--manifest", "both", w.folder)
    w.run("buildah", "bud", "--quiet", "--tag", "one", w.folder)
    for kind in "oci", "v2s2":
        w.run("buildah", "push", "--format", kind, "one", f"docker://{place(buildset, f'example/{kind}')}")
        w.run("buildah", "manifest", "push", "--all", "--format", kind, "both", f"docker://{place(buildset, f'example/both-{kind}')}")
    return {name: w.zreg("inspect", place(buildset, name))["digest"]
            for name in (f"example/{shape}{kind}" for shape in ("", "both-") for kind in ("oci", "v2s2"))}


def publish(w, buildset, intermediate, *names, build="b1", run=None):
    images = [word for name in names for word in ("--image", f"{name}:latest")]
    return (run or w.zreg)("publish", "--from", buildset.address, "--to", intermediate.address, "--build", build,
                           "--change", "7", *images)


def populate(w, buildset, artifacts):
    path = w.folder / "artifacts.json"
    path.write_text(json.dumps(artifacts))
    return w.zreg("populate", "--artifacts", path, "--to", buildset.address)


def asked(registry, before, *, part=""):
    return [f"{r['method']} {r['path']}" for r in registry.requests()[before:] if part in r["path"]]


def test_images_of_each_kind_go_through_it_and_stay_whole():
    with world() as w:
        intermediate, first, second = w.start(ZuulRegistry), w.start(BuildsetRegistry), w.start(BuildsetRegistry)
        images = pushed(w, first)
        document = publish(w, first, intermediate, *images)
        told = {artifact["name"]: artifact["metadata"] for artifact in document["artifacts"]}
        assert {name: told[f"{name}:latest"]["digest"] for name in images} == images, told
        assert all(sorted(told[f"example/both-{kind}:latest"]["platforms"]) == PLATFORMS for kind in ("oci", "v2s2"))

        populate(w, second, document["artifacts"])
        for name, digest in images.items():
            found = w.zreg("inspect", place(second, name))
            assert found["digest"] == digest and found["media_type"] == told[f"{name}:latest"]["media_type"], found
            if "both" in name:
                whole = w.folder / name.replace("/", "-")
                w.zreg("copy", place(second, name), f"oci:{whole}:latest")
                assert w.zreg("inspect", f"oci:{whole}:latest")["digest"] == digest
            chosen = w.zreg("resolve", f"{name}:latest", "--artifacts", w.folder / "artifacts.json")["winner"]
            assert chosen["digest"] == digest, chosen


def test_everybody_may_read_where_it_has_no_readers():
    with world() as w:
        intermediate, first, second = w.start(ZuulRegistry, private=False), w.start(BuildsetRegistry), w.start(BuildsetRegistry)
        digest = w.image(place(first, "example/app"))
        artifacts = publish(w, first, intermediate, "example/app")["artifacts"]
        del w.credentials.auths[intermediate.address]
        w.credentials.save()
        populate(w, second, artifacts)
        assert w.zreg("inspect", place(second, "example/app"))["digest"] == digest
        assert publish(w, first, intermediate, "example/app", build="b2", run=w.fails)["code"] == "DENIED"


def test_a_reader_may_not_publish_and_is_told_so():
    with world() as w:
        intermediate, first = w.start(ZuulRegistry), w.start(BuildsetRegistry)
        w.image(place(first, "example/app"))
        del w.credentials.auths[intermediate.address]
        w.credentials.add(intermediate.address, READER, intermediate.passwords[READER], None)
        refused = publish(w, first, intermediate, "example/app", run=w.fails)
        assert refused["code"] == "DENIED" and intermediate.address in refused["message"], refused
        assert "POST" not in "".join(asked(intermediate, 0)), "it was begun although it could not end"


def test_what_is_there_is_not_sent_again_and_no_mount_is_tried():
    """It has each blob for all repositories, and answers a mount with 404."""
    with world() as w:
        intermediate, first = w.start(ZuulRegistry), w.start(BuildsetRegistry)
        w.image(place(first, "example/app"), layers=3)
        w.zreg("copy", place(first, "example/app"), place(first, "example/same"))
        for build, sent in ("b1", 4), ("b2", 0):
            before = len(intermediate.requests())
            publish(w, first, intermediate, "example/app", "example/same", build=build)
            lines = asked(intermediate, before)
            print(f"# publish of two images with the same four blobs, {sent} of them new: {len(lines)} requests")
            assert sum(line.startswith("PUT") and "/uploads/" in line for line in lines) == sent, lines
            assert not [line for line in lines if "mount=" in line], lines
        assert all(r["status"] < 400 or r["status"] in (401, 404) for r in intermediate.requests())


def without_media_type(w, folder):
    """Makes the text of the one image of a layout leave its mediaType out, which it may; gives its new digest."""
    path = pathlib.Path(folder)
    index = json.loads((path / "index.json").read_text())
    descriptor, = index["manifests"]
    document = json.loads((path / "blobs/sha256" / descriptor["digest"][7:]).read_text())
    del document["mediaType"]
    text = json.dumps(document).encode()
    descriptor.update(digest=f"sha256:{hashlib.sha256(text).hexdigest()}", size=len(text))
    (path / "blobs/sha256" / descriptor["digest"][7:]).write_bytes(text)
    (path / "index.json").write_text(json.dumps(index))
    return descriptor["digest"]


def test_manifests_without_media_type_are_read_by_their_digest():
    """It answers 500 for them, but has them as blobs."""
    with world() as w:
        intermediate, first, second = w.start(ZuulRegistry), w.start(BuildsetRegistry), w.start(BuildsetRegistry)
        places = []
        for platform in PLATFORMS:
            name = platform.rpartition("/")[2]
            w.image(f"oci:{w.folder}/{name}:latest", platform=platform, name=name)
            digest = without_media_type(w, w.folder / name)
            places.append(place(first, f"example/{name}"))
            w.zreg("copy", f"oci:{w.folder}/{name}:latest", places[-1])
            assert w.zreg("inspect", places[-1])["digest"] == digest
        both = w.zreg("index", place(first, "example/both"), *places)["digest"]
        artifacts = publish(w, first, intermediate, "example/both", "example/amd64")["artifacts"]
        populate(w, second, artifacts)
        assert w.zreg("inspect", place(second, "example/both"))["digest"] == both
        w.zreg("copy", f"{intermediate.address}/example/both@{both}", f"oci:{w.folder}/whole:latest")
        assert not [r for r in intermediate.requests() if r["status"] >= 500]


def test_tags_are_listed_and_none_is_said_to_be_deleted():
    """It takes no number of tags, and has no way to delete one: its 404 does not mean that it is gone."""
    with world() as w:
        intermediate, first = w.start(ZuulRegistry), w.start(BuildsetRegistry)
        w.image(place(first, "example/app"))
        publish(w, first, intermediate, "example/app")
        repository = f"{intermediate.address}/example/app"
        assert w.zreg("tags", repository)["tags"] == ["b1_latest"]
        refused = w.fails("delete-tag", f"{repository}:b1_latest")
        assert refused["code"] == "UNSUPPORTED" and "zuul-registry" in refused["message"], refused
        assert w.fails("inspect", f"{repository}:none")["code"] == "NOTFOUND"


def test_a_tag_that_keeps_its_old_meaning_is_an_error():
    """It has an image of each media type under a tag, and an index goes before a manifest."""
    with world() as w:
        intermediate, first = w.start(ZuulRegistry), w.start(BuildsetRegistry)
        w.image(place(first, "example/one"))
        both = w.zreg("index", place(first, "example/both"), place(first, "example/one"))["digest"]
        target = place(intermediate, "example/app")
        w.zreg("copy", place(first, "example/both"), target)
        refused = w.fails("copy", place(first, "example/one"), target)
        assert refused["code"] == "CONFLICT" and both in refused["message"], refused


def test_its_registry_yaml_is_served_by_zreg_too():
    """With the users and the certificate that it had there; what it stored is not taken over."""
    with world() as w:
        old, first = w.start(ZuulRegistry), w.start(BuildsetRegistry)
        digest = w.image(place(first, "example/app"))
        publish(w, first, old, "example/app")
        old.stop()
        new = subprocess.Popen(["zreg", "serve", "--json", "--config", old.config], stdout=subprocess.PIPE, text=True)
        try:
            assert json.loads(new.stdout.readline())["port"] == int(old.address.rpartition(":")[2])
            artifact, = publish(w, first, old, "example/app", build="b2")["artifacts"]
            assert w.zreg("inspect", artifact["url"].removeprefix("docker://"))["digest"] == digest
        finally:
            new.terminate()
            new.communicate()


def built(w, buildset):
    """An image of one platform and one of two in the buildset registry; digests by name."""
    one = w.image(f"{buildset}/example/app:latest", name="app")
    parts = [f"oci:{w.folder}/{platform.rpartition('/')[2]}:latest" for platform in PLATFORMS]
    for platform, part in zip(PLATFORMS, parts):
        w.image(part, platform=platform, name=platform.replace("/", "-"))
    both = w.zreg("index", f"{buildset}/quay.io/example/base:latest", *parts)["digest"]
    return {"example/app:latest": one, "quay.io/example/base:latest": both}


def test_the_roles_carry_images_from_change_to_change():
    with ansible() as w, job(w, "first", change=1, patchset="2") as first:
        record = w.record(ZuulRegistry)
        intermediate = w.registries[-1]
        first.start()
        images = built(w, first.address)
        lists = dict(docker_images=[{"repository": "example/app"}], container_images=[{"repository": "quay.io/example/base"}])
        published = first.run("push-to-intermediate-registry", intermediate_registry=record, **lists)
        assert published.of("Copy the images to the intermediate registry")[0]["changed"], published
        artifacts = first.result()["data"]["zuul"]["artifacts"]
        assert {artifact["name"]: artifact["metadata"]["digest"] for artifact in artifacts} == images, artifacts
        before = len(intermediate.requests())
        again = first.run("push-to-intermediate-registry", intermediate_registry=record, **lists)
        assert not any(result.get("changed") for result in again), again
        assert not [r for r in intermediate.requests()[before:] if r["method"] not in ("GET", "HEAD")]
        assert first.result()["data"]["zuul"]["artifacts"] == artifacts

        with job(w, "second", artifacts=artifacts, change=2) as second:
            second.start()
            pulled = second.run("pull-from-intermediate-registry", intermediate_registry=record)
            assert pulled.of("Bring in the images of the changes ahead")[0]["changed"], pulled
            for name, digest in images.items():
                assert w.zreg("inspect", f"{second.address}/{name}")["digest"] == digest, name
            base = w.zreg("inspect", f"{second.address}/quay.io/example/base:latest")
            assert sorted(part["platform"] for part in base["platforms"]) == PLATFORMS, base
            assert not any(result.get("changed") for result in
                           second.run("pull-from-intermediate-registry", intermediate_registry=record))
            told = json.loads((second.folder / "logs/buildset-registry/populated.json").read_text())["images"]
            assert {f"{image['repository']}:{image['tag']}": image["digest"] for image in told} == images, told


def test_the_roles_promote_from_it_what_has_merged():
    with roles_world() as w, ZuulApi(tenant="example") as zuul:
        public, secret = w.public()
        intermediate = w.start(ZuulRegistry)
        image = image_of(public)
        build_of(w, zuul, intermediate, image, "1" * 32, "SUCCESS", name="old")
        wanted = build_of(w, zuul, intermediate, image, "2" * 32, "SUCCESS", name="wanted")
        done = from_intermediate(w, zuul, intermediate, secret, image).result(FROM_INTERMEDIATE)["results"][0]
        assert done["digest"] == wanted and done["changed"]
        assert w.inspect(f"{image['repository']}:latest")["digest"] == wanted
        assert from_intermediate(w, zuul, intermediate, secret, image).result(FROM_INTERMEDIATE)["changed"] is False


if __name__ == "__main__":
    main(__name__)
