# SPDX-License-Identifier: Apache-2.0
# For each program: its name in unit_tests and its two lines below. One cmocka group in each.

unit_tests += \
	tests/unit/test_version

tests_unit_test_version_SOURCES = tests/unit/test_version.c
tests_unit_test_version_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_base
tests_unit_test_base_SOURCES = tests/unit/test_base.c
tests_unit_test_base_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_oci_build
tests_unit_test_oci_build_SOURCES = tests/unit/test_oci_build.c
tests_unit_test_oci_build_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_oci_digest
tests_unit_test_oci_digest_SOURCES = tests/unit/test_oci_digest.c
tests_unit_test_oci_digest_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_oci_errors
tests_unit_test_oci_errors_SOURCES = tests/unit/test_oci_errors.c
tests_unit_test_oci_errors_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_oci_headers
tests_unit_test_oci_headers_SOURCES = tests/unit/test_oci_headers.c
tests_unit_test_oci_headers_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_oci_manifest
tests_unit_test_oci_manifest_SOURCES = tests/unit/test_oci_manifest.c
tests_unit_test_oci_manifest_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_oci_range
tests_unit_test_oci_range_SOURCES = tests/unit/test_oci_range.c
tests_unit_test_oci_range_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_oci_reference
tests_unit_test_oci_reference_SOURCES = tests/unit/test_oci_reference.c
tests_unit_test_oci_reference_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_oci_referrers
tests_unit_test_oci_referrers_SOURCES = tests/unit/test_oci_referrers.c
tests_unit_test_oci_referrers_LDADD = $(unit_ldadd)
unit_tests += tests/unit/test_artifact tests/unit/test_gate_names tests/unit/test_gate_order
tests_unit_test_artifact_SOURCES = tests/unit/test_artifact.c
tests_unit_test_artifact_LDADD = $(unit_ldadd)
tests_unit_test_gate_names_SOURCES = tests/unit/test_gate_names.c
tests_unit_test_gate_names_LDADD = $(unit_ldadd)
tests_unit_test_gate_order_SOURCES = tests/unit/test_gate_order.c
tests_unit_test_gate_order_LDADD = $(unit_ldadd)
unit_tests += tests/unit/test_gate_record
tests_unit_test_gate_record_SOURCES = tests/unit/test_gate_record.c
tests_unit_test_gate_record_LDADD = $(unit_ldadd)
unit_tests += tests/unit/test_promotion_order
tests_unit_test_promotion_order_SOURCES = tests/unit/test_promotion_order.c \
	tests/unit/promotion_steps.c tests/unit/promotion_steps.h
tests_unit_test_promotion_order_LDADD = $(unit_ldadd)
tests_unit_test_promotion_order_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=zreg_client_manifest_get,--wrap=zreg_client_manifest_head \
	-Wl,--wrap=zreg_client_manifest_put,--wrap=zreg_client_tag_delete,--wrap=zreg__cancel_sleep
unit_tests += tests/unit/test_gate_zuul
tests_unit_test_gate_zuul_SOURCES = tests/unit/test_gate_zuul.c
tests_unit_test_gate_zuul_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_image_place tests/unit/test_image_plan
tests_unit_test_image_place_SOURCES = tests/unit/test_image_place.c
tests_unit_test_image_place_LDADD = $(unit_ldadd)
tests_unit_test_image_plan_SOURCES = tests/unit/test_image_plan.c
tests_unit_test_image_plan_LDADD = $(unit_ldadd)
unit_tests += tests/unit/test_image_tarlayer
tests_unit_test_image_tarlayer_SOURCES = tests/unit/test_image_tarlayer.c
tests_unit_test_image_tarlayer_LDADD = $(unit_ldadd)
unit_tests += tests/unit/test_image_rootfs
tests_unit_test_image_rootfs_SOURCES = tests/unit/test_image_rootfs.c
tests_unit_test_image_rootfs_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_image_archive tests/unit/test_image_copy
tests_unit_test_image_archive_SOURCES = tests/unit/test_image_archive.c tests/unit/image_fixture.h
tests_unit_test_image_archive_LDADD = $(unit_ldadd)
tests_unit_test_image_copy_SOURCES = tests/unit/test_image_copy.c tests/unit/image_fixture.h
tests_unit_test_image_copy_LDADD = $(unit_ldadd)

if BUILD_SERVER
unit_tests += tests/unit/test_image_server
tests_unit_test_image_server_SOURCES = tests/unit/test_image_server.c tests/unit/image_fixture.h
tests_unit_test_image_server_LDADD = $(unit_ldadd)
endif

unit_tests += tests/unit/test_image_append
tests_unit_test_image_append_SOURCES = tests/unit/test_image_append.c tests/unit/image_fixture.h
tests_unit_test_image_append_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_turn
tests_unit_test_turn_SOURCES = tests/unit/test_turn.c
tests_unit_test_turn_LDADD = $(unit_ldadd)
unit_tests += tests/unit/test_toml
tests_unit_test_toml_SOURCES = tests/unit/test_toml.c
tests_unit_test_toml_LDADD = $(unit_ldadd)
unit_tests += tests/unit/test_proxy
tests_unit_test_proxy_SOURCES = tests/unit/test_proxy.c
tests_unit_test_proxy_LDADD = $(unit_ldadd)
unit_tests += tests/unit/test_fetch tests/unit/test_fetch_url tests/unit/test_registry_rules
tests_unit_test_fetch_SOURCES = tests/unit/test_fetch.c
tests_unit_test_fetch_LDADD = $(unit_ldadd)
tests_unit_test_fetch_url_SOURCES = tests/unit/test_fetch_url.c
tests_unit_test_fetch_url_LDADD = $(unit_ldadd)
tests_unit_test_registry_rules_SOURCES = tests/unit/test_registry_rules.c
tests_unit_test_registry_rules_LDADD = $(unit_ldadd)

if BUILD_SERVER
unit_tests += \
	tests/unit/test_fork \
	tests/unit/test_server_life \
	tests/unit/test_server_passwords \
	tests/unit/test_server_pattern \
	tests/unit/test_server_slots \
	tests/unit/test_sizes \
	tests/unit/test_store_fs

tests_unit_test_fork_SOURCES = tests/unit/test_fork.c
tests_unit_test_fork_LDADD = $(unit_ldadd)
tests_unit_test_sizes_SOURCES = tests/unit/test_sizes.c
tests_unit_test_sizes_LDADD = $(unit_ldadd)
tests_unit_test_server_life_SOURCES = tests/unit/test_server_life.c
tests_unit_test_server_life_LDADD = $(unit_ldadd)
tests_unit_test_server_pattern_SOURCES = tests/unit/test_server_pattern.c
tests_unit_test_server_pattern_LDADD = $(unit_ldadd)
tests_unit_test_server_passwords_SOURCES = tests/unit/test_server_passwords.c
tests_unit_test_server_passwords_LDADD = $(unit_ldadd)
tests_unit_test_server_slots_SOURCES = tests/unit/test_server_slots.c
tests_unit_test_server_slots_LDADD = $(unit_ldadd)
tests_unit_test_store_fs_SOURCES = tests/unit/test_store_fs.c
tests_unit_test_store_fs_LDADD = $(unit_ldadd)
endif

unit_tests += tests/unit/test_gate_cleanup
tests_unit_test_gate_cleanup_SOURCES = tests/unit/test_gate_cleanup.c
tests_unit_test_gate_cleanup_LDADD = $(unit_ldadd)
unit_tests += tests/unit/test_node_drivers tests/unit/test_node_formats
tests_unit_test_node_drivers_SOURCES = tests/unit/test_node_drivers.c
tests_unit_test_node_drivers_LDADD = $(unit_ldadd)
tests_unit_test_node_formats_SOURCES = tests/unit/test_node_formats.c
tests_unit_test_node_formats_LDADD = $(unit_ldadd)
unit_tests += tests/unit/test_json
tests_unit_test_json_SOURCES = tests/unit/test_json.c tests/unit/json_rules.h
tests_unit_test_json_LDADD = $(unit_ldadd)
unit_tests += tests/unit/test_json_values
tests_unit_test_json_values_SOURCES = tests/unit/test_json_values.c
tests_unit_test_json_values_LDADD = $(unit_ldadd)
