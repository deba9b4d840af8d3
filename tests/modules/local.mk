# SPDX-License-Identifier: Apache-2.0

e2e_tests += \
	tests/modules/test_docs.py \
	tests/modules/test_modules.py \
	tests/modules/test_registry.py \
	tests/modules/test_roles.py \
	tests/modules/test_use_registry.py
