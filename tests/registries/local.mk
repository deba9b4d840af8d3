# SPDX-License-Identifier: Apache-2.0

e2e_tests += \
	tests/registries/test_each.py \
	tests/registries/test_killed.py \
	tests/registries/test_pairs.py
