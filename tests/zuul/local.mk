# SPDX-License-Identifier: Apache-2.0

e2e_tests += \
	tests/zuul/test_jobs.py \
	tests/zuul/test_scheduling.py
