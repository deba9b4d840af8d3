# SPDX-License-Identifier: Apache-2.0
"""The rows of tests/data/json_rules.tsv, where their form is told, as parts of manifests."""

import json
import os
import re

CONFIG, LAYER = "application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar"


class Rule:
    def __init__(self, line):
        self.where, self.verdict, self.what, self.text = line.split(b"\t")
        self.where, self.what = self.where.decode(), decode(self.what).decode()
        self.text = decode(self.text)
        self.accepted = self.verdict == b"yes"

    def __repr__(self):
        return f"{self.where}: {self.text[:100]!r}"


def decode(text):
    """%XX is a byte, %XX*N is N of them."""
    return re.sub(rb"%([0-9a-f]{2})(?:\*([0-9]+))?",
                  lambda found: bytes.fromhex(found[1].decode()) * int(found[2] or 1), text)


def rules(*where):
    path = os.path.join(os.environ["ZREG_SRCDIR"], "tests/data/json_rules.tsv")
    with open(path, "rb") as table:
        rows = [Rule(line) for line in table.read().split(b"\n") if line and not line.startswith(b"#")]
    return [row for row in rows if row.where in where]


def manifests(config, layer):
    """(row, document) of each row that concerns manifests. `config` and `layer` are digest and size of blobs."""
    def fields(kind, blob):
        return json.dumps({"mediaType": kind, "digest": blob[0]})[:-1].encode() + b","

    start = b'{"schemaVersion":2,"config":' + fields(CONFIG, config) + b'"size":%d},"layers":[' % config[1]
    layer_start = start + fields(LAYER, layer)
    around = {"value": (start + b'],"x":', b"}"), "manifest": (start + b"],", b"}"), "layer": (layer_start, b"}]}"),
              "platform": (layer_start + b'"size":%d,"platform":{' % layer[1], b"}}]}"), "document": (b"", b"")}
    for row in rules(*around):
        before, after = around[row.where]
        if row.where != "document" or not row.accepted:
            yield row, before + row.text + after
