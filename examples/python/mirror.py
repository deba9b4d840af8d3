#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Copies an image from one place to another and shows how far it is: mirror.py SOURCE DESTINATION

A place is HOST/REPOSITORY:TAG, oci:FOLDER:TAG or docker-archive:FILE. Ctrl-C stops it; running it
again goes on where it was.
"""

import sys

import zreg


def show(progress):
    print(f"\r{progress.bytes_done:,} of {progress.bytes_total:,} bytes", end="", file=sys.stderr)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: mirror.py SOURCE DESTINATION")
    with zreg.Client() as client:
        try:
            result = client.copy(sys.argv[1], sys.argv[2], progress=show if sys.stderr.isatty() else None)
        except zreg.Error as error:
            sys.exit(f"mirror.py: {error}")
        except KeyboardInterrupt:
            sys.exit("mirror.py: stopped")
    print(f"{result.digest}: {result.blobs_copied} blobs copied, {result.blobs_skipped} were there already")


if __name__ == "__main__":
    main()
