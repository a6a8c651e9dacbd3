# SPDX-License-Identifier: GPL-2.0-or-later
# `make help` explains the targets and variables; its text is the "##" and "#:" comments below.
VERSION := 0.1

#: O=DIR                   build folder, also outside the tree (default: build)
O ?= build
#: CC=clang                the compiler (default: gcc)
ifeq ($(origin CC),default)
CC := gcc
endif
#: CFLAGS=…                flags of the harness (default: -O2 -g); those of the benches are fixed
CFLAGS ?= -O2 -g
#: SANITIZE=LIST           -fsanitize=LIST, such as address,undefined
#: WERROR=1                a warning is an error
#: V=1                     show the commands
#: PROBE_API=2             plugin interface of the QEMU that the probe is for: 1 (QEMU before 9.0, the default), 2 (9.0), 3 (later)
PROBE_API ?= 1
#: QUICK=1                 make bench: 30 s, wider intervals
#: BENCH="a b"             make bench: only these benches; make trend, make plots: this one
#: ARGS="--depth=5"        make bench: more options of `memcgbench run`; make check-faults: of tests/faults/run
#: KERNELS="old=A new=B"   make bench: run on these kernels instead of the one that runs
#: RUN=results/NAME        make report, make plots: of this run
#: FUZZ_SECONDS=20         make fuzz: each parser for so long
FUZZ_SECONDS ?= 20
#: STOCK=deb:6.12.117-1    make bench: the stock kernel that is booted beside this one; empty: none, as with QUICK
#: DESTDIR= prefix= bindir= libexecdir= datadir= mandir=
#:                         make install: where to (default: prefix=/usr/local)
prefix ?= /usr/local
bindir ?= $(prefix)/bin
libexecdir ?= $(prefix)/libexec
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
completiondir ?= $(datadir)/bash-completion/completions

ifneq ($(filter-out 0,$(V)),)
Q :=
say = @:
else
Q := @
say = @printf '  %-7s %s\n'
endif
# A sub-make of ours runs in parallel, unless the caller decided on that.
parallel = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))

# --- flags ---

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wpointer-arith -Wvla -Wundef -Wformat=2 -Wdate-time -Wnested-externs \
	-Wredundant-decls
# Tables of benches and options name the fields that they need and leave the others zero.
WARNINGS += -Wno-missing-field-initializers
# Sentences and names go into fixed buffers and are cut there on purpose.
WARNINGS += -Wno-format-truncation
# clang does not know all of gcc's warnings, and would warn about that.
WARNINGS += $(if $(findstring clang,$(CC)),-Wno-unknown-warning-option)
# Left out: -Wcast-qual, since jansson takes plain json_t * where it only reads; -Wconversion and
# -Wsign-conversion, since the macros of libc, hwloc and cmocka warn in every file that uses them.
ifneq ($(filter-out 0,$(WERROR)),)
WARNINGS += -Werror
endif
ifneq ($(SANITIZE),)
SANITIZE_FLAGS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

# Fixed, so that a number does not depend on who built it; stored with every result.
BENCH_CFLAGS := -O2 -g

# pkg-config may not be installed yet when this file is read: asked at first use, and once.
PKGS := hwloc numa jansson yajl zlib libmd libarchive gsl libbpf
RUNNER_PKGS := hwloc numa jansson zlib libmd
once = $(eval $(1) := $$(shell $(2) 2>/dev/null))$($(1))
PKG_CFLAGS = $(call once,PKG_CFLAGS,pkg-config --cflags $(PKGS))
PKG_LIBS = $(call once,PKG_LIBS,pkg-config --libs $(PKGS))
RUNNER_LIBS = $(call once,RUNNER_LIBS,pkg-config --libs $(RUNNER_PKGS))
CMOCKA_LIBS = $(call once,CMOCKA_LIBS,pkg-config --libs cmocka)

BASE_CFLAGS = -std=gnu11 -D_GNU_SOURCE -pthread $(WARNINGS) $(SANITIZE_FLAGS) -Iharness -Ibench \
	-DMEMCGBENCH_LIBEXECDIR='"$(libexecdir)/memcgbench"' \
	-DMEMCGBENCH_DATADIR='"$(datadir)/memcgbench"' $(PKG_CFLAGS)
LINK = $(CC) $(CFLAGS) $(SANITIZE_FLAGS) -pthread $(LDFLAGS) -Wl,--as-needed

# --- what there is ---

# From the top down: a layer is linked before those that it may use.
LAYERS := cmd out guest core bench data machine base
layer_dir = $(if $(filter bench,$(1)),bench,harness/$(1))
layer_src = $(sort $(wildcard $(call layer_dir,$(1))/*.c))
archive = $(O)/$(call layer_dir,$(1)).a
# core lists the benches, and the benches call core: these two are one to the linker.
archives = $(foreach l,$(1),$(if $(filter core,$(l)),-Wl$(comma)--start-group )$(call \
	archive,$(l))$(if $(filter bench,$(l)), -Wl$(comma)--end-group))
comma := ,

RUNNER_LAYERS := core bench machine base

# What each layer must be able to do with, proved by linking it with that alone: the include rules of
# tools/lint-layers once more, for calls that go round the headers.
may_base :=
may_machine := base
may_data := base
may_core := bench machine base
may_guest := data base
may_out := data base
pkgs_base :=
pkgs_machine := hwloc numa jansson zlib libmd
pkgs_data := jansson yajl gsl libbpf
pkgs_core := hwloc numa jansson zlib libmd
pkgs_guest := jansson yajl gsl libmd libarchive libbpf
pkgs_out := jansson yajl gsl libbpf
LAYER_PROOFS := $(addprefix $(O)/layers/,base machine data core guest out)
# And in which no object calls another that calls it, by any way.
STRAIGHT_PROOFS := $(patsubst %,$(O)/layers/%-straight,base machine data core guest out cmd)

UNIT_TESTS := $(patsubst %.c,$(O)/%,$(sort $(wildcard tests/unit/test_*.c)))
SRC := harness/main.c harness/runner.c $(foreach l,$(LAYERS),$(call layer_src,$(l)))
OBJ := $(SRC:%.c=$(O)/%.o)
BINARIES := $(O)/memcgbench $(O)/memcgbench-runner $(O)/memcgbench-probe.so
# The probe runs inside QEMU: position-independent, nothing exported but what QEMU calls, and no sanitizer.
PROBE_SRC := $(sort $(wildcard harness/probe/*.c))
PROBE_OBJ := $(PROBE_SRC:harness/probe/%.c=$(O)/probe/%.o)
PROBE_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARNINGS) -Iharness -fPIC -fvisibility=hidden -DPROBE_API=$(PROBE_API) \
	$(filter-out -fsanitize%,$(CFLAGS))

all: $(BINARIES) ## build memcgbench, memcgbench-runner and the probe
unit: $(UNIT_TESTS) ## build the unit tests
layers: $(LAYER_PROOFS) $(STRAIGHT_PROOFS) ## prove that no layer calls one that it must not know, and no object one that calls it

.PHONY: all unit layers deps bench trend plots history report bench-self check check-docs check-faults fuzz lint install uninstall clean help FORCE
.DELETE_ON_ERROR:
.SUFFIXES:
FORCE:

# --- building ---

quote = '$(subst ','\'',$(1))'
# Write the text to the target if it is not what the target holds.
write_if_changed = @mkdir -p $(@D); printf '%s\n' $(call quote,$(1)) >$@.new; \
	if cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

# Everything is built anew when the flags change.
$(O)/.flags: FORCE
	@pkg-config --exists $(PKGS) 2>/dev/null || { tools/deps build --print; exit 1; }
	$(call write_if_changed,$(CC) | $(CFLAGS) | $(BENCH_CFLAGS) | $(BASE_CFLAGS) | $(LDFLAGS) | $(PROBE_API))

# An archive whose sources became fewer must forget their objects.
$(O)/.sources: FORCE
	$(call write_if_changed,$(SRC))

$(O)/version.c: FORCE
	@mkdir -p $(@D)
	@tools/version $@ $(VERSION) $(call quote,$(CC)) \
		$(call quote,$(BENCH_CFLAGS)$(if $(SANITIZE_FLAGS), $(SANITIZE_FLAGS))$(if $(filter-out \
		$(BENCH_CFLAGS),$(CFLAGS)), (harness: $(CFLAGS))))

$(O)/version.o: $(O)/version.c $(O)/.flags
	$(say) CC version.c
	$(Q)$(CC) $(BASE_CFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(O)/bench/%.o: bench/%.c $(O)/.flags
	@mkdir -p $(@D)
	$(say) CC bench/$*.o
	$(Q)$(CC) $(BASE_CFLAGS) $(BENCH_CFLAGS) -MMD -MP -c $< -o $@

$(O)/probe/%.o: harness/probe/%.c $(O)/.flags
	@mkdir -p $(@D)
	$(say) CC probe/$*.o
	$(Q)$(CC) $(PROBE_CFLAGS) -MMD -MP -c $< -o $@

$(O)/memcgbench-probe.so: $(PROBE_OBJ)
	$(say) LINK memcgbench-probe.so
	$(Q)$(CC) $(filter-out -fsanitize%,$(CFLAGS)) -shared $(LDFLAGS) $^ -o $@

$(O)/%.o: %.c $(O)/.flags
	@mkdir -p $(@D)
	$(say) CC $*.o
	$(Q)$(CC) $(BASE_CFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# They hold those files, by assembly that link-time optimization would put elsewhere than who uses it.
$(O)/harness/guest/build_config.o $(O)/harness/out/report.o: private override CFLAGS += -fno-lto
$(O)/harness/guest/build_config.o: harness/guest/kernel.config
$(O)/harness/out/report.o: harness/out/report/style.css harness/out/report/script.js

define archive_rule
$(call archive,$(1)): $(patsubst %.c,$(O)/%.o,$(call layer_src,$(1))) $(2) $(O)/.sources
	@mkdir -p $$(@D)
	$$(say) AR $(call layer_dir,$(1)).a
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$(filter %.o,$$^)
endef
$(foreach l,$(LAYERS) probe,$(eval $(call archive_rule,$(l),$(if $(filter base,$(l)),$(O)/version.o))))

# The binaries look beside themselves for what `make install` puts below datadir.
$(O)/memcgbench: $(O)/harness/main.o $(foreach l,$(LAYERS),$(call archive,$(l))) | $(O)/plots
	$(say) LINK memcgbench
	$(Q)$(LINK) $< $(call archives,$(LAYERS)) $(PKG_LIBS) -lm -o $@

$(O)/memcgbench-runner: $(O)/harness/runner.o $(foreach l,$(RUNNER_LAYERS),$(call archive,$(l)))
	$(say) LINK memcgbench-runner
	$(Q)$(LINK) $< $(call archives,$(RUNNER_LAYERS)) $(RUNNER_LIBS) -lm -o $@

$(O)/tests/self/%: $(O)/tests/self/%.o $(foreach l,$(LAYERS),$(call archive,$(l)))
	$(say) LINK tests/self/$*
	$(Q)$(LINK) $< $(call archives,$(LAYERS)) $(PKG_LIBS) -lm -o $@

$(O)/tests/unit/%: $(O)/tests/unit/%.o $(foreach l,$(LAYERS) probe,$(call archive,$(l)))
	$(say) LINK tests/unit/$*
	$(Q)$(LINK) $< $(call archives,probe $(LAYERS)) $(PKG_LIBS) $(CMOCKA_LIBS) -lm -o $@

# A memcgbench whose benches are joined by copies that skip their work, each by one change to its source: all have to fail.
PLANTS = $(call once,PLANTS,tests/planted/plant names | cut -d' ' -f1)
PLANTED_OBJ = $(O)/tests/planted/registry.o $(PLANTS:%=$(O)/tests/planted/%.o)
.SECONDARY: $(PLANTS:%=$(O)/tests/planted/%.c)

$(O)/tests/planted/list.h: tests/planted/plant tests/planted/plants bench/list.h
	@mkdir -p $(@D)
	$(Q)tests/planted/plant list >$@

$(O)/tests/planted/%.c: tests/planted/plant tests/planted/plants $(call layer_src,bench)
	@mkdir -p $(@D)
	$(Q)tests/planted/plant $* >$@

# -w: what a plant leaves out is what some variable was for.
$(O)/tests/planted/%.o: $(O)/tests/planted/%.c $(O)/.flags
	$(say) CC tests/planted/$*.o
	$(Q)$(CC) $(BASE_CFLAGS) $(BENCH_CFLAGS) -w -c $< -o $@

$(O)/tests/planted/registry.o: harness/core/registry.c $(O)/tests/planted/list.h $(O)/.flags
	$(say) CC tests/planted/registry.o
	$(Q)$(CC) -I$(O)/tests/planted $(BASE_CFLAGS) $(CFLAGS) -c $< -o $@

$(O)/tests/planted/memcgbench: $(O)/harness/main.o $(PLANTED_OBJ) $(foreach l,$(LAYERS),$(call archive,$(l)))
	$(say) LINK tests/planted/memcgbench
	$(Q)$(LINK) $< $(PLANTED_OBJ) $(call archives,$(LAYERS)) $(PKG_LIBS) -lm -o $@

$(O)/tests/planted/memcgbench-runner: $(O)/harness/runner.o $(PLANTED_OBJ) $(foreach l,$(RUNNER_LAYERS),$(call archive,$(l)))
	$(say) LINK tests/planted/memcgbench-runner
	$(Q)$(LINK) $< $(PLANTED_OBJ) $(call archives,$(RUNNER_LAYERS)) $(RUNNER_LIBS) -lm -o $@

# Boots of guests: too long for every change, part of `make check`. The stub is what runs inside, and small.
$(O)/tests/guest/stub: $(O)/tests/guest/stub.o $(foreach l,core base,$(call archive,$(l)))
	$(say) LINK tests/guest/stub
	$(Q)$(LINK) $< $(call archive,core) $(call archive,base) $(RUNNER_LIBS) -lm -o $@

$(O)/tests/guest/test_boot: $(O)/tests/guest/test_boot.o $(O)/tests/guest/stub \
		$(foreach l,$(LAYERS),$(call archive,$(l)))
	$(say) LINK tests/guest/test_boot
	$(Q)$(LINK) $< $(call archives,$(LAYERS)) $(PKG_LIBS) $(CMOCKA_LIBS) -lm -o $@

# Built by tests/fuzz/run, in a folder of its own, with all else instrumented.
$(O)/tests/fuzz/%: $(O)/tests/fuzz/%.o $(foreach l,guest data base,$(call archive,$(l)))
	$(say) LINK tests/fuzz/$*
	$(Q)$(LINK) -fsanitize=fuzzer $< $(call archives,guest data base) $(PKG_LIBS) -lm -o $@

define layer_rule
$(O)/layers/$(1): $(foreach l,$(1) $(may_$(1)),$(call archive,$(l)))
	@mkdir -p $$(@D)
	$$(say) LAYER $(1)
	$$(Q)echo 'int main(void) { return 0; }' | $$(LINK) -x c - -x none -Wl,--whole-archive \
		$(call archive,$(1)) -Wl,--no-whole-archive $(foreach l,$(may_$(1)),$(call archive,$(l))) \
		$(if $(pkgs_$(1)),$$$$(pkg-config --libs $(pkgs_$(1)))) -lm -o $$@
endef
$(foreach l,$(notdir $(LAYER_PROOFS)),$(eval $(call layer_rule,$(l))))

$(O)/layers/%-straight: $(O)/harness/%.a tools/circles
	@mkdir -p $(@D)
	$(say) CIRCLES $*
	$(Q)tools/circles $< && touch $@

$(O)/plots:
	@mkdir -p $(@D) && ln -sfn $(CURDIR)/plots $@

.SECONDARY: $(UNIT_TESTS:%=%.o) $(O)/tests/self/control.o
-include $(OBJ:.o=.d) $(PROBE_OBJ:.o=.d) $(O)/version.d $(UNIT_TESTS:%=%.d) $(wildcard $(O)/tests/fuzz/*.d)

# --- using ---

deps: ## install what `make bench` and `make check` need (Debian and Ubuntu, as root)
	@tools/deps bench
	@tools/deps check

# One package, so that two people who quote this table quote one kernel: deb:X.Y would be another one next month. The archive drops a
# package some time after the next; the boot then says which is the newest of 6.12.
STOCK ?= deb:6.12.117-1
stock = $(if $(KERNELS)$(filter-out 0,$(QUICK)),,$(STOCK))

# Its output is of interest when it fails.
build_all = $(MAKE) --no-print-directory $(parallel) all
build_aside = $(if $(Q),mkdir -p $(O); printf 'memcgbench: building (log: %s; V=1 shows it) ... ' $(O)/build.log; begin=$$(date +%s); \
	if $(build_all) >$(O)/build.log 2>&1; then echo "$$(($$(date +%s) - begin)) s"; \
	else echo failed; tail -n 20 $(O)/build.log; exit 1; fi,$(build_all))

# What changed between kernels is known to the instruction, function by function. A distribution's boots take 17 % more for it, a small kernel's run 48 %
# (docs/EXPLAIN.md, "What it costs"): there it is for the user to ask, ARGS=--profile. ARGS=--profile=none leaves it out.
others = $(strip $(foreach k,$(KERNELS),$(if $(findstring deb:,$(k)),,$(k))))
profile = $(if $(filter-out 0,$(QUICK))$(others),,$(if $(word 2,$(KERNELS)),--profile))

bench: ## install what is missing, build, and measure what memcg costs on this kernel, and on a stock one
	@tools/deps $(if $(KERNELS)$(stock),guest,bench)
	$(if $(findstring build:,$(KERNELS)),@tools/deps kernel)
	+@$(build_aside)
	@tools/bench $(O)/memcgbench $(call quote,$(stock)) $(call quote,$(or $(BENCH),null fault_storm)) \
		$(if $(filter-out 0,$(QUICK)),--quick) $(foreach k,$(KERNELS),--kernel $(call quote,$(k))) $(profile) $(ARGS) $(BENCH)

trend: all ## which costs changed over the stored runs, and since which kernel (BENCH, ARGS)
	@$(O)/memcgbench trend $(BENCH:%=--bench=%) $(ARGS)

plots: all ## draw the history of the stored runs into results/plots; with RUN, that run into its plots/
	@tools/deps bench
	@$(if $(RUN),$(O)/memcgbench overhead --plots $(call quote,$(RUN)) >/dev/null && ls $(call quote,$(RUN)/plots),$(O)/memcgbench \
		trend --plots=results/plots $(BENCH:%=--bench=%) $(ARGS))

# Whose committed runs docs/HISTORY.md is about.
HISTORY ?= results/reference

history: all ## write pictures and tables of docs/HISTORY.md from the committed runs (HISTORY=DIR: other runs)
	@tools/deps bench
	@tools/history $(O)/memcgbench $(call quote,$(HISTORY))

report: all ## write a run as an HTML page, results/report/index.html
	@$(O)/memcgbench report $(if $(RUN),$(call quote,$(RUN))) $(ARGS)

bench-self: all $(O)/tests/self/control ## what the harness itself costs, beside a bare loop
	@tests/bench-self $(O)

check: ## install what is missing, then every test, with gcc, clang and the sanitizers, and the lints
	@tools/deps check
	@O=$(O) MAKE=$(MAKE) tests/run

check-docs: ## do the commands in the documents print what the documents say? With guests, half an hour
	@tools/deps check
	@tools/deps guest
	@O=$(O) MAKE=$(MAKE) tests/run docs-guests

check-faults: all ## signals, full disks and the like at random moments of runs: is anything left, lost or false? As root, 25 minutes
	@tools/deps check
	@O=$(O) tests/faults/run $(ARGS)

fuzz: ## feed every parser of outside input with invented files (clang with libFuzzer)
	@tools/deps check
	@O=$(O) MAKE=$(MAKE) tests/fuzz/run $(FUZZ_SECONDS)

lint: ## the project's own lints (no build needed)
	@tools/lint

# --- installing ---

$(O)/memcgbench.1: $(O)/memcgbench $(wildcard man/*.in)
	$(say) MAN memcgbench.1
	$(Q)$(O)/memcgbench man >$@.new && mv $@.new $@

$(O)/memcgbench.bash: $(O)/memcgbench
	$(say) GEN memcgbench.bash
	$(Q)$(O)/memcgbench completion bash >$@.new && mv $@.new $@

PLOTS := $(wildcard plots/*.gp)

install: all $(O)/memcgbench.1 $(O)/memcgbench.bash ## install below DESTDIR and prefix
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(libexecdir)/memcgbench \
		$(DESTDIR)$(datadir)/memcgbench/plots $(DESTDIR)$(mandir)/man1 $(DESTDIR)$(completiondir)
	install -m 755 $(O)/memcgbench $(DESTDIR)$(bindir)/memcgbench
	install -m 755 $(O)/memcgbench-runner $(DESTDIR)$(libexecdir)/memcgbench/memcgbench-runner
	install -m 644 $(O)/memcgbench-probe.so $(DESTDIR)$(libexecdir)/memcgbench/memcgbench-probe.so
	$(if $(PLOTS),install -m 644 $(PLOTS) $(DESTDIR)$(datadir)/memcgbench/plots/)
	install -m 644 $(O)/memcgbench.1 $(DESTDIR)$(mandir)/man1/memcgbench.1
	install -m 644 $(O)/memcgbench.bash $(DESTDIR)$(completiondir)/memcgbench

uninstall: ## remove what `make install` with the same variables installed
	rm -f $(DESTDIR)$(bindir)/memcgbench $(DESTDIR)$(mandir)/man1/memcgbench.1 \
		$(DESTDIR)$(completiondir)/memcgbench
	rm -rf $(DESTDIR)$(libexecdir)/memcgbench $(DESTDIR)$(datadir)/memcgbench

# By name, not the whole folder: O may be a folder that holds other things.
clean: ## remove what was built
	rm -rf $(addprefix $(O)/,bench bench.a harness probe layers tests check faults fuzz plots memcgbench memcgbench-runner memcgbench-probe.so \
		memcgbench.1 memcgbench.bash build.log version.c version.o version.d .flags .sources)
	@if [ -d $(O) ]; then rmdir --ignore-fail-on-non-empty $(O); fi

help: ## this text
	@echo "Targets:"
	@sed -n 's/^\([a-z-]*\):[^=]*## \(.*\)/  \1\t\2/p' Makefile | expand -t 16
	@echo "Variables:"
	@sed -n 's/^#: /  /p' Makefile
