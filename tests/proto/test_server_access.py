#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may do what: roles against endpoints, tokens, passwords, what strangers can learn."""

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time

from server_tap import OCI, OCTETS, Server, basic, digest_of, equal, run, true, using

USER = ("alice", "correct horse")
DATA = b"a blob"
DIGEST = digest_of(DATA)


def htpasswd():
    """A file with one user; crypt's sha512 with few rounds, made by openssl."""
    made = subprocess.run(["openssl", "passwd", "-6", "-salt", "abcdefgh", "-stdin"], input=USER[1], text=True,
                          capture_output=True, check=True).stdout.strip()
    file = tempfile.NamedTemporaryFile("w", prefix="zreg-htpasswd-", delete=False)
    file.write(f"# users\n\n{USER[0]}:{made}\n")
    file.close()
    return file.name


class Roles:
    """A server with one user, and content in repository x."""

    def __init__(self, anonymous):
        self.file = htpasswd()
        self.server = Server(durability=3, htpasswd=self.file, anonymous=anonymous)
        self.server.user = USER
        self.body = self.server.push_image("1")
        equal(self.server.push_blob(DATA).status, 201)
        self.server.user = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()
        os.unlink(self.file)

    def bearer(self, *scopes, user=USER):
        answer = self.server.token(*scopes, user=user)
        equal(answer.status, 200)
        return f"Bearer {answer.json()['token']}"

    def ask(self, method, path, authorization=None, body=None, **headers):
        if authorization:
            headers["Authorization"] = authorization
        return self.server.ask(method, path, body, headers)


ENDPOINTS = {  # what each needs
    ("GET", "/healthz"): "open",
    ("GET", "/v2/"): "ping",
    ("GET", "/v2/_catalog"): "catalog",
    ("GET", "/v2/x/tags/list"): "pull",
    ("GET", "/v2/x/manifests/1"): "pull",
    ("HEAD", "/v2/x/manifests/1"): "pull",
    ("GET", f"/v2/x/blobs/{DIGEST}"): "pull",
    ("HEAD", f"/v2/x/blobs/{DIGEST}"): "pull",
    ("GET", f"/v2/x/referrers/{DIGEST}"): "pull",
    ("POST", "/v2/x/blobs/uploads/"): "push",
    ("PATCH", "/v2/x/blobs/uploads/00"): "push",
    ("PUT", f"/v2/x/blobs/uploads/00?digest={DIGEST}"): "push",
    ("GET", "/v2/x/blobs/uploads/00"): "push",
    ("DELETE", "/v2/x/blobs/uploads/00"): "push",
    ("PUT", "/v2/x/manifests/.no"): "push",
    ("DELETE", f"/v2/x/blobs/{digest_of(b'none')}"): "delete",
    ("DELETE", f"/v2/x/manifests/{digest_of(b'none')}"): "delete",
}
ALL = {"open", "ping", "catalog", "pull", "push", "delete"}
TOKENS = {
    "repository:x:pull": {"open", "ping", "pull"},
    "repository:x:push": {"open", "ping", "push"},
    "repository:x:pull,push": {"open", "ping", "pull", "push"},
    "repository:x:delete": {"open", "ping", "delete"},
    "repository:x:*": ALL - {"catalog"},
    "repository:docker.io/x:pull": {"open", "ping"},
    "repository:y:*": {"open", "ping"},
    "registry:catalog:*": {"open", "ping", "catalog"},
    "": {"open", "ping"},
}
PUBLIC = {1: {"open"}, 2: {"open", "pull", "catalog"}, 3: ALL}


def check_role(roles, authorization, allowed, who):
    for (method, path), right in ENDPOINTS.items():
        status = roles.ask(method, path, authorization).status
        if right in allowed:
            true(status not in (401, 403), f"{who}: {method} {path} gave {status}")
        else:
            equal(status, 401, f"{who}: {method} {path}:")


def check_all_roles(anonymous):
    public = PUBLIC[anonymous]
    with Roles(anonymous) as roles:
        check_role(roles, None, public, "nobody")
        check_role(roles, basic(*USER), ALL, "the user")
        for wrong in (basic(USER[0], "wrong"), basic("hub", "secret"), "Bearer nonsense", "Basic ?", "Digest x"):
            check_role(roles, wrong, public, wrong)
        for scope, allowed in TOKENS.items():
            check_role(roles, roles.bearer(*filter(None, [scope])), allowed | public, scope)


def test_roles_and_endpoints_agree_with_the_table_when_anonymous_may_do_nothing():
    check_all_roles(1)


def test_roles_and_endpoints_agree_with_the_table_when_anonymous_may_pull():
    check_all_roles(2)


def test_roles_and_endpoints_agree_with_the_table_when_anonymous_may_push():
    check_all_roles(3)


def test_the_challenge_says_where_and_what_to_ask_for():
    with Roles(1) as roles:
        server = roles.server
        where = f'Bearer realm="http://127.0.0.1:{server.port}/v2/_token",service="zreg"'
        for method, path, scope in (("GET", "/v2/", None), ("GET", "/v2/x/tags/list", "repository:x:pull"),
                                    ("POST", "/v2/x/blobs/uploads/", "repository:x:pull,push"),
                                    ("GET", "/v2/a/b/tags/list?ns=quay.io", "repository:a/b:pull"),
                                    ("DELETE", "/v2/x/manifests/1", "repository:x:pull,delete"),
                                    ("GET", "/v2/_catalog", "registry:catalog:*")):
            answer = roles.ask(method, path)
            equal(answer.headers["WWW-Authenticate"], where + (f',scope="{scope}"' if scope else ""))
            equal(answer.code(), "UNAUTHORIZED")
        answer = roles.ask("GET", "/v2/", Host="registry.example:5000")
        true('realm="http://registry.example:5000/v2/_token"' in answer.headers["WWW-Authenticate"], "the Host asked for")
        answer = roles.ask("GET", "/v2/", Host='evil",x="')
        true("evil" not in str(answer.headers), "a Host that is none is not repeated")
        bearer = roles.bearer("repository:y:pull")
        true('error="insufficient_scope"' in roles.ask("GET", "/v2/x/tags/list", bearer).headers["WWW-Authenticate"], "")
        true('error="invalid_token"' in roles.ask("GET", "/v2/", "Bearer x").headers["WWW-Authenticate"], "")


def test_a_token_answer_has_what_clients_read():
    with Roles(1) as roles:
        answer = roles.server.token("repository:x:pull", user=USER)
        body = answer.json()
        equal((body["token"], body["expires_in"]), (body["access_token"], 3600))
        true(body["issued_at"].endswith("Z"), "issued_at is UTC")
        equal(answer.headers["Cache-Control"], "no-store")


def test_several_scopes_come_in_one_token():
    with Roles(1) as roles:
        for scopes in (("repository:x:pull", "repository:y:push"), ("repository:x:pull%20repository:y:push",),
                       ("repository:x:pull+repository:y:push",)):
            bearer = roles.bearer(*scopes)
            equal(roles.ask("GET", "/v2/x/tags/list", bearer).status, 200)
            equal(roles.ask("POST", "/v2/y/blobs/uploads/", bearer).status, 202)
            equal(roles.ask("POST", "/v2/x/blobs/uploads/", bearer).status, 401)


def test_no_scope_is_left_out_of_a_token_in_silence():
    with Roles(1) as roles:
        for size, count in ((2, 128), (150, 40)):
            names = [f"{'a' * size}{i}" for i in range(count)]
            bearer = roles.bearer(*(f"repository:{name}:push" for name in names))
            for name in (names[0], names[-1]):
                equal(roles.ask("POST", f"/v2/{name}/blobs/uploads/", bearer).status, 202, name)
        answer = roles.server.token(*(f"repository:{i}:push" for i in range(129)), user=USER)
        equal((answer.status, answer.code()), (400, "UNSUPPORTED"))


def test_who_may_have_a_token():
    with Roles(1) as roles:
        equal(roles.server.token("repository:x:pull").status, 401)
        equal(roles.server.token("repository:x:pull", user=("alice", "wrong")).status, 401)
    with Roles(2) as roles:
        server = roles.server
        equal(server.token("repository:x:pull").status, 200)
        equal(server.token().status, 200)
        equal(server.token(user=("alice", "wrong")).status, 401, "login with a wrong password")
        equal(server.token("repository:x:pull,push", user=("alice", "wrong")).status, 401)
        equal(server.token("repository:x:pull", user=("hub-user", "hub-password")).status, 200, "fault 18")
        bearer = roles.bearer("repository:x:pull,push", user=None)
        equal(roles.ask("GET", "/v2/x/manifests/1", bearer).body, roles.body)
        equal(roles.ask("POST", "/v2/x/blobs/uploads/", bearer).status, 401)


def test_a_changed_token_is_refused():
    with Roles(1) as roles:
        token = roles.bearer("repository:x:pull")[7:]
        lines, mac = token.split(".")
        clear = base64.urlsafe_b64decode(lines + "=" * (-len(lines) % 4)).decode()
        wider = base64.urlsafe_b64encode(clear.replace("p x", "pwd x").encode()).decode().rstrip("=")
        none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
        tricks = [f"{wider}.{mac}", f"{lines}.", lines, f"{lines}.{mac[:-2]}", f"{none}.{lines}.", f".{mac}", ".", "..",
                  f"{lines}.{mac}.{mac}", "x" * 20000]
        for trick in tricks:
            equal(roles.ask("GET", "/v2/x/tags/list", f"Bearer {trick}").status, 401, trick[:60])
        equal(roles.ask("GET", "/v2/x/tags/list", f"Bearer {token}").status, 200)
        equal(roles.ask("GET", "/v2/x/tags/list", f"bearer  {token}").status, 200)


def test_a_token_of_another_server_is_refused():
    with Roles(1) as roles, Roles(1) as other:
        bearer = other.bearer("repository:x:pull")
        equal(other.ask("GET", "/v2/x/tags/list", bearer).status, 200)
        equal(roles.ask("GET", "/v2/x/tags/list", bearer).status, 401)


def test_a_token_ends():
    file = htpasswd()
    server = Server(durability=3, htpasswd=file, token_lifetime_s=1)
    try:
        token = server.token("repository:x:push", user=USER).json()
        equal(token["expires_in"], 1)
        time.sleep(2.1)
        answer = server.ask("POST", "/v2/x/blobs/uploads/", headers={"Authorization": f"Bearer {token['token']}"})
        equal(answer.status, 401)
    finally:
        server.close()
        os.unlink(file)


def test_absent_and_forbidden_look_the_same():
    def look(roles, path, authorization):
        answer = roles.ask("GET", path, authorization)
        return answer.status, answer.body, answer.headers["WWW-Authenticate"].replace("nothing", "x")

    with Roles(1) as roles:
        for authorization in (None, basic("a", "b"), roles.bearer("repository:y:*")):
            for rest in ("tags/list", "manifests/1", f"blobs/{DIGEST}"):
                equal(*(look(roles, f"/v2/{name}/{rest}", authorization) for name in ("x", "nothing")))


def mount(roles, authorization, digest=DIGEST, source="x"):
    return roles.ask("POST", f"/v2/y/blobs/uploads/?mount={digest}&from={source}", authorization)


def test_a_mount_asks_for_a_token_that_reaches_both_repositories():
    with Roles(1) as roles:
        both = 'scope="repository:y:pull,push repository:x:pull"'
        true(both in mount(roles, None).headers["WWW-Authenticate"], "without a token")
        answer = mount(roles, roles.bearer("repository:y:pull,push"))
        equal((answer.status, answer.code()), (401, "UNAUTHORIZED"))
        true(answer.headers["WWW-Authenticate"].endswith(f'{both},error="insufficient_scope"'), "with a narrow one")
        asked = re.search('scope="(.*?)"', answer.headers["WWW-Authenticate"])[1]
        equal(mount(roles, roles.bearer(asked.replace(" ", "%20"))).status, 201)
        for path in ("?mount=sha256:no&from=x", f"?mount={DIGEST}&from=X!", "?from=x", ""):
            answer = roles.ask("POST", f"/v2/y/blobs/uploads/{path}", roles.bearer("repository:y:pull,push"))
            equal(answer.status, 202, f"{path} is no mount from another repository:")


def test_who_comes_back_to_a_mount_without_the_scope_gets_an_upload():
    with Roles(1) as roles:
        others = [digest_of(b"%d" % i) for i in range(4)]
        narrow = roles.bearer("repository:y:pull,push")
        equal([mount(roles, narrow, digest).status for digest in others], [401] * 4, "of each blob, at once:")
        for bearer in (narrow, roles.bearer("repository:y:pull,push")):
            for digest in others:
                equal(mount(roles, bearer, digest).status, 202)


def test_a_user_alone_may_not_be_locked_out_by_wrong_passwords():
    with Roles(1) as roles:
        for i in range(100):
            equal(roles.ask("GET", "/v2/", basic(USER[0], f"wrong{i % 3}")).status, 401)
        equal(roles.ask("GET", "/v2/", basic(*USER)).status, 200)


def test_passwords_with_colons_and_other_letters_work():
    server = Server(buildset=1, plain_http=1)
    try:
        for text in ("zuul", "zuul:", ":", "", "zuul:a:b", "z\u00fcul:x"):
            equal(server.ask("GET", "/v2/", headers={
                "Authorization": "Basic " + base64.b64encode(text.encode()).decode()}).status, 401, text)
    finally:
        server.close()


def test_an_htpasswd_that_cannot_be_used_is_refused_with_its_line():
    for text, line in (("alice\n", 1), ("\n#x\nbob:plain\n", 3), ("a:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n", 1),
                       ("a:$apr1$x$y\n", 1), (":x\n", 1)):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(text)
            file.flush()
            done = subprocess.run(["tests/proto/serve", f"htpasswd={file.name}", "root=/tmp/zreg-never-made"],
                                  capture_output=True, text=True, stdin=subprocess.DEVNULL)
        equal((done.returncode, json.loads(done.stdout)["error"]), (1, "INVAL"), text)
        true(f"htpasswd line {line}" in done.stderr, done.stderr)
        true("plain" not in done.stderr and "W6ph" not in done.stderr, "no hash in the error")


def test_no_secret_is_in_any_log():
    with Roles(2) as roles:
        bearer = roles.bearer("repository:x:pull,push")
        roles.ask("GET", "/v2/", basic(USER[0], "hunter2"))
        roles.ask("POST", "/v2/x/blobs/uploads/?token=hunter2", bearer)
        lines = roles.server.stop()
        text = json.dumps(lines) + roles.server.log
        for secret in (USER[1], bearer[7:], "hunter2", basic(*USER)[6:]):
            true(secret not in text, "a secret was logged")
        true("alice" in [line["user"] for line in lines], "the user is logged")


@using(durability=3)
def test_without_users_everything_is_open(server):
    check = {"POST": "/v2/x/blobs/uploads/", "GET": "/v2/"}
    for method, path in check.items():
        true(server.ask(method, path).status < 300, path)
        true(server.ask(method, path, headers={"Authorization": basic("a", "b")}).status < 300, path)


@using(durability=3, anonymous=2)
def test_a_read_only_server_says_403_to_a_push(server):
    equal(server.ask("POST", "/v2/x/blobs/uploads/", b"", OCTETS).code(), "DENIED")
    equal(server.ask("PUT", "/v2/x/manifests/1", b"{}", {"Content-Type": OCI}).status, 403)
    equal(server.ask("GET", "/v2/").status, 200)


if __name__ == "__main__":
    run(sys.modules[__name__])
