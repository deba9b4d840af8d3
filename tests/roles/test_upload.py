# SPDX-License-Identifier: Apache-2.0
"""upload-container-image and upload-docker-image, from the buildset registry to docker-registry."""

import json

from roles_world import PublicZreg, puts, roles_world, tap


def image_of(public, name, **more):
    return dict({"context": ".", "registry": public.address, "repository": f"{public.address}/{name}"}, **more)


def made(w, buildset, image, **more):
    """Puts an image where the build role would have put it, and gives its digest."""
    return w.image(f"{buildset.address}/{image['repository']}:{image.get('tags', ['latest'])[0]}", **more)


def index(w, place):
    parts = [f"{place.split('/')[0]}/parts:{arch}" for arch in ("amd64", "arm64")]
    for part in parts:
        w.image(part, platform=f"linux/{part.split(':')[-1]}", name=part.split(":")[-1])
    return w.zreg("index", place, *parts)["digest"]


def upload(w, record, secret, images, run=None, **variables):
    return (run or w.works)("upload-container-image", container_images=images, buildset_registry=record,
                            container_registry_credentials=secret, **variables)


def test_each_tag_goes_under_its_temporary_tag():
    with roles_world() as w:
        buildset, record = w.buildset()
        public, secret = w.public()
        image = image_of(public, "example/app", tags=["latest", "1.0"])
        digest = made(w, buildset, image)
        w.zreg("copy", f"{buildset.address}/{image['repository']}:latest",
               f"{buildset.address}/{image['repository']}:1.0")
        done = upload(w, record, secret, [image])
        assert w.tags(image["repository"]) == ["change_7_1.0", "change_7_latest"]
        assert w.inspect(f"{image['repository']}:change_7_1.0")["digest"] == digest
        first, second = done.result("Upload all images at once")["images"]
        assert first["digest"] == second["digest"] == digest
        assert second["blobs"]["copied"] == 0, "the second tag sent blobs again"
        again = upload(w, record, secret, [image]).result("Upload all images at once")
        assert again["changed"] is False and not any(one["blobs"]["copied"] for one in again["images"])


def test_all_platforms_are_uploaded():
    """Multi-arch was forgotten."""
    with roles_world() as w:
        buildset, record = w.buildset()
        public, secret = w.public()
        image = image_of(public, "example/app")
        digest = index(w, f"{buildset.address}/{image['repository']}:latest")
        upload(w, record, secret, [image])
        found = w.inspect(f"{image['repository']}:change_7_latest")
        assert found["digest"] == digest
        assert sorted(child["platform"] for child in found["platforms"]) == ["linux/amd64", "linux/arm64"]


def test_an_item_without_a_change_is_uploaded_by_its_pipeline():
    """zuul.change is undefined in periodic and tag pipelines."""
    with roles_world() as w:
        w.without_change("periodic")
        buildset, record = w.buildset()
        public, secret = w.public()
        image = image_of(public, "example/app")
        made(w, buildset, image)
        upload(w, record, secret, [image])
        assert w.tags(image["repository"]) == ["periodic_latest"]


def test_a_release_is_uploaded_under_its_final_tags():
    with roles_world() as w:
        w.without_change("release")
        buildset, record = w.buildset()
        public, secret = w.public()
        image = image_of(public, "example/app", tags=["1.0"])
        made(w, buildset, image)
        upload(w, record, secret, [image], upload_container_image_promote=False,
               promote_container_image_method="intermediate-registry")
        assert w.tags(image["repository"]) == ["1.0"]


def test_nothing_is_uploaded_when_promotion_takes_from_the_intermediate_registry():
    with roles_world() as w:
        buildset, record = w.buildset()
        public, secret = w.public()
        image = image_of(public, "example/app")
        made(w, buildset, image)
        upload(w, record, secret, [image], promote_container_image_method="intermediate-registry")
        assert not puts(public)


def test_what_the_owner_of_the_credentials_did_not_allow_is_refused():
    with roles_world() as w:
        buildset, record = w.buildset()
        public, secret = w.public(repository="^127[.0-9]+/example/")
        good, bad = image_of(public, "example/app"), image_of(public, "other/app")
        elsewhere = dict(good, repository="registry.example.org/example/app")
        made(w, buildset, good)
        for images, why in (([good, bad], "other/app is not permitted"),
                            ([elsewhere], "not where this repository lies"),
                            ([dict(good, registry="quay.io")], "no credentials for the registry quay.io")):
            said = upload(w, record, secret, images, run=w.refused)
            assert why in said, said
        assert not puts(public), "something was sent before all was checked"
        upload(w, record, secret, [good])


def test_no_variable_of_a_job_goes_around_the_list():
    """Zuul lets a job set variables that come before all others."""
    with roles_world() as w:
        buildset, record = w.buildset()
        public, secret = w.public(repository="^127[.0-9]+/example/")
        good = image_of(public, "example/app")
        made(w, buildset, good)
        bad = {"upload_container_image_uploads": [{"src": f"{buildset.address}/{good['repository']}:latest",
                                                   "repository": f"{public.address}/other/app", "tag": "latest"}],
               "zreg_allowed": "", "zreg_unnamed_prefix": f"{public.address}/other/"}
        said = upload(w, record, secret, [good], run=w.refused, options=["-e", json.dumps(bad)])
        assert "other/app is not permitted by" in said, said
        assert not puts(public)


def test_without_a_buildset_registry_it_says_what_to_do():
    with roles_world() as w:
        public, secret = w.public()
        said = w.refused("upload-container-image", container_images=[image_of(public, "example/app")],
                         container_registry_credentials=secret)
        assert "run-buildset-registry" in said, said


def test_the_registry_that_this_job_runs_is_found_in_what_it_returned():
    with roles_world() as w:
        buildset, record = w.buildset()
        public, secret = w.public()
        image = image_of(public, "example/app")
        made(w, buildset, image)
        w.write("results.json", {"data": {}, "secret_data": {"buildset_registry": record}})
        w.works("upload-container-image", container_images=[image], container_registry_credentials=secret)
        assert w.tags(image["repository"]) == ["change_7_latest"]


def test_check_mode_sends_nothing():
    with roles_world() as w:
        buildset, record = w.buildset()
        public, secret = w.public()
        image = image_of(public, "example/app")
        digest = made(w, buildset, image)
        done = upload(w, record, secret, [image], options=["--check"]).result("Upload all images at once")
        assert done["changed"] is True and done["images"][0]["digest"] == digest
        assert not puts(public)


def test_secrets_stay_secret_and_results_readable():
    """Everything was no_log, so failures could not be debugged."""
    with roles_world() as w:
        buildset, record = w.buildset()
        public, secret = w.public()
        image = image_of(public, "example/app")
        digest = made(w, buildset, image)
        password = secret[public.address]["password"]
        told = upload(w, record, secret, [image], options=["-vvv", "--diff"], callback="default").text
        assert digest in told and f"{image['repository']}:change_7_latest" in told
        assert password not in told and record["password"] not in told
        wrong = {public.address: dict(secret[public.address], password="hunter2-is-wrong")}
        done = w.play("upload-container-image", container_images=[dict(image, tags=["new"])], buildset_registry=record,
                      container_registry_credentials=wrong, options=["-vvv"], callback="default")
        assert done.code == 2 and "hunter2" not in done.text
        made(w, buildset, dict(image, tags=["new"]))
        said = upload(w, record, wrong, [dict(image, tags=["new"])], run=w.refused)
        assert public.address in said and ("401" in said or "denied" in said.lower()), said


def test_docker_images_go_to_the_registry_of_the_job():
    with roles_world() as w:
        buildset, record = w.buildset()
        public, secret = w.public()
        digest = w.image(f"{buildset.address}/example/app:latest")
        arguments = dict(docker_registry=public.address, buildset_registry=record)
        allowed = dict(secret[public.address], repository="^example/")
        image = {"context": ".", "repository": "example/app"}
        w.works("upload-docker-image", docker_images=[image], docker_credentials=allowed, **arguments)
        assert w.inspect(f"{public.address}/example/app:change_7_latest")["digest"] == digest
        said = w.refused("upload-docker-image", docker_images=[dict(image, repository="other/app")],
                         docker_credentials=allowed, **arguments)
        assert "other/app is not permitted by ^example/" in said, said


def test_repositories_are_uploaded_side_by_side():
    """Copies were sequential, one program run for each tag."""
    with roles_world() as w:
        buildset, record = w.buildset()
        public, secret = w.public(PublicZreg)
        images = [image_of(public, f"example/app{i}") for i in range(3)]
        for i, image in enumerate(images):
            made(w, buildset, image, name=f"app{i}")
        upload(w, record, secret, images)
        order = [r["path"].split("/")[3] for r in puts(public, "/blobs/")]
        assert order != sorted(order), f"one repository after the other: {order}"


if __name__ == "__main__":
    tap.main(__name__)
