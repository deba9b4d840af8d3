# SPDX-License-Identifier: Apache-2.0

include libzreg/base/local.mk
include libzreg/oci/local.mk
include libzreg/http/local.mk
include libzreg/registry/local.mk
include libzreg/store/local.mk
include libzreg/server/local.mk
include libzreg/image/local.mk
include libzreg/gate/local.mk
include libzreg/node/local.mk

# All objects, compiled once. Unit tests link this archive and so reach internal functions;
# programs link libzreg.la and see what libzreg.map lists.
noinst_LTLIBRARIES += libzreg/libzreg-internal.la
libzreg_libzreg_internal_la_SOURCES = $(libzreg_sources)
libzreg_libzreg_internal_la_LIBADD = $(DEPS_LIBS) -lpthread

lib_LTLIBRARIES += libzreg/libzreg.la
libzreg_libzreg_la_SOURCES =
libzreg_libzreg_la_LIBADD = libzreg/libzreg-internal.la
libzreg_libzreg_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 \
	-Wl,--version-script=$(srcdir)/libzreg/libzreg.map
# libcurl keeps functions of ours (http/fetch_memory.c) for as long as the process lives.
libzreg_libzreg_la_LDFLAGS += -Wl,-z,nodelete
# A sanitizer's own symbols come from the program.
if !SANITIZERS
libzreg_libzreg_la_LDFLAGS += -no-undefined -Wl,-z,defs
endif
EXTRA_libzreg_libzreg_la_DEPENDENCIES = $(srcdir)/libzreg/libzreg.map

# What the command and the Python extension link.
if SELF_CONTAINED
zreg_within = libzreg/libzreg-internal.la
else
zreg_within = libzreg/libzreg.la
endif

include_HEADERS = libzreg/zreg.h
zregincludedir = $(includedir)/zreg
zreginclude_HEADERS = $(zreg_headers)

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = libzreg/zreg.pc

# The loader finds a new library by its cache only: why it is brought up to date here, docs/design/0014 says.
# A package's files (DESTDIR) are not this machine's.
refresh_loader = if test -z "$(DESTDIR)" && test "`id -u`" = 0; then \
	PATH="$$PATH:/usr/sbin:/sbin"; ! command -v ldconfig >/dev/null || ldconfig || \
	echo "The loader's cache is as it was; if libzreg is not found, run ldconfig." >&2; fi
install-exec-hook:
	@$(refresh_loader)
uninstall-hook:
	@$(refresh_loader)
