# SPDX-License-Identifier: Apache-2.0
"""Blobs as Python files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Optional

from . import _raw
from .cancel import Cancel, Token, run
from .values import Digest, Ref

if TYPE_CHECKING:
    from .client import Client


class _Stream(io.RawIOBase):
    """Owns the stream, the token that it watches, and the client whose callbacks it may call."""

    def __init__(self, client: Client, cancel: Optional[Cancel]) -> None:
        super().__init__()
        self._raw: Any = None
        self._token = Token(cancel)
        self._client = client

    def _open(self) -> Any:
        if self._raw is None:
            raise ValueError("I/O operation on closed blob")
        return self._raw

    def close(self) -> None:
        """Ends the transfer wherever it is. Closing twice is fine."""
        self._raw = None
        self._token.close()
        super().close()


class BlobReader(_Stream):
    """A blob being pulled. The end is reported only after the digest was found right; else the
    last read raises zreg.Corrupt."""

    def __init__(self, client: Client, ref: Ref, digest: str, cancel: Optional[Cancel]) -> None:
        super().__init__(client, cancel)
        self._raw = run(self._token, lambda _: _raw.blob_open(client._open(), ref._raw, digest, self._token.raw))

    @property
    def size(self) -> Optional[int]:
        """The whole size in bytes, or None when the registry did not tell."""
        size = _raw.blob_size(self._open())
        return None if size == 2**64 - 1 else size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer; less than that only at the end."""
        raw, view = self._open(), memoryview(buffer).cast("B")

        def fill(_: Any) -> int:
            done = 0
            while done < len(view):
                size = _raw.blob_read(raw, view[done:])
                if size == 0:
                    break
                done += size
            return done

        return run(self._token, fill)


class BlobWriter(_Stream):
    """A blob being pushed. commit() finishes it; closing it without that abandons the push."""

    def __init__(self, client: Client, ref: Ref, digest: Optional[str], size: Optional[int],
                 cancel: Optional[Cancel]) -> None:
        super().__init__(client, cancel)
        size_bytes = 2**64 - 1 if size is None else size
        self._raw = run(self._token, lambda _: _raw.blob_create(
            client._open(), ref._raw, digest, size_bytes, self._token.raw))

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Takes all of `data`. After an error the writer can only be closed."""
        raw = self._open()
        run(self._token, lambda _: _raw.blob_write(raw, data))
        return memoryview(data).nbytes

    def commit(self) -> Digest:
        """Finishes the push, closes the writer and gives the digest."""
        raw = self._open()
        digest = Digest(run(self._token, lambda _: _raw.blob_commit(raw)))
        self.close()
        return digest
