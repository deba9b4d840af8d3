# SPDX-License-Identifier: Apache-2.0
# For each program: its name in unit_tests and its two lines below. One cmocka group in each.

unit_tests += \
	tests/unit/test_version

tests_unit_test_version_SOURCES = tests/unit/test_version.c
tests_unit_test_version_LDADD = $(unit_ldadd)

unit_tests += tests/unit/test_base
tests_unit_test_base_SOURCES = tests/unit/test_base.c
tests_unit_test_base_LDADD = $(unit_ldadd)
