# SPDX-License-Identifier: Apache-2.0
"""A registry dies in the middle of a copy and is started again: the copy goes on."""

import json
import subprocess
import sys
import time

from sites import each, site, tap
from contents import LARGE_BYTES
from peers import Docker, Zreg

TRIES = 5
BEGUN_BYTES = 24 << 20
WAIT_S = 60


def copying(s, source, target):
    return subprocess.Popen(s.w.argv("copy", "--retry", "12", source, target), env=s.w.environment,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed_midway(s, dies, store, source, target):
    """Kills a registry once one of them has stored some of the layer. False: the copy was faster."""
    if store.shares_blobs and store.files_of(s.contents.large_layer, LARGE_BYTES):
        store.lose(s.contents.large_layer, LARGE_BYTES)
    before, copy = store.written_bytes(), copying(s, source, target)
    while copy.poll() is None and store.written_bytes() < before + BEGUN_BYTES:
        time.sleep(0.001)
    midway = copy.poll() is None and store.written_bytes() < before + LARGE_BYTES // 2
    dies.crash()
    dies.again()
    output, errors = copy.communicate(timeout=WAIT_S)
    assert copy.returncode == 0, f"{output}{errors}"
    assert json.loads(output)["digest"] == s.contents.digests["large"], output
    assert s.zreg("verify", target)["digest"] == s.contents.digests["large"]
    return midway


def until_midway(s, dies, store, source, target):
    for number in range(TRIES):
        if killed_midway(s, dies, store, source, f"{target}-{number}:one"):
            return
    raise tap.Skip("each copy was done before the registry was killed")


def destination_dies(s, peer):
    other = s.need(Docker.NAME if peer.NAME == Zreg.NAME else Zreg.NAME)
    until_midway(s, peer, peer, f"{other.address}/seed/large:one", f"{peer.address}/killed/to")


def source_dies(s, peer):
    if peer.forgets:
        raise tap.Skip("it has its manifests in memory")
    with_another = s.w.start(Zreg)
    until_midway(s, peer, with_another, f"{peer.address}/seed/large:one", f"{with_another.address}/killed/from")


if __name__ == "__main__":
    with site() as s:
        sys.exit(1 if tap.run([test for function in (destination_dies, source_dies)
                               for test in each(function, function.__name__)], s) else 0)
