# SPDX-License-Identifier: Apache-2.0
# A new target: fuzz_NAME.c, its name here, its two lines below, and seeds in corpus/NAME/, those
# that are no text as NAME.hex.

fuzz_programs += \
	tests/fuzz/fuzz_artifacts \
	tests/fuzz/fuzz_authfile \
	tests/fuzz/fuzz_challenge \
	tests/fuzz/fuzz_proxy \
	tests/fuzz/fuzz_digest \
	tests/fuzz/fuzz_errors \
	tests/fuzz/fuzz_nodefile \
	tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_link \
	tests/fuzz/fuzz_manifest \
	tests/fuzz/fuzz_provenance \
	tests/fuzz/fuzz_range \
	tests/fuzz/fuzz_reference \
	tests/fuzz/fuzz_rootfs \
	tests/fuzz/fuzz_tar \
	tests/fuzz/fuzz_helper \
	tests/fuzz/fuzz_hosts \
	tests/fuzz/fuzz_registries \
	tests/fuzz/fuzz_token \
	tests/fuzz/fuzz_url \
	tests/fuzz/fuzz_warning \
	tests/fuzz/fuzz_zuul
if BUILD_SERVER
fuzz_programs += \
	tests/fuzz/fuzz_jwt \
	tests/fuzz/fuzz_wire_chunks \
	tests/fuzz/fuzz_wire_head \
	tests/fuzz/fuzz_wire_proxy \
	tests/fuzz/fuzz_wire_way
endif

fuzz_main = tests/fuzz/fuzz.h
if !FUZZERS
fuzz_main += tests/fuzz/replay.c
TESTS += $(fuzz_programs)
endif

tests_fuzz_fuzz_artifacts_SOURCES = tests/fuzz/fuzz_artifacts.c $(fuzz_main)
tests_fuzz_fuzz_artifacts_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_artifacts_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_authfile_SOURCES = tests/fuzz/fuzz_authfile.c $(fuzz_main)
tests_fuzz_fuzz_authfile_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_authfile_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_proxy_SOURCES = tests/fuzz/fuzz_proxy.c $(fuzz_main)
tests_fuzz_fuzz_proxy_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_proxy_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_challenge_SOURCES = tests/fuzz/fuzz_challenge.c $(fuzz_main)
tests_fuzz_fuzz_challenge_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_challenge_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_digest_SOURCES = tests/fuzz/fuzz_digest.c $(fuzz_main)
tests_fuzz_fuzz_digest_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_digest_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_errors_SOURCES = tests/fuzz/fuzz_errors.c $(fuzz_main)
tests_fuzz_fuzz_errors_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_errors_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_nodefile_SOURCES = tests/fuzz/fuzz_nodefile.c $(fuzz_main)
tests_fuzz_fuzz_nodefile_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_nodefile_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_jwt_SOURCES = tests/fuzz/fuzz_jwt.c $(fuzz_main)
tests_fuzz_fuzz_jwt_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_jwt_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(fuzz_main)
tests_fuzz_fuzz_json_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_json_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_link_SOURCES = tests/fuzz/fuzz_link.c $(fuzz_main)
tests_fuzz_fuzz_link_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_link_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_manifest_SOURCES = tests/fuzz/fuzz_manifest.c $(fuzz_main)
tests_fuzz_fuzz_manifest_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_manifest_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_provenance_SOURCES = tests/fuzz/fuzz_provenance.c $(fuzz_main)
tests_fuzz_fuzz_provenance_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_provenance_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_range_SOURCES = tests/fuzz/fuzz_range.c $(fuzz_main)
tests_fuzz_fuzz_range_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_range_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_reference_SOURCES = tests/fuzz/fuzz_reference.c $(fuzz_main)
tests_fuzz_fuzz_reference_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_reference_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_rootfs_SOURCES = tests/fuzz/fuzz_rootfs.c $(fuzz_main)
tests_fuzz_fuzz_rootfs_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_rootfs_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_helper_SOURCES = tests/fuzz/fuzz_helper.c $(fuzz_main)
tests_fuzz_fuzz_helper_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_helper_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_hosts_SOURCES = tests/fuzz/fuzz_hosts.c $(fuzz_main)
tests_fuzz_fuzz_hosts_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_hosts_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_registries_SOURCES = tests/fuzz/fuzz_registries.c $(fuzz_main)
tests_fuzz_fuzz_registries_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_registries_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_token_SOURCES = tests/fuzz/fuzz_token.c $(fuzz_main)
tests_fuzz_fuzz_token_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_token_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_url_SOURCES = tests/fuzz/fuzz_url.c $(fuzz_main)
tests_fuzz_fuzz_url_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_url_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_warning_SOURCES = tests/fuzz/fuzz_warning.c $(fuzz_main)
tests_fuzz_fuzz_warning_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_warning_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_tar_SOURCES = tests/fuzz/fuzz_tar.c $(fuzz_main)
tests_fuzz_fuzz_tar_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_tar_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_zuul_SOURCES = tests/fuzz/fuzz_zuul.c $(fuzz_main)
tests_fuzz_fuzz_zuul_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_zuul_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_wire_chunks_SOURCES = tests/fuzz/fuzz_wire_chunks.c $(fuzz_main)
tests_fuzz_fuzz_wire_chunks_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_wire_chunks_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_wire_head_SOURCES = tests/fuzz/fuzz_wire_head.c $(fuzz_main)
tests_fuzz_fuzz_wire_head_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_wire_head_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_wire_proxy_SOURCES = tests/fuzz/fuzz_wire_proxy.c $(fuzz_main)
tests_fuzz_fuzz_wire_proxy_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_wire_proxy_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
tests_fuzz_fuzz_wire_way_SOURCES = tests/fuzz/fuzz_wire_way.c $(fuzz_main)
tests_fuzz_fuzz_wire_way_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_wire_way_LDFLAGS = $(AM_LDFLAGS) $(FUZZ_LDFLAGS)
