#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of this folder and prints TAP."""

import sys
import tempfile
from pathlib import Path

try:
    import pytest
except ImportError:
    print(f"1..0 # SKIP {sys.executable} has no pytest; on Debian: apt-get install python3-pytest")
    sys.exit(0)


class Tap:
    """Prints one line a test, and what a failing one said."""

    def __init__(self):
        self.count = 0

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config):
        config.pluginmanager.unregister(name="terminalreporter")

    def pytest_runtest_logreport(self, report):
        if report.when != "call" and report.passed:
            return
        self.count += 1
        verdict = "not ok" if report.failed else "ok"
        reason = f" # SKIP {report.longrepr[2]}" if report.skipped and not hasattr(report, "wasxfail") else ""
        print(f"{verdict} {self.count} - {report.nodeid.replace('#', '_')}{reason}")
        if report.failed:
            for line in report.longreprtext.splitlines():
                print(f"# {line}")
        sys.stdout.flush()

    def pytest_collectreport(self, report):
        if report.failed:
            self.pytest_runtest_logreport(report)


tap = Tap()
folder = str(Path(__file__).resolve().parent)
with tempfile.TemporaryDirectory(prefix="zreg-python-") as temporary:
    status = pytest.main(["-W", "error", "-p", "no:cacheprovider", "--basetemp", f"{temporary}/tests", "--rootdir", folder, folder,
                          *sys.argv[1:]], plugins=[tap])
print(f"1..{tap.count}")
sys.exit(status)
