# SPDX-License-Identifier: Apache-2.0
"""The pages of section 3: libzreg, one for each header, one for each function."""

import re

import mdoc


class Pages:
    def __init__(self, umbrella, topics, examples, page):
        """`examples`: {topic: text of a program}; `page(name, section, lines)` gives the text of a page."""
        self.umbrella, self.topics, self.examples, self.page = umbrella, topics, examples, page
        self.mdoc = mdoc.Writer([function.name for topic in topics for function in topic.functions])
        self.statuses = {member.what.split()[0].replace("ZREG_", ""): member.doc
                         for topic in topics for kind in topic.types if kind.name == "zreg_status"
                         for member in kind.members}

    def all(self):
        yield "libzreg", self.page("libzreg", 3, self.overview())
        for topic in self.topics:
            yield f"libzreg-{topic.name}", self.page(f"libzreg-{topic.name}", 3, self.topic(topic))
            for function in topic.functions:
                yield function.name, self.page(function.name, 3, self.function(function))

    # --- one function

    def function(self, function):
        description, errors, after = split_errors(function.doc)
        return [*name(function.name, mdoc.first_sentence(function.doc)),
                ".Sh LIBRARY", "libzreg (libzreg, \\-lzreg)",
                ".Sh SYNOPSIS", f".In zreg/{function.topic}.h", *prototype(function),
                ".Sh DESCRIPTION", *self.mdoc.paragraphs("\n\n".join(filter(None, (description, after)))),
                ".Sh RETURN VALUES", *self.returns(function),
                *self.function_example(function),
                *self.errors(function, errors),
                *see_also([f"libzreg-{function.topic}", "libzreg", *self.named(function)])]

    def returns(self, function):
        if function.returns == "void":
            return [f".Fn {function.name}", "returns nothing."]
        if function.returns == "zreg_status":
            said = [".Fa err ,", "unless it is", ".Dv NULL ,", "says more."]
            return [f".Fn {function.name}", "returns", ".Dv ZREG_OK ,",
                    "or the status of what went wrong; then", *said] if has_error(function) else [
                        f".Fn {function.name}", "returns", ".Dv ZREG_OK ,", "or the status of what went wrong."]
        lines = [f".Fn {function.name}", "returns what is described above."]
        if function.returns.startswith("const") and function.parameters != ["void"]:
            lines += ["The memory is the library's, and stays as long as the object that was asked."]
        return lines

    def errors(self, function, text):
        if function.returns != "zreg_status":
            return []
        lines, others = [], []
        for item in items_of(text):
            match = re.fullmatch(r"(?:ZREG_)?([A-Z]+)\b ?(.*)", item, re.S)
            if match and match[1] in self.statuses:
                meaning = match[2].strip()
                if meaning.startswith("(") and meaning.endswith(")"):
                    meaning = meaning[1:-1]
                lines += [f".It Dv ZREG_{match[1]}", *self.mdoc.text(mdoc.sentence(meaning or self.statuses[match[1]]))]
            else:
                others.append("those of the client" if item == "..." else item)
        if lines:
            lines = [".Bl -tag -width Ds", *lines, ".El"]
        if others:
            lines += [*([".Pp", "Also"] if lines else ["The errors are"]), *self.mdoc.text(" and ".join(others) + ".")]
        rest = ["Every status is explained in", ".Xr libzreg-common 3 ."]
        return [".Sh ERRORS", *lines, *([".Pp"] if lines else []), *rest]

    def function_example(self, function):
        places = [topic for topic, text in sorted(self.examples.items())
                  if re.search(rf"\b{function.name}\(", text)]
        places.sort(key=lambda topic: topic != function.topic)
        return [".Sh EXAMPLES", "A program that calls it stands in", f".Xr libzreg-{places[0]} 3 ."] if places else []

    def named(self, function):
        """Functions that its comment speaks of."""
        return [found for found in dict.fromkeys(re.findall(r"\bzreg_\w+", function.doc))
                if found in self.mdoc.functions and found != function.name]

    # --- one header

    def topic(self, topic):
        lines = [*name(f"libzreg-{topic.name}", mdoc.first_sentence(topic.doc)),
                 ".Sh LIBRARY", "libzreg (libzreg, \\-lzreg)",
                 ".Sh SYNOPSIS", f".In zreg/{topic.name}.h",
                 ".Sh DESCRIPTION", *self.mdoc.paragraphs(topic.doc)]
        if topic.functions:
            lines += [".Sh FUNCTIONS", ".Bl -tag -width Ds"]
            for function in topic.functions:
                lines += [f".It Xr {function.name} 3",
                          *self.mdoc.text(mdoc.sentence(mdoc.first_sentence(function.doc)))]
            lines += [".El"]
        if topic.types:
            lines += [".Sh TYPES"]
            for kind in topic.types:
                lines += self.type(kind)
        if topic.name in self.examples:
            lines += [".Sh EXAMPLES", *mdoc.literal(self.examples[topic.name])]
        others = re.findall(r"<zreg/(\w+)\.h>", topic.doc)
        return lines + see_also(["libzreg", *(f"libzreg-{other}" for other in others)])

    def type(self, kind):
        lines = [f".Ss {kind.name}"]
        if kind.kind == "callback":
            lines += mdoc.literal(kind.declaration)
        lines += self.mdoc.paragraphs(kind.doc)
        if not kind.members:
            return lines
        lines += [".Bl -tag -width Ds"]
        for member in kind.members:
            doc = member.doc or ("sizeof the struct, which ZREG_OPTIONS sets" if member.what == "size_t size" else "")
            what = (f"Fa {mdoc.argument(member.what)}" if kind.kind == "struct" else f"Dv {member.what.split()[0]}")
            lines += [f".It {what}", *self.mdoc.text(mdoc.sentence(doc))]
        return lines + [".El"]

    # --- the library

    def overview(self):
        kept = mdoc.blocks(self.umbrella.doc)
        kept = [block for i, block in enumerate(kept)  # its list of topics is made anew below
                if "literal" not in (block[0], *(after[0] for after in kept[i + 1:i + 2]))]
        said = "\n\n".join(text if isinstance(text, str) else "\n".join(f"  - {item}" for item in text)
                           for _, text in kept)
        title, _, about = self.umbrella.doc.split("\n\n")[0].partition(":")
        lines = [*name("libzreg", " ".join(about.split()).rstrip(".")),
                 ".Sh LIBRARY", "libzreg (libzreg, \\-lzreg)",
                 ".Sh SYNOPSIS", ".In zreg.h",
                 *mdoc.literal("cc program.c $(pkg-config --cflags --libs zreg)"),
                 ".Sh DESCRIPTION", *self.mdoc.paragraphs(said), ".Sh TOPICS", ".Bl -tag -width Ds"]
        for topic in self.topics:
            lines += [f".It Xr libzreg-{topic.name} 3", *self.mdoc.text(mdoc.sentence(mdoc.first_sentence(topic.doc)))]
        return [*lines, ".El", ".Sh SEE ALSO", ".Xr zreg 1"]


def name(title, about):
    return [".Sh NAME", f".Nm {title}", f".Nd {mdoc.escape(about)}"]


def prototype(function):
    lines = [f".Ft {mdoc.argument(function.returns)}", f".Fo {function.name}"]
    return [*lines, *(f".Fa {mdoc.argument(one)}" for one in function.parameters), ".Fc"]


def has_error(function):
    return any(one.startswith("zreg_error ") for one in function.parameters)


def see_also(names):
    unique = sorted(set(names))
    return [".Sh SEE ALSO", *(f".Xr {one} 3 ," for one in unique[:-1]), f".Xr {unique[-1]} 3"]


def split_errors(doc):
    """(the description, the list behind "Errors:", what stands behind its full stop)."""
    match = re.search(r"(?:^|(?<=\s))Errors:\s", doc)
    if match is None:
        return doc, "", ""
    depth, text = 0, doc[match.end():]
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        ends = letter == "." and depth == 0 and (i + 1 == len(text) or text[i + 1].isspace())
        if ends and text[i - 1:i] != ".":
            return doc[:match.start()].rstrip(), text[:i], text[i + 1:].strip()
    return doc[:match.start()].rstrip(), text, ""


def items_of(text):
    """The parts between commas and semicolons outside of brackets."""
    items = re.split(r"[,;]\s*(?![^(]*\))", " ".join(text.split()))
    return [re.sub(r"^and ", "", item.strip()) for item in items if item.strip()]
