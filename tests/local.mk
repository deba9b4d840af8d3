# SPDX-License-Identifier: Apache-2.0
# Everything in TESTS prints TAP. Nothing needs to be installed: unit tests link the archive,
# all others run through ./run.

TEST_EXTENSIONS = .sh .py
tap_driver = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
LOG_DRIVER = $(tap_driver)
LOG_COMPILER = $(top_builddir)/run
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_COMPILER = $(top_builddir)/run $(SHELL)
PY_LOG_DRIVER = $(tap_driver)
PY_LOG_COMPILER = $(top_builddir)/run $(PYTHON)
AM_TESTS_ENVIRONMENT = \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	PYTHONDONTWRITEBYTECODE=1; export PYTHONDONTWRITEBYTECODE; \
	UBSAN_OPTIONS=print_stacktrace=1; export UBSAN_OPTIONS; \
	CC='$(CC)'; export CC; CXX='$(CXX)'; export CXX; GO='$(GO)'; export GO;

unit_tests =
unit_ldadd = libzreg/libzreg-internal.la $(CMOCKA_LIBS)

# Fuzz targets, tests/fuzz/fuzz_NAME with the corpus tests/fuzz/corpus/NAME/. With --enable-fuzzers
# FUZZ_LDFLAGS brings libFuzzer, else each links a main that replays files.
fuzz_programs =
fuzz_ldadd = libzreg/libzreg-internal.la

# Tests that need real clients and daemons: run by tests/run, not by a plain make check.
e2e_tests =

include tests/unit/local.mk
include tests/proto/local.mk
include tests/e2e/local.mk
include tests/clients/local.mk
include tests/conformance/local.mk
include tests/modules/local.mk
include tests/engines/local.mk
include tests/zuul/local.mk
include tests/zuul-real/local.mk
include tests/roles/local.mk
include tests/release/local.mk
include tests/hostile/local.mk
include tests/matrix/local.mk
include tests/peer/local.mk
include tests/registries/local.mk
include tests/fuzz/local.mk
include tests/abi/local.mk
include tests/style/local.mk
include tests/docs/local.mk

check_PROGRAMS += $(fuzz_programs)
if HAVE_CMOCKA
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif

# The name of every test, for tests/run.
.PHONY: list-tests
list-tests:
	@printf '%s\n' $(TESTS) $(e2e_tests)
