# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, told apart by what a caller does about it."""

from __future__ import annotations

from typing import Any

from . import _raw


class Error(Exception):
    """Any failure that the library reports."""

    #: Name of the status, such as "NOTFOUND".
    code: str
    #: The HTTP status that caused it, or 0.
    http_status: int
    #: The registry's own code, such as "MANIFEST_UNKNOWN", or "".
    registry_code: str
    #: One line for people: names the thing, says what to do. Never holds a secret.
    message: str
    #: True when the same call may well succeed later.
    retryable: bool
    #: Seconds for which the peer wants to be left alone; 0 when it did not tell.
    retry_after: float
    #: The HOST:PORT or the file that it was met at, or "".
    about: str
    #: What publish, populate, promote, cleanup_tags, sync or verify had done before it, as they would have returned; or None.
    done: Any = None

    def __init__(self, message: str, *, code: str = "", http_status: int = 0, registry_code: str = "",
                 retryable: bool = False, retry_after: float = 0, about: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.http_status = http_status
        self.registry_code = registry_code
        self.retryable = retryable
        self.retry_after = retry_after
        self.about = about

    def __str__(self) -> str:
        return self.message


class InvalidArgument(Error, ValueError):
    """An argument or a document given by the caller is wrong."""


class NotFound(Error):
    """The named thing does not exist, or may not be seen."""


class Denied(Error):
    """Credentials are missing, wrong or not sufficient."""


class Conflict(Error):
    """A condition (expected digest, order of changes) does not hold."""


class Corrupt(Error):
    """Bytes do not match their digest or size."""


class Limit(Error):
    """Something is larger, or there are more of it, than a limit allows."""


class NetError(Error):
    """No connection, or it was lost."""


class UnknownHost(NetError):
    """No address was found for the name of a host."""


class TlsError(NetError):
    """TLS could not be agreed on, or the peer's certificate is not trusted."""


class PeerError(Error):
    """The peer itself failed (HTTP 5xx)."""


class Busy(Error):
    """The peer wants to be asked later (HTTP 429, 503)."""


class ProtocolError(Error):
    """The peer broke the protocol."""


class Timeout(Error, TimeoutError):
    """The peer was silent for too long, or the call's time was up."""


class Cancelled(Error):
    """A zreg.Cancel was triggered."""


class Unsupported(Error):
    """The peer, or this build of the library, cannot do it."""


class FileError(Error, OSError):
    """The system refused: reading or writing a file, opening a socket. `errno` and `filename` say more."""


class MissingFile(NotFound, FileNotFoundError):
    """A local file or folder is not there."""


_CLASSES = {
    _raw.ZREG_INVAL: InvalidArgument,
    _raw.ZREG_NOTFOUND: NotFound,
    _raw.ZREG_DENIED: Denied,
    _raw.ZREG_CONFLICT: Conflict,
    _raw.ZREG_CORRUPT: Corrupt,
    _raw.ZREG_LIMIT: Limit,
    _raw.ZREG_LOOKUP: UnknownHost,
    _raw.ZREG_NET: NetError,
    _raw.ZREG_TLS: TlsError,
    _raw.ZREG_PROTO: ProtocolError,
    _raw.ZREG_PEER: PeerError,
    _raw.ZREG_BUSY: Busy,
    _raw.ZREG_TIMEOUT: Timeout,
    _raw.ZREG_CANCELLED: Cancelled,
    _raw.ZREG_UNSUPPORTED: Unsupported,
    _raw.ZREG_IO: FileError,
}


def from_raw(status: int, http_status: int, os_error: int, retryable: bool, retry_after_ms: int, registry_code: str,
             about: str, message: str) -> Exception:
    """The exception for an error of the C library, which calls this."""
    if status == _raw.ZREG_NOMEM:
        return MemoryError(message)
    kind = _CLASSES.get(status, Error)
    error = (MissingFile if kind is NotFound and os_error else kind)(
        message, code=_raw.status_name(status), http_status=http_status, registry_code=registry_code,
        retryable=retryable, retry_after=retry_after_ms / 1000, about=about)
    if isinstance(error, OSError) and os_error:
        error.errno, error.strerror, error.filename = os_error, message, about or None
    return error
