# SPDX-License-Identifier: Apache-2.0

e2e_tests += \
	tests/engines/test_daemon.py \
	tests/engines/test_engines.py \
	tests/engines/test_ipv6.py \
	tests/engines/test_machine.py \
	tests/engines/test_site.py
