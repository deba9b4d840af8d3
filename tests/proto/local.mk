# SPDX-License-Identifier: Apache-2.0

# The client of the tests of the wire, and those tests: test_client_*.py with registry.py. It is
# linked with the archive: what other layers ask of the client is tested too.
check_PROGRAMS += tests/proto/client
tests_proto_client_SOURCES = tests/proto/client_main.c
tests_proto_client_LDADD = libzreg/libzreg-internal.la

if HAVE_PYTHON
TESTS += \
	tests/proto/test_client_auth.py \
	tests/proto/test_client_credentials.py \
	tests/proto/test_client_behaviours.py \
	tests/proto/test_client_blobs.py \
	tests/proto/test_client_doubt.py \
	tests/proto/test_client_floor.py \
	tests/proto/test_client_lists.py \
	tests/proto/test_client_login.py \
	tests/proto/test_client_login_names.py \
	tests/proto/test_client_manifests.py \
	tests/proto/test_client_mirrors.py \
	tests/proto/test_client_mirrors_apart.py \
	tests/proto/test_client_network.py \
	tests/proto/test_client_notices.py \
	tests/proto/test_client_parts.py \
	tests/proto/test_client_quirks.py \
	tests/proto/test_client_sparse.py \
	tests/proto/test_client_registries.py \
	tests/proto/test_client_untag.py
endif

if BUILD_SERVER
# The server of the tests of the wire, and those tests: test_server_*.py with server_tap.py and server_wire.py.
check_PROGRAMS += tests/proto/serve
tests_proto_serve_SOURCES = tests/proto/serve_main.c
tests_proto_serve_LDADD = libzreg/libzreg.la
if HAVE_PYTHON
TESTS += \
	tests/proto/test_differential.py \
	tests/proto/test_server_access.py \
	tests/proto/test_server_attack_graphs.py \
	tests/proto/test_server_attack_immutable.py \
	tests/proto/test_server_attack_wire.py \
	tests/proto/test_server_audit.py \
	tests/proto/test_server_blobs.py \
	tests/proto/test_server_caches.py \
	tests/proto/test_server_bodies.py \
	tests/proto/test_server_errors.py \
	tests/proto/test_server_cost.py \
	tests/proto/test_server_descriptors.py \
	tests/proto/test_server_full.py \
	tests/proto/test_server_gone.py \
	tests/proto/test_server_http.py \
	tests/proto/test_server_limits.py \
	tests/proto/test_server_passwords.py \
	tests/proto/test_server_proxies.py \
	tests/proto/test_server_rights.py \
	tests/proto/test_server_spec.py \
	tests/proto/test_server_texts.py \
	tests/proto/test_server_threads.py \
	tests/proto/test_server_tls.py \
	tests/proto/test_server_tokens.py \
	tests/proto/test_server_wire.py \
	tests/proto/test_server_manifests.py
endif
endif

# A part of tests/matrix.
if BUILD_SERVER
if HAVE_PYTHON
TESTS += tests/proto/test_client_faults.py
endif
endif

# The command.
if BUILD_SERVER
if HAVE_PYTHON
TESTS += \
	tests/proto/test_cli_cleanup.py \
	tests/proto/test_cli_daemon.py \
	tests/proto/test_cli_gate.py \
	tests/proto/test_cli_node.py \
	tests/proto/test_client_ranges.py \
	tests/proto/test_cli_login.py \
	tests/proto/test_cli_sync.py \
	tests/proto/test_cli_dry_run.py \
	tests/proto/test_cli_export.py \
	tests/proto/test_cli_mutate.py \
	tests/proto/test_cli_sync_hosts.py \
	tests/proto/test_cli_terminal.py \
	tests/proto/test_cli_values.py \
	tests/proto/test_cli_verbs.py \
	tests/proto/test_cli_archives.py \
	tests/proto/test_cli_graphs.py \
	tests/proto/test_cli_images.py \
	tests/proto/test_cli_layouts.py \
	tests/proto/test_cli_provenance.py \
	tests/proto/test_cli_registry_yaml.py \
	tests/proto/test_cli_rights.py \
	tests/proto/test_cli_saved.py \
	tests/proto/test_cli_secrets.py \
	tests/proto/test_cli_serve.py \
	tests/proto/test_cli_serve_certificates.py \
	tests/proto/test_cli_serve_files.py \
	tests/proto/test_cli_serve_login.py \
	tests/proto/test_cli_serve_logs.py \
	tests/proto/test_cli_service.py \
	tests/proto/test_cli_usage.py \
	tests/proto/test_cli_watch.py \
	tests/proto/test_cli_zstd.py \
	tests/proto/test_cli_zuul.py \
	tests/proto/test_promotion.py \
	tests/proto/test_promotion_whole.py \
	tests/proto/test_referrers.py
endif
endif
