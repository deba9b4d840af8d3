# SPDX-License-Identifier: Apache-2.0

if BUILD_SERVER
# The server of the tests of the wire, and those tests: test_server_*.py with server_tap.py.
check_PROGRAMS += tests/proto/serve
tests_proto_serve_SOURCES = tests/proto/serve_main.c
tests_proto_serve_LDADD = libzreg/libzreg.la
if HAVE_PYTHON
TESTS += \
	tests/proto/test_server_blobs.py \
	tests/proto/test_server_manifests.py
endif
endif

# The command.
if BUILD_SERVER
if HAVE_PYTHON
TESTS += \
	tests/proto/test_cli_gate.py \
	tests/proto/test_cli_images.py \
	tests/proto/test_cli_serve.py \
	tests/proto/test_cli_usage.py
endif
endif
