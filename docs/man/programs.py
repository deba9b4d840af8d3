# SPDX-License-Identifier: Apache-2.0
"""The program of a topic as its page shows it: whole, with what it uses of topic.h in place."""

import re

SHARED = '#include "topic.h"\n'
INCLUDE = re.compile(r"(?m)^#include <.*>\n\n?")
FUNCTION = re.compile(r"(?ms)^/\* .*?^}\n\n")


def read(path):
    text = path.read_text(encoding="utf-8").partition("\n")[2]  # without the line of the licence
    about, found, body = text.partition(SHARED)
    if not found:
        return text
    shared = (path.parent / "topic.h").read_text(encoding="utf-8")
    includes = sorted({line.strip() for line in INCLUDE.findall(shared + body)} - {"#include <zreg.h>"})
    helpers = (one.replace("static inline", "static") for one in FUNCTION.findall(shared.partition("<zreg.h>\n\n")[2])
               if re.search(r"(\w+)\(", one.partition("*/")[2]).group() in body)
    return "\n".join([about + "\n".join(includes), "", "#include <zreg.h>", "", "".join(helpers) + INCLUDE.sub("", body).lstrip("\n")])
