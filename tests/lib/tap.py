# SPDX-License-Identifier: Apache-2.0
"""Runs the functions called test_* of a module and prints TAP: all, or those whose names contain a word of the
command line."""

import signal
import sys
import traceback

# Who starts the tests in the background or by nohup has some signals ignored, which programs inherit. What a test
# starts begins as it does at a terminal.
for number, default in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL),
                        (signal.SIGQUIT, signal.SIG_DFL), (signal.SIGTERM, signal.SIG_DFL)):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, default)


class Skip(Exception):
    """This test cannot run here; the text says why."""


def tests_of(module):
    """The tests that a module defines: (name, function)."""
    return [(name, function) for name, function in vars(sys.modules[module]).items()
            if name.startswith("test_") and callable(function)]


def run(tests, *arguments):
    """Runs every test with these arguments and gives the number of those that failed."""
    tests = [(name, function) for name, function in tests if any(word in name for word in sys.argv[1:] or [""])]
    print(f"1..{len(tests)}", flush=True)
    failures = 0
    for number, (name, function) in enumerate(tests, 1):
        title = f"{number} - {name[5:].replace('_', ' ')}"
        try:
            function(*arguments)
            print(f"ok {title}", flush=True)
        except Skip as reason:
            print(f"ok {title} # SKIP {reason}", flush=True)
        except Exception:  # a test may fail in any way, and the next one must still run
            failures += 1
            print(f"not ok {title}", flush=True)
            for line in traceback.format_exc().splitlines():
                print(f"# {line}", flush=True)
    return failures


def main(module, *arguments):
    """The same, and exits; 1 when one failed."""
    sys.exit(1 if run(tests_of(module), *arguments) else 0)
