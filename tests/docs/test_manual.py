#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual: each verb, option, header, function, field and value has its place, and those who read it find nothing to
complain about. Start it by ./run."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests/lib"), str(TOP / "tests/style")]

import checks  # noqa: E402
import tap  # noqa: E402

MANUAL = next((path for path in (pathlib.Path(os.environ["ZREG_BUILDDIR"]) / "docs/manual", TOP / "docs/manual")
               if (path / "stamp").exists()), None)


def output(*argv, **kwargs):
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60, **kwargs).stdout


def need(tool):
    if MANUAL is None:
        raise tap.Skip("the manual was not made: no Python, or this build is for another machine")
    if shutil.which(tool) is None:
        raise tap.Skip(f"{tool} is not installed")


def pages(section=""):
    need("sh")
    return sorted(MANUAL.glob(f"man{section or '?'}/*"))


def page(name):
    need("sh")
    return (MANUAL / f"man{name.rsplit('.')[-1]}" / name).read_text(encoding="utf-8")


def shown(name):
    """The page as people see it, without its bold and underlined letters."""
    need("mandoc")
    text = output("mandoc", "-Tutf8", "-O", "width=400", MANUAL / f"man{name.rsplit('.')[-1]}" / name)
    return re.sub(".\b", "", text)


def table():
    return json.loads(output("zreg", "help", "--json"))


def public_functions():
    """{function: header}: those of the symbol map, and those that a header defines."""
    found, header = {name: path[:-2] for path in checks.installed_headers()
                     for name in re.findall(r"(?m)^static inline .*?\b(zreg_\w+)\(", checks.read(f"libzreg/zreg/{path}"))}, None
    for line in checks.read("libzreg/libzreg.map").splitlines():
        header = (re.search(r"# zreg/(\w+)\.h", line) or [None, header])[1]
        name = re.match(r"\s+(zreg_\w+);", line)
        if name:
            found[name[1]] = header
    return found


def test_each_verb_has_a_page_with_all_of_its_options():
    known = table()
    for verb in known["verbs"]:
        options = verb["options"] + known["common_options"] + (known["registry_options"] if verb["uses_registries"] else [])
        text = page(f"zreg-{verb['name']}.1")
        for option in options:
            assert re.search(rf"(?m)^\.It Fl -{option['name']}( |$)", text), (verb["name"], option)
        assert verb["example"] in text, verb["name"]
        assert f".It Xr zreg-{verb['name']} 1\n" in page("zreg.1"), verb["name"]
        assert all(f".Sh {title}\n" in text for title in ("NAME", "SYNOPSIS", "OPTIONS", "EXIT STATUS", "SEE ALSO"))
    assert {path.stem for path in pages(1)} == {"zreg", *(f"zreg-{verb['name']}" for verb in known["verbs"])}


def test_what_help_says_stands_in_the_page():
    """All of it, not only what is in front of something that a macro is made of."""
    def words(text):
        return re.sub(r"[\s.`]+", " ", text).lower()

    for verb in table()["verbs"]:
        text = words(shown(f"zreg-{verb['name']}.1"))
        for said in (verb["summary"], verb["text"] or "", *(option["help"] for option in verb["options"])):
            assert words(said).strip() in text, (verb["name"], said)


def test_each_public_function_has_a_page():
    for name, header in public_functions().items():
        text = page(f"{name}.3")
        assert f".In zreg/{header}.h\n" in text and f".Fo {name}\n" in text and f".Xr libzreg-{header} 3" in text, name
        titles = re.findall(r"(?m)^\.Sh (.*)", text)
        for title in ("NAME", "LIBRARY", "SYNOPSIS", "DESCRIPTION", "RETURN VALUES", "SEE ALSO"):
            assert title in titles, (name, titles)
        assert ("ERRORS" in titles) == (".Ft zreg_status\n" in text), (name, titles)
    functions = {path.stem for path in pages(3) if path.stem.startswith("zreg_")}
    assert functions == set(public_functions()), functions ^ set(public_functions())


def test_each_parameter_stands_in_the_synopsis():
    for name, header in public_functions().items():
        code = checks.code_only(checks.read(f"libzreg/zreg/{header}.h"))
        declared = re.search(rf"\b{name}\(([^;{{]*)\)\s*[;{{]", code)[1]
        synopsis = shown(f"{name}.3").split("DESCRIPTION")[0]
        assert re.sub(r"\s+", "", f"{name}({declared});") in re.sub(r"\s+", "", synopsis), (name, synopsis)


def test_each_field_and_value_is_in_the_page_of_its_header():
    for header in checks.installed_headers():
        code = checks.code_only(checks.read(f"libzreg/zreg/{header}"))
        text = page(f"libzreg-{header[:-2]}.3")
        assert f".It Xr libzreg-{header[:-2]} 3\n" in page("libzreg.3"), header
        for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", code, re.S):
            assert f".Ss {name}\n" in text, name
            for field in re.findall(r"[^;]+(?=;)", body):
                field = " ".join(field.split())
                assert re.search(rf'(?m)^\.It Fa "{re.escape(field)}(\\&)?"$', text), (name, field)
        for body, name in re.findall(r"typedef enum \w+ \{(.*?)\} (\w+);", code, re.S):
            for value in re.findall(r"ZREG_\w+", body):
                assert f".It Dv {value}\n" in text, (name, value)


def test_each_status_that_a_comment_lists_is_listed():
    errors = shown("zreg_manifest_parse.3").split("ERRORS")[1]
    for status in ("ZREG_INVAL", "ZREG_UNSUPPORTED", "ZREG_NOMEM"):
        assert status in errors, errors


def test_references_lead_to_pages():
    names = {(path.stem, path.suffix[1:]) for path in pages()}
    for path in pages():
        for name, section in re.findall(r"(?m)^\.(?:Pf \S+ )?Xr (\S+) (\d)", path.read_text(encoding="utf-8")):
            assert (name, section) in names, f"{path.name}: {name}({section}) is no page"


def test_mandoc_has_nothing_to_say():
    need("mandoc")
    found = subprocess.run(["mandoc", "-Tlint", "-W", "style", *pages()], capture_output=True, text=True).stdout
    # Whether the pages that are named are there is asked above: here they are not installed.
    left = [line for line in found.splitlines() if "referenced manual not found" not in line]
    assert left == [], "\n".join(left[:20])


def test_groff_has_nothing_to_say():
    need("groff")
    for path in pages():
        done = subprocess.run(["groff", "-mdoc", "-Tutf8", "-ww", path], capture_output=True, text=True)
        assert done.returncode == 0 and done.stderr == "", (path.name, done.stderr)


def test_man_finds_them():
    need("man")
    for name in ("zreg", "zreg-copy", "libzreg", "libzreg-copy", "zreg_copy"):
        assert output("man", "-w", name).strip().startswith(str(MANUAL)), name


def test_whatis_reads_their_first_line():
    need("lexgrog")
    for path in pages():
        done = subprocess.run(["lexgrog", path], capture_output=True, text=True)
        assert re.search(rf'"{re.escape(path.stem)} - \S', done.stdout), (path.name, done)


def test_a_word_about_an_option_that_is_gone_stops_the_build():
    need("sh")
    with tempfile.TemporaryDirectory() as work:
        maker = pathlib.Path(shutil.copytree(TOP / "docs/man", pathlib.Path(work) / "man"))
        (maker / "verbs/copy.in").chmod(0o644)  # a tarball's may be read-only
        with open(maker / "verbs/copy.in", "a", encoding="utf-8") as fragment:
            fragment.write(".option gone\nIt was here.\n")
        done = subprocess.run([sys.executable, maker / "make.py", f"{work}/out", "1", work, TOP / "libzreg/zreg.h"],
                              input=json.dumps(table()), capture_output=True, text=True)
        assert done.returncode != 0 and "no option --gone" in done.stderr, done


if __name__ == "__main__":
    tap.main(__name__)
