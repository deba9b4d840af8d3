# SPDX-License-Identifier: Apache-2.0
"""What the zreg modules share: the options that say how registries are reached, and how a failure
of the library becomes one of Ansible."""

import re
import traceback

from ansible.module_utils.basic import AnsibleModule

try:
    import zreg
    WHY_NOT = None
except ImportError:
    zreg = None
    WHY_NOT = traceback.format_exc()

#: A connection record, such as a buildset registry's, is an item of the list just as it is.
REGISTRIES = dict(
    type="list", elements="dict", default=[], options=dict(
        host=dict(type="str", required=True),
        port=dict(type="int"),
        username=dict(type="str"),
        password=dict(type="str", no_log=True),
        ca=dict(type="str", aliases=["cert"]),
        fingerprint=dict(type="str"),
        insecure=dict(type="bool", default=False),
        plain_http=dict(type="bool", default=False),
        repository=dict(type="str"),
        api=dict(type="str", choices=["auto", "oci", "hub", "docker", "quay"], default="auto", aliases=["type"]),
        api_url=dict(type="str"),
        api_token=dict(type="str", no_log=True)))


def options(**own):
    """The argument_spec of a module that talks to registries."""
    return dict(own, registries=REGISTRIES, authfile=dict(type="path"))


def address(record):
    """HOST:PORT of a connection record, with brackets around IPv6."""
    host, port = record["host"], record.get("port")
    if host.count(":") > 1 and not host.startswith("["):
        host = f"[{host}]"
    return host if port is None else f"{host}:{port}"


def client_for(registries, authfile=None):
    """A client that knows these registries. The caller closes it."""
    client = zreg.Client(authfile=authfile, user_agent=f"zreg/{zreg.__version__} ansible")
    for record in registries:
        host = address(record)
        client.set_host(host, ca_pem=record["ca"] or None, insecure=record["insecure"],
                        plain_http=record["plain_http"])
        if record["username"]:
            client.set_credentials(host, record["username"], record["password"] or "")
        if record["api"] != "auto" or record["api_url"] or record["api_token"]:
            api = "hub" if record["api"] == "docker" else record["api"]
            client.set_tag_api(host, api, url=record["api_url"], token=record["api_token"])
    return client


def require_permission(module, *places):
    """Ends the module unless each place may be written with the credentials of its registry. This is looked at here,
    where the password is used, as no variable of a job can come in between."""
    for record in module.params["registries"]:
        host, allowed = address(record), record["repository"]
        for place in places:
            name = place[len("docker://"):] if place.startswith("docker://") else place
            if allowed and name.startswith(f"{host}/") and not (
                    re.search(allowed, name) or re.search(allowed, name[len(host) + 1:])):
                module.fail_json(msg=f"{name} is not permitted by {allowed}")


def is_local(place):
    return place.startswith(("oci:", "oci-archive:", "docker-archive:", "docker-daemon:"))


def digest_at(client, place):
    """The digest of what a place holds; None when it holds nothing, or cannot be looked at."""
    try:
        return client.inspect(place)["digest"] if is_local(place) else str(client.head(place))
    except (zreg.NotFound, zreg.Denied, zreg.FileError):
        return None


def changes(before, after):
    """The results `changed` and `diff`, of two dictionaries {reference: digest or None}."""
    def lines(state):
        return "".join(f"{name} {state[name] or 'absent'}\n" for name in sorted(state))
    return dict(changed=before != after, diff=dict(before=lines(before), after=lines(after)))


def moved(result):
    """What a copy did, as results."""
    return dict(
        digest=str(result.digest), media_type=result.media_type, bytes=result.bytes,
        blobs=dict(copied=result.blobs_copied, mounted=result.blobs_mounted, skipped=result.blobs_skipped),
        referrers=dict(copied=result.referrers_copied, skipped=result.referrers_skipped),
        requests=dict(src=result.src_requests, dst=result.dst_requests))


def after_copy(results, place, before):
    """What changes() is to compare with {place: before}: where the image was there already, the referrers that came
    to it are the change, and the parts that were missing."""
    digest = results["digest"]
    more = {f"{place} {what}": f"{results[key]['copied']} copied" for key, what in (("referrers", "referrers"), ("blobs", "parts"))
            if digest == before and results.get(key, {}).get("copied")}
    return {place: digest, **more}


def run(act, argument_spec, **rules):
    """Runs act(module), which gives the results, as an Ansible module."""
    module = AnsibleModule(argument_spec, supports_check_mode=True, **rules)
    if zreg is None:
        module.fail_json(
            msg="The Python package zreg cannot be imported. Install python3-zreg for the interpreter that Ansible "
                "uses on this host, as the role ensure-zreg does, or set ansible_python_interpreter to one that "
                "has it.", exception=WHY_NOT)
    try:
        results = act(module)
    except zreg.Error as error:
        module.fail_json(msg=str(error), code=error.code, http_status=error.http_status,
                         registry_code=error.registry_code)
    except ValueError as error:  # an argument that the binding refuses
        module.fail_json(msg=str(error))
    module.exit_json(**results)


def main(act, argument_spec, **rules):
    """The same for act(module, client), with a client that knows the module's `registries`."""
    def with_client(module):
        with client_for(module.params["registries"], module.params["authfile"]) as client:
            return act(module, client)
    run(with_client, argument_spec, **rules)
