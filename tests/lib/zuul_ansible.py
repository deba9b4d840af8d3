# SPDX-License-Identifier: Apache-2.0
"""Installs the version of Ansible that Zuul runs jobs with by default, and only that, by Zuul's own code: what
zuul-manage-ansible does for all versions. Run by the Python of an environment that Zuul is installed in.

    python zuul_ansible.py FOLDER"""

import pathlib
import sys

from zuul.lib.ansible import AnsibleManager


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(exist_ok=True)
    manager = AnsibleManager(runtime_install_root=str(folder))
    chosen = manager._supported_versions[manager.default_version]
    chosen.ensure_venv()
    chosen.ensure_ansible()
    # The executor looks whether each version is there; jobs of these tests use the one that is.
    for version in manager._supported_versions:
        if not (folder / version).exists():
            (folder / version).symlink_to(manager.default_version)


main(sys.argv[1])
