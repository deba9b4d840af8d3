#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: list, delete and clean up tags."""

DOCUMENTATION = r"""
module: zreg_tags
short_description: List or delete tags of a container image repository
description:
  - Lists the tags of a repository, or deletes some of them. The images and their other tags stay; a
    registry that can only delete images is not asked to.
options:
  repository:
    description: The repository, C(HOST/REPOSITORY).
    type: str
    required: true
  state:
    description:
      - C(list) lists the tags.
      - C(absent) deletes I(tags).
    type: str
    choices: [list, absent]
    default: list
  tags:
    description: The tags to delete.
    type: list
    elements: str
  registries:
    description:
      - How registries are reached. A host that is not listed is reached with the machine's own
        certificate authorities and the credentials of I(authfile).
      - A connection record as M(zreg_registry) and the role C(run-buildset-registry) give it is an
        item of this list just as it is.
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description: Name or address of the registry; C(HOST:PORT) is fine too, and so is a bare IPv6 address.
        type: str
        required: true
      port:
        description: Its port, unless I(registries[].host) has it or it is that of HTTPS.
        type: int
      username:
        description: The user to log in as.
        type: str
      password:
        description: The user's password. It is kept out of all output.
        type: str
      ca:
        description: Certificate authorities to trust for this host, as PEM text.
        type: str
        aliases: [cert]
      fingerprint:
        description: Not used; there so that a connection record fits.
        type: str
      insecure:
        description: Accept any certificate of this host.
        type: bool
        default: false
      plain_http:
        description: Speak HTTP without TLS to this host.
        type: bool
        default: false
  authfile:
    description: Credentials of further hosts, in the form of docker's C(config.json). Without it the usual
      places are looked at.
    type: path
author: [libzreg]
requirements: [zreg]
notes:
  - Supports C(check_mode) and C(diff).
"""

EXAMPLES = r"""
- name: See which tags there are
  zreg_tags:
    repository: quay.io/example/app
  register: app

- name: Delete one tag
  zreg_tags:
    repository: quay.io/example/app
    state: absent
    tags: [change_12_latest]
"""

RETURN = r"""
tags:
  description: The tags that there are.
  type: list
  elements: str
  returned: when I(state=list)
deleted:
  description: The tags that were deleted, or would be.
  type: list
  elements: str
  returned: unless I(state=list)
"""

from ansible.module_utils import zreg_common as common

ARGUMENTS = common.options(
    repository=dict(type="str", required=True),
    state=dict(type="str", choices=["list", "absent"], default="list"),
    tags=dict(type="list", elements="str"))
RULES = dict(required_if=[("state", "absent", ["tags"])])


def find(client, ref):
    try:
        return str(client.head(ref))
    except common.zreg.NotFound:
        return None


def delete(module, client):
    refs = {tag: f"{module.params['repository']}:{tag}" for tag in module.params["tags"]}
    before = {ref: find(client, ref) for ref in refs.values()}
    doomed = [tag for tag, ref in refs.items() if before[ref]]
    for tag in doomed:
        if not module.check_mode:
            client.delete_tag(refs[tag])
    return dict(deleted=doomed, **common.changes(before, dict.fromkeys(before)))


def act(module, client):
    if module.params["state"] == "list":
        return dict(changed=False, tags=client.tags(module.params["repository"]))
    return delete(module, client)


if __name__ == "__main__":
    common.main(act, ARGUMENTS, **RULES)
