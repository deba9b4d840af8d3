# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, told apart by what a caller does about it."""

from __future__ import annotations

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

    def __init__(self, message: str, *, code: str = "", http_status: int = 0, registry_code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.http_status = http_status
        self.registry_code = registry_code


class InvalidArgument(Error, ValueError):
    """An argument or a document given by the caller is wrong."""


class NotFound(Error):
    """The named thing does not exist, or may not be seen."""


class Denied(Error):
    """Credentials are missing, wrong or not sufficient."""


class AlreadyExists(Error):
    """It is there already and may not be replaced."""


class Conflict(Error):
    """A condition (expected digest, order of changes) does not hold."""


class Corrupt(Error):
    """Bytes do not match their digest or size."""


class Limit(Error):
    """More was sent or asked for than a limit allows."""


class NetError(Error):
    """Name lookup, connection or TLS failed."""


class ProtocolError(Error):
    """The peer broke the protocol."""


class Timeout(Error, TimeoutError):
    """The peer was silent for too long."""


class Cancelled(Error):
    """A zreg.Cancel was triggered."""


class Unsupported(Error):
    """The peer, or this build of the library, cannot do it."""


class FileError(Error, OSError):
    """Reading or writing a local file failed."""


_CLASSES = {
    _raw.ZREG_INVAL: InvalidArgument,
    _raw.ZREG_NOTFOUND: NotFound,
    _raw.ZREG_DENIED: Denied,
    _raw.ZREG_EXISTS: AlreadyExists,
    _raw.ZREG_CONFLICT: Conflict,
    _raw.ZREG_CORRUPT: Corrupt,
    _raw.ZREG_LIMIT: Limit,
    _raw.ZREG_NET: NetError,
    _raw.ZREG_PROTO: ProtocolError,
    _raw.ZREG_TIMEOUT: Timeout,
    _raw.ZREG_CANCELLED: Cancelled,
    _raw.ZREG_UNSUPPORTED: Unsupported,
    _raw.ZREG_IO: FileError,
}


def from_raw(status: int, http_status: int, registry_code: str, message: str) -> Exception:
    """The exception for an error of the C library, which calls this."""
    if status == _raw.ZREG_NOMEM:
        return MemoryError(message)
    return _CLASSES.get(status, Error)(
        message, code=_raw.status_name(status), http_status=http_status, registry_code=registry_code)
