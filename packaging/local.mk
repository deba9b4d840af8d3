# SPDX-License-Identifier: Apache-2.0
# What users install that a distribution does not bring: see packaging/README.md.

.PHONY: static-deps wheel go-module release-check

# Where the static libraries are kept; they are made once, and again when Debian has newer ones.
STATIC_DEPS = $(abs_builddir)/static

static-deps:
	@$(SHELL) $(srcdir)/packaging/static/deps.sh '$(STATIC_DEPS)'

# The sdist, and a wheel for $(PYTHON) that needs nothing but libc.
wheel: static-deps
	@$(PYTHON) $(srcdir)/packaging/wheel/zreg_wheel.py wheel '$(STATIC_DEPS)'

# The Go module with what SWIG writes.
go-module:
	@rm -rf go-module && SWIG='$(SWIG)' $(SHELL) $(srcdir)/build-aux/go-release.sh go-module

release-check:
	@$(SHELL) $(srcdir)/build-aux/release.sh --check
