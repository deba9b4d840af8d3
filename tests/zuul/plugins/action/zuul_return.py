# SPDX-License-Identifier: Apache-2.0
"""zuul_return for machines where Zuul cannot be installed: data and secret_data go to the same file in
the same form. With Zuul installed its own module is used instead (see build.py)."""

import json
import os

from ansible.plugins.action import ActionBase

LISTS = ("artifacts", "warnings", "redactions")


def merge(new, old):
    """Dictionaries merge, other values are replaced."""
    merged = dict(old)
    for key, value in new.items():
        both = isinstance(value, dict) and isinstance(old.get(key), dict)
        merged[key] = merge(value, old[key]) if both else value
    return merged


def merge_returned(new, old):
    """What Zuul does: the lists that belong to it grow at their front, all else merges."""
    merged = merge(new, old)
    for key in LISTS:
        joined = new.get("zuul", {}).get(key, []) + old.get("zuul", {}).get(key, [])
        if joined:
            merged["zuul"][key] = joined
    return merged


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        path = os.path.join(os.environ["ZUUL_JOBDIR"], "work", "results.json")
        with open(path, encoding="utf-8") as file:
            returned = json.loads(file.read() or '{"data": {}, "secret_data": {}}')
        for kind in ("data", "secret_data"):
            returned[kind] = merge_returned(self._task.args.get(kind) or {}, returned[kind])
        for artifact in returned["data"].get("zuul", {}).get("artifacts", []):
            assert isinstance(artifact["name"], str) and isinstance(artifact["url"], str), artifact
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(returned, file)
        os.rename(path + ".new", path)
        return result
