# SPDX-License-Identifier: Apache-2.0
"""mirror-container-images, with the variables that zuul-jobs' role of that name has."""

from roles_world import PublicDocker, puts, roles_world, tap

PLATFORMS = ("linux/amd64", "linux/arm64")


def two_platforms(w, place):
    """One image of two platforms at a place; gives its digest."""
    parts = [f"{place}-{platform.replace('/', '-')}" for platform in PLATFORMS]
    for part, platform in zip(parts, PLATFORMS):
        w.image(part, platform=platform, name=platform.replace("/", "-"))
    return w.zreg("index", place, *parts)["digest"]


def copies(registry, source, *pairs):
    return [dict(src_repository=f"{source.address}/{src}", src_tag="1.0", dest_registry=registry.address,
                 dest_repository=f"{registry.address}/{dest}", dest_tag="1.0") for src, dest in pairs]


def changed(play):
    return [result["changed"] for result in play.result("Copy the images with all their platforms")["results"]]


def test_images_are_copied_whole_and_once():
    with roles_world() as w:
        source, read = w.public(PublicDocker)
        mirror, write = w.public(PublicDocker)
        digests = {name: two_platforms(w, f"{source.address}/{name}:1.0") for name in ("library/base", "example/tool")}
        images = copies(mirror, source, ("library/base", "mirrors/base"), ("example/tool", "mirrors/tool"))
        given = dict(mirror_container_images_images=images, container_registry_credentials={**read, **write})

        foreseen = w.works("mirror-container-images", options=["--check"], **given)
        assert changed(foreseen) == [True, True] and not puts(mirror), puts(mirror)
        assert changed(w.works("mirror-container-images", **given)) == [True, True]
        for name, there in (("library/base", "mirrors/base"), ("example/tool", "mirrors/tool")):
            found = w.inspect(f"{mirror.address}/{there}:1.0")
            assert found["digest"] == digests[name], (there, found)
            assert sorted(child["platform"] for child in found["platforms"]) == list(PLATFORMS), found
        before = len(puts(mirror))
        for options in ([], ["--check"]):
            assert changed(w.works("mirror-container-images", options=options, **given)) == [False, False]
        assert len(puts(mirror)) == before

        shown = w.works("mirror-container-images", options=["-vvv"], callback="default", **given).text
        for secret in (*read.values(), *write.values()):
            assert secret["password"] not in shown


def test_what_need_not_be_said():
    """Tags, and the credentials' name."""
    with roles_world() as w:
        source, read = w.public(PublicDocker)
        mirror, write = w.public(PublicDocker)
        digest = w.image(f"{source.address}/example/tool:latest")
        w.works("mirror-container-images", container_registry_credentials={**read, **write},
                mirror_container_images_images=[dict(src_repository=f"{source.address}/example/tool",
                                                     dest_repository=f"{mirror.address}/mirrors/tool")])
        assert w.inspect(f"{mirror.address}/mirrors/tool:latest")["digest"] == digest


def test_nothing_is_copied_where_it_may_not():
    with roles_world() as w:
        source, read = w.public(PublicDocker)
        mirror, write = w.public(PublicDocker, repository="^mirrors/")
        w.image(f"{source.address}/example/tool:1.0")
        given = dict(container_registry_credentials={**read, **write})
        images = copies(mirror, source, ("example/tool", "mirrors/tool"), ("example/tool", "others/tool"))
        said = w.refused("mirror-container-images", mirror_container_images_images=images, **given)
        assert "others/tool is not permitted by ^mirrors/" in said and not puts(mirror), said
        said = w.refused("mirror-container-images", mirror_container_images_images=images[:1],
                         container_registry_credentials=read)
        assert f"no credentials for the registry {mirror.address}" in said, said
        said = w.refused("mirror-container-images", mirror_container_images_images=[{"src_repository": "quay.io/a/b"}],
                         **given)
        assert "mirror_container_images_images[0] needs" in said, said


def test_an_image_that_is_missing_does_not_hold_up_the_others():
    with roles_world() as w:
        source, read = w.public(PublicDocker)
        mirror, write = w.public(PublicDocker)
        digest = w.image(f"{source.address}/example/tool:1.0")
        images = copies(mirror, source, ("example/none", "mirrors/none"), ("example/tool", "mirrors/tool"))
        said = w.refused("mirror-container-images", mirror_container_images_images=images,
                         container_registry_credentials={**read, **write})
        assert f"{source.address}/example/none" in said, said
        assert w.inspect(f"{mirror.address}/mirrors/tool:1.0")["digest"] == digest


if __name__ == "__main__":
    tap.main(__name__)
