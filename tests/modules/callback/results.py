# SPDX-License-Identifier: Apache-2.0
"""Writes each task's result, as any callback gets it, as a JSON line to the file that
ZREG_TEST_RESULTS names."""

import json
import os

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: notification
short_description: results as JSON lines
description: For the tests.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "results"

    def write(self, status, result):
        line = {"status": status, "host": result._host.get_name(), "task": result.task_name, **result._result}
        with open(os.environ["ZREG_TEST_RESULTS"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result):
        self.write("ok", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.write("failed", result)

    def v2_runner_on_skipped(self, result):
        self.write("skipped", result)
