#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: bring the images of the changes ahead into a buildset registry."""

DOCUMENTATION = r"""
module: zreg_populate
short_description: Bring the images of the changes ahead into a buildset registry
description:
  - Copies, of each image that a change ahead has built, the one of the nearest change from the
    intermediate to the buildset registry, pinned to its digest. Superseded images are not copied.
  - Tells of each change ahead which images came from it, or why none did. A job that is given no image of a
    change ahead is built with the public one.
options:
  artifacts:
    description: Zuul's artifacts, C(zuul.artifacts). Those of other types are left out. They do not tell what is
      ahead; I(zuul) does.
    type: list
    elements: dict
  zuul:
    description: Zuul's variables, of which C(artifacts), C(items), C(buildset_refs) and C(pipeline) are taken.
      Without artifacts nothing is copied.
    type: dict
  to:
    description: The buildset registry, C(HOST:PORT).
    type: str
    required: true
  intermediate:
    description: Read from this registry, C(HOST:PORT), instead of where the artifacts say.
    type: str
  with_referrers:
    description: Take along what belongs to the images, as M(zreg_copy) does. C(changed) tells of the images alone.
    type: bool
    default: false
  jobs:
    description: Transfers at once; without it the library decides.
    type: int
  records:
    description: The intermediate registry, C(HOST:PORT), to look there for what M(zreg_publish) has recorded of items
      ahead that gave no image. Zuul's variables in I(zuul) then need C(pipeline). Not looked at in check mode.
    type: str
  zuul_api:
    description: URL of Zuul's API, C(https://zuul.example.org/api/tenant/example). With it, images of changes that
      have merged and whose promotion has not succeeded are brought in too, where no change ahead made them. Not
      looked at in check mode.
    type: str
  zuul_tenant:
    description: The tenant, when the URL is not the tenant's own.
    type: str
  zuul_project:
    description: Look for merged changes of this project only.
    type: str
  zuul_pipeline:
    description: The pipeline that merges changes, C(gate) unless told otherwise.
    type: str
  zuul_job:
    description: Look for merged changes' images of this job only.
    type: str
  zuul_promote_pipeline:
    description: The pipeline that promotes, C(promote) unless told otherwise.
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
- name: Bring in the images of the changes ahead
  zreg_populate:
    zuul: "{{ zuul }}"
    records: "{{ intermediate_registry.host }}:{{ intermediate_registry.port }}"
    to: "{{ buildset_registry.host }}:{{ buildset_registry.port }}"
    registries:
      - "{{ buildset_registry }}"
      - "{{ intermediate_registry }}"
"""

RETURN = r"""
images:
  description: The images of the changes ahead that the buildset registry holds now.
  type: list
  elements: dict
  returned: success
  contains:
    repository:
      description: Name of the repository, without host when that is docker.io.
      type: str
    tag:
      description: The tag.
      type: str
    digest:
      description: The digest of the image.
      type: str
    change:
      description: The change that it is of.
      type: str
    build:
      description: The build that made it.
      type: str
    superseded:
      description: URLs of the artifacts that it won over.
      type: list
      elements: str
    project:
      description: The project of the change, when Zuul told.
      type: str
    reason:
      description: Why it is this image.
      type: str
items:
  description: The items ahead in Zuul's queue, the furthest first. Null when it is not known what is ahead, because
    C(zuul.items) was not given.
  type: list
  elements: dict
  returned: success, but not in check mode
  contains:
    project:
      description: The name of its project.
      type: str
    change:
      description: The number of the change; empty when it is no change.
      type: str
    patchset:
      description: Its patchset.
      type: str
    url:
      description: Where people read about it.
      type: str
    images:
      description: The images, C(REPOSITORY:TAG), that came from it.
      type: list
      elements: str
    reason:
      description: Why none did; empty when one did.
      type: str
    merged:
      description: It is not ahead any more. It has merged, and its promotion has not finished.
      type: bool
    missed:
      description: It has published images in this pipeline, and Zuul gave this job none. There is a warning then.
      type: bool
bytes:
  description: Blob bytes that moved.
  type: int
  returned: success
"""

from ansible.module_utils import zreg_common as common

TOLD = ("items", "buildset_refs", "pipeline")
ZUUL_OPTIONS = ("zuul_api", "zuul_tenant", "zuul_project", "zuul_pipeline", "zuul_job", "zuul_promote_pipeline")
ARGUMENTS = common.options(
    artifacts=dict(type="list", elements="dict"),
    zuul=dict(type="dict"),
    to=dict(type="str", required=True),
    intermediate=dict(type="str"),
    with_referrers=dict(type="bool", default=False),
    jobs=dict(type="int"),
    records=dict(type="str"),
    **{name: dict(type="str") for name in ZUUL_OPTIONS})
RULES = dict(mutually_exclusive=[("artifacts", "zuul")], required_one_of=[("artifacts", "zuul")])


def artifacts_of(params):
    if params["zuul"] is None:
        return common.zreg.Artifacts(params["artifacts"])
    told = {key: params["zuul"][key] for key in TOLD if params["zuul"].get(key) is not None}
    return common.zreg.Artifacts(dict(told, artifacts=params["zuul"].get("artifacts") or []))


def names(artifacts):
    """REPOSITORY:TAG of each image, once."""
    return dict.fromkeys(f"{common.zreg.Ref(artifact.repository).canonical_name}:{artifact.tag}"
                         for artifact in artifacts)


def foresee(client, artifacts, params):
    """Check mode: the winners, as the artifacts tell, or else as the intermediate registry does."""
    for name in names(artifacts):
        winner = client.resolve(name, artifacts, intermediate=params["intermediate"], offline=True).winner
        repository, _, tag = name.rpartition(":")
        yield dict(repository=repository, tag=tag, digest=winner.digest or str(client.head(winner.ref)),
                   change=winner.change, build=winner.build)


def populate(client, artifacts, params):
    zuul = {name: params[name] or None for name in ZUUL_OPTIONS}
    return client.populate(artifacts, params["to"], intermediate=params["intermediate"], jobs=params["jobs"] or 0,
                           with_referrers=params["with_referrers"], records=params["records"] or None, **zuul)


def told(image):
    return dict(repository=image.repository, tag=image.tag, digest=str(image.digest), change=image.change,
                build=image.build, superseded=list(image.superseded), project=image.project, reason=image.reason)


def told_item(item):
    return dict(project=item.project, change=item.change, patchset=item.patchset, url=item.url,
                images=list(item.images), reason=item.reason, merged=item.merged, missed=item.missed)


def warn(module, items):
    for item in items or ():
        if item.missed:
            module.warn(f"no image of change {item.change},{item.patchset} of {item.project}: {item.reason}")


def act(module, client):
    params = module.params
    artifacts = artifacts_of(params)
    before = {f"{params['to']}/{name}": common.digest_at(client, f"{params['to']}/{name}")
              for name in names(artifacts)}
    if module.check_mode:
        images, results = list(foresee(client, artifacts, params)), dict(bytes=0)
    else:
        populated = populate(client, artifacts, params)
        images, items = [told(image) for image in populated], populated.items
        warn(module, items)
        results = dict(bytes=sum(image.bytes for image in populated),
                       items=None if items is None else [told_item(item) for item in items])
    after = {f"{params['to']}/{image['repository']}:{image['tag']}": image["digest"] for image in images}
    return dict(images=images, **results, **common.changes(before, after))


if __name__ == "__main__":
    common.main(act, ARGUMENTS, **RULES)
