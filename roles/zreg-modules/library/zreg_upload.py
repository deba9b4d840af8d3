#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: push an image under its temporary tag."""

DOCUMENTATION = r"""
module: zreg_upload
short_description: Push a container image to its public repository under a temporary tag
description:
  - Copies an image to I(repository) under the tag C(change_CHANGE_TAG), or C(PIPELINE_TAG) for an
    item without a change. M(zreg_promote) gives it its final tag once the change has merged.
options:
  src:
    description: The place to copy from, as for M(zreg_copy).
    type: str
    required: true
  repository:
    description: Where to, C(HOST/REPOSITORY).
    type: str
    required: true
  tag:
    description: The final tag, of which the temporary one is made.
    type: str
    default: latest
  change:
    description: Number of the change. Empty is the same as none.
    type: str
  pipeline:
    description: Name of the pipeline, used when there is no change.
    type: str
  jobs:
    description: Transfers at once; without it the library decides.
    type: int
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
- name: Upload the image of this change
  zreg_upload:
    src: "docker://{{ buildset_registry.host }}:{{ buildset_registry.port }}/example/app:latest"
    repository: quay.io/example/app
    change: "{{ zuul.change | default('') }}"
    pipeline: "{{ zuul.pipeline }}"
    registries:
      - "{{ buildset_registry }}"
      - host: quay.io
        username: "{{ quay.username }}"
        password: "{{ quay.password }}"
"""

RETURN = r"""
digest:
  description: Digest of the uploaded image.
  type: str
  returned: success
tag:
  description: The temporary tag.
  type: str
  returned: success
ref:
  description: Where the image is now, C(HOST/REPOSITORY:TAG).
  type: str
  returned: success
media_type:
  description: Media type of its manifest or index.
  type: str
  returned: unless in check mode
bytes:
  description: Blob bytes that moved.
  type: int
  returned: unless in check mode
blobs:
  description: How many blobs were C(copied), C(mounted) and C(skipped).
  type: dict
  returned: unless in check mode
requests:
  description: HTTP requests sent to C(src) and C(dst).
  type: dict
  returned: unless in check mode
"""

from ansible.module_utils import zreg_common as common

ARGUMENTS = common.options(
    src=dict(type="str", required=True),
    repository=dict(type="str", required=True),
    tag=dict(type="str", default="latest"),
    change=dict(type="str"),
    pipeline=dict(type="str"),
    jobs=dict(type="int"))
RULES = dict(required_one_of=[("change", "pipeline")])


def upload(client, params):
    return common.moved(client.upload(
        params["src"], params["repository"], params["tag"], change=params["change"] or None,
        pipeline=params["pipeline"] or None, jobs=params["jobs"] or 0))


def act(module, client):
    params = module.params
    tag = common.zreg.temporary_tag(params["tag"], change=params["change"], pipeline=params["pipeline"])
    ref = f"{params['repository']}:{tag}"
    before = common.digest_at(client, ref)
    if module.check_mode:
        results = dict(digest=client.inspect(params["src"])["digest"])
    else:
        results = upload(client, params)
    return dict(results, tag=tag, ref=ref, **common.changes({ref: before}, {ref: results["digest"]}))


if __name__ == "__main__":
    common.main(act, ARGUMENTS, **RULES)
