#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: tell the container engines of a host to use a buildset registry."""

DOCUMENTATION = r"""
module: zreg_use_registry
short_description: Tell container engines to use a buildset registry
description:
  - Configures docker, podman, buildah, skopeo, CRI-O, containerd, k3s and BuildKit so that images of
    well-known registries are looked for in the buildset registry first, and where they are as well.
  - What the files hold already stays. C(state=absent) puts everything back as it was.
  - No service is touched; C(reload) and C(restart) tell which engines need that to notice.
options:
  state:
    description: Whether the engines are to use the registry.
    type: str
    choices: [present, absent]
    default: present
  connection:
    description:
      - The connection record of the registry, as the role C(run-buildset-registry) returns it. Not needed
        for C(state=absent).
    type: dict
    suboptions:
      host:
        description: Name or address of the registry.
        type: str
        required: true
      port:
        description: Its port.
        type: int
        required: true
      username:
        description: The user to log in as.
        type: str
      password:
        description: The user's password. It is kept out of all output.
        type: str
      cert:
        description: The registry's certificate, as PEM text.
        type: str
        aliases: [ca]
      fingerprint:
        description: Not used; there so that a connection record fits.
        type: str
  engines:
    description: The engines to configure, of C(docker), C(podman), C(crio), C(containerd), C(buildkit), C(k3s),
      C(rke2), C(microk8s) and C(kubelet); without it those that are installed. Buildah and skopeo go with podman.
    type: list
    elements: str
  namespaces:
    description: Registries whose images are looked for in the buildset registry first, beside docker.io, quay.io,
      ghcr.io, gcr.io and registry.k8s.io.
    type: list
    elements: str
  unqualified:
    description: Registries where podman, buildah and CRI-O look, in this order, for names that have none, as
      C(example/base). They are looked for in the buildset registry first, too. Without it the host's own list stays.
    type: list
    elements: str
  root:
    description: Folder in which the configuration is, such as the root of a container image that is being built.
    type: path
    default: /
  home:
    description: Home folder, as seen from I(root), of the user who gets the credentials; without it that of the user
      the module runs as, C(root) with C(become).
    type: path
author: [libzreg]
requirements: [zreg]
notes:
  - Supports C(check_mode) and C(diff).
"""

EXAMPLES = r"""
- name: Use the buildset registry
  become: true
  zreg_use_registry:
    connection: "{{ buildset_registry }}"
    home: "/home/{{ ansible_user }}"

- name: Use it for the images of one more registry
  become: true
  zreg_use_registry:
    connection: "{{ buildset_registry }}"
    namespaces: [registry.example.org]

- name: Let names without a registry mean those of Docker Hub
  become: true
  zreg_use_registry:
    connection: "{{ buildset_registry }}"
    unqualified: [docker.io]

- name: Put everything back
  become: true
  zreg_use_registry:
    state: absent
"""

RETURN = r"""
changed_files:
  description: The files that were changed, or would be.
  type: list
  elements: str
  returned: success
unchanged_files:
  description: The files that were right already.
  type: list
  elements: str
  returned: success
reload:
  description: The engines that need to read their configuration again to notice.
  type: list
  elements: str
  returned: success
restart:
  description: The engines that need to be started again to notice.
  type: list
  elements: str
  returned: success
"""

from ansible.module_utils import zreg_common as common

ARGUMENTS = dict(
    state=dict(type="str", choices=["present", "absent"], default="present"),
    connection=dict(type="dict", options=dict(
        host=dict(type="str", required=True),
        port=dict(type="int", required=True),
        username=dict(type="str"),
        password=dict(type="str", no_log=True),
        cert=dict(type="str", aliases=["ca"]),
        fingerprint=dict(type="str"))),
    engines=dict(type="list", elements="str"),
    namespaces=dict(type="list", elements="str"),
    unqualified=dict(type="list", elements="str"),
    root=dict(type="path", default="/"),
    home=dict(type="path"))
RULES = dict(required_if=[("state", "present", ["connection"])])


def apply(params, check):
    if params["state"] == "absent":
        return common.zreg.node_revert(root=params["root"], check=check)
    record = {key: value for key, value in params["connection"].items() if value is not None}
    return common.zreg.node_apply(record, root=params["root"], home=params["home"], engines=params["engines"],
                                  namespaces=params["namespaces"], unqualified=params["unqualified"], check=check)


def shown(file):
    """For --diff. Credentials are not shown, and neither is the system's own list of certificates."""
    hidden = "(holds credentials)\n" if file.secret else "(updated)\n"
    told = file.before is not None or file.after is not None
    return dict(before_header=file.path, after_header=file.path, before=file.before or "",
                after=file.after or "" if told else hidden)


def act(module):
    changes = apply(module.params, module.check_mode)
    return dict(
        changed=bool(changes.changed), diff=[shown(file) for file in changes.files if file.changed],
        changed_files=list(changes.changed), unchanged_files=list(changes.unchanged), reload=list(changes.reload),
        restart=list(changes.restart))


if __name__ == "__main__":
    common.run(act, ARGUMENTS, **RULES)
