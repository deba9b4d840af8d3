# SPDX-License-Identifier: Apache-2.0
"""The blocks of code in the documents, and one shell that runs them as a stranger does who follows a document from its
top to its bottom."""

import os
import pathlib
import re
import shutil
import subprocess
from dataclasses import dataclass

TOP = pathlib.Path(__file__).resolve().parents[2]
RUN = ("sh", "c", "python", "go")  # carried out
STARTED = ("nginx", "haproxy")  # the configuration of a program that is started
READ = ("yaml", "json")  # parsed
SHOWN = ("console", "text", "go.mod")  # for people


@dataclass
class Block:
    document: pathlib.Path
    line: int
    language: str  # "indented": four blanks in place of a fence
    text: str
    before: str  # the text between the block before and this one

    @property
    def where(self):
        return f"{self.document.relative_to(TOP)}:{self.line}"


def blocks_of(document):
    found, since, lines = [], 0, document.read_text(encoding="utf-8").splitlines()
    i = 0
    while i < len(lines):
        start, language = i, None
        if lines[i].startswith("```"):
            language = lines[i][3:].strip()
            i = lines.index("```", i + 1)
            text = lines[start + 1:i]
        elif lines[i].startswith("    ") and i and lines[i - 1] == "" and not is_in_list(lines, i):
            language = "indented"
            while i + 1 < len(lines) and lines[i + 1].startswith("    "):
                i += 1
            text = [line[4:] for line in lines[start:i + 1]]
        if language is not None:
            found.append(Block(document, start + 1, language, "\n".join(text) + "\n", "\n".join(lines[since:start])))
            since = i + 1
        i += 1
    return found


def is_in_list(lines, i):
    """Whether a line that stands further in goes on with an item of a list."""
    above = next((line for line in reversed(lines[:i]) if line.strip() and not line.startswith(" ")), "")
    return re.match(r"([-*]|\d+\.) ", above) is not None


def documents():
    listing = subprocess.run([TOP / "build-aux/sources.sh"], check=True, capture_output=True, text=True).stdout
    return [TOP / path for path in sorted(listing.split()) if path.endswith(".md")]


def heredoc(name, text):
    return f"cat >{name} <<'END_OF_BLOCK'\n{text}END_OF_BLOCK\n"


def as_shell(block):
    """What carries a block out, for bash. A program in C is stored under the name that the text before it gives; the
    document compiles it."""
    if block.language == "sh":
        return block.text
    if block.language == "python":
        return heredoc("block.py", block.text) + "python3 block.py\n"
    if block.language == "go":
        build = '(cd program && "$GO" build -buildvcs=false -o ../go.bin .); ./go.bin'
        return heredoc("program/main.go", block.text) + f'if [ -n "${{GO-}}" ]; then {build}; fi\n'
    name = re.findall(r"`(\w+\.c)`", block.before)
    assert name, f"{block.where}: no `NAME.c` before this program"
    return heredoc(name[-1], block.text)


def script_of(pieces):
    """One script of (where, shell) pieces. What runs in the background ends with it."""
    lines = ["set -eu -o pipefail", "trap 'jobs -p | xargs -r kill 2>/dev/null || true; wait' EXIT",
             "trap 'echo \"failed in $block: $BASH_COMMAND\" >&2' ERR"]
    for where, text in pieces:
        lines += [f"block='{where}'; echo \"--- $block\"", text]
    return "\n".join(lines) + "\n"


def without_network():
    """Words that give a command a loopback interface of its own, so that any port is free; none where that cannot be."""
    words = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"]), "--net", "sh", "-c",
             'ip link set lo up && exec "$@"', "sh"]
    tried = shutil.which("unshare") and shutil.which("ip") and subprocess.run([*words, "true"], capture_output=True)
    return words if tried and tried.returncode == 0 else []


def run(folder, script, environment=None):
    """Runs a script with bash in `folder`; what it printed. An AssertionError tells what went wrong."""
    path = pathlib.Path(folder) / "script.sh"
    path.write_text(script, encoding="utf-8")
    done = subprocess.run([*without_network(), "bash", path], cwd=folder, env={**os.environ, **(environment or {})},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout
