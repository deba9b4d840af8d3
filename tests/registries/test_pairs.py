# SPDX-License-Identifier: Apache-2.0
"""From each registry to each other, and to another repository of its own: images, indexes with attestations, one
platform, signatures, large layers, many tags."""

import re
import sys

from sites import each_pair, site, tap
from contents import LARGE_BYTES, PLATFORMS, TAGS


def way(a, b, name, tag=":one"):
    """The contents of that name at the first, and where they go to."""
    folder = re.sub("[^a-z0-9]+", "-", f"from {a.NAME}")
    return f"{a.address}/seed/{name}{tag}", f"{b.address}/{folder}/{name}{tag}"


def copied(s, a, b, name, *options):
    """Copies, verifies all of it at its place, copies again in vain, and gives what the first copy said."""
    source, target = way(a, b, name)
    done = s.zreg("copy", *options, source, target)
    assert done["digest"] == s.contents.digests[name], done
    assert s.zreg("verify", target)["digest"] == done["digest"]
    again = s.zreg("copy", *options, source, target)
    assert again["bytes"] == 0 and again["blobs"]["copied"] == 0, again
    return done


def image(s, a, b):
    done = copied(s, a, b, "image")
    if a is b and a.has_mounts:
        assert done["blobs"]["mounted"] == 4 and done["bytes"] < 4096, done


def index(s, a, b):
    copied(s, a, b, "index")
    source, target = way(a, b, "index")
    shown = s.zreg("inspect", target)
    assert [entry["platform"] for entry in shown["platforms"]] == [*PLATFORMS, *["unknown/unknown"] * 2], shown
    target = target.replace(":one", ":arm64")
    one = s.zreg("copy", "--platform", "linux/arm64", source, target)
    assert s.zreg("verify", target)["digest"] == one["digest"]
    chosen = s.zreg("inspect", target)["platforms"]
    assert [entry["digest"] for entry in chosen] == [shown["platforms"][place]["digest"] for place in (1, 3)], chosen


def signed(s, a, b):
    source, target = way(a, b, "signed")
    first = s.zreg("copy", "--with-referrers", source, target)
    assert first["digest"] == s.contents.digests["signed"] and first["referrers"]["copied"] == 3, first
    again = s.zreg("copy", "--with-referrers", source, target)
    assert again["referrers"] == {"copied": 0, "skipped": 3} and again["bytes"] == 0, again
    sbom, signature, cosign = s.contents.belongings
    tree = s.zreg("referrers", "--tree", target)
    assert tree["digest"] == first["digest"], tree
    assert sbom in str(tree) and signature in str(tree), tree
    assert s.zreg("digest", target.replace(":one", f":{s.contents.cosign_tag()}"))["digest"] == cosign


def large(s, a, b):
    if a is not b and b.shares_blobs:
        b.lose(s.contents.large_layer, LARGE_BYTES)
    done = copied(s, a, b, "large")
    assert a is b or done["bytes"] >= LARGE_BYTES, done


def sync(s, a, b):
    source, target = way(a, b, "many", "")
    first, = s.zreg("sync", source, target)["repositories"]
    assert first["copied"] == len(TAGS) and first["failed"] == 0, first
    assert sorted(s.zreg("tags", target)["tags"]) == TAGS
    again, = s.zreg("sync", source, target)["repositories"]
    assert again["present"] == len(TAGS) and again["bytes"] == 0, again


if __name__ == "__main__":
    with site() as s:
        sys.exit(1 if tap.run([test for function in (image, index, signed, large, sync)
                               for test in each_pair(function, function.__name__)], s) else 0)
