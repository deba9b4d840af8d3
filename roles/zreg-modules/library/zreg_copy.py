#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: copy an image, or make an index of several."""

DOCUMENTATION = r"""
module: zreg_copy
short_description: Copy a container image, or make a multi-platform image of several
description:
  - Copies an image, or a whole index with all its platforms, between registries, OCI layouts and
    archives. What is at the destination already is not sent again.
  - With I(sources) it makes one multi-platform image of several images.
  - A place is C(docker://HOST[:PORT]/REPOSITORY[:TAG|@DIGEST]), where C(docker://) may be left out,
    C(oci:DIR[:NAME]), C(oci-archive:FILE[:NAME]), C(docker-archive:FILE[:REF]) or
    C(docker-daemon:REF).
options:
  src:
    description: The place to copy from. Either this or I(sources) is needed.
    type: str
  sources:
    description: The images, one of each platform, to make an index of.
    type: list
    elements: str
  dst:
    description: The place to copy to.
    type: str
    required: true
  platforms:
    description: Of an index, copy only these platforms, such as C(linux/arm64).
    type: list
    elements: str
  expect_digest:
    description: Fail unless the source is this image.
    type: str
  with_referrers:
    description:
      - Take along what belongs to the image and to each image of an index, which is what names it as its
        subject (OCI 1.1) and the tags that cosign gives signatures, attestations and SBOMs.
      - Not together with I(sources).
    type: bool
    default: false
  force:
    description:
      - Look for each part at the destination, also where it has the image already, and repair what was lost there.
      - Not together with I(sources).
    type: bool
    default: false
  layers:
    description:
      - What plain layers of a docker archive become in a registry, C(gzip), C(zstd) or C(as-is).
      - Not together with I(sources).
    type: str
    choices: [gzip, zstd, as-is]
    default: gzip
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
  - Supports C(check_mode) and C(diff). In check mode both ends are looked at and nothing is changed.
"""

EXAMPLES = r"""
- name: Copy an image with all its platforms
  zreg_copy:
    src: docker://quay.io/example/base:1.2
    dst: docker://registry.example.org/mirror/base:1.2

- name: Take an image out of the buildset registry
  zreg_copy:
    src: "docker://{{ buildset_registry.host }}:{{ buildset_registry.port }}/example/app:latest"
    dst: oci:/srv/images/app:latest
    registries:
      - "{{ buildset_registry }}"

- name: Make one multi-platform image of two
  zreg_copy:
    sources:
      - registry.example.org/example/app:latest-amd64
      - registry.example.org/example/app:latest-arm64
    dst: registry.example.org/example/app:latest
"""

RETURN = r"""
digest:
  description: Digest of what is at the destination now, or in check mode would be.
  type: str
  returned: success
platforms:
  description: The platforms of the index that was made of I(sources).
  type: list
  elements: str
  returned: after an index was made
media_type:
  description: Media type of that manifest or index.
  type: str
  returned: after a copy
bytes:
  description: Blob bytes that moved, or in check mode would.
  type: int
  returned: after a copy
blobs:
  description: How many blobs were C(copied), C(mounted) and C(skipped).
  type: dict
  returned: after a copy
referrers:
  description: With I(with_referrers), how many signatures and other referrers were C(copied), and how many C(skipped)
    because they were there.
  type: dict
  returned: after a copy
requests:
  description: HTTP requests sent to C(src) and C(dst).
  type: dict
  returned: after a copy
"""

from ansible.module_utils import zreg_common as common

ARGUMENTS = common.options(
    src=dict(type="str"),
    sources=dict(type="list", elements="str"),
    dst=dict(type="str", required=True),
    platforms=dict(type="list", elements="str"),
    expect_digest=dict(type="str"),
    with_referrers=dict(type="bool", default=False),
    force=dict(type="bool", default=False),
    layers=dict(type="str", choices=["gzip", "zstd", "as-is"], default="gzip"),
    jobs=dict(type="int"))
RULES = dict(mutually_exclusive=[("sources", "src"), ("sources", "platforms"), ("sources", "expect_digest")],
             required_one_of=[("src", "sources")])


def copy(client, params, dry_run):
    """What was done, or in check mode what would be."""
    if params["sources"]:
        digest = client.index(params["sources"], params["dst"], jobs=params["jobs"] or 0, dry_run=dry_run)
        index = {} if dry_run else dict(
            platforms=[str(child.platform) for child in client.manifest(params["dst"]).children])
        return dict(digest=str(digest), **index)
    return common.moved(client.copy(
        params["src"], params["dst"], platforms=params["platforms"], expect_digest=params["expect_digest"],
        jobs=params["jobs"] or 0, with_referrers=params["with_referrers"], force=params["force"],
        layers=params["layers"], dry_run=dry_run))


def act(module, client):
    params = module.params
    common.require_permission(module, params["dst"])
    if params["sources"] and params["with_referrers"]:
        raise ValueError("with_referrers: nothing belongs to an index that is made now; copy its images with their "
                         "referrers to the repository of dst first, then make it of those")
    if params["sources"] and (params["force"] or params["layers"] != "gzip"):
        raise ValueError("force and layers are for src: an index that is made now is put in any case")
    before = common.digest_at(client, params["dst"])
    results = copy(client, params, module.check_mode)
    after = common.after_copy(results, params["dst"], before)
    return dict(results, **common.changes({params["dst"]: before}, after))


if __name__ == "__main__":
    common.main(act, ARGUMENTS, **RULES)
