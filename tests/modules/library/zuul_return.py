#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Stands in for Zuul's module: adds `data` and `secret_data` to the file `result_data_file`, where
artifacts are appended and everything else replaces what was there."""

import json
import os

from ansible.module_utils.basic import AnsibleModule


def merge(old, new):
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(old.get(key), dict):
            merge(old[key], value)
        else:
            old[key] = old.get(key, []) + value if key == "artifacts" else value


def main():
    module = AnsibleModule(dict(data=dict(type="dict", default={}),
                                secret_data=dict(type="dict", default={}, no_log=True)))
    path = os.environ["ZREG_TEST_ZUUL_RETURN"]
    returned = {"data": {}, "secret_data": {}}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            returned = json.load(file)
    merge(returned, {"data": module.params["data"], "secret_data": module.params["secret_data"]})
    with open(path, "w", encoding="utf-8") as file:
        json.dump(returned, file)
    module.exit_json(changed=True)


if __name__ == "__main__":
    main()
