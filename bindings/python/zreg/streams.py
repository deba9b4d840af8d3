# SPDX-License-Identifier: Apache-2.0
"""Blobs as Python files."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from typing import Any, Iterator, List, Optional

from . import _raw
from .cancel import Cancel, Live, Token, check_process, run
from .checks import UNKNOWN_SIZE, byte_count, milliseconds
from .errors import Error
from .values import Digest, Ref

#: Small reads are served from a piece of this size, each of which costs a thread on the main thread.
_PIECE_BYTES = 1 << 20


class _Stream(Live, io.RawIOBase):
    """Owns the stream, the token that it watches, and the library's client whose callbacks it may call. One
    thread at a time is inside the library with it; close() does not wait for the others but ends what they do."""

    _raw: Any = None
    _token: Optional[Token] = None

    def __init__(self, session: Any, cancel: Optional[Cancel], timeout: Optional[float]) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._user: Optional[int] = None
        self._process = os.getpid()
        self._token = Token(cancel, milliseconds("timeout", timeout))
        self._session = session

    def _open(self) -> Any:
        if self._raw is None:
            raise ValueError("I/O operation on closed blob")
        check_process("the blob", self._process)
        return self._raw

    def _watched(self) -> Token:
        assert self._token is not None  # who has the stream has it
        return self._token

    @contextlib.contextmanager
    def _using(self) -> Iterator[Any]:
        """The stream for this thread alone."""
        self._open()
        if self._user == threading.get_ident():
            raise RuntimeError("the blob is in use on this thread: a signal handler called it again")
        with self._lock:
            self._user = threading.get_ident()
            try:
                yield self._open()
            finally:
                self._user = None

    def close(self) -> None:
        """Ends the transfer wherever it is. Closing twice is fine."""
        if self._token is not None and not self.closed and os.getpid() == self._process:
            if self._user is not None:
                self._token.trigger()  # another thread is reading or writing
            self._token.close()
        self._raw = None
        super().close()


class BlobReader(_Stream):
    """A blob being pulled. The end is reported only after the digest was found right; else the
    last read raises zreg.Corrupt. A part of a blob is not verified."""

    def __init__(self, session: Any, ref: Ref, digest: str, cancel: Optional[Cancel], timeout: Optional[float],
                 offset: int = 0, length: Optional[int] = None) -> None:
        start, count = byte_count("offset", offset), UNKNOWN_SIZE if length is None else byte_count("length", length)
        super().__init__(session, cancel, timeout)
        token = self._watched()
        self._piece = memoryview(b"")
        if offset == 0 and length is None:
            self._raw = run(token, lambda _: _raw.blob_open(session, Ref(ref)._raw, digest, token.raw))
        else:
            self._raw = run(token, lambda _: _raw.blob_open_range(
                session, Ref(ref)._raw, digest, start, count, token.raw))

    @property
    def size(self) -> Optional[int]:
        """The size in bytes of the blob or of the part, or None when the registry did not tell."""
        size = _raw.blob_size(self._open())
        return None if size == 2**64 - 1 else size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fills the buffer; less than that only at the end."""
        with memoryview(buffer) as whole, whole.cast("B") as view, self._using() as raw:
            done = self._from_piece(view)
            if done < len(view):
                done += self._fill(raw, view[done:])
            return done

    def readall(self) -> bytes:
        """All that is left."""
        parts: List[bytes] = []
        while True:
            part = self.read(_PIECE_BYTES)
            if not part:
                return b"".join(parts)
            parts.append(part)

    def _from_piece(self, view: memoryview) -> int:
        size = min(len(view), len(self._piece))
        view[:size] = self._piece[:size]
        self._piece = self._piece[size:]
        return size

    def _fill(self, raw: Any, view: memoryview) -> int:
        """Large pieces go straight into the caller's memory, others by way of one of ours. What came before
        an error is given out; the library tells the error again."""
        small = len(view) < _PIECE_BYTES
        piece = bytearray(_PIECE_BYTES) if small else bytearray()
        target = memoryview(piece) if small else view

        def fill(_: Any) -> int:
            done = 0
            while done < len(view):
                try:
                    size = _raw.blob_read(raw, target[done:])
                except Error:
                    if done == 0:
                        raise
                    break
                if size == 0:
                    break
                done += size
            return done

        size = run(self._watched(), fill)
        if not small:
            return size
        self._piece = memoryview(piece)[:size]
        return self._from_piece(view)


class BlobWriter(_Stream):
    """A blob being pushed. commit() finishes it; closing it without that abandons the push."""

    def __init__(self, session: Any, ref: Ref, digest: Optional[str], size: Optional[int],
                 cancel: Optional[Cancel], timeout: Optional[float]) -> None:
        size_bytes = UNKNOWN_SIZE if size is None else byte_count("size", size)
        super().__init__(session, cancel, timeout)
        token = self._watched()
        self._raw = run(token, lambda _: _raw.blob_create(session, Ref(ref)._raw, digest, size_bytes, token.raw))

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        """Takes all of `data`. After an error the writer can only be closed."""
        with memoryview(data) as view, self._using() as raw:
            run(self._watched(), lambda _: _raw.blob_write(raw, view))
            return view.nbytes

    def commit(self) -> Digest:
        """Finishes the push, closes the writer and gives the digest."""
        with self._using() as raw:
            digest = Digest(run(self._watched(), lambda _: _raw.blob_commit(raw)))
        self.close()
        return digest
