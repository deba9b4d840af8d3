# SPDX-License-Identifier: Apache-2.0
"""The modules, run by Ansible against `zreg serve` and docker-registry, both with TLS and passwords."""

from ansible_world import BuildsetRegistry, DockerRegistry, ZregRegistry, ansible, tap


def place(record, rest):
    return f"{record['host']}:{record['port']}/{rest}"


def client(*records):
    """Looks at registries without Ansible."""
    import zreg
    made = zreg.Client(authfile="")
    for record in records:
        made.set_host(place(record, "").rstrip("/"), ca_pem=record.get("cert"))
        made.set_credentials(place(record, "").rstrip("/"), record["username"], record["password"])
    return made


def pushed(w, record, rest, **options):
    """An image at a registry, and its digest."""
    return w.image(place(record, rest), **options)


def copies(kind):
    def run():
        with ansible() as w:
            source, target = w.record(ZregRegistry), w.record(kind)
            digest = pushed(w, source, "some/image:one")
            options = dict(src=place(source, "some/image:one"), dst=place(target, "other/image:two"),
                           registries=[source, target])
            done = w.thrice("zreg_copy", **options)
            assert done["digest"] == digest and done["blobs"]["copied"] and done["bytes"], done
            with client(target) as c:
                assert c.head(options["dst"]) == digest
            refused = w.module("zreg_copy", fails=True, expect_digest="sha256:" + "0" * 64, **options)
            assert refused["code"] == "CONFLICT" and digest in refused["msg"], refused
            refused = w.module("zreg_copy", fails=True, check=True, expect_digest="sha256:" + "0" * 64, **options)
            assert digest in refused["msg"], refused
    return run


test_copy_to_zreg_serve = copies(ZregRegistry)
test_copy_to_docker_registry = copies(DockerRegistry)


def test_copy_to_and_from_a_layout():
    with ansible() as w:
        source = w.record()
        digest = pushed(w, source, "some/image:one")
        w.thrice("zreg_copy", src=place(source, "some/image:one"), dst=f"oci:{w.folder}/out:one", registries=[source])
        w.thrice("zreg_copy", src=f"oci:{w.folder}/out:one", dst=place(source, "back:one"), registries=[source])
        with client(source) as c:
            assert c.head(place(source, "back:one")) == digest


def test_copy_and_upload_take_along_what_belongs_to_an_image():
    with ansible() as w:
        source, target = w.record(ZregRegistry), w.record(DockerRegistry)
        digest = pushed(w, source, "some/image:one")
        signature = digest.replace(":", "-") + ".sig"
        signed = pushed(w, source, f"some/image:{signature}", name="signature")
        options = dict(src=place(source, "some/image:one"), dst=place(target, "other/image:two"),
                       registries=[source, target])
        w.module("zreg_copy", **options)
        done = w.module("zreg_copy", with_referrers=True, **options)
        assert done["changed"] and done["referrers"] == {"copied": 1, "skipped": 0} and done["digest"] == digest, done
        assert "other/image:two referrers 1 copied" in done["diff"]["after"], done
        again = w.module("zreg_copy", with_referrers=True, **options)
        assert not again["changed"] and again["referrers"] == {"copied": 0, "skipped": 1}, again
        uploaded = w.thrice("zreg_upload", src=options["src"], repository=place(target, "example/app"), change="12",
                            with_referrers=True, registries=[source, target])
        assert uploaded["referrers"] == {"copied": 1, "skipped": 0}, uploaded
        promoted = w.module("zreg_promote", repository=place(target, "example/app"), change="12", with_referrers=True,
                            registries=[target])
        assert promoted["referrers"] == 1 and promoted["blob_requests"] == 0, promoted
        with client(target) as c:
            for repository in ("other/image", "example/app"):
                assert c.head(place(target, f"{repository}:{signature}")) == signed
        refused = w.module("zreg_copy", fails=True, sources=[options["src"]], dst=place(target, "index:one"),
                           with_referrers=True, registries=[source, target])
        assert "with_referrers" in refused["msg"], refused


def test_copy_repairs_by_force():
    with ansible() as w:
        source, target = w.record(), w.record()
        pushed(w, source, "some/image:one")
        options = dict(src=place(source, "some/image:one"), dst=place(target, "other/image:two"), registries=[source, target])
        w.module("zreg_copy", **options)
        with client(target) as c:
            c.delete_blob(place(target, "other/image"), c.manifest(options["dst"]).layers[0].digest)
        assert not w.module("zreg_copy", **options)["changed"]
        done = w.thrice("zreg_copy", force=True, **options)
        assert done["blobs"]["copied"] == 1 and "parts 1 copied" in done["diff"]["after"], done
        for wrong in (dict(force=True), dict(layers="as-is")):
            refused = w.module("zreg_copy", fails=True, sources=[options["src"]], dst=options["dst"], registries=[source, target],
                               **wrong)
            assert "force" in refused["msg"], refused
        assert "layers" in w.module("zreg_copy", fails=True, layers="xz", **options)["msg"]


def test_copy_makes_an_index_and_takes_platforms_of_it():
    with ansible() as w:
        there = w.record()
        amd64 = pushed(w, there, "some/image:amd64", name="one", platform="linux/amd64")
        arm64 = pushed(w, there, "some/image:arm64", name="two", platform="linux/arm64")
        sources = [place(there, "some/image:amd64"), place(there, "some/image:arm64")]
        index = w.play({"zreg_copy": dict(sources=sources, dst=place(there, "some/image:all"), registries=[there])},
                       {"zreg_copy": dict(sources=sources, dst=place(there, "some/image:all"), registries=[there])})
        assert [result["changed"] for result in index] == [True, False], index
        part = dict(src=place(there, "some/image:all"), dst=place(there, "part:one"), platforms=["linux/arm64"],
                    registries=[there])
        foreseen = w.module("zreg_copy", check=True, **part)
        done = w.module("zreg_copy", **part)
        again = w.module("zreg_copy", check=True, **part)
        assert foreseen["changed"] and done["changed"] and not again["changed"], (foreseen, done, again)
        with client(there) as c:
            held = {str(child.digest) for child in c.manifest(place(there, "some/image:all")).children}
            assert held == {amd64, arm64}, held
            assert [str(child.digest) for child in c.manifest(place(there, "part:one")).children] == [arm64]


def test_upload_and_promote():
    with ansible() as w:
        buildset, public = w.record(BuildsetRegistry), w.record(DockerRegistry)
        digest = pushed(w, buildset, "example/app:latest")
        repository = place(public, "example/app")
        uploaded = w.thrice("zreg_upload", src=place(buildset, "example/app:latest"), repository=repository, change="12",
                            pipeline="gate", registries=[buildset, public])
        assert uploaded["tag"] == "change_12_latest" and uploaded["digest"] == digest, uploaded
        assert uploaded["ref"] == f"{repository}:change_12_latest", uploaded

        promotion = dict(repository=repository, tags=["latest", "1.2"], change="12", expect_digest=digest, keep=True,
                         registries=[public])
        promoted = w.thrice("zreg_promote", **promotion)
        assert promoted["digest"] == digest and promoted["blob_requests"] == 0, promoted
        assert promoted["previous"] == {"latest": None, "1.2": None}, promoted
        with client(public) as c:
            assert {str(c.head(f"{repository}:{tag}")) for tag in ("latest", "1.2", "change_12_latest")} == {digest}


def test_promote_refuses_in_check_mode_what_it_refuses():
    with ansible() as w:
        public = w.record()
        repository = place(public, "example/app")
        old = pushed(w, public, "example/app:latest", name="old")
        new = pushed(w, public, "example/app:change_12_latest", name="new")
        options = dict(repository=repository, change="12", registries=[public])
        for check in (True, False):
            refused = w.module("zreg_promote", check=check, fails=True, expect_digest=old, **options)
            assert new in refused["msg"] and old in refused["msg"], refused
            refused = w.module("zreg_promote", check=check, fails=True, if_current="absent", **options)
            assert old in refused["msg"], refused
        missing = w.module("zreg_promote", fails=True, repository=repository, change="13", registries=[public])
        assert missing["code"] == "NOTFOUND" and "change_13_latest" in missing["msg"], missing
        done = w.module("zreg_promote", if_current=old, **options)
        assert done["changed"] and done["temporary_deleted"] and done["previous"] == {"latest": old}, done


def test_promote_takes_what_is_whole_only():
    with ansible() as w:
        public = w.record()
        repository = place(public, "example/app")
        pushed(w, public, "example/app:change_12_latest")
        with client(public) as c:
            layer = c.manifest(f"{repository}:change_12_latest").layers[0].digest
            looked = w.module("zreg_promote", repository=repository, change="12", keep=True, registries=[public])
            skipped = w.module("zreg_promote", repository=repository, change="12", keep=True, no_verify=True,
                               registries=[public])
            assert looked["verify_requests"] > 0 and skipped["verify_requests"] == 0, (looked, skipped)
            c.delete_blob(repository, layer)
        refused = w.module("zreg_promote", fails=True, repository=repository, change="12", registries=[public])
        assert refused["code"] == "NOTFOUND" and f"{layer} is missing" in refused["msg"], refused


def test_promote_warns_of_a_temporary_tag_that_stays():
    with ansible() as w:
        public = w.record()
        repository = place(public, "example/app")
        digest = pushed(w, public, "example/app:change_12_latest")
        unreachable = dict(public, api="quay", api_url="http://127.0.0.1:9")
        done = w.module("zreg_promote", repository=repository, change="12", registries=[unreachable])
        assert done["digest"] == digest and not done["temporary_deleted"], done
        assert done["cleanup_error"].startswith("the temporary tag stays: "), done
        assert done["warnings"] == [f"{repository}: {done['cleanup_error']}"], done


def test_promote_never_goes_back():
    with ansible() as w:
        public = w.record()
        repository = place(public, "example/app")
        late = pushed(w, public, "example/app:change_12_latest", name="late")
        pushed(w, public, "example/app:change_11_latest", name="early")
        pushed(w, public, "example/app:change_11_kept", name="early")
        options = dict(repository=repository, registries=[public])
        done = w.module("zreg_promote", change="12", order=2, **options)
        assert done["promoted"] and done["tags"] == ["latest"] and done["digest"] == late, done
        again = w.module("zreg_promote", change="12", order=2, **options)
        assert again["promoted"] and not again["changed"], again
        foreseen = w.module("zreg_promote", check=True, change="11", order=1, **options)
        assert not foreseen["promoted"] and not foreseen["changed"] and foreseen["superseded_by"] == "12", foreseen
        early = w.module("zreg_promote", change="11", order=1, **options)
        assert not early["promoted"] and not early["changed"] and early["superseded"] == ["latest"], early
        assert early["superseded_by"] == "12" and early["tags"] == [], early
        with client(public) as c:
            assert c.head(f"{repository}:latest") == late
            c.copy(f"{repository}:change_11_kept", f"{repository}:change_11_latest")
            c.copy(f"{repository}:change_11_kept", f"{repository}:latest")
        for check in (True, False):
            mended = w.module("zreg_promote", check=check, change="11", order=1, **options)
            assert mended["changed"] and not mended["promoted"] and mended["digest"] == late, (check, mended)


def test_upload_without_a_change_uses_the_pipeline():
    with ansible() as w:
        there = w.record()
        pushed(w, there, "app:one")
        done = w.module("zreg_upload", src=place(there, "app:one"), repository=place(there, "app"), change="",
                        pipeline="periodic", registries=[there])
        assert done["tag"] == "periodic_latest", done


def test_tags():
    with ansible() as w:
        there = w.record()
        repository = place(there, "some/image")
        digest = pushed(w, there, "some/image:one")
        with client(there) as c:
            c.put_manifest(f"{repository}:two", c.manifest(f"{repository}:one"))
        listed = w.module("zreg_tags", repository=repository, registries=[there])
        assert listed["tags"] == ["one", "two"] and not listed["changed"], listed
        deleted = w.thrice("zreg_tags", repository=repository, state="absent", tags=["one", "none"],
                           registries=[there])
        assert deleted["deleted"] == ["one"], deleted
        with client(there) as c:
            assert c.tags(repository) == ["two"] and c.head(f"{repository}:two") == digest


def test_tags_that_are_old_are_cleaned():
    with ansible() as w:
        there = w.record()
        repository = place(there, "some/image")
        for tag in ("latest", "change_1_latest", "change_2_latest"):
            pushed(w, there, f"some/image:{tag}", name=tag)
        options = dict(repository=repository, state="cleaned", registries=[there])
        young = w.module("zreg_tags", older_than="1d", **options)
        assert not young["changed"] and young["deleted"] == [], young
        assert "change_1_latest" in {kept["tag"] for kept in young["kept"]}, young
        cleaned = w.thrice("zreg_tags", older_than="0", match="change_1_.*", **options)
        assert cleaned["deleted"] == ["change_1_latest"], cleaned
        with client(there) as c:
            assert c.tags(repository) == ["change_2_latest", "latest"]
        wrong = w.module("zreg_tags", fails=True, older_than="soon", **options)
        assert "soon" in wrong["msg"], wrong


def test_publish_and_populate():
    with ansible() as w:
        first, second, intermediate = w.record(BuildsetRegistry), w.record(BuildsetRegistry), w.record(DockerRegistry)
        digest = pushed(w, first, "example/app:latest")
        published = w.thrice(
            "zreg_publish", **{"from": place(first, "").rstrip("/")}, to=place(intermediate, "").rstrip("/"),
            images=["docker.io/example/app"], build="b1", change="1", patchset="2", registries=[first, intermediate])
        artifact = published["artifacts"][0]
        assert artifact["name"] == "example/app:latest", artifact
        assert artifact["url"] == f"docker://{place(intermediate, 'example/app:b1_latest')}", artifact
        assert artifact["metadata"]["type"] == "container_image" and artifact["metadata"]["digest"] == digest, artifact

        other = {"name": "docs", "url": "docs/"}
        options = dict(artifacts=[other, *published["artifacts"]], to=place(second, "").rstrip("/"),
                       registries=[second, intermediate])
        populated = w.thrice("zreg_populate", **options)
        image = populated["images"][0]
        assert (image["repository"], image["tag"], image["digest"], image["change"]) == (
            "example/app", "latest", digest, "1"), image
        same = w.module("zreg_populate", zuul={"artifacts": published["artifacts"], "build": "x"}, to=options["to"],
                        registries=options["registries"])
        assert not same["changed"] and same["images"], same
        assert same["items"] is None, same
        items = [{"project": {"name": f"example/{name}"}, "change": change, "patchset": "1", "change_url": None} for name, change in (("app", "1"), ("base", "2"), ("x", "3"))]
        made = {**published["artifacts"][0], "project": "example/app", "change": 1, "patchset": "1", "job": "build"}
        behind = w.module("zreg_populate", zuul={"artifacts": [made], "items": items, "change": "3"}, to=options["to"],
                          registries=options["registries"])
        assert [(item["change"], item["images"]) for item in behind["items"]] == [
            ("1", ["example/app:latest"]), ("2", [])], behind
        assert behind["items"][0]["reason"] == "" and "Zuul gave" in behind["items"][1]["reason"], behind
        nothing = w.module("zreg_populate", zuul={"build": "x"}, to=options["to"], registries=options["registries"])
        assert not nothing["changed"] and nothing["images"] == [], nothing


def test_these_tests_notice_a_password():
    with ansible() as w:
        there = w.record()
        try:
            w.play({"debug": {"var": "there"}}, there=there)
        except AssertionError as noticed:
            assert "a password is in the output" in str(noticed)
        else:
            raise AssertionError("a password was shown and not noticed")


def test_errors_tell_what_is_wrong():
    with ansible() as w:
        there = w.record()
        wrong = {**there, "password": "not-the-password"}
        w.secrets.add("not-the-password")
        denied = w.module("zreg_tags", fails=True, repository=place(there, "x"), registries=[wrong])
        assert denied["code"] == "DENIED" and denied["http_status"] == 401, denied
        untrusted = w.module("zreg_tags", fails=True, repository=place(there, "x"),
                             registries=[{**there, "cert": None}])
        assert untrusted["code"] == "TLS" and "certificate" in untrusted["msg"], untrusted
        both = w.module("zreg_copy", fails=True, src="a", sources=["b"], dst="c")
        assert "mutually exclusive" in both["msg"], both


def test_without_the_package_the_module_says_what_to_do():
    with ansible() as w:
        w.environment["PYTHONPATH"] = ""
        missing = w.play({"zreg_tags": dict(repository="x")}, fails=True)
        assert "ensure-zreg" in missing.only["msg"], missing.only


if __name__ == "__main__":
    tap.main(__name__)
