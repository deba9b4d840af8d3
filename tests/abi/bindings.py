#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What C has, Python and Go have: each function of libzreg.map is called by both packages, and each
field of a public struct crosses to both. What a language does in its own manner stands in a table
here, with the reason; an entry that is not needed any more is a fault too."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "style"))
import checks  # noqa: E402

# Functions, without zreg_, that a language has no need to call: what stands in for them.
OWN_MANNER = {
    "python": {
        "free": "raw.i frees text when it has made a str of it",
        "cancel_triggered": "Cancel keeps a flag of its own",
        "digest_equal": "digests are str",
        "resolution_winner": "the first of the candidates",
        "resolution_json": "Resolution is data",
        "populated_json": "Populated is data",
        "promoted_json": "PromoteResult is data",
        "cleaned_json": "CleanupResult is data",
        "synced_json": "SyncedTag is data",
        "verified_json": "VerifiedPart is data",
        "node_changes_json": "NodeChanges is data",
        "provenance_json": "ServedImage is data",
    },
    "go": {
        "free": "raw.swig frees text when Go has a copy",
        "cancel_after": "the context has the deadline",
        "cancel_triggered": "the context tells",
        "digest_equal": "Digest is a string",
        "ref_reference": "Ref.Reference, from the fields",
        "ref_text": "Ref.String, from the fields",
        "manifest_annotation": "Manifest.Annotations is a map",
        "manifest_annotations": "raw.Manifest_annotation_at, one by one",
        "server_connection": "Connection, from the getters",
        "resolution_json": "Resolution is data",
        "populated_json": "Populated is data",
        "promoted_json": "PromoteResult is data",
        "cleaned_json": "CleanupResult is data",
        "synced_json": "SyncedTag is data",
        "verified_json": "VerifiedPart is data",
        "node_changes_json": "NodeChanges is data",
        "provenance_json": "ServedImage is data",
    },
}

# Fields that cross otherwise than the rule has it.
FIELDS_OTHERWISE = {
    "python": {
        "zreg_digest": "a str",
        "zreg_error": "fields_raise",
        "zreg_descriptor.has_platform": "platform is None without",
        "zreg_descriptor.platform": "a row of its own",
        "zreg_manifest_options.items": "a row of its own",
        "zreg_manifest_options.count": "the length of items",
    },
    "go": {
        "zreg_progress": "arguments of zregGoProgress",
        "zreg_populated_item.images": "raw.Item_image, one by one",
        "zreg_server_rule": "texts of ServerOptions.rights",
        "zreg_server_group": "the same",
        "zreg_descriptor.annotations": "raw.Descriptor_annotation_at, one by one",
    },
}


def text_of(suffix, folder):
    return "\n".join(checks.read(path) for path in checks.files(suffix, under=(folder,)) if not path.stem.endswith("_test"))


PYTHON = text_of(".py", "bindings/python/zreg")
RAW_I = checks.read("bindings/python/raw/raw.i")
TABLES = checks.read("bindings/python/raw/fields_tables.c")
GO = text_of(".go", "bindings/go")
SHIMS = text_of(".c", "bindings/go/internal/raw")


def functions():
    listed = re.findall(r"(?m)^\s+zreg_(\w+);", checks.read("libzreg/libzreg.map"))
    return sorted({name[:-len("_sized")] if name.endswith("_sized") else name for name in listed})


def python_calls(name):
    """SWIG calls the function that frees an object."""
    if name.endswith("_free"):
        return f"%object(zreg_{name[:-len('_free')]})" in RAW_I
    return re.search(rf"_raw\.{name}\b", PYTHON) is not None


def go_calls(name):
    return re.search(rf"\braw\.{name[0].upper()}{name[1:]}\(", GO) is not None


def holes_in_functions(language, calls):
    known = OWN_MANNER[language]
    for name in functions():
        if calls(name) == (name in known):
            yield f"zreg_{name}: " + ("is called, and stands in the table" if calls(name) else f"{language} has it not")
    yield from (f"zreg_{name}: in the table, not in libzreg.map" for name in sorted(set(known) - set(functions())))


def structs():
    """(name, fields) of each public struct whose inside is public."""
    for path in checks.files(".h", under=("libzreg/zreg",)):
        for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (zreg_\w+);", checks.code_only(checks.read(path)), re.S):
            fields = [re.search(r"(\w+)(\[[^]]*\])?\s*$", line).group(1) for line in body.split(";") if line.strip()]
            yield name, [field for field in fields if field not in ("size", "reserved") and not field.endswith("_user")]


def python_fields(struct, _):
    return set(re.findall(rf"\({struct}, \w+, (\w+)\)", TABLES))


def go_fields(struct, fields):
    if not struct.endswith(("_options", "_limits")):
        return {field for field in fields if f"Get{field[0].upper()}{field[1:]}(" in GO}
    filled = "".join(re.findall(rf"const {struct} \w+ = \{{(.*?)\n    \}};", SHIMS, re.S))
    for kept in re.findall(rf"(?m)^    {struct} (\w+);", SHIMS):  # in an object of the shim, set one by one
        filled += "".join(re.findall(rf"->{kept}(\.\w+ =)", SHIMS))
    return set(re.findall(r"\.(\w+) =", filled)) | {word.lower() for word in re.findall(r"\b(PROGRESS|LOG)\(", filled)}


def holes_in_fields(language, crossing):
    known = FIELDS_OTHERWISE[language]
    for struct, fields in structs():
        there = crossing(struct, fields)
        yield from (f"{struct}.{field}: {language} has it not" for field in fields
                    if field not in there and struct not in known and f"{struct}.{field}" not in known)


assert len(functions()) > 100 and len(dict(structs())) > 20  # the rules above still read the headers
checks.report(
    ("Python has each function", list(holes_in_functions("python", python_calls))),
    ("Go has each function", list(holes_in_functions("go", go_calls))),
    ("Python has each field", list(holes_in_fields("python", python_fields))),
    ("Go has each field", list(holes_in_fields("go", go_fields))),
)
