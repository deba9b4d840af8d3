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
      - C(cleaned) deletes old temporary tags, never final ones.
    type: str
    choices: [list, absent, cleaned]
    default: list
  tags:
    description: The tags to delete.
    type: list
    elements: str
  match:
    description: With I(state=cleaned), which tags are temporary; a POSIX extended regular expression for the whole
      tag, in place of C(change_[0-9]+_.+).
    type: str
  older_than:
    description: With I(state=cleaned), how old they have to be, in seconds, or with a unit as C(90m), C(24h) or
      C(7d). 0 means whatever their age.
    type: str
    default: 24h
  api:
    description: With I(state=cleaned), over which interface tags are listed with their age and deleted, before
      what I(registries) says of the host. C(auto) chooses by the host. C(hub) is Docker Hub's, C(quay) that of Quay.
    type: str
    choices: [auto, oci, hub, quay]
  api_url:
    description: Where that interface answers, when not at its usual place.
    type: str
  api_token:
    description: OAuth token for Quay's interface. It is kept out of all output.
    type: str
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
      repository:
        description: Regular expression. M(zreg_copy), M(zreg_upload), M(zreg_promote) and M(zreg_tags) write and
          delete in this host only what matches it, with the host or without.
        type: str
      api:
        description: Interface over which tags of this host are deleted and their age is told. C(auto) knows
          Docker Hub and Quay by their names; others are spoken to as the registry protocol says. C(docker)
          is C(hub).
        type: str
        choices: [auto, oci, hub, docker, quay]
        default: auto
        aliases: [type]
      api_url:
        description: Where that interface answers, unless at the vendor's usual place.
        type: str
      api_token:
        description: OAuth token for Quay's interface. It is kept out of all output.
        type: str
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

- name: Delete temporary tags that nobody promoted within a day
  zreg_tags:
    repository: quay.io/example/app
    state: cleaned
    older_than: 24h
    api_token: "{{ quay.token }}"
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
kept:
  description: The tags that were left, each with C(tag), C(reason) and C(age) in seconds, null when that is not known.
  type: list
  elements: dict
  returned: when I(state=cleaned)
"""

import re

from ansible.module_utils import zreg_common as common

UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
ARGUMENTS = common.options(
    repository=dict(type="str", required=True),
    state=dict(type="str", choices=["list", "absent", "cleaned"], default="list"),
    tags=dict(type="list", elements="str"),
    match=dict(type="str"),
    older_than=dict(type="str", default="24h"),
    api=dict(type="str", choices=["auto", "oci", "hub", "quay"]),
    api_url=dict(type="str"),
    api_token=dict(type="str", no_log=True))
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


def seconds(text):
    found = re.fullmatch(r"(\d+)\s*([smhd]?)", text.strip())
    if not found:
        raise ValueError(f"older_than is {text!r}; write seconds, or a number with s, m, h or d")
    return int(found[1]) * UNITS[found[2]]


def clean(module, client):
    params = module.params
    result = client.cleanup_tags(
        params["repository"], match=params["match"], older_than=seconds(params["older_than"]), api=params["api"],
        api_url=params["api_url"], api_token=params["api_token"], dry_run=module.check_mode)
    kept = [dict(tag=one.tag, reason=one.reason, age=None if one.age is None else int(one.age.total_seconds()))
            for one in result.kept]
    doomed = [one.tag for one in result.deleted]
    before = {f"{params['repository']}:{tag}": "present" for tag in doomed}
    return dict(deleted=doomed, kept=kept, **common.changes(before, dict.fromkeys(before)))


def listing(module, client):
    return dict(changed=False, tags=client.tags(module.params["repository"]))


def act(module, client):
    if module.params["state"] != "list":
        common.require_permission(module, module.params["repository"])
    return dict(list=listing, absent=delete, cleaned=clean)[module.params["state"]](module, client)


if __name__ == "__main__":
    common.main(act, ARGUMENTS, **RULES)
