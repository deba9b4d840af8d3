# SPDX-License-Identifier: Apache-2.0
"""promote-container-image, promote-docker-image and remove-registry-tag."""

import pathlib

from roles_world import PublicZreg, ZregRegistry, puts, roles_world, tap
from zuul_api import ZuulApi

PROMOTE = "Give the uploaded images their final tags"
FROM_INTERMEDIATE = "Give the copied images their final tags"


def image_of(public, name="example/app", **more):
    return dict({"context": ".", "registry": public.address, "repository": f"{public.address}/{name}"}, **more)


def uploaded(w, image, prefix="change_7", **more):
    """Puts an image where the upload role would have put it, and gives its digest."""
    first, *others = [f"{image['repository']}:{prefix}_{tag}" for tag in image.get("tags", ["latest"])]
    digest = w.image(first, **more)
    for other in others:
        w.zreg("copy", first, other)
    return digest


def promote(w, secret, *images, run=None, **variables):
    return (run or w.works)("promote-container-image", container_images=list(images),
                            container_registry_credentials=secret, **variables)


def test_all_tags_are_given_and_no_blob_moves():
    with roles_world() as w:
        public, secret = w.public(PublicZreg)
        image = image_of(public, tags=["latest", "1.0"])
        digest = uploaded(w, image)
        before = len(public.requests())
        done = promote(w, secret, image).result(PROMOTE)["results"][0]
        assert done["changed"] and done["digest"] == digest and done["tags"] == ["latest", "1.0"]
        assert done["cleanup_error"] == "" and done["verify_requests"] > 0, done
        blobs = {r["method"] for r in public.requests()[before:] if "/blobs/" in r["path"]}
        assert blobs == {"HEAD"}, "an image is looked at whole, and no blob moves"
        assert w.tags(image["repository"]) == ["1.0", "latest"], "a temporary tag is left"
        assert w.inspect(f"{image['repository']}:1.0")["digest"] == digest


def test_a_registry_that_cannot_delete_tags_keeps_the_temporary_one():
    with roles_world() as w:
        public, secret = w.public()
        image = image_of(public)
        digest = uploaded(w, image)
        run = promote(w, secret, image)
        assert w.inspect(f"{image['repository']}:latest")["digest"] == digest
        assert w.tags(image["repository"]) == ["change_7_latest", "latest"]
        assert "the temporary tag stays" in run.result("Tell what was promoted")["results"][0]["msg"]
        assert promote(w, secret, image).result(PROMOTE)["changed"] is False


def test_an_item_without_a_change_is_promoted_by_its_pipeline():
    """zuul.change is undefined in periodic and tag pipelines."""
    with roles_world() as w:
        w.without_change("periodic")
        public, secret = w.public(PublicZreg)
        image = image_of(public)
        digest = uploaded(w, image, "periodic")
        promote(w, secret, image)
        assert w.tags(image["repository"]) == ["latest"]
        assert w.inspect(f"{image['repository']}:latest")["digest"] == digest


def test_what_was_not_uploaded_is_told():
    with roles_world() as w:
        public, secret = w.public(PublicZreg)
        said = promote(w, secret, image_of(public), run=w.refused)
        assert "example/app" in said and "change_7_latest" in said, said
        assert not puts(public)


def test_check_mode_promotes_nothing():
    with roles_world() as w:
        public, secret = w.public(PublicZreg)
        image = image_of(public)
        digest = uploaded(w, image)
        done = promote(w, secret, image, options=["--check", "--diff"]).result(PROMOTE)["results"][0]
        assert done["changed"] and done["digest"] == digest
        assert w.tags(image["repository"]) == ["change_7_latest"]


def test_what_the_owner_of_the_credentials_did_not_allow_is_refused():
    with roles_world() as w:
        public, secret = w.public(PublicZreg, repository="/allowed/")
        image = image_of(public)
        uploaded(w, image)
        said = promote(w, secret, image, run=w.refused)
        assert "example/app is not permitted by /allowed/" in said, said
        assert w.tags(image["repository"]) == ["change_7_latest"]


def test_secrets_stay_secret_and_results_readable():
    """Everything was no_log, so failures could not be debugged."""
    with roles_world() as w:
        public, secret = w.public(PublicZreg)
        image = image_of(public)
        digest = uploaded(w, image)
        told = promote(w, secret, image, options=["-vvv", "--diff"], callback="default").text
        assert digest in told and f"{image['repository']}:latest" in told
        assert secret[public.address]["password"] not in told


def test_docker_images_are_promoted():
    with roles_world() as w:
        public, secret = w.public(PublicZreg)
        digest = uploaded(w, image_of(public))
        w.works("promote-docker-image", docker_images=[{"context": ".", "repository": "example/app"}],
                docker_registry=public.address, docker_credentials=dict(secret[public.address], repository="^example/"))
        assert w.inspect(f"{public.address}/example/app:latest")["digest"] == digest


def merged(w, *numbers):
    """Merges changes of these numbers to the branch of the project, one after another; gives their commits."""
    def git(*argv):
        return w.run("git", "-C", w.project, "-c", "user.name=a", "-c", "user.email=a@example.org", *argv).strip()

    git("init", "--quiet", "--initial-branch=master")
    git("commit", "--quiet", "--allow-empty", "--message=first")
    commits = {}
    for number in numbers:
        git("checkout", "--quiet", "-b", f"change-{number}", "master~0")
        git("commit", "--quiet", "--allow-empty", f"--message=change {number}")
        commits[number] = git("rev-parse", "HEAD")
    git("checkout", "--quiet", "master")
    for number in numbers:
        git("merge", "--quiet", "--no-ff", f"--message=merge {number}", f"change-{number}")
    return commits


def test_a_late_promotion_of_an_older_change_takes_nothing_back():
    """A late or retried promotion overwrote what a newer one had promoted."""
    with roles_world() as w:
        w.zuul["executor"]["work_root"] = str(w.folder / "home")
        commits = merged(w, 7, 8)
        public, secret = w.public(PublicZreg)
        image = image_of(public)
        uploaded(w, image, "change_7", name="older")
        newer = uploaded(w, image, "change_8", name="newer")
        for change in (8, 7):
            w.zuul.update(change=str(change), commit_id=commits[change])
            done = promote(w, secret, image, promote_container_image_cleanup=False).result(PROMOTE)["results"][0]
            assert done["promoted"] is (change == 8), done
        assert done["superseded"] == ["latest"] and done["superseded_by"] == "8" and not done["changed"]
        assert w.inspect(f"{image['repository']}:latest")["digest"] == newer
        assert w.tags(image["repository"]) == ["latest", "zreg-order_latest"]


def test_without_merge_commits_each_commit_has_a_place_of_its_own():
    """A commit that had been fast-forwarded shared the place of the next one, and could replace its image."""
    script = pathlib.Path(__file__).resolve().parents[2] / "roles/promote-container-image/files/merge-position.sh"
    with roles_world() as w:
        def git(*argv):
            return w.run("git", "-C", w.project, "-c", "user.name=a", "-c", "user.email=a@example.org", *argv).strip()

        git("init", "--quiet")
        for number in (1, 2, 3):
            git("commit", "--quiet", "--allow-empty", f"--message={number}")
        places = [int(w.run("sh", "-c", f"cd {w.project} && sh {script} {commit}"))
                  for commit in git("rev-list", "HEAD").split()]
        assert places == [3, 2, 1], places


def build_of(w, zuul, intermediate, item, uuid, result, change=7, **more):
    """A build of the gate with an image of its own in the intermediate registry; gives the image's digest."""
    place = f"{intermediate.address}/{item['repository']}:{uuid}_latest"
    digest = w.image(place, **more)
    buildset = zuul.add_buildset("gate", "example.org/app", change=change, patchset="2")
    zuul.add_build(buildset, "build-image", result=result, artifacts=[
        {"name": "docs", "url": "https://logs.example.org/docs", "metadata": {"type": "docs"}},
        {"name": f"{item['repository']}:latest", "url": f"docker://{place}",
         "metadata": {"type": "container_image", "repository": item["repository"], "tag": "latest", "digest": digest}}])
    zuul.finish(buildset, result)
    return digest


def from_intermediate(w, zuul, intermediate, secret, image, order="", **more):
    record = dict(w.secret(intermediate), host="127.0.0.1", port=int(intermediate.address.split(":")[1]))
    return promote(w, secret, image, promote_container_image_order=order, promote_container_image_method="intermediate-registry",
                   promote_container_image_api=zuul.api, promote_container_image_pipeline="gate",
                   promote_container_image_job="build-image", intermediate_registry=record, **more)


def test_the_newest_build_that_succeeded_is_promoted_from_the_intermediate_registry():
    """builds[0] was taken without a look at its result."""
    with roles_world() as w, ZuulApi(tenant="example") as zuul:
        public, secret = w.public()
        intermediate = w.start(ZregRegistry)
        image = image_of(public)
        build_of(w, zuul, intermediate, image, "1" * 32, "SUCCESS", name="old")
        wanted = build_of(w, zuul, intermediate, image, "2" * 32, "SUCCESS", name="wanted")
        build_of(w, zuul, intermediate, image, "3" * 32, "FAILURE", name="failed")
        done = from_intermediate(w, zuul, intermediate, secret, image).result(FROM_INTERMEDIATE)["results"][0]
        assert done["digest"] == wanted and done["changed"]
        assert w.inspect(f"{image['repository']}:latest")["digest"] == wanted
        again = from_intermediate(w, zuul, intermediate, secret, image).result(FROM_INTERMEDIATE)
        assert again["changed"] is False


def test_a_late_promotion_from_the_intermediate_registry_takes_nothing_back():
    with roles_world() as w, ZuulApi(tenant="example") as zuul:
        public, secret = w.public()
        intermediate = w.start(ZregRegistry)
        image = image_of(public)
        build_of(w, zuul, intermediate, image, "1" * 32, "SUCCESS", change=7, name="older")
        newer = build_of(w, zuul, intermediate, image, "2" * 32, "SUCCESS", change=8, name="newer")
        for change, order in (("8", 12), ("7", 11)):
            w.zuul["change"] = change
            done = from_intermediate(w, zuul, intermediate, secret, image, order=order)
        assert done.result(FROM_INTERMEDIATE)["results"][0]["promoted"] is False
        told = done.result("Tell what was promoted")["results"][0]["msg"]
        assert "superseded by change 8, which merged later: latest left alone" in told, told
        assert w.inspect(f"{image['repository']}:latest")["digest"] == newer


def test_without_a_build_that_succeeded_nothing_is_promoted():
    with roles_world() as w, ZuulApi(tenant="example") as zuul:
        public, secret = w.public()
        intermediate = w.start(ZregRegistry)
        image = image_of(public)
        build_of(w, zuul, intermediate, image, "3" * 32, "FAILURE")
        said = from_intermediate(w, zuul, intermediate, secret, image, run=w.refused)
        assert "Of the 1 builds" in said and "none succeeded" in said, said
        assert not puts(public)


if __name__ == "__main__":
    tap.main(__name__)
