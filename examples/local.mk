# SPDX-License-Identifier: Apache-2.0

noinst_PROGRAMS += examples/c/inspect examples/c/copy
examples_c_inspect_SOURCES = examples/c/inspect.c
examples_c_inspect_LDADD = libzreg/libzreg.la
examples_c_copy_SOURCES = examples/c/copy.c
examples_c_copy_LDADD = libzreg/libzreg.la

if BUILD_SERVER
noinst_PROGRAMS += examples/c/buildset
examples_c_buildset_SOURCES = examples/c/buildset.c
examples_c_buildset_LDADD = libzreg/libzreg.la

if HAVE_PYTHON
TESTS += examples/test_examples.py
endif
endif
