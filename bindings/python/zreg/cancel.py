# SPDX-License-Identifier: Apache-2.0
"""Stopping calls that block: by a Cancel, by Ctrl-C, by an exception in a callback."""

from __future__ import annotations

import _thread
import math
import os
import queue
import threading
import time
from types import TracebackType
from typing import Any, Callable, List, Optional, Protocol, Set, Tuple, Type, TypeVar

from . import _raw

_NAP_S = 0.05

T = TypeVar("T")
Report = Callable[[Any], Any]


class Live:
    """What belongs to this process: it is neither copied nor pickled."""

    def __reduce__(self) -> Tuple[Any, ...]:
        raise TypeError(f"a zreg.{type(self).__name__} belongs to its process: it cannot be copied or pickled")


def check_process(what: str, process: int) -> None:
    """Refuses in a forked child what belongs to its parent: a lock may be held there for ever."""
    if os.getpid() != process:
        from .errors import InvalidArgument
        raise InvalidArgument(f"{what} was made before fork() and belongs to the parent process; this child may "
                              "only drop it: make another", code="INVAL")


class Cancel(Live):
    """Stops the calls and streams it was given to, which then raise zreg.Cancelled.

    Once triggered it stays triggered. One Cancel may be given to many calls. trigger() may be
    called from any thread and from a signal handler.
    """

    #: By time.monotonic(); after() sets it.
    _deadline = math.inf

    def __init__(self) -> None:
        self._lock = threading.RLock()  # reentrant, because a signal handler may call trigger()
        self._tokens: Set[_raw.cancel] = set()
        self._triggered = False
        self._process = os.getpid()

    @classmethod
    def after(cls, timeout: float) -> Cancel:
        """A Cancel with a deadline in `timeout` seconds: calls that hold it then raise zreg.Timeout."""
        from .checks import seconds
        made = cls()
        made._deadline = time.monotonic() + seconds("timeout", timeout)
        return made

    @property
    def triggered(self) -> bool:
        """True as well once its deadline has passed."""
        return self._triggered or time.monotonic() >= self._deadline

    def trigger(self) -> None:
        """Calls that hold it end within 100 ms."""
        check_process("the zreg.Cancel", self._process)
        with self._lock:
            self._triggered = True
            for token in list(self._tokens):
                _raw.cancel_trigger(token)

    def _attach(self, token: _raw.cancel) -> None:
        check_process("the zreg.Cancel", self._process)
        with self._lock:
            self._tokens.add(token)
            if self._deadline < math.inf:
                left = max(0.0, self._deadline - time.monotonic())
                _raw.cancel_after(token, min(math.ceil(left * 1000), 2**32 - 1))
            if self._triggered:
                _raw.cancel_trigger(token)

    def _detach(self, token: _raw.cancel) -> None:
        with self._lock:
            self._tokens.discard(token)


class Stoppable(Protocol):
    """Something that ends a call that is running elsewhere."""

    def trigger(self) -> None: ...


class Token:
    """The library's token of one call or stream. It also follows the caller's Cancel, but does not
    trigger it: an interrupted call says nothing about the others that share the Cancel."""

    def __init__(self, cancel: Optional[Cancel], timeout_ms: int = 0) -> None:
        """`timeout_ms` 0 is none."""
        if cancel is not None and not isinstance(cancel, Cancel):
            raise TypeError(f"cancel: expected zreg.Cancel, not {type(cancel).__name__}")
        self.raw = _raw.cancel_new()
        self._cancel = cancel
        if cancel is not None:
            cancel._attach(self.raw)
        if timeout_ms:
            _raw.cancel_after(self.raw, timeout_ms)

    def trigger(self) -> None:
        _raw.cancel_trigger(self.raw)

    def close(self) -> None:
        if self._cancel is not None:
            self._cancel._detach(self.raw)

    def __enter__(self) -> Token:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        self.close()


def _started(work: Callable[[], None]) -> bool:
    """False: there is no further thread, as at the end of the interpreter."""
    try:
        _thread.start_new_thread(work, ())
    except RuntimeError:
        return False
    return True


def _next(events: queue.SimpleQueue[Any]) -> Any:
    """The next event. A signal that comes just before Python goes to sleep does not wake it: hence short sleeps."""
    while True:
        try:
            return events.get(timeout=_NAP_S)
        except queue.Empty:
            pass


def run(token: Stoppable, call: Callable[[Optional[Report]], T], progress: Optional[Report] = None) -> T:
    """Does call(report), which blocks and ends soon after `token` is triggered.

    Python runs signal handlers on the main thread alone, between two steps of Python code, and so
    not while that thread is inside the library. There the call is done by a helper thread, and the
    main thread waits for it in a way that Ctrl-C ends. Other threads do the call themselves.
    `progress` is called on the thread that called run().
    """
    if threading.get_ident() != threading.main_thread().ident:
        return call(progress)
    events: queue.SimpleQueue[Any] = queue.SimpleQueue()
    outcome: List[Tuple[Any, Optional[BaseException]]] = []
    ended = threading.Event()
    turn = _thread.allocate_lock()  # whoever takes it first decides whether there is a call

    def work() -> None:
        if not turn.acquire(False):
            return
        try:
            outcome.append((call(progress and events.put), None))
        except BaseException as error:
            outcome.append((None, error))
        ended.set()
        events.put(None)

    event: Any
    try:
        if not _started(work):
            return call(progress)
        for event in iter(lambda: _next(events), None):
            assert progress is not None
            progress(event)
    finally:
        if not ended.is_set() and not turn.acquire(False):  # a signal handler or `progress` raised
            token.trigger()
            while not ended.wait(_NAP_S):
                pass
    value, error = outcome.pop()
    try:
        if error is not None:
            raise error
        return value
    finally:
        del error  # it refers to this frame by its traceback
