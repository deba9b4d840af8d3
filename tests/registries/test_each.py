# SPDX-License-Identifier: Apache-2.0
"""Each registry alone: what it lists and deletes, blobs that it lost, and who may do what."""

import base64
import sys

import peers
from sites import each, site, tap
from contents import TAGS


def digests(s, place):
    return s.zreg("digest", place)["digest"]


def fails(s, verb, *argv, code):
    error = s.fails(verb, *argv)
    assert error["code"] == code, error
    return error


def catalog(s, peer):
    if not peer.has_catalog:
        assert "which repositories" in fails(s, "catalog", peer.address, code="UNSUPPORTED")["message"]
        return
    names = [f"seed/{name}" for name in ("image", "index", "large", "many", "signed")]
    assert set(names) <= set(s.zreg("catalog", peer.address)["repositories"])


def tags_in_pages(s, peer):
    before = len(peer.requests())
    assert sorted(s.zreg("tags", f"{peer.address}/seed/many")["tags"]) == TAGS
    pages = [r for r in peer.requests()[before:] if "/tags/list" in r["path"] and r["status"] == 200]
    assert len(pages) in (0, peer.pages_of_150), pages  # 0: it has no log


def referrers(s, peer):
    tree = s.zreg("referrers", "--tree", f"{peer.address}/seed/signed:one")
    sbom, signature, _ = s.contents.belongings
    assert sbom in str(tree) and signature in str(tree), tree
    kept = "sha256-" + s.contents.digests["signed"][7:] not in s.zreg("tags", f"{peer.address}/seed/signed")["tags"]
    assert kept == peer.keeps_referrers, kept


def set_up(s, peer, name):
    """Two tags of one image, and one of another."""
    place = f"{peer.address}/deletes/{name}"
    for tag, of in (("a", "image"), ("b", "image"), ("c", "signed")):
        s.zreg("copy", f"{peer.address}/seed/{of}:one", f"{place}:{tag}")
    return place


def delete_by_tag(s, peer):
    place = set_up(s, peer, "by-tag")
    if not peer.deletes_manifests:
        assert "delete" in fails(s, "delete-tag", f"{place}:a", code="UNSUPPORTED")["message"]
        assert digests(s, f"{place}:a") == s.contents.digests["image"]
        return
    s.zreg("delete-tag", f"{place}:a")
    fails(s, "digest", f"{place}:a", code="NOTFOUND")
    assert s.zreg("verify", f"{place}:b")["digest"] == s.contents.digests["image"]
    assert sorted(s.zreg("tags", place)["tags"]) == ["b", "c"]
    fails(s, "delete-tag", f"{place}:a", code="NOTFOUND")


def delete_by_digest(s, peer):
    place = set_up(s, peer, "by-digest")
    digest = s.contents.digests["image"]
    if not peer.deletes_manifests:
        fails(s, "delete", f"{place}@{digest}", code="UNSUPPORTED")
        return
    done = s.zreg("delete", f"{place}@{digest}")
    assert sorted(done["tags"]) == ["a", "b"] and done["deleted"], done
    fails(s, "digest", f"{place}@{digest}", code="NOTFOUND")
    assert s.zreg("tags", place)["tags"] == (["a", "b", "c"] if peer.tags_outlive else ["c"])
    fails(s, "delete", f"{place}@{digest}", code="NOTFOUND")


def sync_deletes(s, peer):
    if not peer.deletes_manifests:
        raise tap.Skip("it deletes nothing")
    place = set_up(s, peer, "by-sync")
    s.zreg("sync", "--tags", "t00*", f"{peer.address}/seed/many", place)
    done = s.zreg("sync", "--delete", "--tags", "t000", "--tags", "[abc]", f"{peer.address}/seed/many", place)
    line, = done["repositories"]
    assert line["failed"] == 0 and line["deleted"] == 3, done
    assert sorted(s.zreg("tags", place)["tags"]) == TAGS[:10]


def repair(s, peer):
    """A blob is lost on the disk: a copy sees no need, one with --force mends it."""
    source, place = f"oci:{s.contents.layout.folder}:image", f"{peer.address}/repair/image:one"
    s.zreg("copy", source, place)
    layers = s.zreg("inspect", place)["layers"]
    peer.lose(layers[0]["digest"], layers[0]["size"])
    assert s.fails("verify", place)["code"] in ("NOTFOUND", "PEER", "CORRUPT")
    s.zreg("copy", "--force", source, place)
    assert s.zreg("verify", place)["digest"] == s.contents.digests["image"]


def repair_of_what_belongs_to_an_image(s, peer):
    source, place = f"oci:{s.contents.layout.folder}:signed", f"{peer.address}/repair/signed"
    s.zreg("copy", "--with-referrers", source, f"{place}:one")
    for digest in s.contents.belongings:
        blob = s.zreg("inspect", f"{place}@{digest}")["layers"][0]
        peer.lose(blob["digest"], blob["size"])
    s.zreg("copy", "--force", "--with-referrers", source, f"{place}:one")
    for digest in (s.contents.digests["signed"], *s.contents.belongings):
        assert s.zreg("verify", f"{place}@{digest}")["digest"] == digest


def repair_of_an_index(s, peer):
    source, place = f"oci:{s.contents.layout.folder}:index", f"{peer.address}/repair/index"
    s.zreg("copy", source, f"{place}:one")
    for child in s.zreg("inspect", f"{place}:one")["platforms"]:
        blob = s.zreg("inspect", f"{place}@{child['digest']}")["layers"][0]
        peer.lose(blob["digest"], blob["size"])
    assert s.fails("verify", f"{place}:one")["code"] in ("NOTFOUND", "PEER", "CORRUPT")
    s.zreg("copy", "--force", source, f"{place}:one")
    assert s.zreg("verify", f"{place}:one")["digest"] == s.contents.digests["index"]


def wrong_password(s, peer):
    if not peer.has_users:
        raise tap.Skip("it has no users")
    before = s.w.credentials.auths[peer.address]
    s.w.credentials.auths[peer.address] = {"auth": base64.b64encode(b"zuul:wr0ng").decode()}
    s.w.credentials.save()
    try:
        for verb, *argv in (("digest", f"{peer.address}/seed/image:one"),
                            ("copy", f"oci:{s.contents.layout.folder}:image", f"{peer.address}/seed/x:one")):
            error = fails(s, verb, *argv, code="DENIED")
            assert "wr0ng" not in error["message"], error
    finally:
        s.w.credentials.auths[peer.address] = before
        s.w.credentials.save()


def without_deletes(s):
    """docker-registry as it comes says 405, which is told as what it is."""
    s.start([peers.DockerThatKeeps])
    peer = s.need(peers.DockerThatKeeps.NAME)
    delete_by_tag(s, peer)
    delete_by_digest(s, peer)


def tokens(s):
    s.start([peers.Bearer])
    peer = s.need(peers.Bearer.NAME)
    for function in (tags_in_pages, referrers, delete_by_digest, wrong_password, repair):
        function(s, peer)
    peer.service.asked.clear()
    s.zreg("copy", f"{peer.address}/seed/image:one", f"{peer.address}/other/image:one")
    assert len(peer.service.asked) <= 2, peer.service.asked


TESTS = (catalog, tags_in_pages, referrers, delete_by_tag, delete_by_digest, sync_deletes, repair,
         repair_of_what_belongs_to_an_image, repair_of_an_index, wrong_password)

if __name__ == "__main__":
    with site() as s:
        tests = [test for function in TESTS for test in each(function, function.__name__)]
        tests += [("test_docker-registry without deletes", without_deletes), ("test_tokens of a service", tokens)]
        sys.exit(1 if tap.run(tests, s) else 0)
