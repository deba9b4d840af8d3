# SPDX-License-Identifier: Apache-2.0
"""One image through all roles, from its build to its final tag: the bytes stay the same."""

import json

from roles_world import PublicZreg, TOP, ZregRegistry, need, roles_world, tap

PLATFORMS = ["linux/amd64", "linux/arm64"]
CONTAINERFILE = "FROM scratch\nCOPY hello /hello\n"


def record_of(w, registry):
    return dict(w.secret(registry), host="127.0.0.1", port=int(registry.address.split(":")[1]))


def built_and_published(w, image, intermediate, change):
    """A change builds the image and publishes it; gives its buildset registry, the digest and the artifact."""
    w.zuul.update(change=change, build=change * 32)
    w.results.unlink(missing_ok=True)
    w.source({"image/hello": f"hello from change {change}", "image/Dockerfile": CONTAINERFILE})
    buildset, record = w.buildset()
    w.works("build-container-image", "push-to-intermediate-registry", container_command="buildah",
            container_images=[image], buildset_registry=record, intermediate_registry=record_of(w, intermediate))
    artifact, = json.loads(w.results.read_text())["data"]["zuul"]["artifacts"]
    digest = w.inspect(f"{buildset.address}/{image['repository']}:latest")["digest"]
    assert artifact["url"] == f"docker://{intermediate.address}/{image['repository']}:{change * 32}_latest"
    assert artifact["metadata"]["digest"] == digest and sorted(artifact["metadata"]["platforms"]) == PLATFORMS
    return record, digest, dict(artifact, change=change, patchset="1", project="example.org/app")


def test_an_image_keeps_its_digest_from_its_build_to_its_final_tag():
    need("buildah")
    with roles_world() as w:
        w.environment.update(ANSIBLE_LIBRARY=str(TOP / "tests/modules/library"), ZREG_TEST_ZUUL_RETURN=str(w.results))
        public, secret = w.public(PublicZreg)
        intermediate = w.start(ZregRegistry)
        image = {"context": "image", "registry": public.address, "repository": f"{public.address}/example/app",
                 "arch": PLATFORMS}
        _, older, first = built_and_published(w, image, intermediate, "1")
        record, digest, second = built_and_published(w, image, intermediate, "2")
        assert older != digest

        behind, behind_record = w.buildset()
        w.zuul.update(change="3", artifacts=[first, second])
        before = len(intermediate.requests())
        w.works("pull-from-intermediate-registry", buildset_registry=behind_record,
                intermediate_registry=record_of(w, intermediate))
        assert w.inspect(f"{behind.address}/{image['repository']}:latest")["digest"] == digest
        asked = [r["path"] for r in intermediate.requests()[before:]]
        assert not [path for path in asked if "1" * 32 in path or older in path], "a superseded image was copied"

        w.zuul.update(change="2")
        credentials = dict(container_images=[image], container_registry_credentials=secret)
        w.works("upload-container-image", buildset_registry=record, **credentials)
        w.works("promote-container-image", **credentials)
        found = w.inspect(f"{image['repository']}:latest")
        assert found["digest"] == digest
        assert sorted(child["platform"] for child in found["platforms"]) == PLATFORMS
        assert w.tags(image["repository"]) == ["latest"]


if __name__ == "__main__":
    tap.main(__name__)
