#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: copy this change's images to the intermediate registry."""

DOCUMENTATION = r"""
module: zreg_publish
short_description: Copy this change's images to the intermediate registry
description:
  - Copies images from the buildset registry to the intermediate registry, as
    C(REPOSITORY:BUILD_TAG), and gives the artifacts to return to Zuul.
options:
  from:
    description: The buildset registry, C(HOST:PORT).
    type: str
    required: true
  to:
    description: The intermediate registry, C(HOST:PORT).
    type: str
    required: true
  images:
    description: The images, each C(REPOSITORY[:TAG]).
    type: list
    elements: str
    required: true
  build:
    description: UUID of the build, C(zuul.build).
    type: str
    required: true
  change:
    description: Number of the change, for the artifacts' metadata. Empty is the same as none.
    type: str
  patchset:
    description: Its patchset, for the artifacts' metadata. Empty is the same as none.
    type: str
  with_referrers:
    description: Take along what belongs to the images, as M(zreg_copy) does. C(changed) tells of the images alone.
    type: bool
    default: false
  project:
    description: The change's project, C(zuul.project.name). With I(pipeline), I(change) and I(patchset) a record is
      left of what was published, which M(zreg_populate) looks at. Empty is the same as none.
    type: str
  pipeline:
    description: Zuul's pipeline. Empty is the same as none.
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
  - Supports C(check_mode) and C(diff). In check mode the artifacts lack what only a copy can tell.
"""

EXAMPLES = r"""
- name: Publish the images of this change
  zreg_publish:
    from: "{{ buildset_registry.host }}:{{ buildset_registry.port }}"
    to: "{{ intermediate_registry.host }}:{{ intermediate_registry.port }}"
    images: ["example/app:latest"]
    build: "{{ zuul.build }}"
    change: "{{ zuul.change | default('') }}"
    patchset: "{{ zuul.patchset | default('') }}"
    project: "{{ zuul.project.name }}"
    pipeline: "{{ zuul.pipeline }}"
    registries:
      - "{{ buildset_registry }}"
      - "{{ intermediate_registry }}"
  register: published

- name: Tell Zuul
  zuul_return:
    data:
      zuul:
        artifacts: "{{ published.artifacts }}"
"""

RETURN = r"""
artifacts:
  description: What to return to Zuul, in Zuul's own shape.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: C(REPOSITORY:TAG).
      type: str
    url:
      description: C(docker://HOST:PORT/REPOSITORY:BUILD_TAG).
      type: str
    metadata:
      description: C(type), C(repository) and C(tag) as Zuul's jobs know them; further C(digest), C(media_type),
        C(platforms), C(change) and C(build).
      type: dict
"""

from ansible.module_utils import zreg_common as common

ARGUMENTS = common.options(
    **{"from": dict(type="str", required=True)},
    to=dict(type="str", required=True),
    images=dict(type="list", elements="str", required=True),
    build=dict(type="str", required=True),
    change=dict(type="str"),
    patchset=dict(type="str"),
    with_referrers=dict(type="bool", default=False),
    project=dict(type="str"),
    pipeline=dict(type="str"),
    jobs=dict(type="int"))


def split(image):
    """("example/app", "latest") of "docker.io/example/app"."""
    ref = common.zreg.Ref(image)
    return ref.canonical_name, ref.tag or "latest"


def destination(image, params):
    repository, tag = split(image)
    return f"{params['to']}/{repository}:{params['build']}_{tag}"


def foresee(client, image, params):
    """Check mode: the artifact as far as it is known without a copy."""
    repository, tag = split(image)
    metadata = dict(type="container_image", repository=repository, tag=tag, build=params["build"],
                    digest=str(client.head(f"{params['from']}/{repository}:{tag}")))
    return dict(name=f"{repository}:{tag}", url=f"docker://{destination(image, params)}", metadata=metadata)


def publish(client, params):
    images = [":".join(split(image)) for image in params["images"]]
    return client.publish(
        params["from"], params["to"], images, build=params["build"], change=params["change"] or None,
        patchset=params["patchset"] or None, project=params["project"] or None,
        pipeline=params["pipeline"] or None, jobs=params["jobs"] or 0,
        with_referrers=params["with_referrers"]).to_zuul()["artifacts"]


def act(module, client):
    params = module.params
    refs = [destination(image, params) for image in params["images"]]
    before = {ref: common.digest_at(client, ref) for ref in refs}
    if module.check_mode:
        artifacts = [foresee(client, image, params) for image in params["images"]]
    else:
        artifacts = publish(client, params)
    after = {artifact["url"][len("docker://"):]: artifact["metadata"]["digest"] for artifact in artifacts}
    return dict(artifacts=artifacts, **common.changes(before, after))


if __name__ == "__main__":
    common.main(act, ARGUMENTS)
