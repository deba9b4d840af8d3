# SPDX-License-Identifier: Apache-2.0
"""`zreg cleanup-tags` and `delete-tag` on zreg's registry and Debian's docker-registry."""

import os
import time

from world import need, tap, world
from registries import DockerRegistry, ZregRegistry

DAY = 86400


def built(w, place, age_s):
    """An image whose config says that it was built so long ago."""
    tree = w.tree(f"built-{age_s}", {"opt/x": f"built {age_s}"})
    container = w.run("buildah", "from", "scratch").strip()
    w.run("buildah", "copy", "--quiet", container, str(tree), "/")
    stamp = str(int(time.time() - age_s))
    w.run("buildah", "commit", "--quiet", "--timestamp", stamp, container, f"oci:{w.folder}/layout-{age_s}:x")
    w.run("buildah", "rm", container)
    w.zreg("copy", f"oci:{w.folder}/layout-{age_s}:x", place)


def tags(entries):
    return [entry["tag"] for entry in entries]


def test_docker_registry_tells_no_age_so_that_of_the_build_counts():
    need("docker-registry")
    need("buildah")
    with world() as w:
        registry = w.start(DockerRegistry)
        repository = f"{registry.address}/some/app"
        for tag, age in (("change_1_latest", 25 * 3600), ("change_2_latest", 23 * 3600), ("latest", 9 * DAY)):
            built(w, f"{repository}:{tag}", age)
        w.image(f"{repository}:change_3_latest")  # reproducible: its time is 1970
        document = w.zreg("cleanup-tags", repository, "--dry-run")
        assert tags(document["deleted"]) == ["change_1_latest"], document
        reasons = {entry["tag"]: entry["reason"] for entry in document["kept"]}
        assert reasons["change_2_latest"].startswith("built only 23 h"), reasons
        assert reasons["change_3_latest"].startswith("its age is not known"), reasons


def refuses(w, registry):
    repository = f"{registry.address}/some/app"
    digest = w.image(f"{repository}:change_1_latest")
    w.zreg("promote", repository, "--change", "1", "--tag", "latest", "--keep")
    for argv in (("cleanup-tags", repository, "--older-than", "0"), ("delete-tag", f"{repository}:change_1_latest")):
        assert w.fails(*argv)["code"] == "UNSUPPORTED"
    for tag in ("latest", "change_1_latest"):
        assert w.zreg("inspect", f"{repository}:{tag}")["digest"] == digest


def deletes(w, registry):
    repository = f"{registry.address}/some/app"
    digest = w.image(f"{repository}:change_1_latest")
    w.zreg("promote", repository, "--change", "1", "--tag", "latest", "--keep")
    w.zreg("copy", f"{repository}:latest", f"{repository}:old")
    w.zreg("delete-tag", f"{repository}:old")
    w.zreg("cleanup-tags", repository, "--older-than", "0")
    assert w.zreg("tags", repository)["tags"] == ["latest"]
    assert w.zreg("inspect", f"{repository}:latest")["digest"] == digest


def test_a_registry_that_deletes_digests_only_loses_the_tag_and_keeps_its_siblings():
    need("docker-registry")
    for allowed, does in (("false", refuses), ("true", deletes)):
        os.environ["REGISTRY_STORAGE_DELETE_ENABLED"] = allowed
        try:
            with world() as w:
                does(w, w.start(DockerRegistry))
        finally:
            del os.environ["REGISTRY_STORAGE_DELETE_ENABLED"]


def test_zregs_own_registry_loses_the_tag_and_nothing_else():
    with world() as w:
        registry = w.start(ZregRegistry)
        repository = f"{registry.address}/some/app"
        digest = w.image(f"{repository}:change_1_latest")
        w.zreg("promote", repository, "--change", "1", "--tag", "latest", "--keep")
        document = w.zreg("cleanup-tags", repository, "--older-than", "0")
        assert tags(document["deleted"]) == ["change_1_latest"] and tags(document["kept"]) == ["latest"]
        assert w.zreg("tags", repository)["tags"] == ["latest"]
        assert w.zreg("inspect", f"{repository}:latest")["digest"] == digest


if __name__ == "__main__":
    tap.main(__name__)
