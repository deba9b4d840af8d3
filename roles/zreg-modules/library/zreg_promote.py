#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: give an uploaded image its final tags."""

DOCUMENTATION = r"""
module: zreg_promote
short_description: Give an uploaded container image its final tags
description:
  - Gives the image that was uploaded for the first of I(tags) its final tags, by its manifest alone.
    No layer moves. All conditions are checked before anything is changed, and so is whether the image is whole.
  - Then the temporary tag is deleted, where the registry can do that. Where it cannot, a warning says why, and
    that is no failure.
options:
  repository:
    description: The repository, C(HOST/REPOSITORY).
    type: str
    required: true
  tags:
    description: The final tags. The temporary tag is that of the first.
    type: list
    elements: str
    default: [latest]
  change:
    description: Promote what was uploaded for this change. Empty is the same as none.
    type: str
  pipeline:
    description: Promote what was uploaded by this pipeline, for an item without a change.
    type: str
  from_tag:
    description: Promote what this tag holds. The tag stays.
    type: str
  expect_digest:
    description:
      - Fail unless it is this image.
      - It also lets a promotion that was done already succeed again after its temporary tag is gone, and so does
        I(order).
    type: str
  if_current:
    description: Fail when a tag holds another image than this digest, or, with C(absent), when it exists.
    type: str
  order:
    description:
      - Where the change stands in the order of merging, any number that is larger for what merged later. A tag
        never goes back then, so a promotion that is late or is run again does no harm. What a later change has
        is left alone, C(superseded) tells so, and it is no failure.
      - A tag of a later change that does not hold that change's image, because a promotion was cut off, is given it.
    type: int
  keep:
    description: Leave the temporary tag.
    type: bool
    default: false
  no_verify:
    description:
      - Do not look, before a tag moves, whether the manifests and blobs of the image are all in the repository.
      - That takes a request for each, which moves nothing.
    type: bool
    default: false
  with_referrers:
    description:
      - Look also whether the signatures, attestations and other referrers of the image, as M(zreg_copy) has them, are
        whole. They stand in the repository already, so nothing of them moves.
      - Without this nothing is different for them.
    type: bool
    default: false
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
- name: Promote the image of the change that has merged
  zreg_promote:
    repository: quay.io/example/app
    tags: [latest, "1.2"]
    change: "{{ zuul.change | default('') }}"
    pipeline: "{{ zuul.pipeline }}"
    registries:
      - host: quay.io
        username: "{{ quay.username }}"
        password: "{{ quay.password }}"

- name: Promote exactly the image that was tested, unless somebody was here meanwhile
  zreg_promote:
    repository: quay.io/example/app
    from_tag: tested
    expect_digest: "{{ tested.digest }}"
    if_current: "{{ previous.digest | default('absent') }}"
"""

RETURN = r"""
promoted:
  description: False when every tag belongs to a change that merged later.
  type: bool
  returned: success
digest:
  description: Digest of the promoted image; when it was not promoted, of the later one.
  type: str
  returned: success
tags:
  description: The tags that hold it now.
  type: list
  elements: str
  returned: success
superseded:
  description: The tags that belong to a change that merged later, and stay.
  type: list
  elements: str
  returned: success
superseded_by:
  description: That change.
  type: str
  returned: success
previous:
  description: What each tag held before, by tag; null where it did not exist.
  type: dict
  returned: success
requests:
  description: HTTP requests of the promotion.
  type: int
  returned: success
blob_requests:
  description: Of these for blobs; always 0.
  type: int
  returned: success
verify_requests:
  description: Further requests, to look whether the image is whole.
  type: int
  returned: success
referrers:
  description: With I(with_referrers), how many signatures and other referrers belong to the image.
  type: int
  returned: success
temporary_deleted:
  description: Whether the temporary tag is gone.
  type: bool
  returned: success
cleanup_error:
  description: Why a temporary tag that should go stays, else empty.
  type: str
  returned: success
"""

from ansible.module_utils import zreg_common as common

ARGUMENTS = common.options(
    repository=dict(type="str", required=True),
    tags=dict(type="list", elements="str", default=["latest"]),
    change=dict(type="str"),
    pipeline=dict(type="str"),
    from_tag=dict(type="str"),
    expect_digest=dict(type="str"),
    if_current=dict(type="str"),
    order=dict(type="int"),
    keep=dict(type="bool", default=False),
    no_verify=dict(type="bool", default=False),
    with_referrers=dict(type="bool", default=False))
RULES = dict(required_one_of=[("change", "pipeline", "from_tag")])


def promote(client, params, dry_run):
    result = client.promote(
        params["repository"], params["tags"], change=params["change"] or None, pipeline=params["pipeline"] or None,
        from_tag=params["from_tag"], expect_digest=params["expect_digest"], if_current=params["if_current"],
        order=params["order"], keep=params["keep"], verify=not params["no_verify"], dry_run=dry_run,
        with_referrers=params["with_referrers"])
    return dict(
        promoted=result.promoted, digest=str(result.digest), superseded=list(result.superseded),
        tags=[tag for tag in params["tags"] if tag not in result.superseded], superseded_by=result.superseded_by,
        requests=result.requests, blob_requests=result.blob_requests, verify_requests=result.verify_requests,
        referrers=result.referrers, temporary_deleted=result.temporary_deleted, cleanup_error=result.cleanup_error)


def held(client, params, tags):
    """What each of the tags holds, {tag: digest or None}."""
    return {tag: common.digest_at(client, f"{params['repository']}:{tag}") for tag in tags}


def act(module, client):
    params = module.params
    common.require_permission(module, params["repository"])
    previous = held(client, params, params["tags"])
    results = promote(client, params, module.check_mode)
    if results["cleanup_error"]:
        module.warn(f"{params['repository']}: {results['cleanup_error']}")
    now = {**previous, **held(client, params, results["superseded"]),
           **dict.fromkeys(results["tags"] if results["promoted"] else params["tags"][:1], results["digest"])}
    return dict(results, previous=previous, **common.changes(*(
        {f"{params['repository']}:{tag}": digest for tag, digest in state.items()} for state in (previous, now))))


if __name__ == "__main__":
    common.main(act, ARGUMENTS, **RULES)
