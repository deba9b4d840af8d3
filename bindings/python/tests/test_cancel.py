# SPDX-License-Identifier: Apache-2.0
"""How blocking calls are stopped; the call here is a loop that watches its token as the library does."""
import os
import signal
import threading
import time

import pytest

import zreg
from zreg import _raw
from zreg.cancel import Token, run


def until_triggered(token, report=None):
    deadline = time.monotonic() + 10
    while not _raw.cancel_triggered(token.raw):
        assert time.monotonic() < deadline
        if report:
            report("step")
        time.sleep(0.01)
    raise zreg.Cancelled("stopped")


def later(action):
    timer = threading.Timer(0.1, action)
    timer.daemon = True
    timer.start()


def in_thread(function):
    """The result of function() in a thread that is not the main one."""
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def test_results_and_exceptions_come_through():
    assert run(Token(None), lambda report: 5) == 5
    with pytest.raises(ZeroDivisionError):
        run(Token(None), lambda report: 1 // 0)
    assert in_thread(lambda: run(Token(None), lambda report: 5)) == 5


def test_ctrl_c_ends_a_call_and_leaves_the_cancel_alone():
    cancel = zreg.Cancel()
    with Token(cancel) as token:
        later(lambda: os.kill(os.getpid(), signal.SIGINT))
        with pytest.raises(KeyboardInterrupt):
            run(token, lambda report: until_triggered(token))
        assert _raw.cancel_triggered(token.raw)
    assert not cancel.triggered


def test_a_signal_handler_that_returns_does_not_end_a_call():
    seen = []
    cancel = zreg.Cancel()
    before = signal.signal(signal.SIGUSR1, lambda *args: seen.append("signal"))
    try:
        later(lambda: (os.kill(os.getpid(), signal.SIGUSR1), later(cancel.trigger)))
        with Token(cancel) as token, pytest.raises(zreg.Cancelled):
            run(token, lambda report: until_triggered(token))
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert seen == ["signal"]


def test_a_signal_handler_may_trigger_a_cancel():
    cancel = zreg.Cancel()
    before = signal.signal(signal.SIGUSR1, lambda *args: cancel.trigger())
    try:
        later(lambda: os.kill(os.getpid(), signal.SIGUSR1))
        with Token(cancel) as token, pytest.raises(zreg.Cancelled):
            run(token, lambda report: until_triggered(token))
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_one_cancel_stops_all_its_calls():
    cancel = zreg.Cancel()
    ended = []

    def call():
        with Token(cancel) as token:
            try:
                run(token, lambda report: until_triggered(token))
            except zreg.Cancelled:
                ended.append(True)

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    cancel.trigger()
    for thread in threads:
        thread.join()
    assert ended == [True] * 4 and cancel.triggered


def test_a_triggered_cancel_stops_later_calls_too():
    cancel = zreg.Cancel()
    cancel.trigger()
    with Token(cancel) as token, pytest.raises(zreg.Cancelled):
        run(token, lambda report: until_triggered(token))


def test_progress_is_called_on_the_calling_thread():
    seen = set()

    def call():
        run(Token(None), lambda report: report("step"), lambda event: seen.add(threading.current_thread()))
        return threading.current_thread()

    assert seen == {call()}
    seen.clear()
    assert in_thread(call) in seen


def test_an_exception_in_progress_ends_the_call():
    def progress(event):
        raise LookupError(event)

    with Token(None) as token, pytest.raises(LookupError, match="step"):
        run(token, lambda report: until_triggered(token, report), progress)
