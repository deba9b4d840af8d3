#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Shows what an image consists of and reads its config: show.py docker.io/library/debian"""

import json
import sys

import zreg


def show(client, ref):
    manifest = client.manifest(ref)
    print(f"{ref}  {manifest.digest}  {manifest.media_type}")
    for child in manifest.children:
        print(f"  {child.platform}  {child.digest}")
    for layer in manifest.layers:
        print(f"  {layer.size_bytes:>12,} bytes  {layer.digest}")
    if manifest.config:
        with client.open_blob(ref, manifest.config.digest) as blob:
            print("  labels", json.load(blob).get("config", {}).get("Labels"))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: show.py REFERENCE")
    with zreg.Client() as client:
        try:
            show(client, zreg.Ref(sys.argv[1]))
        except zreg.Error as error:
            sys.exit(f"show.py: {error}")


if __name__ == "__main__":
    main()
