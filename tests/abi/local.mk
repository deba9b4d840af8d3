# SPDX-License-Identifier: Apache-2.0
# The public interface, as a compiler and a linker see it.

abi_tests = tests/abi/headers.sh tests/abi/layout.sh
if HAVE_PYTHON
abi_tests += tests/abi/bindings.py tests/abi/symbols.py tests/abi/python_dirs.py
endif
TESTS += $(abi_tests)

.PHONY: abi-check abi-record
abi-record: all
	$(top_builddir)/run sh $(srcdir)/tests/abi/layout.sh --record

abi-check: all
	$(MAKE) $(AM_MAKEFLAGS) check TESTS='$(abi_tests)'

installcheck-local:
	SRCDIR='$(zreg_srcdir)' LIBDIR='$(DESTDIR)$(libdir)' BINDIR='$(DESTDIR)$(bindir)' \
	PYTHONDIR='$(DESTDIR)$(pythondir)' PYEXECDIR='$(DESTDIR)$(pyexecdir)' DATADIR='$(DESTDIR)$(datadir)' \
	VERSION='$(PACKAGE_VERSION)' CC='$(CC)' PYTHON='$(PYTHON)' GO='$(GO)' \
	$(SHELL) $(srcdir)/tests/abi/installed.sh
