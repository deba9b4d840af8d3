#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A name says its room, and rooms stand in an order: no two sources need each other."""

import re
from collections import defaultdict

import checks

# What a layer takes from a library that no other may see.
LIBRARIES = {
    "json-c": (r"\bjson_(?:object|tokener|type|util|c)_\w+", ("base/", "cli/json")),
    "libcurl": (r"\bcurl_\w+|\bCURL\w*", ("http/",)),
}
DEFINED = re.compile(r"(?m)^(?!static\b|typedef\b|#|extern\b)[\w][\w \t*]*?\b(\w+)\s*\([^;{}]*\)\s*\{")
TABLE = re.compile(r"(?m)^const [\w ]+\b(zreg__\w+)(?:\[\w*\])?\s*=")
TYPE = re.compile(r"(?m)^typedef (?:struct|enum|union) (\w+) \{|^(?:struct|enum|union) (\w+) \{|^typedef [^;{}]*\(\*(\w+)\)\(")


def sources():
    """{"gate/items": code of items.c} and the same of items.h."""
    found = {".c": {}, ".h": {}}
    for path in checks.files(".c", ".h", under=("libzreg", "cli")):
        if path.parts[0] == "cli" or path.parts[1] in checks.LAYERS:
            found[path.suffix]["/".join(path.with_suffix("").parts[-2:])] = checks.code_only(checks.read(path))
    return found


SOURCES = sources()


def homes():
    """{name: the files that define it}: functions, tables and types that others may use."""
    found = defaultdict(set)
    for suffix, pattern in ((".c", DEFINED), (".c", TABLE), (".h", TYPE)):
        for room, code in SOURCES[suffix].items():
            for names in pattern.findall(code):
                found["".join(names)].add(room)
    return found


HOMES = homes()


def calls():
    """{source: {source that it calls: a function of it}}"""
    found = defaultdict(dict)
    for room, code in SOURCES[".c"].items():
        for name in set(re.findall(r"\b(\w+)\s*\(", code)):
            owners = HOMES.get(name, ())
            if room not in owners and len(owners) == 1:
                found[room].setdefault(*owners, name)
    return found


def reachable(graph, start):
    seen, waiting = set(), [start]
    while waiting:
        for room in graph.get(waiting.pop(), ()):
            if room not in seen:
                seen.add(room)
                waiting.append(room)
    return seen


def circles():
    graph = calls()
    beneath = {room: reachable(graph, room) for room in SOURCES[".c"]}
    for room in sorted(SOURCES[".c"]):
        for other, name in sorted(graph[room].items()):
            if room in beneath[other]:
                yield f"{room}.c calls {name} of {other}.c, which needs {room}.c"


def first_word(name):
    return re.match(r"zreg__[a-z0-9]+", name).group()


def shared_prefixes():
    layers = defaultdict(lambda: defaultdict(str))
    for name, owners in HOMES.items():
        if name.startswith("zreg__"):
            for room in owners:
                layers[first_word(name)][room.partition("/")[0]] = name
    for prefix, found in sorted(layers.items()):
        if len(found) > 1:
            yield f"{prefix}_: " + ", ".join(f"{name} in {layer}/" for layer, name in sorted(found.items()))


def shared_names():
    for name, owners in sorted(HOMES.items()):
        if len(owners) > 1 and name.startswith("zreg__"):
            yield f"{name} is defined in {' and '.join(sorted(owners))}"


def foreign():
    every = {room + suffix: code for suffix in SOURCES for room, code in SOURCES[suffix].items()}
    for name, code in sorted(every.items()):
        for library, (pattern, homes) in LIBRARIES.items():
            if not name.startswith(homes):
                for line, match in checks.lines_matching(pattern, code):
                    yield f"{name}:{line}: {match.group()}: {library} is seen in {' and '.join(homes)} only"


checks.report(
    ("no source needs one that needs it", list(circles())),
    ("a prefix belongs to one layer", list(shared_prefixes())),
    ("a name is defined once", list(shared_names())),
    ("other libraries are seen where they are wrapped", list(foreign())),
)
