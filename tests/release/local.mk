# SPDX-License-Identifier: Apache-2.0

e2e_tests += \
	tests/release/test_boot.py \
	tests/release/test_container.py \
	tests/release/test_go.py \
	tests/release/test_release.py \
	tests/release/test_rpm.py \
	tests/release/test_static.py \
	tests/release/test_systemd.py \
	tests/release/test_wheel.py
