# SPDX-License-Identifier: Apache-2.0

e2e_tests += tests/conformance/test_conformance.py
