# SPDX-License-Identifier: Apache-2.0
# The public interface, as a compiler and a linker see it.

abi_tests = tests/abi/headers.sh
if HAVE_PYTHON
abi_tests += tests/abi/symbols.py
endif
TESTS += $(abi_tests)

.PHONY: abi-check
abi-check: all
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(abi_tests)'
