# SPDX-License-Identifier: Apache-2.0
# Targets for people who work on the tree, and what a release tarball holds.

.PHONY: format lint lint-format lint-shell lint-tidy asan tsan coverage fuzz fuzz-run

sources = $(SHELL) $(srcdir)/build-aux/sources.sh
c_files = $(sources) | grep -E '\.[ch]$$'
# Files that are shell scripts by their name or first line, and are no templates.
shell_files = $(sources) | while read -r f; do \
	case $$f in *.in) ;; \
	*.sh) echo "$$f" ;; \
	*) if head -n 1 "$(srcdir)/$$f" | LC_ALL=C grep -qaE '^\#!.*[/ ](sh|bash|dash)( |$$)'; then echo "$$f"; fi ;; \
	esac; done
need_tool = { command -v "$$tool" >/dev/null 2>&1 || { \
	echo "make $@: $$tool is missing. On Debian: apt-get install $$package" >&2; exit 1; }; }

format:
	@tool=clang-format package=clang-format; $(need_tool)
	$(AM_V_at)$(c_files) | (cd $(srcdir) && xargs clang-format -i)

lint: lint-format lint-shell lint-tidy

lint-format:
	@tool=clang-format package=clang-format; $(need_tool)
	$(AM_V_at)$(c_files) | (cd $(srcdir) && xargs clang-format --dry-run -Werror)

lint-shell:
	@if command -v shellcheck >/dev/null 2>&1; then \
		$(shell_files) | (cd $(srcdir) && xargs shellcheck --severity=warning); \
	else echo "make $@: no shellcheck, skipped"; fi

# The flags are the compiler's of this build; clang does not know all warnings of gcc.
lint-tidy: compile_commands.json
	@if command -v clang-tidy >/dev/null 2>&1; then \
		$(tidy_files) | (cd $(srcdir) && xargs -P "$$(nproc)" -n 4 clang-tidy --quiet -p $(abs_builddir) \
			--extra-arg=-Wno-unknown-warning-option); \
	else echo "make $@: no clang-tidy, skipped"; fi
tidy_files = $(sources) | grep -E '^(libzreg|cli)/.*\.c$$'

.PHONY: compile_commands.json
compile_commands.json:
	$(AM_V_GEN)$(sources) | grep -E '^(libzreg|cli|tests|examples|bench)/.*\.c$$' | \
		DIRECTORY='$(abs_builddir)' SRCDIR='$(zreg_srcdir)' COMMAND='$(COMPILE) $(CMOCKA_CFLAGS)' \
		$(AWK) -f $(srcdir)/build-aux/compile-commands.awk > $@.new && mv $@.new $@
CLEANFILES += compile_commands.json

# --- builds with other flags, each in a folder of its own below this build directory.
# A tree that was configured in place cannot be built elsewhere too: there a copy of it is used.
other_build = \
	if test -f $(srcdir)/config.status; then \
		$(MAKE) $(AM_MAKEFLAGS) distdir distdir=build-src >/dev/null && from=../build-src; \
	else from='$(zreg_srcdir)'; fi && \
	mkdir -p build-$@ && cd build-$@ && \
	{ test -f config.status || "$$from/configure" --enable-dev --disable-go --disable-python $$options; } && \
	$(MAKE) $(AM_MAKEFLAGS) all

asan:
	@options='--enable-sanitizers=address,undefined'; $(other_build) && $(MAKE) $(AM_MAKEFLAGS) check

tsan:
	@options='--enable-sanitizers=thread'; $(other_build) && $(MAKE) $(AM_MAKEFLAGS) check

coverage:
	@tool=lcov package=lcov; $(need_tool)
	@options='--enable-coverage'; $(other_build) && { $(MAKE) $(AM_MAKEFLAGS) check || failed=1; } && \
	lcov --quiet --capture --directory . --output-file all.info && \
	lcov --quiet --extract all.info '*/libzreg/*' '*/cli/*' --output-file coverage.info && \
	genhtml --quiet --output-directory html coverage.info && \
	lcov --summary coverage.info && echo "build-$@/html/index.html" && test -z "$$failed"

# Each fuzz target for FUZZ_SECONDS, starting from its corpus; new inputs stay in build-fuzz.
FUZZ_SECONDS = 30
fuzz:
	@tool=clang package=clang; $(need_tool)
	@options='CC=clang CXX=clang++ --enable-fuzzers --enable-sanitizers=address,undefined'; $(other_build) && \
	$(MAKE) $(AM_MAKEFLAGS) fuzz-run FUZZ_SECONDS=$(FUZZ_SECONDS)

fuzz-run: $(fuzz_programs)
	@for program in $(fuzz_programs); do \
		name=$${program##*/}; corpus=$(srcdir)/tests/fuzz/corpus/$${name#fuzz_}; \
		mkdir -p "corpus-$$name" && echo "== $$name" || exit 1; \
		for hex in "$$corpus"/*.hex; do \
			test ! -f "$$hex" || perl -0777 -ne 's/\s//g; print pack("H*", $$_)' "$$hex" >"corpus-$$name/$${hex##*/}" || exit 1; \
		done; \
		./$$program -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 \
			"corpus-$$name" $$(test -d "$$corpus" && echo "$$corpus") || exit 1; \
	done

# --- release tarball: everything that git knows, so that nothing is forgotten as files are added.
AM_DISTCHECK_CONFIGURE_FLAGS = CC='$(CC)' CXX='$(CXX)'
if HAVE_PYTHON
# Even a virtual environment's Python writes below the prefix then.
AM_DISTCHECK_CONFIGURE_FLAGS += PYTHON='$(PYTHON)' --with-python_prefix='$${prefix}'
endif
if !BUILD_PYTHON
AM_DISTCHECK_CONFIGURE_FLAGS += --disable-python
endif
if !BUILD_GO
AM_DISTCHECK_CONFIGURE_FLAGS += --disable-go
endif
if !BUILD_SERVER
AM_DISTCHECK_CONFIGURE_FLAGS += --disable-server
endif

dist-hook: dist-manual
	$(AM_V_at)$(sources) > $(distdir)/manifest.new && \
	tar -C $(srcdir) --create --files-from=$(distdir)/manifest.new --file=- | \
		tar -C $(distdir) --extract --skip-old-files --file=- && \
	mv $(distdir)/manifest.new $(distdir)/build-aux/manifest

distclean-local:
	-rm -rf build-src build-asan build-tsan build-coverage build-fuzz
