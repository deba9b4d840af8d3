# SPDX-License-Identifier: Apache-2.0

e2e_tests += tests/zuul-real/test_workflow.py
