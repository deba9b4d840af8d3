# SPDX-License-Identifier: Apache-2.0

e2e_tests += \
	tests/clients/test_clients.py \
	tests/clients/test_proxies.py
