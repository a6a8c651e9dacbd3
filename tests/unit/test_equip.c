// SPDX-License-Identifier: GPL-2.0-or-later
/* What a guest is given: built in, as a module, or not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "guest/equip.h"

static char scratch[64];
static char config_path[96], modules_path[96];

static int setup(void **state)
{
	(void)state;
	strcpy(scratch, "/tmp/test-equip-XXXXXX");
	if (!mkdtemp(scratch))
		return -1;
	snprintf(config_path, sizeof(config_path), "%s/config", scratch);
	snprintf(modules_path, sizeof(modules_path), "%s/modules", scratch);
	return mkdir(modules_path, 0755);
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", scratch);
	return system(command);
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void add_module(const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", modules_path, name);
	write_text(path, "no ELF, and with that no dependencies");
}

static struct equipment equip(bool swap, bool disk, bool config, bool modules)
{
	struct kernel kernel = {
		.name = "mine",
		.config_path = config ? config_path : NULL,
		.modules_path = modules ? modules_path : NULL,
	};
	struct equip_wants wants = {.swap = swap, .disk = disk};
	struct equipment equipment;

	assert_int_equal(equip_guest(&kernel, &wants, &equipment), 0);
	return equipment;
}

static void test_nothing_wanted(void **state)
{
	struct equipment equipment = equip(false, false, false, true);

	(void)state;
	assert_int_equal(equipment.modules.nr, 0);
	assert_int_equal(equipment.nr_programs, 0);
	assert_string_equal(equipment.lack, "");
}

static void test_builtin(void **state)
{
	struct equipment equipment;

	(void)state;
	write_text(config_path, "CONFIG_ZRAM=y\nCONFIG_CRYPTO_LZO=y\n");
	add_module("zram.ko");
	equipment = equip(true, false, true, true);
	assert_int_equal(equipment.modules.nr, 0);
	assert_string_equal(equipment.lack, "");
	equipment_free(&equipment);
}

/* The compressor before what asks for it. */
static void test_modules(void **state)
{
	struct equipment equipment;

	(void)state;
	write_text(config_path, "CONFIG_ZRAM=m\nCONFIG_CRYPTO_LZO=m\n");
	add_module("zram.ko.xz");
	add_module("lzo-rle.ko.xz");
	equipment = equip(true, false, true, true);
	assert_int_equal(equipment.modules.nr, 2);
	assert_non_null(strstr(equipment.modules.paths[0], "lzo-rle.ko.xz"));
	assert_non_null(strstr(equipment.modules.paths[1], "zram.ko.xz"));
	assert_string_equal(equipment.lack, "");
	equipment_free(&equipment);
}

static void test_optional(void **state)
{
	struct equipment equipment;

	(void)state;
	write_text(config_path, "CONFIG_ZRAM=m\n");
	add_module("zram.ko");
	equipment = equip(true, false, true, true);
	assert_int_equal(equipment.modules.nr, 1);
	assert_string_equal(equipment.lack, "");
	equipment_free(&equipment);
}

static void test_lack(void **state)
{
	struct equipment equipment;

	(void)state;
	write_text(config_path, "CONFIG_ZRAM=m\n");
	equipment = equip(true, false, true, false);
	assert_string_equal(equipment.lack, "kernel mine has no module zram at hand (CONFIG_ZRAM)");
	equipment_free(&equipment);
	write_text(config_path, "# CONFIG_ZRAM is not set\n");
	equipment = equip(true, false, true, true);
	assert_string_equal(equipment.lack, "kernel mine has no module zram at hand (CONFIG_ZRAM)");
	equipment_free(&equipment);
}

/* A bare bzImage: nothing is known, so nothing is claimed. */
static void test_unknown(void **state)
{
	struct equipment equipment = equip(true, false, false, false);

	(void)state;
	assert_int_equal(equipment.modules.nr, 0);
	assert_string_equal(equipment.lack, "");
	equipment_free(&equipment);
}

static void test_disk(void **state)
{
	struct equipment equipment;

	(void)state;
	write_text(config_path, "CONFIG_BLK_DEV_RAM=m\nCONFIG_EXT4_FS=y\nCONFIG_CRYPTO_CRC32C=y\n");
	add_module("brd.ko");
	equipment = equip(false, true, true, true);
	assert_int_equal(equipment.modules.nr, 1);
	if (equipment.nr_programs)
		assert_non_null(strstr(equipment.programs[0], "/mke2fs"));
	else
		assert_non_null(strstr(equipment.lack, "mke2fs"));
	equipment_free(&equipment);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_wanted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_builtin, setup, teardown),
		cmocka_unit_test_setup_teardown(test_modules, setup, teardown),
		cmocka_unit_test_setup_teardown(test_optional, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lack, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_disk, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
