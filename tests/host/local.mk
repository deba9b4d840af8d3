# SPDX-License-Identifier: Apache-2.0

e2e_tests += \
	tests/host/test_engines.py \
	tests/host/test_ipv6.py \
	tests/host/test_machine.py \
	tests/host/test_site.py
