# extvm: run a node's transactions on a virtual machine in another process. `make help` lists the targets.
VERSION := 0.1.0
ABI := 0
BUILD ?= build
PREFIX ?= /usr/local
LIB ?= lib
ZSH_COMPLETIONS ?= share/zsh/site-functions
DESTDIR ?=
CC := gcc
SECONDS ?= 60

# -- what must be there, by Debian package ---------------------------------------------------------------
BUILD_PACKAGES := gcc libc6-dev binutils pkg-config libprotobuf-c-dev protobuf-c-compiler libjansson-dev \
                  libsecp256k1-dev nettle-dev libgmp-dev libevent-dev libconfig-dev
TEST_PACKAGES := libcmocka-dev python3 g++ haproxy jq
BROWSER_PACKAGES := chromium
CHECK_PACKAGES := valgrind clang libclang-rt-14-dev clang-format clang-tidy cppcheck shellcheck codespell doxygen
PLOT_PACKAGES := gnuplot-nox fonts-dejavu-core
DEB_PACKAGES := build-essential debhelper fakeroot lintian

# Made before anything else is built; GNU make reads this file again when it is new.
ifeq ($(filter-out help clean deps deps-browser deps-deb deps-plots,$(or $(MAKECMDGOALS),all)),)
else
include build/packages.mk
endif

build/packages.mk: tools/deps.sh Makefile
	@tools/deps.sh $(BUILD_PACKAGES)
	@mkdir -p $(@D)
	@{ echo "PROTOBUF_CFLAGS := $$(pkg-config --cflags libprotobuf-c)"; \
	   echo "PROTOBUF_LIBS := $$(pkg-config --libs libprotobuf-c)"; \
	   echo "PRECOMPILED_CFLAGS := $$(pkg-config --cflags libsecp256k1 nettle gmp)"; \
	   echo "LIBEVENT_LIBS := $$(pkg-config --libs libevent_core)"; \
	   echo "PRECOMPILED_LIBS := $$(pkg-config --libs libsecp256k1 nettle gmp)"; \
	   echo "CONFIG_CFLAGS := $$(pkg-config --cflags libconfig)"; \
	   echo "CONFIG_LIBS := $$(pkg-config --libs libconfig)"; \
	   echo "JANSSON_LIBS := $$(pkg-config --libs jansson)"; } > $@

# -- flags -------------------------------------------------------------------------------------------------
SANITIZE ?=
COVERAGE ?=
OPTIMIZE ?= -O2
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
COMMON := -std=c17 -D_GNU_SOURCE -g $(OPTIMIZE) -fPIC -pthread -fvisibility=hidden -MMD -MP \
          $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer) \
          $(if $(COVERAGE),--coverage) $(CPPFLAGS) $(CFLAGS)
INCLUDES = -Iinclude -Isrc -I$(BUILD)/gen $(PROTOBUF_CFLAGS) $(PRECOMPILED_CFLAGS) $(CONFIG_CFLAGS)
LINK = -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(if $(COVERAGE),--coverage) $(LDFLAGS)

# -- the library and the command -----------------------------------------------------------------------------
PROTOCOLS := vm kevm iele
LIBRARY_SOURCES := $(wildcard src/*.c src/common/*.c src/kevm/*.c src/iele/*.c src/evm/*.c src/ielevm/*.c src/executor/*.c src/spawn/*.c src/testvm/*.c src/async/*.c src/replay/*.c)
COMMAND_SOURCES := $(wildcard src/cli/*.c)
GENERATED := $(PROTOCOLS:%=$(BUILD)/gen/%.pb-c.c)
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/obj/%.o) $(PROTOCOLS:%=$(BUILD)/obj/%.pb-c.o)
COMMAND_OBJECTS := $(COMMAND_SOURCES:%.c=$(BUILD)/obj/%.o) $(BUILD)/obj/gen/trace_page.o
CONFIGURED := $(addprefix $(BUILD)/,extvm.pc extvm-config.cmake extvm-config-version.cmake)
LIBRARIES = $(PROTOBUF_LIBS) $(PRECOMPILED_LIBS) $(LIBEVENT_LIBS) $(CONFIG_LIBS)

.DEFAULT_GOAL := all
.PHONY: all
all: $(BUILD)/libextvm.a $(BUILD)/libextvm.so.$(ABI) $(BUILD)/extvm $(CONFIGURED) man ## library and command, in build/

$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h &: proto/%.proto
	@mkdir -p $(@D)
	@echo "  PROTOC  $<"
	@protoc-c --proto_path=proto --c_out=$(BUILD)/gen $<

$(BUILD)/obj/%.pb-c.o: $(BUILD)/gen/%.pb-c.c | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(COMMON) $(INCLUDES) -c $< -o $@

$(BUILD)/obj/%.o: %.c Makefile | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC      $<"
	@$(CC) $(COMMON) $(WARNINGS) $(INCLUDES) -c $< -o $@

# The trace page: its sources in one array.
PAGE := src/cli/page/page.html src/cli/page/page.css src/cli/page/page.js
$(BUILD)/gen/trace_page.c: tools/embed.sh $(PAGE)
	@mkdir -p $(@D)
	@tools/embed.sh $(PAGE) > $@
$(BUILD)/obj/gen/trace_page.o: $(BUILD)/gen/trace_page.c
	@mkdir -p $(@D)
	@$(CC) $(COMMON) $(WARNINGS) $(INCLUDES) -c $< -o $@

# Words of the EVM are written limb by limb: read in larger pieces they would stall (docs/performance.md).
LIMB_BY_LIMB := $(shell $(CC) -mgeneral-regs-only -c -x c /dev/null -o /dev/null 2>/dev/null && \
    echo -mgeneral-regs-only || echo -fno-tree-vectorize -fno-tree-slp-vectorize)
$(BUILD)/obj/src/evm/%.o: COMMON += $(if $(filter -O2,$(OPTIMIZE)),-O3) $(LIMB_BY_LIMB)

# One object with the private names made local, so that they cannot meet those of a program.
$(BUILD)/libextvm.a: $(LIBRARY_OBJECTS)
	@echo "  AR      $@"
	@ld -r -o $(BUILD)/libextvm.o $^
	@objcopy --localize-hidden $(BUILD)/libextvm.o
	@rm -f $@
	@ar rcs $@ $(BUILD)/libextvm.o

$(BUILD)/libextvm.so.$(ABI): $(LIBRARY_OBJECTS) src/libextvm.map
	@echo "  LINK    $@"
	@$(CC) $(LINK) -shared -Wl,-soname,libextvm.so.$(ABI) -Wl,--version-script=src/libextvm.map \
	    -Wl,-z,defs -o $@ $(LIBRARY_OBJECTS) $(LIBRARIES)
	@ln -sf libextvm.so.$(ABI) $(BUILD)/libextvm.so

$(BUILD)/extvm: $(COMMAND_OBJECTS) $(BUILD)/libextvm.a
	@echo "  LINK    $@"
	@$(CC) $(LINK) -o $@ $(COMMAND_OBJECTS) $(BUILD)/libextvm.a $(LIBRARIES) $(JANSSON_LIBS) -lsecp256k1 -lm

# Made anew each time: PREFIX and LIB may differ from the last. UP is the way from LIB to PREFIX.
UP = $(shell echo $(LIB) | sed 's|[^/][^/]*|..|g')
.PHONY: $(CONFIGURED)
$(CONFIGURED): $(BUILD)/%: src/%.in
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' -e 's|@LIB@|$(LIB)|' -e 's|@UP@|$(UP)|' \
	    -e 's|@ABI@|$(ABI)|' $< > $@

# -- man pages: a line @NAME@ stands for what several pages share, docs/man/name.roff ---------------------------
MAN_FRAGMENTS := $(wildcard docs/man/*.roff)
MAN_PAGES := $(patsubst docs/man/%,$(BUILD)/man/%,$(wildcard docs/man/*.[135])) $(BUILD)/man/base.conf.5

.PHONY: man
man: $(MAN_PAGES)

$(BUILD)/man/%: docs/man/% $(MAN_FRAGMENTS)
	@mkdir -p $(@D)
	@sed -e '/^@VM_OPTIONS@$$/{r docs/man/vm_options.roff' -e 'd}' -e '/^@SERVER_OPTIONS@$$/{r docs/man/server_options.roff' \
	    -e 'd}' -e '/^@EXIT_STATUS@$$/{r docs/man/exit_status.roff' -e 'd}' $< >$@

$(BUILD)/man/base.conf.5: docs/base.conf.5
	@mkdir -p $(@D)
	@cp $< $@

# -- examples, against the public headers and the library only ------------------------------------------------
EXAMPLES := $(patsubst examples/%.c,$(BUILD)/examples/%,$(wildcard examples/*.c)) $(BUILD)/examples/cpp

$(BUILD)/examples/%: $(BUILD)/obj/examples/%.o $(BUILD)/libextvm.a
	@$(CC) $(LINK) -o $@ $^ $(LIBRARIES)
$(BUILD)/obj/examples/%.o: examples/%.c
	@mkdir -p $(@D) $(BUILD)/examples
	@echo "  CC      $<"
	@$(CC) $(COMMON) $(WARNINGS) -Iinclude -c $< -o $@

$(BUILD)/examples/cpp: examples/cpp.cc $(wildcard include/extvm/*.h) $(BUILD)/libextvm.a
	@mkdir -p $(@D)
	@echo "  CXX     $<"
	@g++ -std=c++17 -g $(OPTIMIZE) -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Iinclude $(LINK) \
	    -o $@ $< $(BUILD)/libextvm.a $(LIBRARIES)

# -- tests -----------------------------------------------------------------------------------------------------
TEST_SOURCES := $(wildcard tests/unit/*_test.c tests/loopback/*_test.c)
SUPPORT_SOURCES := $(filter-out %_main.c,$(wildcard tests/support/*.c))
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
SHELL_TESTS := $(wildcard tests/cli/*_test.sh tests/docs/*_test.sh tests/browser/*_test.sh)
TEST_PROGRAMS := $(TEST_SOURCES:%.c=$(BUILD)/%)
CORPUS_PROGRAMS := $(FUZZ_NAMES:%=$(BUILD)/tests/fuzz/corpus_%)
TEST_LIBRARIES = -lcmocka -lgmp $(LIBRARIES)
ASAN := build/asan
TSAN := build/tsan
PLAIN := build/plain

$(BUILD)/obj/tests/%.o: INCLUDES += -Itests

.SECONDARY:
$(BUILD)/tests/%_test: $(BUILD)/obj/tests/%_test.o $(SUPPORT_SOURCES:%.c=$(BUILD)/obj/%.o) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	@$(CC) $(LINK) -o $@ $^ $(TEST_LIBRARIES)

# The demo needs it too, so it does without the tests' libraries.
SCRIPTED_VM_SOURCES := $(addprefix tests/support/,scripted_vm_main.c scripted_vm.c script.c)
$(BUILD)/tests/scripted_vm: $(SCRIPTED_VM_SOURCES:%.c=$(BUILD)/obj/%.o) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	@$(CC) $(LINK) -o $@ $^ $(LIBRARIES)

$(BUILD)/tests/fuzz/corpus_%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/corpus_main.o $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	@$(CC) $(LINK) -o $@ $^ $(LIBRARIES)

# Programs with many threads that make calls: the nodes of a fleet, the soak.
LOAD_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fleet/*.c tests/soak/*.c))
$(LOAD_PROGRAMS): $(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(SUPPORT_SOURCES:%.c=$(BUILD)/obj/%.o) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	@$(CC) $(LINK) -o $@ $^ $(TEST_LIBRARIES)

.PHONY: programs test test-valgrind test-tsan test-packages coverage
programs: $(TEST_PROGRAMS) $(LOAD_PROGRAMS) $(CORPUS_PROGRAMS) $(BUILD)/tests/scripted_vm $(BUILD)/extvm

test-packages:
	@tools/deps.sh $(TEST_PACKAGES)

test: test-packages all $(EXAMPLES) $(BUILD)/tests/scripted_vm $(LOAD_PROGRAMS) ## all tests, under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory BUILD=$(ASAN) SANITIZE=address,undefined OPTIMIZE=-O1 programs
	@EXTVM=build/extvm SCRIPTED_VM=build/tests/scripted_vm FLEET_CLIENT=build/tests/fleet/fleet_client EXAMPLES=build/examples tests/run.sh \
	    $(TEST_SOURCES:%.c=$(ASAN)/%) \
	    $(foreach name,$(FUZZ_NAMES),"$(ASAN)/tests/fuzz/corpus_$(name) tests/fuzz/corpus/fuzz_$(name)") \
	    "$(ASAN)/tests/soak/soak 20 1" $(SHELL_TESTS:%="sh %")

test-tsan: test-packages ## the tests in C, under ThreadSanitizer
	@$(MAKE) --no-print-directory BUILD=$(TSAN) SANITIZE=thread OPTIMIZE=-O1 programs
	@tests/run.sh $(TEST_SOURCES:%.c=$(TSAN)/%) "$(TSAN)/tests/soak/soak 20 1"

test-valgrind: test-packages ## the tests in C, under valgrind
	@tools/deps.sh valgrind
	@$(MAKE) --no-print-directory BUILD=$(PLAIN) OPTIMIZE=-O1 programs
	@WRAPPER="valgrind --quiet --leak-check=full --fair-sched=try --max-threads=2000 --error-exitcode=99" TEST_TIMEOUT=900 \
	    tests/run.sh $(TEST_SOURCES:%.c=$(PLAIN)/%)

# Which lines the tests run; each of these rooms must have 90 % of its own.
COVERED_ROOMS := common kevm iele testvm spawn async
coverage: test-packages ## line coverage of the tests, by room, in build/coverage
	@tools/deps.sh gcovr
	@$(MAKE) --no-print-directory BUILD=build/coverage COVERAGE=1 OPTIMIZE=-O0 programs
	@find build/coverage -name '*.gcda' -delete
	@EXTVM=build/coverage/extvm SCRIPTED_VM=build/coverage/tests/scripted_vm FLEET_CLIENT=build/coverage/tests/fleet/fleet_client TEST_TIMEOUT=600 tests/run.sh \
	    $(TEST_SOURCES:%.c=build/coverage/%) $(patsubst %,"sh %",$(filter-out %suite_test.sh,$(filter tests/cli/%,$(SHELL_TESTS))))
	@failed=0; for room in $(COVERED_ROOMS); do \
	    gcovr --root . --filter "src/$$room/" --fail-under-line 90 --txt build/coverage/$$room.txt build/coverage/obj/src/$$room 2>/dev/null || failed=1; \
	    tail -n 3 build/coverage/$$room.txt | sed -n "s/^TOTAL/$$room: lines, covered:/p"; done; exit $$failed

.PHONY: soak
soak: $(BUILD)/tests/soak/soak ## 16 threads, 8 VMs that misbehave: SECONDS=600, SEED=
	$< $(if $(filter command line environment,$(origin SECONDS)),$(SECONDS),600) $(SEED)

# -- fuzzing ---------------------------------------------------------------------------------------------------
.PHONY: fuzz $(FUZZ_NAMES:%=fuzz-%)
fuzz: $(FUZZ_NAMES:%=fuzz-%) ## run each fuzz target on for SECONDS=60

$(FUZZ_NAMES:%=fuzz-%): fuzz-%: $(GENERATED)
	@tools/deps.sh clang libclang-rt-14-dev
	@mkdir -p build/fuzz/$*
	clang -std=c17 -D_GNU_SOURCE -g -O1 -pthread -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	    $(INCLUDES) -Itests -o build/fuzz/fuzz_$* tests/fuzz/fuzz_$*.c $(LIBRARY_SOURCES) $(GENERATED) $(LIBRARIES)
	build/fuzz/fuzz_$* -max_total_time=$(SECONDS) -rss_limit_mb=2048 -artifact_prefix=build/fuzz/$*- \
	    build/fuzz/$* tests/fuzz/corpus/fuzz_$*

# -- what people look at ---------------------------------------------------------------------------------------
.PHONY: demo bench bench-plots lint docs
demo: all $(BUILD)/examples/token $(BUILD)/examples/iele_token ## tokens on a KEVM and an IELE behind a socket
	@$(BUILD)/examples/token
	@echo
	@$(BUILD)/examples/iele_token

BENCHES := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/bench/*.c))
$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	@$(CC) $(LINK) -o $@ $^ $(LIBRARIES)

# How cost grows: a program of several files, quick as a bench, whole for the pictures.
SCALING := $(BUILD)/tests/scaling/scaling
$(SCALING): $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/scaling/*.c)) $(LIBRARY_OBJECTS)
	@mkdir -p $(@D)
	@$(CC) $(LINK) -o $@ $^ $(LIBRARIES)

bench: $(BENCHES) $(SCALING) all ## gas per second of the internal EVM, queries per second beside a bare ping-pong, growth
	@tools/deps.sh valgrind
	@failed=0; for bench in $(BENCHES) "tests/bench/instructions.sh $(BUILD)/tests/bench/session_speed" \
	    "$(SCALING) --quick" "$(BUILD)/extvm bench --check"; do $$bench || failed=1; echo; done; exit $$failed

bench-plots: deps-plots $(SCALING) ## how cost grows with queries, code, depth and accounts: docs/scaling-*.png
	@mkdir -p $(BUILD)/scaling
	$(SCALING) $(BUILD)/scaling
	gnuplot -e "data='$(BUILD)/scaling'; pictures='docs'" tests/scaling/plots.gp

SOURCES := $(wildcard include/extvm/*.h src/*.[ch] src/*/*.[ch] tests/*/*.[ch] examples/*.[ch] examples/*.cc)
CHECKED := $(LIBRARY_SOURCES) $(COMMAND_SOURCES)
docs: ## the reference of the headers, in build/docs/html
	@tools/deps.sh doxygen
	@rm -rf build/docs
	@mkdir -p build/docs
	{ cat Doxyfile; echo 'PROJECT_NUMBER = $(VERSION)'; echo 'OUTPUT_DIRECTORY = build/docs'; } | doxygen -

SPELT_RIGHT := ist,shwo
lint: all ## layout, spelling, clang-tidy, cppcheck, shellcheck, man pages, reference, packages, ABI
	@tools/deps.sh $(CHECK_PACKAGES) $(TEST_PACKAGES)
	clang-format --dry-run -Werror $(SOURCES)
	tools/man_lint.sh $(MAN_PAGES)
	shellcheck tools/*.sh tests/*.sh tests/*/*.sh completion/extvm.bash .ci/run
	@# ctuuninitvar does not see what another function writes through a pointer into a struct
	cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr --enable=warning,performance,portability \
	    --suppress=missingIncludeSystem --suppress=ctuuninitvar -Iinclude -Isrc $(CHECKED)
	printf '%s\n' $(CHECKED) | xargs -P 2 -n 1 sh -c 'clang-tidy --quiet "$$@" -- -std=c17 -D_GNU_SOURCE $(INCLUDES) 2>/dev/null' tidy
	codespell --skip './build,./.git,./LICENSE,./tests/fuzz/corpus' --ignore-words-list=$(SPELT_RIGHT)
	@$(MAKE) --no-print-directory docs
	@tools/lintian.sh
	@LIBRARY=$(BUILD)/libextvm.so.$(ABI) tools/abi.sh
	@echo "lint: clean"

# -- installing ------------------------------------------------------------------------------------------------
LIBDIR := $(DESTDIR)$(PREFIX)/$(LIB)
INCLUDEDIR := $(DESTDIR)$(PREFIX)/include/extvm
BINDIR := $(DESTDIR)$(PREFIX)/bin
MANDIR := $(DESTDIR)$(PREFIX)/share/man
DOCDIR := $(DESTDIR)$(PREFIX)/share/doc/extvm
BASHDIR := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR := $(DESTDIR)$(PREFIX)/$(ZSH_COMPLETIONS)

.PHONY: install uninstall deps deps-browser deps-plots clean help
install: all ## into PREFIX=/usr/local, under DESTDIR
	install -d $(LIBDIR)/pkgconfig $(LIBDIR)/cmake/extvm $(INCLUDEDIR) $(BINDIR) $(MANDIR)/man1 $(MANDIR)/man3 $(MANDIR)/man5 $(DOCDIR)/examples \
	    $(BASHDIR) $(ZSHDIR)
	install -m 644 include/extvm/*.h $(INCLUDEDIR)
	install -m 644 $(BUILD)/libextvm.a $(LIBDIR)
	install -m 755 $(BUILD)/libextvm.so.$(ABI) $(LIBDIR)
	ln -sf libextvm.so.$(ABI) $(LIBDIR)/libextvm.so
	install -m 644 $(BUILD)/extvm.pc $(LIBDIR)/pkgconfig
	install -m 644 $(filter %.cmake,$(CONFIGURED)) $(LIBDIR)/cmake/extvm
	install -m 755 $(BUILD)/extvm $(BINDIR)
	install -m 644 $(filter %.1,$(MAN_PAGES)) $(MANDIR)/man1
	install -m 644 $(filter %.3,$(MAN_PAGES)) $(MANDIR)/man3
	install -m 644 $(filter %.5,$(MAN_PAGES)) $(MANDIR)/man5
	install -m 644 completion/extvm.bash $(BASHDIR)/extvm
	install -m 644 completion/_extvm $(ZSHDIR)
	install -m 644 conf/* $(DOCDIR)
	install -m 644 examples/* $(DOCDIR)/examples

uninstall: ## what install made
	rm -f $(LIBDIR)/libextvm.a $(LIBDIR)/libextvm.so $(LIBDIR)/libextvm.so.$(ABI) $(LIBDIR)/pkgconfig/extvm.pc $(BINDIR)/extvm \
	    $(foreach page,$(notdir $(MAN_PAGES)),$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(page))
	rm -f $(BASHDIR)/extvm $(ZSHDIR)/_extvm
	rm -rf $(INCLUDEDIR) $(DOCDIR) $(LIBDIR)/cmake/extvm

# The source is copied: nothing is made in it, and what stands there uncommitted is built too.
DEB := build/deb
DEB_PROFILES := nocheck
.PHONY: deps-deb deb
deps-deb:
	@tools/deps.sh $(DEB_PACKAGES)

deb: deps-deb ## Debian packages, in build/deb
	@rm -rf $(DEB)
	@mkdir -p $(DEB)/extvm-$(VERSION)
	@tar -c --exclude=./build --exclude=./.git --exclude=./debian . | tar -x -C $(DEB)/extvm-$(VERSION)
	@tar -c -J -f $(DEB)/extvm_$(VERSION).orig.tar.xz --sort=name --owner=0 --group=0 --numeric-owner -C $(DEB) extvm-$(VERSION)
	@cp -r debian $(DEB)/extvm-$(VERSION)
	cd $(DEB)/extvm-$(VERSION) && env -u MAKEFLAGS -u MAKELEVEL dpkg-buildpackage -us -uc -P$(DEB_PROFILES) >../build.log 2>&1 || { tail -n 40 ../build.log; exit 1; }
	@rm -rf $(DEB)/extvm-$(VERSION)
	@tools/lintian.sh
	@ls $(DEB)/*.deb

deps: ## install from Debian what building, testing and checking need and is missing
	@tools/deps.sh $(BUILD_PACKAGES) $(TEST_PACKAGES) $(CHECK_PACKAGES)

deps-browser: ## install the browser (300 MB) in which the trace page is tested; without it that is skipped
	@tools/deps.sh $(BROWSER_PACKAGES)

deps-plots: ## install gnuplot, which draws the pictures of bench-plots
	@tools/deps.sh $(PLOT_PACKAGES)

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1 /p' $(MAKEFILE_LIST) | while read -r target what; do printf '  %-14s %s\n' "$$target" "$$what"; done

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
