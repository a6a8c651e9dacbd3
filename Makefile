# SPDX-License-Identifier: GPL-2.0-or-later
O ?= build
CC ?= gcc
CFLAGS ?= -O2 -g
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla
PKGS := hwloc numa jansson libarchive gsl
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARN) $(CFLAGS) -Iharness -Ibench $(shell pkg-config --cflags $(PKGS))
LIBS = $(shell pkg-config --libs $(PKGS)) -lnuma -pthread -lm
SRC := $(filter-out harness/main.c harness/runner.c,$(wildcard harness/*/*.c harness/*.c bench/*.c))
OBJ := $(SRC:%.c=$(O)/%.o)
all: $(O)/memcgbench $(O)/memcgbench-runner
$(O)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -MMD -MP -c $< -o $@
$(O)/memcgbench: $(O)/harness/main.o $(OBJ)
	$(CC) $(CFLAGS) $^ $(LIBS) -o $@
$(O)/memcgbench-runner: $(O)/harness/runner.o $(OBJ)
	$(CC) $(CFLAGS) $^ $(LIBS) -o $@
$(O)/tests/unit/%: tests/unit/%.c $(OBJ)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $< $(OBJ) $(LIBS) -lcmocka -o $@
-include $(OBJ:.o=.d)
