# SPDX-License-Identifier: Apache-2.0

if BUILD_SERVER
if HAVE_PYTHON
# What carries out the operations, with a client for each.
check_PROGRAMS += tests/matrix/operator
tests_matrix_operator_SOURCES = tests/matrix/operator_main.c
tests_matrix_operator_LDADD = libzreg/libzreg.la

# All of it is too long for a plain make check; a part of it is tests/proto/test_client_faults.py.
e2e_tests += \
	tests/matrix/test_matrix.py \
	tests/matrix/test_offsets.py
endif
endif
