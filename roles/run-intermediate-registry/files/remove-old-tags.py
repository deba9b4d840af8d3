#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Has `zreg cleanup-tags` look at every repository of a registry.

    remove-old-tags.py ADDRESS CA_FILE USER PASSWORD_FILE ZREG ARGUMENT...

The arguments are those of cleanup-tags. One repository that fails does not hold up the others; the exit code is 1."""

import base64
import json
import re
import ssl
import subprocess
import sys
import urllib.request

TIMEOUT_S = 60
MAX_ANSWER_BYTES = 1 << 20


def page(address, context, login, path):
    """The repositories of one page of the catalogue, and the path of the next page."""
    request = urllib.request.Request(f"https://{address}{path}", headers={"Authorization": f"Basic {login}"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S, context=context) as answer:
        link = re.match(r'<(?:https://[^/>]*)?(/[^>]*)>', answer.headers.get("Link", ""))
        return json.loads(answer.read(MAX_ANSWER_BYTES))["repositories"], link and link[1]


def repositories(address, ca_file, user, password_file):
    with open(password_file, encoding="utf-8") as file:
        login = base64.b64encode(f"{user}:{file.read().rstrip()}".encode()).decode()
    context, path = ssl.create_default_context(cafile=ca_file), "/v2/_catalog?n=100"
    while path:
        names, path = page(address, context, login, path)
        yield from names


def main(address, ca_file, user, password_file, zreg, *arguments):
    failed = False
    for name in repositories(address, ca_file, user, password_file):
        print(name, flush=True)
        done = subprocess.run([zreg, "cleanup-tags", "--username", user, "--password-file", password_file, "--ca", ca_file,
                               *arguments, f"{address}/{name}"], check=False)
        failed = failed or done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
