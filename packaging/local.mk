# SPDX-License-Identifier: Apache-2.0
# What users install that a distribution does not bring: see packaging/README.md.

.PHONY: static-deps static-file wheel go-module release-check

# Where the static libraries are kept; they are made once, and again when Debian has newer ones.
STATIC_DEPS = $(abs_builddir)/static

static-deps:
	@$(SHELL) $(srcdir)/packaging/static/deps.sh '$(STATIC_DEPS)'

# The command as one file that needs nothing on a node, and the licences of all that is in it: what is passed on.
static-file: cli/zreg
if STATIC_CLI
	@rm -rf static-file && mkdir static-file && strip -o static-file/zreg cli/zreg && \
	$(PYTHON) $(srcdir)/packaging/static/licenses.py '$(zreg_static_deps)' static-file/licenses cli/zreg.map && \
	echo static-file/zreg static-file/licenses
else
	@echo "make static-file: configure with --enable-static-cli first: packaging/README.md" >&2; exit 1
endif

# The sdist, and a wheel for $(PYTHON) that needs nothing but libc.
wheel: static-deps
	@rm -rf wheel && $(PYTHON) $(srcdir)/packaging/wheel/zreg_wheel.py wheel '$(STATIC_DEPS)'

# The Go module with what SWIG writes.
go-module:
	@rm -rf go-module && SWIG='$(SWIG)' $(SHELL) $(srcdir)/build-aux/go-release.sh go-module

release-check:
	@$(SHELL) $(srcdir)/build-aux/release.sh --check
