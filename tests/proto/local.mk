# SPDX-License-Identifier: Apache-2.0

# The client of the tests of the wire, and those tests: test_client_*.py with registry.py. It is
# linked with the archive: what other layers ask of the client is tested too.
check_PROGRAMS += tests/proto/client
tests_proto_client_SOURCES = tests/proto/client_main.c
tests_proto_client_LDADD = libzreg/libzreg-internal.la

if HAVE_PYTHON
TESTS += \
	tests/proto/test_client_auth.py \
	tests/proto/test_client_blobs.py \
	tests/proto/test_client_lists.py \
	tests/proto/test_client_manifests.py \
	tests/proto/test_client_network.py \
	tests/proto/test_client_parts.py \
	tests/proto/test_client_quirks.py
endif

if BUILD_SERVER
# The server of the tests of the wire, and those tests: test_server_*.py with server_tap.py.
check_PROGRAMS += tests/proto/serve
tests_proto_serve_SOURCES = tests/proto/serve_main.c
tests_proto_serve_LDADD = libzreg/libzreg.la
if HAVE_PYTHON
TESTS += \
	tests/proto/test_server_access.py \
	tests/proto/test_server_blobs.py \
	tests/proto/test_server_http.py \
	tests/proto/test_server_manifests.py
endif
endif

# The command.
if BUILD_SERVER
if HAVE_PYTHON
TESTS += \
	tests/proto/test_cli_cleanup.py \
	tests/proto/test_cli_gate.py \
	tests/proto/test_cli_node.py \
	tests/proto/test_cli_images.py \
	tests/proto/test_cli_provenance.py \
	tests/proto/test_cli_secrets.py \
	tests/proto/test_cli_serve.py \
	tests/proto/test_cli_usage.py \
	tests/proto/test_cli_zuul.py \
	tests/proto/test_promotion.py \
	tests/proto/test_promotion_whole.py \
	tests/proto/test_referrers.py
endif
endif
