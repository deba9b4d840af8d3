#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: push images under their temporary tags."""

DOCUMENTATION = r"""
module: zreg_upload
short_description: Push container images to their public repositories under temporary tags
description:
  - Copies an image to I(repository) under the tag C(change_CHANGE_TAG), or C(PIPELINE_TAG) for an
    item without a change. M(zreg_promote) gives it its final tag once the change has merged.
  - With I(images) it uploads many, those of different repositories at the same time.
options:
  src:
    description: The place to copy from, as for M(zreg_copy). Either this or I(images) is needed.
    type: str
  repository:
    description: Where to, C(HOST/REPOSITORY).
    type: str
  tag:
    description: The final tag, of which the temporary one is made.
    type: str
    default: latest
  images:
    description: The images to upload.
    type: list
    elements: dict
    suboptions:
      src:
        description: The place to copy from.
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
  temporary:
    description: Whether to use temporary tags. Without them the images get their final tags at once.
    type: bool
    default: true
  change:
    description: Number of the change. Empty is the same as none.
    type: str
  pipeline:
    description: Name of the pipeline, used when there is no change.
    type: str
  with_referrers:
    description:
      - Take along what belongs to the image and to each image of an index, which is what names it as its
        subject (OCI 1.1) and the tags that cosign gives signatures, attestations and SBOMs.
    type: bool
    default: false
  jobs:
    description: Transfers at once for each repository; without it the library decides.
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
images:
  description: What was uploaded, in the order of I(images). Each item has all the keys that are listed below.
  type: list
  elements: dict
  returned: when I(images) is given
digest:
  description: Digest of the uploaded image.
  type: str
  returned: success
tag:
  description: The tag that it was uploaded under.
  type: str
  returned: success
ref:
  description: Where the image is now, C(HOST/REPOSITORY:TAG).
  type: str
  returned: success
media_type:
  description: Media type of its manifest or index.
  type: str
  returned: success
bytes:
  description: Blob bytes that moved, or in check mode would.
  type: int
  returned: success
blobs:
  description: How many blobs were C(copied), C(mounted) and C(skipped).
  type: dict
  returned: success
referrers:
  description: With I(with_referrers), how many signatures and other referrers were C(copied), and how many C(skipped)
    because they were there.
  type: dict
  returned: success
requests:
  description: HTTP requests sent to C(src) and C(dst).
  type: dict
  returned: success
"""

from concurrent.futures import ThreadPoolExecutor

from ansible.module_utils import zreg_common as common

REPOSITORIES_AT_ONCE = 4
IMAGE = dict(
    src=dict(type="str", required=True),
    repository=dict(type="str", required=True),
    tag=dict(type="str", default="latest"))
ARGUMENTS = common.options(
    src=dict(type="str"),
    repository=dict(type="str"),
    tag=dict(type="str", default="latest"),
    images=dict(type="list", elements="dict", options=IMAGE),
    temporary=dict(type="bool", default=True),
    change=dict(type="str"),
    pipeline=dict(type="str"),
    with_referrers=dict(type="bool", default=False),
    jobs=dict(type="int"))
RULES = dict(
    required_one_of=[("src", "images")], mutually_exclusive=[("src", "images")],
    required_together=[("src", "repository")])


def tag_of(image, params):
    if not params["temporary"]:
        return image["tag"]
    return common.zreg.temporary_tag(image["tag"], change=params["change"], pipeline=params["pipeline"])


def upload(module, client, image):
    """Uploads one image, or in check mode finds out what that would do."""
    tag = tag_of(image, module.params)
    ref = f"{image['repository']}:{tag}"
    before = common.digest_at(client, ref)
    results = common.moved(client.copy(
        image["src"], ref, jobs=module.params["jobs"] or 0, with_referrers=module.params["with_referrers"],
        dry_run=module.check_mode))
    return before, dict(results, tag=tag, ref=ref)


def upload_all(module, client, images):
    """Repositories side by side; the tags of one after another, as they mostly share their blobs."""
    by_repository = {}
    for number, image in enumerate(images):
        by_repository.setdefault(image["repository"], []).append((number, image))

    def one_repository(numbered):
        return [(number, upload(module, client, image)) for number, image in numbered]

    with ThreadPoolExecutor(REPOSITORIES_AT_ONCE) as pool:
        parts = list(pool.map(one_repository, by_repository.values()))
    return [outcome for _, outcome in sorted((item for part in parts for item in part), key=lambda item: item[0])]


def act(module, client):
    listed = module.params["images"]
    common.require_permission(module, *(image["repository"] for image in listed or [module.params]))
    outcomes = upload_all(module, client, [module.params] if listed is None else listed)
    uploaded = [results for _, results in outcomes]
    after = {}
    for before, results in outcomes:
        after.update(common.after_copy(results, results["ref"], before))
    changes = common.changes({results["ref"]: before for before, results in outcomes}, after)
    return dict(uploaded[0] if listed is None else {"images": uploaded}, **changes)


if __name__ == "__main__":
    common.main(act, ARGUMENTS, **RULES)
