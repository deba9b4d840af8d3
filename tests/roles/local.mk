# SPDX-License-Identifier: Apache-2.0

e2e_tests += \
	tests/roles/test_build.py \
	tests/roles/test_intermediate.py \
	tests/roles/test_mirror.py \
	tests/roles/test_post.py \
	tests/roles/test_promote.py \
	tests/roles/test_remove.py \
	tests/roles/test_story.py \
	tests/roles/test_upload.py
