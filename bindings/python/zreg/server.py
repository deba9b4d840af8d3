# SPDX-License-Identifier: Apache-2.0
"""Registries in this process."""

from __future__ import annotations

import json
import os
import weakref
from types import TracebackType
from typing import Any, Callable, Dict, Optional, Sequence, Type, Union

from . import _raw

Log = Callable[[int, str], Any]
Access = Callable[[Dict[str, Any]], Any]
Path = Union[str, "os.PathLike[str]"]

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
    if value not in table:
        raise ValueError(f"{name} is one of {', '.join(filter(None, table))}, not {value!r}")
    return table[value]


def log_adapter(log: Optional[Log]) -> Optional[Log]:
    """The library counts levels 0 to 3; `log` gets those of the module logging, 10 to 40."""
    if log is None:
        return None
    tell = log
    return lambda level, line: tell(10 * (level + 1), line)


class Server:
    """A running registry. It answers from the moment it exists until stop().

    `log` is called as log(level, line), with the levels of the module logging, and so may be
    logging.getLogger("registry").log. `access` gets each line of the access log as a dict. Both are
    called on the server's own threads, several at once, and hold up the request meanwhile: keep
    them short. An exception in them is shown by sys.unraisablehook and changes nothing.
    """

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
            log, access, root=os.fspath(root), listen=listen, tls_cert_pem=tls_cert_pem, tls_key_pem=tls_key_pem,
            htpasswd=htpasswd, read_only=list(read_only), anonymous=_choice("anonymous", _ANONYMOUS, anonymous),
            durability=_choice("durability", _DURABILITY, durability),
            threads=threads, token_lifetime_s=token_lifetime_s)

    def _start(self, log: Optional[Log], access: Optional[Access], **options: Any) -> None:
        self._log = log_adapter(log)
        self._access = None if access is None else lambda line: access(json.loads(line))
        self._raw = _raw.server_start({**options, "log": self._log, "access": self._access})
        # Runs when the object is dropped and, at the latest, before the interpreter shuts down:
        # then no thread of the server can call into Python any more.
        self._finish = weakref.finalize(self, _raw.server_stop, self._raw, 0)

    @property
    def running(self) -> bool:
        return self._finish.alive

    @property
    def host(self) -> str:
        """Without brackets, such as "127.0.0.1"."""
        return _raw.server_host(self._raw)

    @property
    def port(self) -> int:
        return _raw.server_port(self._raw)

    @property
    def address(self) -> str:
        """HOST:PORT as it stands in a reference."""
        return _raw.server_address(self._raw)

    @property
    def username(self) -> Optional[str]:
        return _raw.server_username(self._raw)

    @property
    def password(self) -> Optional[str]:
        """A secret."""
        return _raw.server_password(self._raw)

    @property
    def cert(self) -> Optional[str]:
        """The certificate as PEM text, or None without TLS."""
        return _raw.server_certificate(self._raw)

    @property
    def fingerprint(self) -> Optional[str]:
        return _raw.server_fingerprint(self._raw)

    def connection(self) -> Dict[str, Any]:
        """The record that Zuul's jobs share. It holds the password: return it as secret data only."""
        return json.loads(_raw.server_connection(self._raw))

    def stop(self, grace: float = 5.0) -> None:
        """Gives running requests up to `grace` seconds and ends. Stopping twice is fine."""
        if self._finish.detach():
            _raw.server_stop(self._raw, int(grace * 1000))

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.stop()

    def __repr__(self) -> str:
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
            log, access, buildset=1, root=None if root is None else os.fspath(root), listen=listen,
            names=list(names), plain_http=int(plain_http), anonymous=_choice("anonymous", _ANONYMOUS, anonymous),
            durability=_choice("durability", _DURABILITY, durability), threads=threads)
