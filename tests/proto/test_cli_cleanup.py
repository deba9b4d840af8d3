#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cleanup-tags and delete-tag: over the registry's own protocol, Docker Hub's API and Quay's."""

import base64
import contextlib
import email.utils
import json
import time

import registry as wire
from cli_world import tap, world
from registry import Answer, OCI_INDEX, OCI_MANIFEST, manifest
from vendor_apis import Hub, Quay, Tag

HOUR, DAY = 3600, 86400
REPOSITORY = "docker.io/example/app"
AGES = {"latest": 90 * DAY, "1.0": 90 * DAY, "change_1_latest": 25 * HOUR, "change_2_latest": 23 * HOUR,
        "change_3_latest": 3 * DAY + 60, "periodic_latest": 9 * DAY}


@contextlib.contextmanager
def served(api):
    try:
        yield api
        assert not api.faults, api.faults
    finally:
        api.close()


@contextlib.contextmanager
def hub(ages=None, **users):
    with served(Hub(users or {"ann": "secret"})) as api:
        for tag, age in (AGES if ages is None else ages).items():
            api.push("example/app", tag, age)
        yield api


@contextlib.contextmanager
def quay(ages=None):
    with served(Quay()) as api:
        for tag, age in (AGES if ages is None else ages).items():
            api.push("example/app", tag, age)
        yield api


def on_hub(w, api, password="secret"):
    return ("--api", "hub", "--api-url", api.url, "--username", "ann",
            "--password-file", w.file("password", password))


def on_quay(w, api, token="quay-token"):
    return ("--api", "quay", "--api-url", api.url, "--api-token-file", w.file("token", token))


def names(entries):
    return [entry["tag"] for entry in entries]


def test_ages_are_whole_durations_on_hub():
    with world() as w, hub() as api:
        document = w.json("cleanup-tags", REPOSITORY, *on_hub(w, api))
        assert list(document) == ["deleted", "kept", "dry_run"] and document["dry_run"] is False
        assert names(document["deleted"]) == ["change_1_latest", "change_3_latest"], document
        assert api.names("example/app") == ["1.0", "change_2_latest", "latest", "periodic_latest"]
        kept = {entry["tag"]: entry["reason"] for entry in document["kept"]}
        assert kept == {"latest": "is not a temporary tag", "1.0": "is not a temporary tag",
                        "change_2_latest": "pushed only 23 h 0 min ago", "periodic_latest": "does not match"}, kept
        assert document["deleted"][1]["reason"] == "pushed 3 d 0 h 1 min ago", document
        assert 3 * DAY + 60 <= document["deleted"][1]["age_s"] <= 3 * DAY + 120


def test_ages_are_whole_durations_on_quay():
    for with_start in (True, False):
        with world() as w, quay() as api:
            api.with_start = with_start
            document = w.json("cleanup-tags", "quay.io/example/app", *on_quay(w, api))
            assert names(document["deleted"]) == ["change_1_latest", "change_3_latest"], document
            assert api.names("example/app") == ["1.0", "change_2_latest", "latest", "periodic_latest"]


def test_pages_of_a_hundred_are_all_read():
    ages = {**{f"v{i}": DAY for i in range(150)}, **{f"change_{i}_latest": 2 * DAY for i in range(101)}}
    with world() as w, hub(ages) as api:
        document = w.json("cleanup-tags", REPOSITORY, *on_hub(w, api))
        assert len(document["deleted"]) == 101 and len(document["kept"]) == 150
        assert len(api.requests(r"GET .*page=")) == 3 and len(api.requests("DELETE")) == 101
        assert api.logins == 1
    with world() as w, quay(ages) as api:
        document = w.json("cleanup-tags", "quay.io/example/app", *on_quay(w, api))
        assert len(document["deleted"]) == 101 and len(document["kept"]) == 150
        assert len(api.requests(r"GET .*page=")) == 3


def test_a_dry_run_deletes_nothing():
    with world() as w, hub() as api:
        document = w.json("cleanup-tags", REPOSITORY, "--dry-run", *on_hub(w, api))
        assert names(document["deleted"]) == ["change_1_latest", "change_3_latest"] and document["dry_run"] is True
        assert len(api.names("example/app")) == len(AGES) and not api.requests("DELETE")
        done = w.run("cleanup-tags", REPOSITORY, "--dry-run", *on_hub(w, api))
        assert "would delete change_1_latest: pushed 1 d 1 h 0 min ago" in done.stdout, done.stdout
        assert "2 would be deleted, 4 kept" in done.stdout


def test_pipelines_and_ages_are_chosen():
    with world() as w, hub() as api:
        document = w.json("cleanup-tags", REPOSITORY, "--match", "periodic_.+", "--older-than", "10d", *on_hub(w, api))
        assert document["deleted"] == []
        document = w.json("cleanup-tags", REPOSITORY, "--match", "periodic_.+|change_2_.+", "--older-than", "23h",
                          *on_hub(w, api))
        assert names(document["deleted"]) == ["change_2_latest", "periodic_latest"]
        document = w.json("cleanup-tags", REPOSITORY, "--older-than", "0", *on_hub(w, api))
        assert names(document["deleted"]) == ["change_1_latest", "change_3_latest"]
        assert api.names("example/app") == ["1.0", "latest"]


def test_patterns_that_would_take_final_tags_are_refused():
    with world() as w, hub() as api:
        for pattern in (".*", "latest", ".+_.+", "[a-z]+_.+", ".*_latest", "^.*$", "a|.*", "change_.+|(latest)"):
            error = w.error("cleanup-tags", REPOSITORY, "--match", pattern, *on_hub(w, api))
            assert error["code"] == "INVAL" and "name the pipeline" in error["message"], (pattern, error)
        assert w.error("cleanup-tags", REPOSITORY, "--match", "(", *on_hub(w, api))["code"] == "INVAL"
        assert w.error("cleanup-tags", REPOSITORY, "--match", "x" * 300, *on_hub(w, api))["code"] == "INVAL"
        # A pattern is for the whole tag, whatever its anchors.
        document = w.json("cleanup-tags", REPOSITORY, "--match", "change_1", "--dry-run", *on_hub(w, api))
        assert document["deleted"] == []
        assert not api.requests("DELETE")


def test_both_ways_of_saying_deleted_are_understood():
    for status in (200, 202, 204):
        with world() as w, hub() as api, quay() as other:
            api.delete_status = other.delete_status = status
            assert len(w.json("cleanup-tags", REPOSITORY, *on_hub(w, api))["deleted"]) == 2
            document = w.json("cleanup-tags", "quay.io/example/app", *on_quay(w, other))
            assert len(document["deleted"]) == 2


def test_busy_servers_are_asked_again():
    plain = (429, {"Content-Type": "text/plain"}, b"Too Many Requests (HAP429).")
    bad = (502, {"Content-Type": "text/html"}, b"<html>Bad gateway</html>")
    for failures in ([plain], [bad, bad], [(429, {"Retry-After": "1"}, b"")], [(429, {"X-Retry-After": None}, b"{}")]):
        with world() as w, hub() as api:
            began = time.monotonic()
            api.fail_with = list(failures)
            if "X-Retry-After" in failures[0][1]:
                api.fail_with[0][1]["X-Retry-After"] = str(int(time.time()) + 2)
            document = w.json("cleanup-tags", REPOSITORY, *on_hub(w, api))
            assert names(document["deleted"]) == ["change_1_latest", "change_3_latest"]
            if any("After" in name for _, headers, _ in failures for name in headers):
                assert time.monotonic() - began > 0.5, "it did not wait as long as it was asked to"
    with world() as w, quay() as api:
        api.fail_with = [bad, plain]
        assert len(w.json("cleanup-tags", "quay.io/example/app", *on_quay(w, api))["deleted"]) == 2


def test_a_password_may_end_with_a_line_break():
    with world() as w, hub() as api:
        w.json("cleanup-tags", REPOSITORY, *on_hub(w, api, "secret\n"))
        assert api.logins == 1
    with world() as w, hub() as api:
        auth = base64.b64encode(b"ann:secret\n").decode()
        authfile = w.file("auth.json", {"auths": {"https://index.docker.io/v1/": {"auth": auth}}})
        document = w.json("cleanup-tags", REPOSITORY, "--api", "hub", "--api-url", api.url, "--authfile", authfile)
        assert len(document["deleted"]) == 2
    with world() as w, quay() as api:
        w.json("cleanup-tags", "quay.io/example/app", *on_quay(w, api, "quay-token\r\n"))


def test_wrong_credentials_are_told_without_showing_them():
    with world() as w, hub() as api:
        error = w.error("cleanup-tags", REPOSITORY, *on_hub(w, api, "mistyped-password"))
        assert error["code"] == "DENIED" and error["http_status"] == 401, error
        assert "login to the API of Docker Hub" in error["message"], error
        done = w.run("cleanup-tags", "--verbose", REPOSITORY, *on_hub(w, api, "mistyped-password"))
        assert "mistyped" not in done.stdout + done.stderr
    with world() as w, quay() as api:
        error = w.error("cleanup-tags", "quay.io/example/app", *on_quay(w, api, "mistyped-token"))
        assert error["code"] == "DENIED", error
        done = w.run("cleanup-tags", "--verbose", "quay.io/example/app", *on_quay(w, api, "mistyped-token"))
        assert done.returncode == 1 and "mistyped" not in done.stdout + done.stderr
        error = w.error("cleanup-tags", "quay.io/example/app", "--api", "quay", "--api-url", api.url)
        assert error["code"] == "DENIED" and "OAuth token" in error["message"], error


def test_a_login_that_runs_out_is_made_again():
    with world() as w, hub({f"change_{i}_latest": 2 * DAY for i in range(5)}) as api:
        route = api.route

        def forgetful(method, path, *rest):
            if method == "DELETE" and path.endswith("change_3_latest/") and api.logins == 1:
                api.tokens.clear()
            return route(method, path, *rest)

        api.route = forgetful
        assert len(w.json("cleanup-tags", REPOSITORY, *on_hub(w, api))["deleted"]) == 5
        assert api.logins == 2


def test_a_tag_that_may_not_be_deleted_does_not_stop_the_others():
    with world() as w, hub() as api:
        api.protected = {"change_1_latest"}
        error, done = w.partly("cleanup-tags", REPOSITORY, *on_hub(w, api))
        assert [tag["tag"] for tag in done["deleted"]] == ["change_3_latest"], done
        assert error["code"] == "DENIED" and "1 tags were deleted and 1 could not be" in error["message"], error
        assert "change_1_latest" in error["message"] and "immutable" in error["message"], error
        assert "change_3_latest" not in api.names("example/app")


def test_unknown_ages_are_kept():
    with world() as w, hub({}) as api:
        api.tags["example/app"] = {"change_1_latest": Tag(None, "sha256:" + "a" * 64)}
        document = w.json("cleanup-tags", REPOSITORY, *on_hub(w, api))
        assert document["deleted"] == []
        assert document["kept"] == [{"tag": "change_1_latest", "age_s": None,
                                     "reason": "its age is not known: the registry does not tell it"}], document


def test_a_tag_from_the_future_is_new():
    with world() as w, quay({"change_1_latest": -5 * DAY}) as api:
        document = w.json("cleanup-tags", "quay.io/example/app", *on_quay(w, api))
        assert document["kept"][0]["reason"] == "pushed only 0 h 0 min ago", document


def test_delete_tag_uses_the_same_interfaces():
    with world() as w, hub() as api, quay() as other:
        w.json("delete-tag", f"{REPOSITORY}:periodic_latest", *on_hub(w, api))
        assert "periodic_latest" not in api.names("example/app")
        error = w.error("delete-tag", f"{REPOSITORY}:periodic_latest", *on_hub(w, api))
        assert error["code"] == "NOTFOUND", error
        w.json("delete-tag", "quay.io/example/app:1.0", *on_quay(w, other))
        assert "1.0" not in other.names("example/app")


def test_promote_deletes_its_temporary_tag_over_them_too():
    with world() as w, hub({"change_1_latest": HOUR}) as api, wire.World() as net:
        registry = net.registry()
        data = image(registry, "change_1_latest")
        document = w.json("promote", f"{registry.name}/example/app", "--change", "1", "--tag", "latest", *on_hub(w, api))
        assert document["digest"] == wire.sha256(data) and document["temporary_deleted"] is True, document
        assert api.names("example/app") == [] and not registry.requests("DELETE")


def test_tokens_come_from_the_environment_too_and_never_in_the_clear():
    with world() as w, quay() as api:
        document = w.json("cleanup-tags", "quay.io/example/app", "--api", "quay", "--api-url", api.url,
                          environment={"ZREG_API_TOKEN": "quay-token\n"})
        assert len(document["deleted"]) == 2
        error = w.error("cleanup-tags", "quay.io/example/app", "--api", "quay", "--api-url", "http://hub.example",
                        environment={"ZREG_API_TOKEN": "quay-token"})
        assert error["code"] == "INVAL" and "https://" in error["message"], error
        assert w.error("cleanup-tags", "quay.io/example/app", "--api-url", api.url)["code"] == "INVAL"


def image(registry, tag, created=None, annotation=None, modified=None):
    """An image in a scripted registry, which may tell when it was built or pushed."""
    config = json.dumps({"os": "linux", "architecture": "amd64", "created": created or None}).encode()
    annotations = {"org.opencontainers.image.created": annotation} if annotation else None
    data = manifest(config=config, annotations=annotations)
    registry.add_blob("example/app", config)
    registry.add_manifest("example/app", tag, data)
    if modified:
        registry.on("GET", f"/manifests/{tag}$", Answer(200, data, {
            "Content-Type": OCI_MANIFEST, "Last-Modified": email.utils.formatdate(time.time() - modified, usegmt=True)}))
    return data


def ago(seconds, form="%Y-%m-%dT%H:%M:%S.123456789Z"):
    return time.strftime(form, time.gmtime(time.time() - seconds))


def test_without_an_age_of_tags_the_image_tells_when_it_was_built():
    with world() as w, wire.World() as net:
        registry = net.registry()
        image(registry, "change_1_a", created=ago(25 * HOUR))
        image(registry, "change_2_a", created=ago(23 * HOUR))
        image(registry, "change_3_a", annotation=ago(3 * DAY + 60), created=ago(HOUR))
        image(registry, "change_4_a", created="1970-01-01T00:00:00Z")
        image(registry, "change_5_a", created="yesterday")
        image(registry, "change_6_a", created=ago(9 * DAY), modified=HOUR)
        image(registry, "change_7_a", created=ago(HOUR), modified=9 * DAY)
        image(registry, "latest", created=ago(9 * DAY))
        document = w.json("cleanup-tags", f"{registry.name}/example/app")
        reasons = {entry["tag"]: entry["reason"] for entry in document["deleted"] + document["kept"]}
        unknown = "its age is not known: neither the registry nor the image tells it"
        assert reasons == {
            "change_1_a": "built 1 d 1 h 0 min ago", "change_2_a": "built only 23 h 0 min ago",
            "change_3_a": "built 3 d 0 h 1 min ago", "change_4_a": unknown, "change_5_a": unknown,
            "change_6_a": "pushed only 1 h 0 min ago", "change_7_a": "pushed 9 d 0 h 0 min ago",
            "latest": "is not a temporary tag"}, reasons
        assert names(document["deleted"]) == ["change_1_a", "change_3_a", "change_7_a"]
        assert registry.requests("DELETE") == [f"DELETE /v2/example/app/manifests/change_{i}_a" for i in (1, 3, 7)]
        assert not registry.requests("manifests/latest"), "the config of a tag that does not match is not read"


def test_an_index_is_as_old_as_its_youngest_image():
    with world() as w, wire.World() as net:
        registry = net.registry()
        for tag, ages in (("change_1_a", (9 * DAY, HOUR)), ("change_2_a", (9 * DAY, 8 * DAY)), ("change_3_a", (None,))):
            children = [image(registry, f"child-{tag}-{n}", created=age and ago(age)) for n, age in enumerate(ages)]
            registry.add_manifest("example/app", tag, json.dumps({
                "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
                    {"mediaType": OCI_MANIFEST, "digest": wire.sha256(child), "size": len(child)}
                    for child in children]}).encode(), OCI_INDEX)
        document = w.json("cleanup-tags", f"{registry.name}/example/app")
        assert names(document["deleted"]) == ["change_2_a"], document


def test_what_cannot_be_read_does_not_stop_the_others():
    with world() as w, wire.World() as net:
        registry = net.registry()
        child = image(registry, "child", created=ago(9 * DAY))
        gone = manifest(config=b"gone")
        registry.add_manifest("example/app", "change_1_sparse", json.dumps({
            "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [
                {"mediaType": OCI_MANIFEST, "digest": wire.sha256(data), "size": len(data)}
                for data in (gone, child)]}).encode(), OCI_INDEX)
        registry.add_manifest("example/app", "change_2_old", b'{"schemaVersion": 1, "name": "x"}',
                              "application/vnd.docker.distribution.manifest.v1+json")
        registry.add_manifest("example/app", "change_3_bad", b"{", OCI_MANIFEST)
        image(registry, "change_4_good", created=ago(9 * DAY))
        document = w.json("cleanup-tags", f"{registry.name}/example/app")
        assert names(document["deleted"]) == ["change_1_sparse", "change_4_good"], document
        reasons = {entry["tag"]: entry["reason"] for entry in document["kept"]}
        unreadable = "its age is not known: its manifest is unreadable"
        assert reasons["change_2_old"] == reasons["change_3_bad"] == unreadable, reasons


def test_a_registry_that_cannot_delete_a_tag_says_so():
    with world() as w, wire.World() as net:
        registry = net.registry()
        image(registry, "change_1_a", created=ago(25 * HOUR))
        registry.on("DELETE", "/manifests/", wire.error(405, "UNSUPPORTED"), times=2)
        error = w.error("cleanup-tags", f"{registry.name}/example/app")
        assert error["code"] == "UNSUPPORTED" and "change_1_a" in error["message"], error
        assert registry.requests("DELETE")[0] == "DELETE /v2/example/app/manifests/change_1_a"
        assert len(registry.requests("DELETE")) == 2 and not registry.requests("PUT"), registry.requests()


def test_only_the_tag_goes_never_its_siblings():
    with world() as w:
        registry = w.buildset()
        layout = w.layout()
        digest = layout.tag(layout.image("one"), "one")
        w.json("copy", f"oci:{layout.folder}:one", f"{registry.address}/example/app:change_1_latest")
        w.json("promote", f"{registry.address}/example/app", "--change", "1", "--tag", "latest", "--keep")
        document = w.json("cleanup-tags", f"{registry.address}/example/app", "--older-than", "0")
        assert names(document["deleted"]) == ["change_1_latest"]
        assert w.json("tags", f"{registry.address}/example/app")["tags"] == ["latest"]
        assert w.json("inspect", f"{registry.address}/example/app:latest")["digest"] == digest
        assert not [line for line in registry.requests() if line["method"] == "DELETE"
                    and "sha256:" in line["path"]]


if __name__ == "__main__":
    tap.main(__name__)
