# SPDX-License-Identifier: Apache-2.0
"""Loads a tenant with Zuul's own code, in the environment where Zuul is installed, and prints what
became of every job as JSON. Started by test_loader.py:

    python zuul_loader.py NAME=FOLDER[:config] ...

A folder marked `config` is a config project, whose playbooks Zuul trusts."""

import json
import pathlib
import sys
import types

from zuul import configloader, model
from zuul.lib import encryption, yamlutil
from zuul.model_api import MODEL_API
from zuul.zk.components import COMPONENT_REGISTRY

HOST = "example.org"
NO_SEMAPHORES = types.SimpleNamespace(getSemaphoreInfo=None)


class Ansible:
    """Every version that a job may ask for is there."""

    def requestVersion(self, version):
        pass


def make_tenant(projects):
    connection = types.SimpleNamespace(connection_name="git")
    source = types.SimpleNamespace(connection=connection, canonical_hostname=HOST)
    tenant = model.Tenant("example")
    tenant.default_base_job = "base"
    tenant.allowed_labels = tenant.disallowed_labels = []
    for name, (_, trusted) in projects.items():
        project = model.Project(name, source)
        project.private_secrets_key, project.public_secrets_key = encryption.generate_rsa_keypair()
        config = model.TenantProjectConfig(project)
        config.trusted = trusted
        config.load_classes = {"job", "secret", "project", "pipeline"}
        tenant.addTPC(config)
    return tenant


def encrypt(value, key):
    """The values of a secret that are marked as encrypted, encrypted for this project."""
    if isinstance(value, yamlutil.EncryptedPKCS1_OAEP):
        value.ciphertext = [encryption.encrypt_pkcs1_oaep(part, key) for part in value.ciphertext]
    elif isinstance(value, dict):
        for part in value.values():
            encrypt(part, key)


def context_of(project, path):
    context = model.SourceContext(project.canonical_name, project.name, "git", "master", path)
    context.implied_branches = []
    return context


def load(tenant, projects):
    """Reads the files in the order of the tenant; config projects come first, as in Zuul."""
    system = types.SimpleNamespace(system_id="")
    parser = configloader.ParseContext(types.SimpleNamespace(connections={}), None, system, Ansible())
    loader = types.SimpleNamespace(log=None, parseConfig=None)
    layout = model.Layout(tenant)
    tenant.layout = layout
    errors = list(parser.error_list)
    for name, (folder, _) in projects.items():
        _, project = tenant.getProject(name)
        files = sorted((folder / "zuul.d").glob("*.yaml")) or [folder / ".zuul.yaml"]
        for path in files:
            context = context_of(project, str(path.relative_to(folder)))
            unparsed = model.UnparsedConfig()
            unparsed.extend(configloader.safe_load_yaml(path.read_text(), context))
            for secret in unparsed.secrets:
                encrypt(secret["data"], project.public_secrets_key)
            parsed = configloader.TenantParser.parseConfig(loader, unparsed, parser)
            errors += parsed.job_errors + parsed.secret_errors + parsed.project_errors
            errors += parsed.pipeline_errors
            for secret in parsed.secrets:
                layout.addSecret(secret)
            for job in parsed.jobs:
                layout.addJob(job)
    return layout, errors


def freeze(layout, name):
    """A job after inheritance, by Zuul's own rules."""
    chain = [layout.getJob(name)]
    while chain[0].parent is not chain[0].BASE_JOB_MARKER:
        chain.insert(0, layout.getJob(chain[0].parent or layout.tenant.default_base_job))
    frozen = chain[0].copy()
    frozen.setBase(layout, NO_SEMAPHORES)
    for job in chain[1:]:
        frozen.applyVariant(job, layout, NO_SEMAPHORES)
        frozen.name = job.name
    return frozen


def describe(job):
    def playbooks(of):
        return [[f"{p.source_context.project_name}/{p.path}", sorted(s.name for s in p.frozen_secrets),
                 p.frozen_trusted] for p in of]

    return {"pre_run": playbooks(job.pre_run), "run": playbooks(job.run),
            "post_run": playbooks(job.post_run), "requires": sorted(job.requires),
            "provides": sorted(job.provides), "post_review": job.post_review is True,
            "abstract": bool(job.abstract), "vars": dict(job.variables or {}),
            "nodes": [name for node in job.nodeset.getNodes() for name in node.name],
            "roles": [role.project_name.split("/", 1)[1] for role in job.roles]}


def main(words):
    # What a scheduler learns from its peers: how new all components of this Zuul are.
    COMPONENT_REGISTRY.registry = types.SimpleNamespace(model_api=MODEL_API)
    projects = {}
    for word in words:
        name, _, folder = word.partition("=")
        folder, _, kind = folder.partition(":")
        projects[name] = (pathlib.Path(folder), kind == "config")
    tenant = make_tenant(projects)
    layout, errors = load(tenant, projects)
    if not errors:
        for variants in layout.jobs.values():
            for job in variants:
                job.validateReferences(layout)
    jobs = {} if errors else {name: describe(freeze(layout, name)) for name in layout.jobs
                              if name != "noop"}
    print(json.dumps({"errors": [error.short_error for error in errors], "jobs": jobs}))


main(sys.argv[1:])
