# SPDX-License-Identifier: Apache-2.0
# The documents: the manual and the completion that are made, and what README and the others tell to run.

if HAVE_PYTHON
TESTS += \
	tests/docs/test_manual.py \
	tests/docs/test_completion.py
if BUILD_SERVER
TESTS += \
	tests/docs/test_documents.py \
	tests/docs/test_registry.py \
	tests/docs/test_examples.py
endif
endif
