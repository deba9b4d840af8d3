#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Completion in the real shells: each is asked what Tab would offer. Start it by ./run."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/lib")]

import tap  # noqa: E402

SCRIPTS = next((path / "completion" for path in (pathlib.Path(os.environ["ZREG_BUILDDIR"]) / "docs/manual", TOP / "docs/manual")
                if (path / "stamp").exists()), None)
TABLE = json.loads(subprocess.run(["zreg", "help", "--json"], capture_output=True, check=True).stdout)
VERBS = [verb["name"] for verb in TABLE["verbs"]]
FILES = ("zuul.json", "registry.pem", "folder")


def need(shell):
    if SCRIPTS is None:
        raise tap.Skip("the completion was not made: no Python, or this build is for another machine")
    if shutil.which(shell) is None:
        raise tap.Skip(f"{shell} is not installed")


def asked(*argv, **kwargs):
    """What a shell prints in a folder with FILES, without the user's settings."""
    with tempfile.TemporaryDirectory() as work:
        for name in FILES[:2]:
            (pathlib.Path(work) / name).write_text("")
        (pathlib.Path(work) / FILES[2]).mkdir()
        environment = {**os.environ, "HOME": work, "XDG_CONFIG_HOME": work, "XDG_DATA_HOME": work, "TERM": "dumb"}
        done = subprocess.run(argv, cwd=work, env=environment, capture_output=True, text=True, timeout=60, **kwargs)
    assert done.returncode == 0, done
    return done.stdout


# What Tab behind the last word gives: the words before it, and what has to be among the answers, or all of them.
QUESTIONS = [
    (["zreg", ""], set(VERBS), False),
    (["zreg", "cl"], {"cleanup-tags"}, True),
    (["zreg", "--json", "ta"], {"tags"}, True),
    (["zreg", "--authfile", "zuul.json", "ta"], {"tags"}, True),
    (["zreg", "promote", "--exp"], {"--expect-digest"}, True),
    (["zreg", "tags", "--http"], {"--http2"}, True),
    (["zreg", "--json", "copy", "--pla"], {"--plain-http", "--platform"}, True),
    (["zreg", "serve", "--anonymous", ""], {"none", "pull", "push"}, True),
    (["zreg", "cleanup-tags", "--api", "h"], {"hub"}, True),
    (["zreg", "promote", "--method", ""], {"tag", "intermediate-registry"}, True),
    (["zreg", "resolve", "--artifacts", ""], set(FILES), False),
    (["zreg", "tags", "--ca", "reg"], {"registry.pem"}, True),
    (["zreg", "artifacts", ""], set(FILES), False),
    (["zreg", "upload", "--change", ""], set(), True),
    (["zreg", "tags", ""], set(), True),
    (["zreg", "help", "cop"], {"copy"}, True),
]


def check(ask):
    for words, wanted, is_all in QUESTIONS:
        found = {word.strip().rstrip("/") for word in ask(words)} - {""}
        assert wanted <= found and (not is_all or found == wanted), (words, found)


def check_each_option(ask):
    for verb in TABLE["verbs"]:
        options = verb["options"] + TABLE["common_options"] + (TABLE["registry_options"] if verb["uses_registries"] else [])
        found = {word.strip().rstrip("=") for word in ask(["zreg", verb["name"], "--"])}
        wanted = {f"--{option['name']}" for option in options}
        assert wanted <= found, (verb["name"], wanted - found)


def bash(words):
    quoted = " ".join(f"'{word}'" for word in words)
    script = (f". '{SCRIPTS}/zreg'; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; _zreg zreg; "
              "printf '%s\\n' \"${COMPREPLY[@]}\"")
    return asked("bash", "--norc", "-c", script).splitlines()


def test_bash():
    need("bash")
    check(bash)
    assert bash(["zreg", "serve", "--anonymous", "=", "pu"]) == ["pull", "push"]
    assert bash(["zreg", "serve", "--anonymous", "="]) == ["none", "pull", "push"]
    assert bash(["zreg", "tags", "--creds-file", "quay.io", "=", "reg"]) == ["registry.pem"]
    assert set(bash(["zreg", "tags", "--creds-file", "quay.io", "="])) == set(FILES)
    assert bash(["zreg", "--authfile", "=", "zuul.json", "ta"]) == ["tags"]


def test_bash_has_each_option():
    need("bash")
    check_each_option(bash)


def test_shellcheck_has_nothing_to_say():
    need("shellcheck")
    asked("shellcheck", SCRIPTS / "zreg")


def test_bash_loads_it_where_it_is_installed():
    need("bash")
    loader = pathlib.Path("/usr/share/bash-completion/bash_completion")
    if not loader.exists():
        raise tap.Skip("bash-completion is not installed")
    with tempfile.TemporaryDirectory() as data:
        folder = pathlib.Path(data) / "bash-completion/completions"
        folder.mkdir(parents=True)
        shutil.copy(SCRIPTS / "zreg", folder)
        script = f". {loader}; XDG_DATA_HOME='{data}'; _completion_loader zreg; complete -p zreg"
        assert "-F _zreg zreg" in asked("bash", "--norc", "-c", script)


def fish(words):
    line = " ".join(words)
    answers = asked("fish", "--no-config", "-c", f"source {SCRIPTS}/zreg.fish; complete -C '{line}'")
    return [answer.split("\t")[0] for answer in answers.splitlines()]


def test_fish():
    need("fish")
    asked("fish", "-n", SCRIPTS / "zreg.fish")
    check(fish)
    assert set(fish(["zreg", "serve", "--anonymous=pu"])) == {"--anonymous=pull", "--anonymous=push"}


def test_fish_has_each_option():
    need("fish")
    check_each_option(fish)


# zsh completes in its line editor only: one runs on a terminal of its own, and compadd tells instead of showing.
ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
send() { zpty -w shell "$1" }
send "PS1= PS2=; unsetopt zle_bracketed_paste 2>/dev/null; stty -echo 2>/dev/null"
send "fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D"
send 'compadd() {
    [[ ${@[1,(i)(-|--)]} == *-(O|A|D)* ]] && { builtin compadd "$@"; return }
    local -a found; builtin compadd -O found "$@"; print -rl -- "<"$^found">"; builtin compadd "$@"
}'
send 'answer() { zle complete-word; print -r -- "E""ND" }; zle -N answer'
send "bindkey '^I' answer; zstyle ':completion:*' list-grouped no; print BEG\"\"IN"
zpty -r shell out '*BEGIN*'
zpty -n -w shell "$2"$'\t'
zpty -r shell out '*END*'
print -r -- "$out"
"""


def zsh(words):
    text = asked("zsh", "-f", "-c", ZSH, "zsh", str(SCRIPTS), " ".join(words))
    return [word for word in re.findall(r"<([^<>\n]*)>", text.replace("\r", "")) if word.startswith(words[-1])]


def test_zsh():
    need("zsh")
    asked("zsh", "-n", SCRIPTS / "_zreg")
    check(zsh)


def test_zsh_has_each_option():
    need("zsh")
    check_each_option(zsh)


if __name__ == "__main__":
    tap.main(__name__)
