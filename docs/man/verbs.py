# SPDX-License-Identifier: Apache-2.0
"""The pages of section 1, from the table of verbs and options that `zreg help --json` gives.

What a line of help cannot hold stands in docs/man/verbs/VERB.in, as mdoc: first what belongs to the description,
then, behind a line `.option NAME`, what is to be known of this option, and behind `.section TITLE` a section. An
option that the table does not have is an error."""

import pathlib
import re

import mdoc

STATUS = [".Sh EXIT STATUS", "0: done; 1: failed; 2: the command line is wrong.",
          "An error is told on standard error, and with", ".Fl -json",
          "as a document on standard output:",
          '.Li {\\(dqerror\\(dq:\\&', '.Li {\\(dqcode\\(dq, \\(dqmessage\\(dq, \\(dqhttp_status\\(dq, \\(dqregistry_code\\(dq}} .']


class Fragment:
    """docs/man/verbs/NAME.in."""

    def __init__(self, path):
        self.path, self.options, self.sections, self.description = path, {}, {}, []
        into = self.description
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines() if path.exists() else ():
            word, _, rest = line.partition(" ")
            if word == ".option":
                into = self.options.setdefault(rest, [])
            elif word == ".section":
                into = self.sections.setdefault(rest, [])
            elif not line.startswith('.\\"'):
                into.append(line)

    def check(self, names):
        for option in self.options:
            if option not in names:
                raise SystemExit(f"{self.path}: the table has no option --{option}")


class Pages:
    def __init__(self, table, folder, page):
        self.table, self.page, self.mdoc = table, page, mdoc.Writer()
        self.verbs = table["verbs"]
        self.common = Fragment(folder / "common.in")
        self.common.check({option["name"] for option in table["common_options"] + table["registry_options"]})
        self.top = Fragment(folder / "zreg.in")
        self.fragments = {}
        for verb in self.verbs:
            self.fragments[verb["name"]] = Fragment(folder / f"{verb['name']}.in")
            self.fragments[verb["name"]].check({option["name"] for option in verb["options"]})
        for path in folder.glob("*.in"):
            if path.stem not in {"zreg", "common", "serve", *self.fragments}:
                raise SystemExit(f"{path}: there is no such verb")

    def all(self):
        yield "zreg", self.page("zreg", 1, self.overview())
        for verb in self.verbs:
            yield f"zreg-{verb['name']}", self.page(f"zreg-{verb['name']}", 1, self.verb(verb))

    def verb(self, verb):
        fragment = self.fragments[verb["name"]]
        lines = [".Sh NAME", f".Nm zreg-{verb['name']}", f".Nd {mdoc.escape(verb['summary'])}",
                 ".Sh SYNOPSIS", f".Nm zreg Cm {verb['name']}", ".Op Ar options", *words(verb["words"]),
                 ".Sh DESCRIPTION", *self.mdoc.text(mdoc.sentence(verb["summary"]))]
        if verb["text"]:
            lines += [".Pp", *self.mdoc.text(verb["text"])]
        lines += [*([".Pp"] if fragment.description else []), *fragment.description, ".Sh OPTIONS"]
        if verb["options"]:
            lines += self.options(verb["options"], fragment)
        if verb["uses_registries"]:
            lines += [".Ss Registries", *self.options(self.table["registry_options"], self.common)]
        lines += [".Ss Output", *self.options(self.table["common_options"], self.common)]
        for title, section in fragment.sections.items():
            lines += [f".Sh {title}", *section]
        if verb["uses_registries"]:
            lines += [".Sh ENVIRONMENT", *self.common.sections["ENVIRONMENT"]]
            lines += [".Sh SIGNALS", *self.common.sections["SIGNALS"]]
        return [*lines, *STATUS, ".Sh EXAMPLES", f".Dl {mdoc.escape(verb['example'])}", *self.see_also(verb)]

    def options(self, options, fragment):
        lines = [".Bl -tag -width Ds"]
        for option in options:
            lines += [f".It Fl -{option['name']}{value(option['value'])}", *self.mdoc.text(mdoc.sentence(option["help"]))]
            if option["many"] and "repeated" not in option["help"]:
                lines += ["May be repeated."]
            lines += fragment.options.get(option["name"], [])
        return [*lines, ".El"]

    def see_also(self, verb):
        """Verbs that this one's text speaks of, and the library's page where there is one of that name."""
        said = " ".join(self.fragments[verb["name"]].description
                        + sum(self.fragments[verb["name"]].options.values(), []))
        spoken = set(re.findall(r"\.Xr zreg-(\S+) 1", said))
        names = sorted({"zreg", *(f"zreg-{other}" for other in spoken - {verb["name"]})})
        return [".Sh SEE ALSO", *(f".Xr {name} 1 ," for name in names), ".Xr libzreg 3"]

    def overview(self):
        lines = [".Sh NAME", ".Nm zreg", ".Nd container images through the gate",
                 ".Sh SYNOPSIS", ".Nm", ".Ar verb", ".Op Ar options", ".Ar ...",
                 ".Sh DESCRIPTION", *self.top.description, ".Sh VERBS", ".Bl -tag -width Ds"]
        for verb in self.verbs:
            lines += [f".It Xr zreg-{verb['name']} 1", *self.mdoc.text(mdoc.sentence(verb["summary"]))]
        lines += [".El", ".Sh OPTIONS", "These are options of every verb, and may stand before it too.",
                  *self.options(self.table["common_options"], self.common),
                  ".Ss Registries", "These are options of every verb that speaks with registries.",
                  *self.options(self.table["registry_options"], self.common)]
        lines += [".Sh ENVIRONMENT", *self.common.sections["ENVIRONMENT"],
                  ".Sh SIGNALS", *self.common.sections["SIGNALS"], *STATUS]
        for title, section in self.top.sections.items():
            lines += [f".Sh {title}", *section]
        others = [f".Xr zreg-{verb['name']} 1 ," for verb in sorted(self.verbs, key=lambda verb: verb["name"])]
        return [*lines, ".Sh SEE ALSO", *others, ".Xr libzreg 3"]


def words(text):
    """[FILE] and REF... as mdoc has them."""
    lines = []
    for word in (text or "").split():
        inner = word.strip("[]")
        many = inner.endswith("...")
        inner = mdoc.argument(inner.removesuffix("..."))
        lines.append((".Op Ar " if word.startswith("[") else ".Ar ") + inner + (" ..." if many else ""))
    return lines


def value(text):
    """ Ar HOST:PORT for what is to be put in, Li a | b for words that are written as they are."""
    if not text:
        return ""
    parts = [(" Ar " if part.upper() == part else " Li ") + mdoc.argument(part) for part in text.split("|")]
    return " |".join(parts)
