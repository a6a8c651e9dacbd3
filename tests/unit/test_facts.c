// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/facts.h"
#include "machine/kconfig.h"

#define DATA "tests/data/machine/"

static int real_root(void **state)
{
	(void)state;
	fs_set_root("");
	return 0;
}

static void metal_is_read_whole(void **state)
{
	struct facts f;

	(void)state;
	fs_set_root(DATA "metal-v2");
	facts_read(&f);
	assert_string_equal(f.release, "6.12.0-bench");
	assert_string_equal(f.version, "#1 SMP PREEMPT_DYNAMIC Mon Jan  6 10:00:00 UTC 2025");
	assert_string_equal(f.arch, "x86_64");
	assert_string_equal(f.compiler, "gcc (Debian 14.2.0-8) 14.2.0");
	assert_non_null(strstr(f.cmdline, "page_owner=on"));
	assert_string_equal(f.config_source, "/boot/config-6.12.0-bench");
	/* Amazon's name is in DMI, but the CPU has no "hypervisor" flag: not a guest. */
	assert_string_equal(f.hypervisor, "");
	assert_string_equal(f.cpu_model, "Intel(R) Xeon(R) Gold 6326 CPU @ 2.90GHz");
	assert_int_equal(f.memory_bytes, 65536000ull * 1024);
	assert_int_equal(f.swap_bytes, 8388604ull * 1024);
	assert_int_equal(f.thp_bytes, 2 << 20);
	assert_string_equal(f.thp_enabled, "always");
	assert_string_equal(f.thp_shmem, "never");
	assert_string_equal(f.lru_gen, "0x0007");
	assert_string_equal(f.governor, "powersave");
	assert_string_equal(f.smt, "on");
	assert_string_equal(f.online_cpus, "0-3");
	assert_string_equal(f.clocksource, "tsc");
	/* A captured tree says nothing of the page size: not this machine's. */
	assert_int_equal(f.page_bytes, 0);
}

/* The hash is what `zcat config.gz | sha256sum` printed. */
static void packed_config_is_hashed_unpacked(void **state)
{
	struct facts f;

	(void)state;
	fs_set_root(DATA "vm-hybrid");
	facts_read(&f);
	assert_string_equal(f.config_source, "/proc/config.gz");
	assert_string_equal(f.config_hash,
			    "07f14ea250469390926dac4f8d3448b7c4c686753974f8b53ce61007fcdd20b3");
	assert_string_equal(f.hypervisor, "KVM");
	assert_string_equal(f.thp_enabled, "madvise");
	assert_string_equal(f.governor, "");
	assert_string_equal(f.lru_gen, "");
	assert_int_equal(f.swap_bytes, 0);
}

static void missing_files_are_no_facts(void **state)
{
	struct facts f, nothing;

	(void)state;
	fs_set_root(DATA "empty");
	memset(&f, 0xff, sizeof(f));
	memset(&nothing, 0, sizeof(nothing));
	facts_read(&f);
	/* Of this process itself, which somebody may have started with nice(1). */
	memset(f.priority, 0, sizeof(f.priority));
	assert_memory_equal(&f, &nothing, sizeof(f));
}

static void this_machine_has_facts(void **state)
{
	struct facts f;

	(void)state;
	facts_read(&f);
	assert_true(f.release[0] && f.arch[0] && f.memory_bytes);
	assert_int_equal(f.page_bytes, sysconf(_SC_PAGESIZE));
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void kconfig_options_match_whole(void **state)
{
	struct kconfig c;

	(void)state;
	fs_set_root(DATA "metal-v2");
	assert_int_equal(kconfig_load(&c), 0);
	assert_true(kconfig_is_set(&c, "LOCKDEP"));
	assert_true(kconfig_is_set(&c, "DEBUG_VM"));
	/* "is not set", a prefix of another option, a string option, and one that is not there. */
	assert_false(kconfig_is_set(&c, "KASAN"));
	assert_false(kconfig_is_set(&c, "DEBUG_VM_PGTABLE"));
	assert_false(kconfig_is_set(&c, "LOCKDEP_SUPP"));
	assert_false(kconfig_is_set(&c, "LOCALVERSION"));
	assert_false(kconfig_is_set(&c, "NONE"));
	kconfig_free(&c);
	assert_false(kconfig_is_set(&c, "LOCKDEP"));
	fs_set_root(DATA "offline");
	assert_int_equal(kconfig_load(&c), -ENOENT);
	assert_non_null(strstr(err_msg(), "5.10.0-offline"));
}

/* A packed configuration that is cut anywhere, or empty, is an error and never half a configuration. */
static void cut_config_is_an_error(void **state)
{
	char root[] = "/tmp/test_facts.XXXXXX", path[64], packed[8192];
	__close_file FILE *in = fopen(DATA "vm-hybrid/proc/config.gz", "re");
	struct kconfig config;
	size_t size, cut;
	FILE *out;

	(void)state;
	assert_non_null(in);
	size = fread(packed, 1, sizeof(packed), in);
	assert_true(size > 100 && size < sizeof(packed));
	assert_non_null(mkdtemp(root));
	snprintf(path, sizeof(path), "%s/proc", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/proc/sys", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/proc/sys/kernel", root);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/proc/sys/kernel/osrelease", root);
	out = fopen(path, "we");
	assert_non_null(out);
	fputs("1.2.3\n", out);
	fclose(out);
	snprintf(path, sizeof(path), "%s/proc/config.gz", root);
	fs_set_root(root);
	for (cut = 20; cut <= size; cut += cut + 7 > size && cut < size ? size - cut : 7) {
		out = fopen(path, "we");
		assert_non_null(out);
		assert_int_equal(fwrite(packed, 1, cut, out), cut);
		fclose(out);
		if (cut < size) {
			assert_int_equal(kconfig_load(&config), -EINVAL);
			assert_non_null(strstr(err_msg(), "/proc/config.gz"));
			continue;
		}
		assert_int_equal(kconfig_load(&config), 0);
		kconfig_free(&config);
	}
	nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(metal_is_read_whole, real_root),
		cmocka_unit_test_teardown(packed_config_is_hashed_unpacked, real_root),
		cmocka_unit_test_teardown(missing_files_are_no_facts, real_root),
		cmocka_unit_test(this_machine_has_facts),
		cmocka_unit_test_teardown(kconfig_options_match_whole, real_root),
		cmocka_unit_test_teardown(cut_config_is_an_error, real_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
