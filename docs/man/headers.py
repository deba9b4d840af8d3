# SPDX-License-Identifier: Apache-2.0
"""What the public headers declare, with the comments above it and behind it."""

import pathlib
import re
from dataclasses import dataclass, field

DOC = re.compile(r"/\*\*(?!<)(.*?)\*/", re.S)
FIELD_DOC = r"(?:/\*\*<(?P<behind>.*?)\*/)?"
# A declaration inside braces: what it is, the comment behind it, or the one above it.
FIELD = re.compile(r"(?:/\*\*(?!<)(?P<above>(?:(?!\*/).)*)\*/\s*)?(?P<what>[^;{}/]+);\s*" + FIELD_DOC, re.S)
VALUE = re.compile(r"(?:/\*\*(?!<)(?P<above>(?:(?!\*/).)*)\*/\s*)?(?P<what>[A-Z]\w*(?:\s*=\s*[^,}/]+)?),?\s*" + FIELD_DOC,
                   re.S)


@dataclass
class Member:
    what: str
    doc: str


@dataclass
class Function:
    name: str
    returns: str
    parameters: list
    doc: str
    topic: str = ""


@dataclass
class Type:
    name: str
    kind: str  # "struct", "enum", "opaque", "callback", "macro"
    doc: str
    members: list = field(default_factory=list)
    declaration: str = ""


@dataclass
class Topic:
    name: str
    doc: str
    types: list = field(default_factory=list)
    functions: list = field(default_factory=list)


def plain(comment):
    """A comment without its stars; how far its lines stand in is kept."""
    if comment is None:
        return ""
    lines = [re.sub(r"^\s*\*(?: |$)|^ (?=\S)", "", one, count=1) if i else one.strip()
             for i, one in enumerate(comment.rstrip().split("\n"))]
    return "\n".join(lines).strip("\n ")


def flat(text):
    return " ".join(text.split())


def members(pattern, body):
    body = re.sub(r"/\*(?!\*).*?\*/", "", body, flags=re.S)
    return [Member(flat(match["what"]), flat(plain(match["behind"] or match["above"])))
            for match in pattern.finditer(body)]


def function(declaration, doc):
    match = re.fullmatch(r"(?:ZREG_API|static inline)\s+(?:__attribute__\(\(.*?\)\)\s+)?(.*?)(\w+)\((.*)\)", flat(declaration))
    if match is None:
        raise SystemExit(f"headers.py: cannot read: {flat(declaration)}")
    parameters = [one.strip() for one in re.split(r",\s*(?![^(]*\))", match[3])]
    return Function(match[2], match[1].strip(), parameters, doc)


def typedef(declaration, doc):
    text = flat(declaration)
    body = re.search(r"\{(.*)\}\s*(\w+)\s*$", declaration, re.S)
    if body and re.match(r"typedef\s+enum", text):
        return Type(body[2], "enum", doc, members(VALUE, body[1]))
    if body:
        return Type(body[2], "struct", doc, members(FIELD, body[1]))
    callback = re.search(r"\(\*(\w+)\)", text)
    if callback:
        return Type(callback[1], "callback", doc, declaration=text + ";")
    return Type(text.split()[-1], "opaque", doc, declaration=text + ";")


def end_of(text, start):
    """Where the declaration that begins at `start` ends: its semicolon outside of braces and comments."""
    depth = 0
    for match in re.compile(r"/\*.*?\*/|[{};]", re.S).finditer(text, start):
        piece = match.group()
        depth += (piece == "{") - (piece == "}")
        if piece == ";" and depth == 0:
            return match.start()
    raise SystemExit(f"headers.py: no end: {text[start:start + 60]!r}")


def read(path):
    """The topic of one header. A comment that nothing follows directly belongs to nothing, but the first is the
    topic's own."""
    text = pathlib.Path(path).read_text(encoding="utf-8")
    topic = Topic(pathlib.Path(path).stem, "")
    for match in DOC.finditer(text):
        doc, start = plain(match[1]), match.end() + 1
        rest = text[start:]
        if not topic.doc:
            topic.doc = doc
        elif rest.startswith("#define"):
            body = re.match(r"#define\s+(\w+(?:\([^)]*\))?)", rest)
            topic.types.append(Type(body[1], "macro", doc))
        elif rest.startswith(("ZREG_API", "static inline")):
            end = text.index("{", start) if rest.startswith("static") else end_of(text, start)
            topic.functions.append(function(text[start:end], doc))
            topic.functions[-1].topic = topic.name
        elif rest.startswith("typedef"):
            topic.types.append(typedef(text[start:end_of(text, start)], doc))
    return topic
