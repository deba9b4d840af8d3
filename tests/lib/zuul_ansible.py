# SPDX-License-Identifier: Apache-2.0
"""Installs the version of Ansible that Zuul runs jobs with by default, and only that, by Zuul's own code: what
zuul-manage-ansible does for all versions. Run by the Python of an environment that Zuul is installed in.

    python zuul_ansible.py FOLDER"""

import pathlib
import sys

from zuul.lib.ansible import AnsibleManager


def main(folder):
    pathlib.Path(folder).mkdir(exist_ok=True)
    manager = AnsibleManager(runtime_install_root=folder)
    chosen = manager._supported_versions[manager.default_version]
    for version in manager._supported_versions:
        # The executor looks whether each is there; jobs of these tests use the chosen one.
        (pathlib.Path(folder) / version).mkdir(exist_ok=True)
    (pathlib.Path(folder) / manager.default_version).rmdir()
    chosen.ensure_venv()
    chosen.ensure_ansible()


main(sys.argv[1])
