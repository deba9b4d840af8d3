#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The unit: systemd takes it, finds it tight, and its command serves."""

import re

from release_world import BUILD, SOURCE, call, folder, need, serving, tap

UNIT = SOURCE / "packaging/systemd/zreg-registry.service"
CONF = SOURCE / "packaging/systemd/registry.conf"
# systemd's own scale, of tenths: 0 is nothing exposed, 20 the limit of what it calls OK.
EXPOSED = 15


def test_systemd_finds_no_fault_in_it():
    need("systemd-analyze", "systemd")
    with folder() as top:
        unit = top / UNIT.name
        unit.write_text(UNIT.read_text().replace("/usr/bin/zreg", "/bin/true"))
        said = call("systemd-analyze", "verify", "--man=no", unit)
        assert said.strip() == "", said


def test_it_is_exposed_as_little_as_a_registry_can_be():
    need("systemd-analyze", "systemd")
    said = call("systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSED}", "--no-pager", UNIT)
    print("#", said.strip().split("\n")[-1])


def test_what_the_configuration_says_serves():
    start = re.search(r"^ExecStart=(.*)$", UNIT.read_text(), re.M).group(1)
    options = re.search(r"^ZREG_SERVE_OPTIONS=(.*)$", CONF.read_text(), re.M).group(1).replace(":5000", ":0").split()
    assert start == "/usr/bin/zreg serve --root=${STATE_DIRECTORY} $ZREG_SERVE_OPTIONS"
    with folder() as top, serving([BUILD / "run", "zreg"], f"--root={top}", *options) as record:
        assert record["host"] == "127.0.0.1" and record["port"] > 0


def test_every_option_that_the_configuration_names_exists():
    known = call(BUILD / "run", "zreg", "serve", "--help")
    for option in re.findall(r"--[a-z-]+(?==)", CONF.read_text()):
        assert f"  {option} " in known, option


if __name__ == "__main__":
    tap.main(__name__)
