# extvm: run a node's transactions on a virtual machine in another process. `make help` lists the targets.
VERSION := 0.1.0
ABI := 0
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
CC := gcc
SECONDS ?= 60

# -- what must be there, by Debian package ---------------------------------------------------------------
BUILD_PACKAGES := gcc libc6-dev binutils pkg-config libprotobuf-c-dev protobuf-c-compiler libjansson-dev
TEST_PACKAGES := libcmocka-dev libgmp-dev python3
CHECK_PACKAGES := valgrind clang libclang-rt-14-dev clang-format clang-tidy cppcheck shellcheck

# Made before anything else is built; GNU make reads this file again when it is new.
ifeq ($(filter-out help clean deps,$(or $(MAKECMDGOALS),all)),)
else
include build/packages.mk
endif

build/packages.mk: tools/deps.sh Makefile
	@tools/deps.sh $(BUILD_PACKAGES)
	@mkdir -p $(@D)
	@{ echo "PROTOBUF_CFLAGS := $$(pkg-config --cflags libprotobuf-c)"; \
	   echo "PROTOBUF_LIBS := $$(pkg-config --libs libprotobuf-c)"; \
	   echo "JANSSON_LIBS := $$(pkg-config --libs jansson)"; } > $@

# -- flags -------------------------------------------------------------------------------------------------
SANITIZE ?=
OPTIMIZE ?= -O2
WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Werror
COMMON := -std=c17 -D_GNU_SOURCE -g $(OPTIMIZE) -fPIC -pthread -fvisibility=hidden -MMD -MP \
          $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)
INCLUDES = -Iinclude -Isrc -I$(BUILD)/gen $(PROTOBUF_CFLAGS)
LINK = -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE))

# -- the library and the command -----------------------------------------------------------------------------
PROTOCOLS := kevm
LIBRARY_SOURCES := $(wildcard src/*.c src/common/*.c src/kevm/*.c)
COMMAND_SOURCES := $(wildcard src/cli/*.c)
GENERATED := $(PROTOCOLS:%=$(BUILD)/gen/%.pb-c.c)
LIBRARY_OBJECTS := $(LIBRARY_SOURCES:%.c=$(BUILD)/obj/%.o) $(PROTOCOLS:%=$(BUILD)/obj/%.pb-c.o)
COMMAND_OBJECTS := $(COMMAND_SOURCES:%.c=$(BUILD)/obj/%.o)
LIBRARIES = $(PROTOBUF_LIBS)

.DEFAULT_GOAL := all
.PHONY: all
all: $(BUILD)/libextvm.a $(BUILD)/libextvm.so.$(ABI) $(BUILD)/extvm $(BUILD)/extvm.pc ## library and command, in build/

$(BUILD)/gen/%.pb-c.c $(BUILD)/gen/%.pb-c.h &: proto/%.proto
	@mkdir -p $(@D)
	protoc-c --proto_path=proto --c_out=$(BUILD)/gen $<

$(BUILD)/obj/%.pb-c.o: $(BUILD)/gen/%.pb-c.c
	@mkdir -p $(@D)
	$(CC) $(COMMON) $(INCLUDES) -c $< -o $@

$(BUILD)/obj/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(CC) $(COMMON) $(WARNINGS) $(INCLUDES) -c $< -o $@

# Words of the EVM are written limb by limb: read in larger pieces they would stall (docs/performance.md).
$(BUILD)/obj/src/evm/%.o: COMMON += $(if $(filter -O2,$(OPTIMIZE)),-O3) -fno-tree-vectorize -fno-tree-slp-vectorize

# One object with the private names made local, so that they cannot meet those of a program.
$(BUILD)/libextvm.a: $(LIBRARY_OBJECTS)
	ld -r -o $(BUILD)/libextvm.o $^
	objcopy --localize-hidden $(BUILD)/libextvm.o
	rm -f $@
	ar rcs $@ $(BUILD)/libextvm.o

$(BUILD)/libextvm.so.$(ABI): $(LIBRARY_OBJECTS) src/libextvm.map
	$(CC) $(LINK) -shared -Wl,-soname,libextvm.so.$(ABI) -Wl,--version-script=src/libextvm.map \
	    -Wl,-z,defs -o $@ $(LIBRARY_OBJECTS) $(LIBRARIES)
	ln -sf libextvm.so.$(ABI) $(BUILD)/libextvm.so

$(BUILD)/extvm: $(COMMAND_OBJECTS) $(BUILD)/libextvm.a
	$(CC) $(LINK) -o $@ $(COMMAND_OBJECTS) $(BUILD)/libextvm.a $(LIBRARIES) $(JANSSON_LIBS)

$(BUILD)/extvm.pc: src/extvm.pc.in Makefile
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' $< > $@
