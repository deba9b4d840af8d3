# SPDX-License-Identifier: Apache-2.0

e2e_tests += tests/peer/test_peer.py
