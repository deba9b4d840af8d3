# SPDX-License-Identifier: Apache-2.0
# The Python package zreg. It holds an extension, so all of it goes where extensions go. The build
# directory has it complete in bindings/python/lib/, modules as links to the sources, for ./run.

python_modules = \
	bindings/python/zreg/__init__.py \
	bindings/python/zreg/artifacts.py \
	bindings/python/zreg/cancel.py \
	bindings/python/zreg/checks.py \
	bindings/python/zreg/client.py \
	bindings/python/zreg/errors.py \
	bindings/python/zreg/node.py \
	bindings/python/zreg/results.py \
	bindings/python/zreg/server.py \
	bindings/python/zreg/streams.py \
	bindings/python/zreg/values.py

python_tests = \
	bindings/python/tests/run.py

if BUILD_PYTHON

zregpydir = $(pyexecdir)/zreg
zregpy_PYTHON = $(python_modules)
nodist_zregpy_PYTHON = bindings/python/lib/zreg/_raw.py
zregpy_DATA = bindings/python/zreg/py.typed
zregpy_LTLIBRARIES = bindings/python/lib/zreg/_libzreg.la

bindings_python_lib_zreg__libzreg_la_SOURCES = \
	bindings/python/raw/callback.c \
	bindings/python/raw/callback.h \
	bindings/python/raw/fields.c \
	bindings/python/raw/fields.h \
	bindings/python/raw/fields_tables.c \
	bindings/python/raw/guard.c \
	bindings/python/raw/guard.h
nodist_bindings_python_lib_zreg__libzreg_la_SOURCES = bindings/python/raw/raw_wrap.c
bindings_python_lib_zreg__libzreg_la_CPPFLAGS = -I$(srcdir)/bindings/python/raw $(AM_CPPFLAGS) $(PYTHON_CPPFLAGS)
# What SWIG writes is not as strict as we are.
bindings_python_lib_zreg__libzreg_la_CFLAGS = $(AM_CFLAGS) -Wno-unused-parameter -Wno-missing-prototypes \
	-Wno-missing-declarations -Wno-redundant-decls -Wno-undef -Wno-shadow
bindings_python_lib_zreg__libzreg_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared \
	-export-symbols-regex '^PyInit_'
bindings_python_lib_zreg__libzreg_la_LIBADD = $(zreg_within)

# The extension is linked again when it is installed, against the library where that was installed to.
# By a variable, because automake takes a rule that it can read for one in place of its own.
install_extension = install-zregpyLTLIBRARIES
$(install_extension): install-libLTLIBRARIES

# SWIG writes _raw.py over the extension _libzreg, whose C file this is. Up to 4.3 it makes types that say in no module
# they are, which Python from 3.13 on warns of: that is an error under -W error, in the import.
BUILT_SOURCES += bindings/python/raw/raw_wrap.c
bindings/python/raw/raw_wrap.c: bindings/python/raw/raw.i $(zreg_headers) $(srcdir)/bindings/python/local.mk
	$(AM_V_GEN)$(MKDIR_P) bindings/python/raw bindings/python/lib/zreg && \
	$(SWIG) -python -threads -interface _libzreg -Wall -Werror -I$(srcdir)/libzreg -outdir bindings/python/lib/zreg \
		-o $@.new $(srcdir)/bindings/python/raw/raw.i && \
	$(SED) 's/^    "\(SwigPyObject\|SwigPyPacked\|swigvarlink\)",$$/    "zreg._libzreg.\1",/' $@.new >$@ && rm $@.new
bindings/python/lib/zreg/_raw.py: bindings/python/raw/raw_wrap.c

noinst_DATA += bindings/python/lib/package.stamp
bindings/python/lib/package.stamp: bindings/python/lib/zreg/_libzreg.la $(python_modules) bindings/python/zreg/py.typed
	$(AM_V_GEN)for file in $(python_modules) bindings/python/zreg/py.typed; do \
		ln -sf "$(abs_srcdir)/$$file" bindings/python/lib/zreg/ || exit 1; \
	done && ln -sf .libs/_libzreg.so bindings/python/lib/zreg/ && touch $@

CLEANFILES += bindings/python/raw/raw_wrap.c bindings/python/lib/package.stamp \
	bindings/python/lib/zreg/*.py bindings/python/lib/zreg/py.typed bindings/python/lib/zreg/_libzreg.so

# They talk to a registry of the library's own.
if BUILD_SERVER
TESTS += $(python_tests)
endif

endif
