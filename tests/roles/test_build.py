# SPDX-License-Identifier: Apache-2.0
"""build-container-image and build-docker-image with the engines that there are."""

import base64
import contextlib

from roles_world import BuildsetRegistry, need, roles_world, tap
from engines import Dockerd

CONTAINERFILE = """
FROM scratch AS first
COPY hello /hello
ARG GREETING
ARG ZUUL_SIBLINGS
LABEL greeting=$GREETING siblings=$ZUUL_SIBLINGS
FROM first AS second
LABEL stage=second
"""
IMAGE = {"context": "image", "registry": "quay.io", "repository": "quay.io/example/app", "tags": ["latest", "1.0"]}
PLATFORMS = ["linux/amd64", "linux/arm64"]


def built(w, engine, image, **variables):
    """Builds one image, and gives the buildset registry."""
    need(engine)
    registry, record = w.buildset()
    w.works("build-container-image", container_command=engine, container_images=[image], buildset_registry=record,
            **variables)
    return registry


def tags_in(w, engine):
    """Under which tags the engine has the image."""
    name = "{{.Name}}" if engine == "buildah" else "{{.Repository}}"
    names = w.run(engine, "images", "--format", name + ":{{.Tag}}").split()
    return sorted(name.split(":")[-1] for name in names if name.startswith("quay.io/example/app:"))


def everything(engine):
    with roles_world() as w:
        w.source({"image/hello": "hello", "image/Special": CONTAINERFILE + "COPY .zuul-siblings /siblings\n"})
        sibling = w.folder / "home/src/example.org/lib"
        sibling.mkdir()
        (sibling / "code").write_text("code")
        image = dict(IMAGE, container_filename="Special", target="second", build_args=["GREETING=good morning $you"],
                     labels=["owner=a b"], siblings=["example.org/lib"])
        registry = built(w, engine, image, container_build_extra_args=["--label", "extra=yes"])
        found = w.inspect(f"{registry.address}/quay.io/example/app:latest")
        labels = {name: text for name, text in found["labels"].items() if not name.startswith("io.buildah")}
        assert labels == {
            "greeting": "good morning $you", "siblings": "example.org/lib", "stage": "second",
            "owner": "a b", "extra": "yes",
            "org.zuul-ci.change": "7", "org.zuul-ci.change_url": "https://review.example.org/7"}, labels
        assert w.tags(f"{registry.address}/quay.io/example/app") == ["1.0", "latest"]
        assert w.inspect(f"{registry.address}/quay.io/example/app:1.0")["digest"] == found["digest"]
        assert not (w.project / "image/.zuul-siblings").exists()
        local = tags_in(w, engine)
        assert local == ["1.0", "change_7_1.0", "change_7_latest", "latest"], local


def several_platforms(engine):
    with roles_world() as w:
        w.source({"image/hello": "hello", "image/Dockerfile": CONTAINERFILE})
        registry = built(w, engine, dict(IMAGE, arch=PLATFORMS))
        repository = f"{registry.address}/quay.io/example/app"
        found = w.inspect(f"{repository}:latest")
        assert sorted(child["platform"] for child in found["platforms"]) == PLATFORMS, found
        assert w.tags(repository) == ["1.0", "latest"], "the tags of the parts are still there"
        assert w.inspect(f"{repository}:1.0")["digest"] == found["digest"]


def test_an_item_without_a_change_has_neither_its_labels_nor_its_tags():
    """zuul.change is undefined in periodic and tag pipelines."""
    with roles_world() as w:
        w.without_change("periodic")
        w.source({"image/hello": "hello", "image/Dockerfile": CONTAINERFILE})
        registry = built(w, "buildah", dict(IMAGE, tags=["latest"]))
        labels = w.inspect(f"{registry.address}/quay.io/example/app:latest")["labels"]
        assert not [name for name in labels if name.startswith("org.zuul-ci")], labels
        local = tags_in(w, "buildah")
        assert local == ["latest", "periodic_latest"], local


def test_secrets_stay_secret_and_failures_readable():
    """Everything was no_log, so failures could not be debugged."""
    with roles_world() as w:
        w.source({"image/hello": "hello", "image/Dockerfile": CONTAINERFILE,
                  "image/Broken": "FROM scratch\nCOPY no /\n"})
        need("buildah")
        _, record = w.buildset()
        arguments = dict(container_command="buildah", buildset_registry=record, options=["-vvv", "--diff"],
                         callback="default")
        told = w.works("build-container-image", container_images=[IMAGE], **arguments).text
        secret = base64.b64encode(f"{record['username']}:{record['password']}".encode()).decode()
        assert "Successfully tagged" in told and record["password"] not in told and secret not in told
        broken = dict(IMAGE, container_filename="Broken")
        done = w.play("build-container-image", container_images=[broken], **arguments)
        assert done.code == 2 and 'COPY no /' in done.text and record["password"] not in done.text
        assert not list((w.folder / "tmp").glob("*.zreg")), "credentials are left"


def test_without_a_buildset_registry_the_image_stays_in_the_engine():
    with roles_world() as w:
        w.source({"image/hello": "hello", "image/Dockerfile": CONTAINERFILE})
        need("podman")
        w.works("build-container-image", container_images=[dict(IMAGE, tags=["latest"])])
        local = tags_in(w, "podman")
        assert local == ["change_7_latest", "latest"], local


def test_what_an_earlier_build_left_is_not_built_in():
    with roles_world() as w:
        w.source({"image/hello": "hello", "image/Dockerfile": CONTAINERFILE, "image/.zuul-siblings/old": ""})
        said = w.refused("build-container-image", container_images=[dict(IMAGE, siblings=["example.org/lib"])])
        assert ".zuul-siblings exists" in said, said


@contextlib.contextmanager
def docker_world():
    """dockerd runs on the node, which is a machine of its own."""
    with roles_world(own_machine=True) as w, Dockerd(w.machine) as w.docker:
        w.source({"image/hello": "hello", "image/Dockerfile": CONTAINERFILE})
        yield w


def test_docker_builds_docker_images():
    need("docker")
    with docker_world() as w:
        registry, record = w.buildset()
        image = {"context": "image", "repository": "example/app", "tags": ["latest", "1.0"], "labels": ["owner=a b"],
                 "build_args": ["GREETING=good morning"]}
        w.works("build-docker-image", docker_images=[image], buildset_registry=record)
        found = w.inspect(f"{registry.address}/example/app:latest")
        assert found["labels"] == {
            "greeting": "good morning", "siblings": "", "stage": "second", "owner": "a b", "org.zuul-ci.change": "7",
            "org.zuul-ci.change_url": "https://review.example.org/7"}, found["labels"]
        assert w.inspect(f"{registry.address}/docker.io/example/app:1.0")["digest"] == found["digest"]
        local = w.docker.run("images", "--format", "{{.Repository}}:{{.Tag}}").split()
        assert {"example/app:change_7_latest", "example/app:1.0"} <= set(local), local


def test_docker_builds_for_several_platforms():
    need("docker")
    with docker_world() as w:
        registry = built(w, "docker", dict(IMAGE, arch=PLATFORMS))
        found = w.inspect(f"{registry.address}/quay.io/example/app:1.0")
        assert sorted(child["platform"] for child in found["platforms"]) == PLATFORMS, found


class Ipv6Registry(BuildsetRegistry):
    listen = "[::1]:0"


def test_the_address_of_the_registry_may_be_ipv6():
    """Engines cannot read such an address; aliases and tunnels were needed."""
    need("buildah")
    with roles_world(own_machine=True) as w:
        w.source({"image/hello": "hello", "image/Dockerfile": CONTAINERFILE})
        registry, record = w.buildset(Ipv6Registry)
        w.works("build-container-image", container_command="buildah", container_images=[dict(IMAGE, arch=PLATFORMS)],
                buildset_registry=record)
        assert "::1\tzuul-jobs.buildset-registry\n" in (w.machine.etc / "hosts").read_text()
        assert len(w.inspect(f"{registry.address}/quay.io/example/app:1.0")["platforms"]) == 2


def case(body, engine):
    return lambda: body(engine)


for name in ("podman", "buildah"):
    globals()[f"test_{name}_takes_every_variable_of_an_image"] = case(everything, name)
    globals()[f"test_{name}_builds_for_several_platforms"] = case(several_platforms, name)


if __name__ == "__main__":
    tap.main(__name__)
