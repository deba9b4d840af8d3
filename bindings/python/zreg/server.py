# SPDX-License-Identifier: Apache-2.0
"""Registries in this process."""

from __future__ import annotations

import _thread
import json
import os
import threading
import weakref
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Type, TypeVar, Union

from . import _raw
from .cancel import Live, check_process, run
from .checks import Path, flag, grace_ms, needed_path, path, texts, wrong

Log = Callable[[int, str], Any]
Access = Callable[[Dict[str, Any]], Any]
S = TypeVar("S", bound="Server")

_ANONYMOUS = {
    None: _raw.ZREG_ANONYMOUS_DEFAULT,
    "none": _raw.ZREG_ANONYMOUS_NONE,
    "pull": _raw.ZREG_ANONYMOUS_PULL,
    "push": _raw.ZREG_ANONYMOUS_PUSH,
}
_RIGHTS = {
    "pull": _raw.ZREG_SERVER_PULL,
    "push": _raw.ZREG_SERVER_PUSH,
    "delete": _raw.ZREG_SERVER_DELETE,
    "catalog": _raw.ZREG_SERVER_CATALOG,
}
_DURABILITY = {
    None: _raw.ZREG_DURABILITY_DEFAULT,
    "full": _raw.ZREG_DURABILITY_FULL,
    "manifest": _raw.ZREG_DURABILITY_MANIFEST,
    "none": _raw.ZREG_DURABILITY_NONE,
}


def _choice(name: str, table: Dict[Optional[str], int], value: Optional[str]) -> int:
    if value is not None and not isinstance(value, str):
        raise wrong(name, "str", value)
    if value not in table:
        raise ValueError(f"{name} is one of {', '.join(filter(None, table))}, not {value!r}")
    return table[value]


@dataclass(frozen=True)
class Rule:
    """Grants rights to callers on repositories. What a caller may do is what all rules together grant.

    `who` are "anyone" (without credentials too), "users", "user:NAME" or "group:NAME"; `repositories`
    patterns for whole names, in which "*" is any text without a slash and "**" any text; `rights` some of
    "pull", "push", "delete" and "catalog". A single text may stand for a list of one.
    """

    who: Union[str, Sequence[str]]
    repositories: Union[str, Sequence[str]]
    rights: Union[str, Sequence[str]]

    def _raw(self) -> Dict[str, Any]:
        rights = 0
        for right in _some("rights", self.rights):
            if right not in _RIGHTS:
                raise ValueError(f"rights are {', '.join(_RIGHTS)}, not {right!r}")
            rights |= _RIGHTS[right]
        return dict(who=_some("who", self.who), repositories=_some("repositories", self.repositories), rights=rights)


def _some(name: str, value: Union[str, Sequence[str]]) -> List[str]:
    return [value] if isinstance(value, str) else texts(name, value) or []


def _rules(name: str, rules: Optional[Sequence[Rule]]) -> Optional[List[Dict[str, Any]]]:
    if rules is None:
        return None
    for rule in rules:
        if not isinstance(rule, Rule):
            raise wrong(name, "a list of zreg.Rule", rule)
    return [rule._raw() for rule in rules]


def _groups(name: str, groups: Optional[Mapping[str, Sequence[str]]]) -> Optional[List[Dict[str, Any]]]:
    if groups is None:
        return None
    return [dict(name=group, members=texts(f"{name}[{group!r}]", members)) for group, members in groups.items()]


def log_adapter(log: Optional[Log]) -> Optional[Log]:
    """The library counts levels 0 to 3; `log` gets those of the module logging, 10 to 40."""
    if log is None:
        return None
    if not callable(log):
        raise wrong("log", "a function", log)
    tell = log
    return lambda level, line: tell(10 * (level + 1), line)


def _lines_to(name: str, tell: Optional[Access]) -> Optional[Callable[[str], Any]]:
    """What the library calls with a line of JSON, for a function that wants a dict."""
    if tell is None:
        return None
    if not callable(tell):
        raise wrong(name, "a function", tell)
    told = tell
    return lambda line: told(json.loads(line))


def _weak(function: Optional[Callable[..., Any]]) -> Optional[Callable[..., Any]]:
    """The function as long as its owner lives. What a server calls is kept until its threads have ended, and
    the user's own may refer to the Server, which then would live as long."""
    if function is None:
        return None
    refer = weakref.ref(function)

    def call(*args: Any) -> Any:
        there = refer()
        return None if there is None else there(*args)

    return call


@dataclass(frozen=True)
class ServerLimits:
    """What the peers of a server may take; 0: as usual. zreg_server_limits says what each is, what 0 stands for,
    and how a request is answered that goes beyond."""

    request_line_bytes: int = 0
    head_bytes: int = 0
    head_fields: int = 0
    body_bytes: int = 0
    head_ms: int = 0
    body_ms: int = 0
    answer_ms: int = 0
    least_bytes: int = 0
    idle_ms: int = 0
    total_ms: int = 0
    connections: int = 0
    connections_per_address: int = 0
    held_bytes: int = 0


def _limits(name: str, limits: Optional[ServerLimits]) -> Optional[Dict[str, int]]:
    if limits is None:
        return None
    if not isinstance(limits, ServerLimits):
        raise wrong(name, "zreg.ServerLimits", limits)
    return asdict(limits)


#: What is made of an option, or how it is looked at; the library itself looks at those that are not here.
_MADE: Dict[str, Callable[[str, Any], Any]] = {
    "read_only": texts, "names": texts, "immutable_tags": texts, "trusted_proxies": texts, "token_keys": texts,
    "plain_http": flag, "shadow": flag, "sparse_indexes": flag, "no_writes": flag, "no_deletes": flag,
    "proxy_protocol": flag, "tls_client_required": flag, "metrics": flag,
    "anonymous": lambda name, value: _choice(name, _ANONYMOUS, value),
    "durability": lambda name, value: _choice(name, _DURABILITY, value),
    "rules": _rules, "groups": _groups, "limits": _limits,
}


def _options(**given: Any) -> Dict[str, Any]:
    """The library's zreg_server_options, for a start and for a reload."""
    return {name: _MADE[name](name, value) if name in _MADE else value for name, value in given.items()}


class _Running:
    """The server itself and what its threads call, apart from the Server that may be forgotten."""

    def __init__(self, raw: Any, callbacks: Any) -> None:
        self.raw = raw
        self.callbacks = callbacks
        self.process = os.getpid()

    def trigger(self) -> None:
        """Makes a stop() that is running hurry."""
        _raw.server_stop(self.raw, 0)

    def end(self) -> None:
        """At once, for a Server that was dropped, wherever the garbage collector has found it: within a
        callback, whose end the server's waits for, another thread has to do it. In a forked child there is
        nothing to do."""
        if os.getpid() != self.process:
            return
        if not _raw.guard_inside():
            self.trigger()
            return
        try:
            _thread.start_new_thread(self.trigger, ())
        except RuntimeError:
            _left_over.append(self)


#: Those that run until the process ends, since no thread could be had to end them.
_left_over: List[_Running] = []


class Server(Live):
    """A running registry. It answers from the moment it exists until stop().

    `log` is called as log(level, line), with the levels of the module logging, and so may be
    logging.getLogger("registry").log. `access` gets each line of the access log as a dict. Both are
    called on the server's own threads, several at once, and hold up the request meanwhile: keep
    them short. An exception in them is shown by sys.unraisablehook and changes nothing. `public_url` is
    how clients reach it where a proxy stands before it. With `shadow` engines ask it in place of other
    registries: x, library/x and docker.io/x are one repository. With `sparse_indexes` an index may name
    manifests that are not here, and an image layers.

    `rules` say who may do what, and nothing else is granted: `anonymous` and `read_only` are left out then.
    `groups` are the members of those that rules name. `immutable_tags`, patterns "REPOSITORIES[:TAGS]", are
    neither moved nor deleted. `no_writes` refuses all changes, `no_deletes` deletions. `uploads_per_user`
    is how many a user, or an address without one, may have open; 0 is any number. `audit` gets a dict for
    each change, and for each that was denied, as `access` does for requests.

    `trusted_proxies` are addresses and networks of proxies that are believed whom they speak for, by Forwarded
    or X-Forwarded-For, -Proto, -Host and -Prefix; with `proxy_protocol` they begin each connection with the
    PROXY protocol, version 2.

    `token_keys` are secrets: bearer tokens are signed with the first and outlive the server, those of any are
    accepted. `token_realm` is the URL of a token service outside, which decides by its tokens who may do what,
    whatever `rules` say: it knows the server as `token_service`, calls itself `token_issuer`, and signs with the
    keys of `token_trust_pem`.

    Clients may, or with `tls_client_required` must, show a certificate that `tls_client_ca_pem` signed: its common
    name is their user.

    `metrics` answers GET /metrics with the rest; `metrics_listen` opens a plain port of its own for /metrics,
    /healthz and /readyz. `listen_descriptor` is that of a socket that listens already, in place of `listen`; it
    stays the caller's.
    """

    _raw: Any = None
    _finish: Any = None

    def __init__(
        self,
        root: Path,
        *,
        listen: str = "127.0.0.1:0",
        tls_cert_pem: Optional[str] = None,
        tls_key_pem: Optional[str] = None,
        htpasswd: Optional[str] = None,
        read_only: Sequence[str] = (),
        anonymous: Optional[str] = None,
        durability: Optional[str] = None,
        threads: int = 0,
        token_lifetime_s: int = 0,
        public_url: Optional[str] = None,
        shadow: bool = False,
        sparse_indexes: bool = False,
        rules: Optional[Sequence[Rule]] = None,
        groups: Optional[Mapping[str, Sequence[str]]] = None,
        immutable_tags: Sequence[str] = (),
        no_writes: bool = False,
        no_deletes: bool = False,
        uploads_per_user: int = 0,
        limits: Optional[ServerLimits] = None,
        trusted_proxies: Sequence[str] = (),
        proxy_protocol: bool = False,
        token_keys: Sequence[str] = (),
        token_realm: Optional[str] = None,
        token_service: Optional[str] = None,
        token_issuer: Optional[str] = None,
        token_trust_pem: Optional[str] = None,
        tls_client_ca_pem: Optional[str] = None,
        tls_client_required: bool = False,
        metrics: bool = False,
        metrics_listen: Optional[str] = None,
        listen_descriptor: int = 0,
        log: Optional[Log] = None,
        access: Optional[Access] = None,
        audit: Optional[Access] = None,
    ) -> None:
        self._start(
            log, access, audit, root=needed_path("root", root), listen=listen, listen_descriptor=listen_descriptor,
            tls_cert_pem=tls_cert_pem, tls_key_pem=tls_key_pem, tls_client_ca_pem=tls_client_ca_pem,
            tls_client_required=tls_client_required, htpasswd=htpasswd, read_only=read_only, anonymous=anonymous,
            durability=durability, threads=threads, token_lifetime_s=token_lifetime_s, public_url=public_url,
            shadow=shadow, sparse_indexes=sparse_indexes, rules=rules, groups=groups, immutable_tags=immutable_tags,
            no_writes=no_writes, no_deletes=no_deletes, uploads_per_user=uploads_per_user, limits=limits,
            trusted_proxies=trusted_proxies, proxy_protocol=proxy_protocol, token_keys=token_keys,
            token_realm=token_realm, token_service=token_service, token_issuer=token_issuer,
            token_trust_pem=token_trust_pem, metrics=metrics, metrics_listen=metrics_listen)

    def _start(self, log: Optional[Log], access: Optional[Access], audit: Optional[Access], **options: Any) -> None:
        if self._raw is not None:
            raise ValueError("the server has been started already")
        self._log = log_adapter(log)
        self._access = _lines_to("access", access)
        self._audit = _lines_to("audit", audit)
        callbacks = dict(log=_weak(self._log), access=_weak(self._access), audit=_weak(self._audit))
        self._raw = _raw.server_start({**_options(**options), **callbacks})
        self._life = _Running(self._raw, callbacks)
        # Runs when the object is dropped and, at the latest, before the interpreter shuts down:
        # then no thread of the server can call into Python any more.
        self._finish = weakref.finalize(self, self._life.end)

    def _made(self) -> Any:
        if self._raw is None:
            raise ValueError("the server was never started")
        return self._raw

    @property
    def running(self) -> bool:
        return self._finish is not None and self._finish.alive and os.getpid() == self._life.process

    @property
    def host(self) -> str:
        """Without brackets, such as "127.0.0.1"."""
        return _raw.server_host(self._made())

    @property
    def port(self) -> int:
        return _raw.server_port(self._made())

    @property
    def address(self) -> str:
        """HOST:PORT as it stands in a reference."""
        return _raw.server_address(self._made())

    @property
    def metrics_address(self) -> Optional[str]:
        """HOST:PORT of `metrics_listen`, or None."""
        return _raw.server_metrics_address(self._made())

    @property
    def username(self) -> Optional[str]:
        return _raw.server_username(self._made())

    @property
    def password(self) -> Optional[str]:
        """A secret."""
        return _raw.server_password(self._made())

    @property
    def cert(self) -> Optional[str]:
        """The certificate as PEM text, or None without TLS."""
        return _raw.server_certificate(self._made())

    @property
    def fingerprint(self) -> Optional[str]:
        return _raw.server_fingerprint(self._made())

    def connection(self) -> Dict[str, Any]:
        """The record that Zuul's jobs share. It holds the password: return it as secret data only."""
        return json.loads(_raw.server_connection(self._made()))

    def reload(self, *, tls_cert_pem: Optional[str] = None, tls_key_pem: Optional[str] = None,
               htpasswd: Optional[str] = None, read_only: Sequence[str] = (), anonymous: Optional[str] = None,
               rules: Optional[Sequence[Rule]] = None, groups: Optional[Mapping[str, Sequence[str]]] = None,
               immutable_tags: Sequence[str] = (), no_writes: bool = False, no_deletes: bool = False,
               token_keys: Sequence[str] = (), token_realm: Optional[str] = None,
               token_service: Optional[str] = None, token_issuer: Optional[str] = None,
               token_trust_pem: Optional[str] = None, tls_client_ca_pem: Optional[str] = None,
               tls_client_required: bool = False) -> None:
        """Exchanges certificates, users, rights and keys of tokens while the server runs: give all that it shall
        have now; without `anonymous` that stays. No connection ends; tokens of users who are gone do, and none of the
        server's own grants more than its user may do now."""
        _raw.server_reload(self._made(), _options(
            tls_cert_pem=tls_cert_pem, tls_key_pem=tls_key_pem, tls_client_ca_pem=tls_client_ca_pem,
            tls_client_required=tls_client_required, htpasswd=htpasswd, read_only=read_only, anonymous=anonymous,
            rules=rules, groups=groups, immutable_tags=immutable_tags, no_writes=no_writes, no_deletes=no_deletes,
            token_keys=token_keys, token_realm=token_realm, token_service=token_service, token_issuer=token_issuer,
            token_trust_pem=token_trust_pem))

    def check(self, timeout: float = 5.0) -> None:
        """Returns when each event thread has come round; for a watchdog. TimeoutError: one is stuck."""
        _raw.server_check(self._made(), grace_ms("timeout", timeout))

    def stop(self, grace: float = 5.0) -> None:
        """Gives running requests up to `grace` seconds and ends; math.inf is as long as they take. Stopping
        twice is fine, and Ctrl-C ends what is left of the time. Within its own `log` or `access` the server
        cannot be stopped."""
        most = grace_ms("grace", grace)
        self._made()
        if not self._finish.alive:
            return
        check_process(f"the zreg.{type(self).__name__}", self._life.process)
        if _raw.guard_inside() or threading.current_thread() is not threading.main_thread():
            _raw.server_stop(self._raw, most)
        else:
            run(self._life, lambda _: _raw.server_stop(self._raw, most))
        self._finish.detach()

    def __enter__(self: S) -> S:
        self._made()
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        if os.getpid() == self._life.process:
            self.stop()

    def __repr__(self) -> str:
        if self._raw is None:
            return f"<zreg.{type(self).__name__}, never started>"
        return f"<zreg.{type(self).__name__} {self.address}{'' if self.running else ', stopped'}>"


class BuildsetRegistry(Server):
    """A registry for one buildset: it makes its certificate, its user "zuul" with a random password
    and, without `root`, a temporary folder that is removed at the end.

    Anonymous clients may pull. `names` are further DNS names and addresses for the certificate.
    """

    def __init__(
        self,
        *,
        root: Optional[Path] = None,
        listen: str = "127.0.0.1:0",
        names: Sequence[str] = (),
        plain_http: bool = False,
        anonymous: Optional[str] = None,
        durability: Optional[str] = None,
        threads: int = 0,
        log: Optional[Log] = None,
        access: Optional[Access] = None,
    ) -> None:
        self._start(log, access, None, buildset=1, root=path("root", root), listen=listen, names=names,
                    plain_http=plain_http, anonymous=anonymous, durability=durability, threads=threads)
