#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Includes point down only: the graph of docs/ARCHITECTURE.md."""

import re

import checks

BELOW = {
    "base": (),
    "oci": ("base",),
    "http": ("oci", "base"),
    "registry": ("http", "oci", "base"),
    "store": ("oci", "base"),
    "server": ("store", "http", "oci", "base"),
    "image": ("registry", "server", "store", "http", "oci", "base"),
    "gate": ("image", "registry", "server", "store", "http", "oci", "base"),
    "node": ("oci", "base"),
}
# The two halves of http/ each have their own users. The server fetches too: from its upstream.
USERS = {
    "http/serve.h": ("http", "server"),
    "http/fetch.h": ("http", "registry", "server", "gate"),
}
PURE = ("libzreg/oci/", "libzreg/image/plan")
IO_HEADERS = re.compile(r"(sys/(socket|stat|file|mman|epoll|uio|un)|netdb|netinet/.*|arpa/.*|curl/.*"
                        r"|unistd|fcntl|dirent|poll|openssl/(ssl|bio))\.h$")
IO_CALLS = r"\b(fopen|fdopen|freopen|popen|open|openat|read|write|socket|connect|system)\s*\("


def includes(path):
    """(line, "x/y.h" or None, <x/y.h> or None) of each include."""
    # Only comments may be blanked here: the names stand in quotes.
    text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), checks.read(path), flags=re.S)
    for line, match in checks.lines_matching(r'(?m)^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', text):
        yield line, match.group(1), match.group(2)


def upward():
    for path in checks.files(".c", ".h", under=("libzreg",)):
        layer = path.parts[1]
        if layer not in BELOW:
            continue
        for line, quoted, angled in includes(path):
            target = (quoted or "").partition("/")[0] if quoted and "/" in quoted else None
            if angled == "zreg.h":
                yield f"{path}:{line}: includes the umbrella <zreg.h>; name the topic, <zreg/....h>"
            if target and target != layer and target not in BELOW[layer]:
                yield f"{path}:{line}: {layer}/ may not use {quoted}"
            if quoted in USERS and layer not in USERS[quoted]:
                yield f"{path}:{line}: {quoted} is for {' and '.join(USERS[quoted])}"


def quoted_without_folder():
    for path in checks.files(".c", ".h", under=("libzreg",)):
        for line, quoted, _ in includes(path):
            if quoted and quoted != "config.h" and quoted.partition("/")[0] not in BELOW:
                yield f'{path}:{line}: "{quoted}": write "<layer>/<file>.h"'


def impure():
    for path in checks.files(".c", ".h", under=("libzreg",)):
        if not str(path).startswith(PURE):
            continue
        for line, quoted, angled in includes(path):
            if angled and IO_HEADERS.match(angled):
                yield f"{path}:{line}: <{angled}>: no I/O here"
        for line, match in checks.lines_matching(IO_CALLS, checks.code_only(checks.read(path))):
            yield f"{path}:{line}: {match.group(1)}(): no I/O here"


def private_outside():
    for path in checks.files(".c", ".h", ".i", ".swig", ".go", under=("cli", "bindings", "examples")):
        for line, quoted, angled in includes(path):
            name = quoted or angled
            if name.partition("/")[0] in BELOW or "libzreg/" in name:
                yield f"{path}:{line}: {name}: only <zreg.h> and <zreg/....h> outside the library"


checks.report(
    ("includes point to the same or a lower layer", list(upward())),
    ("internal includes name their layer", list(quoted_without_folder())),
    ("oci/ and image/plan do no I/O", list(impure())),
    ("the command, the bindings and the examples use public headers only", list(private_outside())),
)
