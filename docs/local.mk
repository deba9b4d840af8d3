# SPDX-License-Identifier: Apache-2.0
# The manual (sections 1 and 3) and the completion of shells, made from the command's own table of verbs and options
# and from the comments of the public headers. A release tarball holds them made.

manual_sources = \
	$(cli_zreg_SOURCES) \
	libzreg/zreg.h \
	$(zreg_headers) \
	$(wildcard $(srcdir)/docs/man/*.py $(srcdir)/docs/man/verbs/*.in $(srcdir)/examples/c/topics/*.[ch])

if MAKES_MANUAL
noinst_DATA += docs/manual/stamp

docs/manual/stamp: $(manual_sources) | cli/zreg$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) docs/manual && headers= && for header in libzreg/zreg.h $(zreg_headers); do \
		test -f $$header || header=$(srcdir)/$$header; headers="$$headers $$header"; done && \
	cli/zreg help --json > docs/manual/table.json && \
	PYTHONDONTWRITEBYTECODE=1 $(PYTHON) $(srcdir)/docs/man/make.py docs/manual '$(PACKAGE_VERSION)' \
		$(srcdir)/examples/c/topics $$headers < docs/manual/table.json && \
	echo made > $@

# Without the server its verb is missing: whoever builds from such a tarball makes the manual anew.
if BUILD_SERVER
EXTRA_DIST += docs/manual/stamp
endif
endif

# Where the manual is: made here, or as the tarball has it; nowhere, without Python in a tree from git.
with_manual = for manual in docs/manual $(srcdir)/docs/manual; do test ! -f $$manual/stamp || break; done; \
	test ! -f $$manual/stamp ||
man1dir = $(mandir)/man1
man3dir = $(mandir)/man3
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d

.PHONY: install-manual uninstall-manual dist-manual
install-data-local: install-manual
install-manual:
	@$(with_manual) { $(MKDIR_P) "$(DESTDIR)$(man1dir)" "$(DESTDIR)$(man3dir)" "$(DESTDIR)$(bashcompletiondir)" \
		"$(DESTDIR)$(zshcompletiondir)" "$(DESTDIR)$(fishcompletiondir)" && \
	echo " $(INSTALL_DATA) $$manual/man[13]/* $(DESTDIR)$(mandir)" && \
	$(INSTALL_DATA) $$manual/man1/*.1 "$(DESTDIR)$(man1dir)" && \
	$(INSTALL_DATA) $$manual/man3/*.3 "$(DESTDIR)$(man3dir)" && \
	$(INSTALL_DATA) $$manual/completion/zreg "$(DESTDIR)$(bashcompletiondir)" && \
	$(INSTALL_DATA) $$manual/completion/_zreg "$(DESTDIR)$(zshcompletiondir)" && \
	$(INSTALL_DATA) $$manual/completion/zreg.fish "$(DESTDIR)$(fishcompletiondir)"; }

uninstall-local: uninstall-manual
uninstall-manual:
	-@$(with_manual) { (cd $$manual && ls man1/*.1 man3/*.3) | (cd "$(DESTDIR)$(mandir)" && xargs rm -f); \
	rm -f "$(DESTDIR)$(bashcompletiondir)/zreg" "$(DESTDIR)$(zshcompletiondir)/_zreg" \
		"$(DESTDIR)$(fishcompletiondir)/zreg.fish"; }

dist-manual:
	$(AM_V_at)$(with_manual) test ! -f $(distdir)/docs/manual/stamp || \
		cp -pR $$manual/man1 $$manual/man3 $$manual/completion $(distdir)/docs/manual/

# In place, it may be the tarball's.
clean-local:
	-test $(srcdir) = . || rm -rf docs/manual
maintainer-clean-local:
	-rm -rf docs/manual
