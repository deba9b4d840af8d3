# SPDX-License-Identifier: Apache-2.0

e2e_tests += \
	tests/e2e/test_archives.py \
	tests/e2e/test_build.py \
	tests/e2e/test_cleanup.py \
	tests/e2e/test_clients.py \
	tests/e2e/test_copy.py \
	tests/e2e/test_large.py
