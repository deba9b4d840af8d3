# SPDX-License-Identifier: Apache-2.0
# Rules of the tree that a machine can check. They read the sources only.

if HAVE_PYTHON
TESTS += \
	tests/style/layers.py \
	tests/style/banned.py \
	tests/style/licence.py \
	tests/style/headers.py \
	tests/style/docs.py \
	tests/style/functions.py \
	tests/style/names.py \
	tests/style/lanes.sh \
	tests/style/rooms.py
endif
