# SPDX-License-Identifier: Apache-2.0
"""mdoc from plain text, as the table of verbs and the comments of headers have it: sentences on lines of
their own, and names of functions, options, statuses and parameters as what they are."""

import re
import textwrap

MACRO = re.compile(r"`(?P<quoted>[^`]+)`"
                   r"|(?P<option>(?<![\w-])--[a-z][a-z0-9-]+)"
                   r"|(?P<function>\bzreg_\w+)(?:\(\))?"
                   r"|\b(?P<other>[a-z]\w+)\(\)"
                   r"|(?P<constant>\bZREG_[A-Z0-9_]+)"
                   r"|<(?P<header>zreg/\w+\.h)>")
CLOSING = set(".,:;)]?!")


def escape(text):
    return text.replace("\\", "\\e")


def argument(text):
    """One argument of a macro, however it looks."""
    text = escape(text).replace('"', "\\(dq")
    if len(text) == 1 and text in ".,:;()[]?!|":
        return "\\&" + text
    text += "\\&" if text[-1:] in CLOSING else ""
    return f'"{text}"' if " " in text or text == "" else text


def line(text):
    """One line of text that is no request, whatever it begins with."""
    text = escape(text)
    return "\\&" + text if text[:1] in (".", "'") else text


class Writer:
    """Makes mdoc; `functions` are the names that have a page of their own."""

    def __init__(self, functions=()):
        self.functions = set(functions)

    def macro(self, match):
        kind, text = match.lastgroup, match.group(match.lastgroup)
        if kind == "quoted":
            return f"Fa {argument(text)}" if re.fullmatch(r"\*?\w+", text) else f"Li {argument(text)}"
        if kind == "option":
            return f"Fl {argument(text[1:])}"
        if kind == "function":
            return f"Xr {text} 3" if text in self.functions else f"Vt {text}"
        if kind == "other":
            return f"Fn {text}"
        return f"Dv {text}" if kind == "constant" else f"In {text}"

    def with_neighbours(self, before, match, after):
        """The macro's line; what touches the name in the text is touched by it here too."""
        result = f".Pf {argument(before)} {self.macro(match)}" if before else f".{self.macro(match)}"
        while after and after[0] in CLOSING:
            result, after = f"{result} {after[0]}", after[1:]
        return f"{result} Ns {argument(after)}" if after else result

    def sentence(self, text):
        """One sentence. Pieces between blanks that hold a name become lines of their own."""
        lines, words = [], []

        def flush():
            if words:
                lines.extend(map(line, textwrap.wrap(" ".join(words), 76, break_long_words=False,
                                                     break_on_hyphens=False)))
                words.clear()

        for piece in re.findall(r"(?:`[^`]*`|\S)+", text):
            match = MACRO.search(piece)
            if match is None:
                words.append(piece)
                continue
            flush()
            lines.append(self.with_neighbours(piece[:match.start()], match, piece[match.end():]))
        flush()
        return lines

    def text(self, text):
        lines = []
        for sentence in re.split(r"(?<=[.?!])\s+(?=[^a-z\s])", " ".join(text.split())):
            lines += self.sentence(sentence) if sentence else []
        return lines

    def paragraphs(self, text):
        """Paragraphs, bullets and what stands further in, which is kept as it stands."""
        lines = []
        for block in blocks(text):
            if lines:
                lines.append(".Pp")
            if block[0] == "literal":
                lines += literal(block[1])
            elif block[0] == "list":
                lines += [".Bl -dash"]
                for item in block[1]:
                    lines += [".It", *self.text(item)]
                lines += [".El"]
            else:
                lines += self.text(block[1])
        return [one for i, one in enumerate(lines)
                if not (one == ".Pp" and lines[i + 1].startswith((".Bl", ".Bd")))]


def literal(text):
    return [".Bd -literal -offset indent", *(line(one) for one in text.rstrip().split("\n")), ".Ed"]


def blocks(text):
    """("text", ...), ("list", [item...]), ("literal", ...): what a comment consists of."""
    lines = textwrap.dedent(text).strip("\n").split("\n")
    result, kept = [], []

    def finish(kind):
        if any(one.strip() for one in kept):
            body = "\n".join(kept)
            if kind == "list":
                body = [item for item in re.split(r"(?m)^\s+- ", body) if item.strip()]
            result.append((kind, textwrap.dedent(body).strip("\n") if kind == "literal" else body))
        kept.clear()

    kind = "text"
    for one in lines:
        if re.match(r"\s+- ", one):
            now = "list"
        elif one.startswith("  "):
            now = kind if kind == "list" else "literal"
        else:
            now = "text"
        if one.strip() == "" or now != kind:
            finish(kind)
        if one.strip():
            kind = now
            kept.append(one)
    finish(kind)
    return result


def first_sentence(text):
    """What a page is about, in one line for whatis: the first sentence, or as much of it as fits."""
    flat = re.sub(r"`([^`]*)`", r"\1", " ".join(text.split()))
    if flat.startswith("{"):
        return "the same as JSON"
    sentence = re.split(r"(?<=[^.][.?!])\s+(?=[^a-z])", flat)[0].rstrip(".")
    if len(sentence) > 70:
        sentence = sentence[:cut(sentence)]
    sentence = re.sub(r"(: \S*[\]\[]\S*)?[\s,;:(]*$", "", sentence)
    first = sentence.split(" ")[0]
    is_name = first.isupper() and len(first) > 1 or first.startswith("Zuul")
    return sentence if is_name else sentence[:1].lower() + sentence[1:]


def cut(sentence):
    """Where a sentence can end before its 70th letter: not within brackets or quotes."""
    def whole(text):
        return text.count('"') % 2 == 0 and all(text.count(a) == text.count(b) for a, b in ("()", "{}", "[]"))

    for marks in (r"[;:,]\s| \(", r" and | with | that ", r" "):
        ends = [match.start() for match in re.finditer(marks, sentence[:71]) if match.start() > 15]
        ends = [end for end in ends if whole(sentence[:end])]
        if ends:
            return ends[-1]
    return 70


def sentence(text):
    """A few words as a sentence; names stay as they are written."""
    text = text.strip()
    if not text:
        return ""
    first = text.split()[0]
    begun = text if "_" in first or first == "sizeof" else text[0].upper() + text[1:]
    return begun + ("" if text[-1] in ".?!" else ".")
