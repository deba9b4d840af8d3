# SPDX-License-Identifier: Apache-2.0
"""`zreg copy`, `promote` and friends between zreg's registry and Debian's docker-registry."""

import json
import shutil
import secrets
import signal
import subprocess
import time

from world import need, tap, world
from layout import MANIFEST, Layout
from registries import BuildsetRegistry, DockerRegistry, ZregRegistry


def both(w):
    need("docker-registry")
    return w.start(ZregRegistry), w.start(DockerRegistry)


def puts(registry):
    return [r for r in registry.requests() if r["method"] in ("PUT", "POST", "PATCH")]


def there_and_back(w, first, second, make):
    digest = make(f"{first.address}/some/image:one")
    gone = w.zreg("copy", f"{first.address}/some/image:one", f"{second.address}/other/image:two")
    assert gone["digest"] == digest
    back = w.zreg("copy", f"{second.address}/other/image:two", f"{first.address}/third:three")
    assert back["digest"] == digest
    assert w.zreg("inspect", f"{first.address}/third:three")["digest"] == digest
    before = len(puts(second))
    again = w.zreg("copy", f"{first.address}/some/image:one", f"{second.address}/other/image:two")
    assert again["digest"] == digest and again["blobs"]["copied"] == 0
    assert len(puts(second)) == before, "a second copy put something"


def test_an_image_goes_to_docker_registry_and_back():
    with world() as w:
        ours, theirs = both(w)
        there_and_back(w, ours, theirs, w.image)


def test_an_image_comes_from_docker_registry_and_goes_back():
    with world() as w:
        ours, theirs = both(w)
        there_and_back(w, theirs, ours, w.image)


def index(w, place):
    host = place.split("/")[0]
    parts = []
    for arch in ("amd64", "arm64"):
        part = f"{host}/parts:{arch}"
        w.image(part, platform=f"linux/{arch}", name=arch)
        parts.append(part)
    return w.zreg("index", place, *parts)["digest"]


def test_an_index_of_two_platforms_goes_both_ways():
    with world() as w:
        ours, theirs = both(w)
        there_and_back(w, ours, theirs, lambda place: index(w, place))
    with world() as w:
        ours, theirs = both(w)
        there_and_back(w, theirs, ours, lambda place: index(w, place))


def protocols(registry, before=0):
    return {request["protocol"] for request in registry.requests()[before:]}


def test_http2_is_spoken_where_it_was_asked_for_and_offered():
    with world() as w:
        ours, theirs = both(w)
        place, other = f"{theirs.address}/some/image:one", f"{ours.address}/some/image:one"
        digest = w.image(place)
        assert protocols(theirs) == {"HTTP/1.1"}, "nobody asked for more"
        before = len(theirs.requests())
        # Ours does not offer it: the same option leads to HTTP/1.1 there.
        hosts = ["--http2", theirs.address, "--http2", ours.address]
        assert w.zreg("copy", *hosts, place, other)["digest"] == digest
        assert w.zreg("promote", *hosts, f"{theirs.address}/some/image", "--from-tag", "one",
                      "--tag", "two", "--keep")["digest"] == digest
        assert protocols(theirs, before) == {"HTTP/2.0"}


def test_a_large_blob_is_uploaded_by_http1_whatever_was_asked_for():
    with world() as w:
        _, theirs = both(w)
        place = f"{theirs.address}/some/image:one"
        big = w.tree("big", {"big": "".join(secrets.token_hex(32) for _ in range(1 << 15))})
        w.zreg("append", "--http2", theirs.address, "--base", "scratch", "--layer", big, place)
        spoken = {(r["method"], r["protocol"]) for r in puts(theirs)}
        assert spoken == {("POST", "HTTP/2.0"), ("PATCH", "HTTP/1.1"), ("PUT", "HTTP/2.0")}, spoken


def test_promote_takes_two_requests_and_no_blob():
    with world() as w:
        _, theirs = both(w)
        digest = w.image(f"{theirs.address}/example/base:change_7_latest")
        before = len(theirs.requests())
        result = w.zreg("promote", f"{theirs.address}/example/base", "--change", "7",
                        "--tag", "latest", "--expect-digest", digest, "--keep")
        log = [r for r in theirs.requests()[before:] if r["status"] != 401]
        blobs = [r["method"] for r in log if "/blobs/" in r["path"]]
        assert blobs == ["HEAD"] * result["verify_requests"] and blobs, log
        assert [r["method"] for r in log if "/blobs/" not in r["path"]] == ["GET", "PUT"], log
        assert result["blob_requests"] == 0 and result["digest"] == digest
        assert w.zreg("inspect", f"{theirs.address}/example/base:latest")["digest"] == digest


def test_promote_in_order_on_docker_registry():
    for make in (lambda w, place: w.image(place), index):
        with world() as w:
            _, theirs = both(w)
            place = f"{theirs.address}/example/base"
            make(w, f"{place}:change_8_latest")
            newer = w.zreg("promote", place, "--change", "8", "--tag", "latest", "--order", "20")
            make(w, f"{place}:change_7_latest")
            before = len(theirs.requests())
            late = w.zreg("promote", place, "--change", "7", "--tag", "latest", "--order", "10")
            assert newer["promoted"] is True and late["promoted"] is False, late
            assert late["superseded_by"] == "8" and late["digest"] == newer["digest"], late
            assert not [r for r in theirs.requests()[before:] if r["method"] == "PUT"]
            assert newer["blob_requests"] == late["blob_requests"] == late["verify_requests"] == 0
            assert w.zreg("inspect", f"{place}:latest")["digest"] == newer["digest"]


def test_promote_refuses_another_digest_and_changes_nothing():
    with world() as w:
        ours, _ = both(w)
        w.image(f"{ours.address}/example/base:change_7_latest")
        error = w.fails("promote", f"{ours.address}/example/base", "--change", "7",
                        "--tag", "latest", "--expect-digest", "sha256:" + "0" * 64)
        assert error["code"] == "CONFLICT", error
        assert w.fails("inspect", f"{ours.address}/example/base:latest")["code"] == "NOTFOUND"


def test_promote_removes_the_temporary_tag_alone():
    with world() as w:
        ours, _ = both(w)
        w.image(f"{ours.address}/example/base:change_7_latest")
        w.zreg("promote", f"{ours.address}/example/base", "--change", "7", "--tag", "latest")
        tags = json.loads(w.run(*w.argv("tags", f"{ours.address}/example/base")))
        assert tags["tags"] == ["latest"], tags


def test_a_wrong_password_is_denied_and_not_told():
    with world() as w:
        ours = w.start(ZregRegistry)
        place = f"{ours.address}/some/image:one"
        w.image(place)
        w.credentials.add(ours.address, "zuul", "hunter2-is-wrong", None)
        error = w.fails("inspect", place)
        assert error["code"] == "DENIED", error
        assert "hunter2" not in json.dumps(error)


def test_an_unknown_certificate_is_refused():
    with world() as w:
        ours = w.start(ZregRegistry)
        w.credentials.bundle.write_text("")
        error = w.fails("inspect", f"{ours.address}/some/image:one")
        assert error["code"] == "NOTFOUND", ("podman's folder of certificates counts", error)
        shutil.rmtree(w.credentials.certs)
        error = w.fails("inspect", f"{ours.address}/some/image:one")
        assert error["code"] == "TLS" and "certificate" in error["message"], error


def test_a_cancelled_copy_leaves_no_tag_and_ends_at_once():
    with world() as w:
        ours, theirs = both(w)
        big = w.folder / "big"
        big.mkdir()
        subprocess.run(["openssl", "rand", "-out", big / "random", str(256 << 20)], check=True)
        w.zreg("append", "--base", "scratch", "--layer", big, f"{ours.address}/big:one")
        copy = subprocess.Popen(w.argv("copy", f"{ours.address}/big:one",
                                       f"{theirs.address}/big:one"),
                                env=w.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # Before its first request it may still be starting, and would die of the signal.
        while copy.poll() is None and not [r for r in ours.requests() if r["method"] == "GET"
                                           and "/manifests/" in r["path"]]:
            time.sleep(0.005)
        time.sleep(0.05)
        start = time.monotonic()
        copy.send_signal(signal.SIGINT)
        output, _ = copy.communicate(timeout=20)
        if copy.returncode == 0:
            raise tap.Skip("the copy was done before it could be cancelled")
        assert time.monotonic() - start < 5
        assert json.loads(output)["error"]["code"] == "CANCELLED", output
        assert w.fails("inspect", f"{theirs.address}/big:one")["code"] == "NOTFOUND"


def with_referrer(w, place, subject):
    """Pushes an artifact that names the image at a place, without a tag, and gives its digest."""
    layout = Layout(w.folder / "artifact")
    empty = layout.blob(b"{}", "application/vnd.oci.empty.v1+json")
    digest = layout.tag(layout.document({
        "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": "application/spdx+json", "config": empty,
        "layers": [empty], "subject": subject}, MANIFEST), "artifact")
    w.zreg("copy", f"oci:{layout.folder}:artifact", f"{place}@{digest}")
    return digest


def test_what_belongs_to_an_image_goes_to_docker_registry_and_back():
    """zreg serve keeps lists of referrers; docker-registry keeps none, so that a tag holds the list."""
    with world() as w:
        ours, theirs = both(w)
        digest = w.image(f"{ours.address}/some/image:one")
        image = w.zreg("inspect", f"{ours.address}/some/image:one")
        artifact = with_referrer(w, f"{ours.address}/some/image", {
            "mediaType": image["media_type"], "digest": digest, "size": image["size"]})
        tag = digest.replace(":", "-")
        w.image(f"{ours.address}/some/image:{tag}.sig", name="signature")
        way = [f"{ours.address}/some/image:one", f"{theirs.address}/other/image:two",
               f"{ours.address}/third:three"]
        for src, dst in zip(way, way[1:]):
            done = w.zreg("copy", "--with-referrers", src, dst)
            assert done["referrers"] == {"copied": 2, "skipped": 0}, done
            again = w.zreg("copy", "--with-referrers", src, dst)
            assert again["referrers"] == {"copied": 0, "skipped": 2} and again["bytes"] == 0, again
        place = way[2].rsplit(":", 1)[0]
        assert w.zreg("inspect", f"{place}@{artifact}")["digest"] == artifact
        listed = w.zreg("inspect", f"{theirs.address}/other/image:{tag}")["platforms"]
        assert [entry["digest"] for entry in listed] == [artifact], listed
        assert sorted(w.zreg("tags", place)["tags"]) == sorted(["three", f"{tag}.sig"])


def test_append_gives_the_same_digest_for_the_same_input():
    with world() as w:
        one = w.image(f"oci:{w.folder}/a:one")
        two = w.image(f"oci:{w.folder}/b:two")
        assert one == two


def test_the_change_ahead_is_published_populated_and_resolved():
    with world() as w:
        intermediate = w.start(ZregRegistry)
        first, second = w.start(BuildsetRegistry), w.start(BuildsetRegistry)
        digest = w.image(f"{first.address}/example/base:latest")
        published = w.zreg("publish", "--from", first.address, "--to", intermediate.address,
                           "--build", "b" * 32, "--change", "1", "--image", "example/base:latest")
        artifact, = published["artifacts"]
        assert artifact["name"] == "example/base:latest"
        assert artifact["url"] == (f"docker://{intermediate.address}/example/base:{'b' * 32}_latest")
        assert artifact["metadata"]["digest"] == digest
        assert artifact["metadata"]["type"] == "container_image"
        path = w.folder / "artifacts.json"
        path.write_text(json.dumps({"zuul": published}))
        populated = w.zreg("populate", "--artifacts", path, "--to", second.address)
        image, = populated["images"]
        assert (image["repository"], image["digest"], image["change"]) == ("example/base", digest, "1")
        winner = w.zreg("resolve", "docker.io/example/base:latest", "--artifacts", path,
                        "--buildset", second.address)["winner"]
        assert (winner["source"], winner["digest"], winner["change"]) == ("buildset", digest, "1")


if __name__ == "__main__":
    tap.main(__name__)
