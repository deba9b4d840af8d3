# SPDX-License-Identifier: Apache-2.0
"""Registries in this process."""

from __future__ import annotations

import _thread
import json
import os
import threading
import weakref
from types import TracebackType
from typing import Any, Callable, Dict, List, Optional, Sequence, Type, TypeVar

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


def log_adapter(log: Optional[Log]) -> Optional[Log]:
    """The library counts levels 0 to 3; `log` gets those of the module logging, 10 to 40."""
    if log is None:
        return None
    if not callable(log):
        raise wrong("log", "a function", log)
    tell = log
    return lambda level, line: tell(10 * (level + 1), line)


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
    them short. An exception in them is shown by sys.unraisablehook and changes nothing.
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
        log: Optional[Log] = None,
        access: Optional[Access] = None,
    ) -> None:
        self._start(
            log, access, root=needed_path("root", root), listen=listen, tls_cert_pem=tls_cert_pem, tls_key_pem=tls_key_pem,
            htpasswd=htpasswd, read_only=texts("read_only", read_only), anonymous=_choice("anonymous", _ANONYMOUS, anonymous),
            durability=_choice("durability", _DURABILITY, durability),
            threads=threads, token_lifetime_s=token_lifetime_s)

    def _start(self, log: Optional[Log], access: Optional[Access], **options: Any) -> None:
        if self._raw is not None:
            raise ValueError("the server has been started already")
        if access is not None and not callable(access):
            raise wrong("access", "a function", access)
        tell = access
        self._log = log_adapter(log)
        self._access = None if tell is None else lambda line: tell(json.loads(line))
        callbacks = dict(log=_weak(self._log), access=_weak(self._access))
        self._raw = _raw.server_start({**options, **callbacks})
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
        self._start(
            log, access, buildset=1, root=path("root", root), listen=listen,
            names=texts("names", names), plain_http=flag("plain_http", plain_http), anonymous=_choice("anonymous", _ANONYMOUS, anonymous),
            durability=_choice("durability", _DURABILITY, durability), threads=threads)
