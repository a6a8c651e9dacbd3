// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/facts.h"
#include "machine/inflate.h"
#include "machine/kconfig.h"
#include "machine/sha256.h"

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

/* FIPS 180-4 examples ("abc", two blocks), and lengths at which the padding changes its shape. */
static void sha256_known_answers(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char hex[SHA256_HEX_SIZE], a[64];

	(void)state;
	sha256_hex("abc", 3, hex);
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_hex("", 0, hex);
	assert_string_equal(hex,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_hex(two_blocks, 56, hex);
	assert_string_equal(hex,
			    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(a, 'a', sizeof(a));
	sha256_hex(a, 55, hex);
	assert_string_equal(hex,
			    "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
	sha256_hex(a, 64, hex);
	assert_string_equal(hex,
			    "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
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

/* What gzip -n -9 made of 100 times 'a' and a newline: a fixed-code block, a match that overlaps
 * itself. */
static const uint8_t fixed_gz[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b, 0x4c, 0xa4,
	0x3d, 0xe0, 0x02, 0x00, 0xa8, 0xd3, 0xa7, 0x78, 0x65, 0x00, 0x00, 0x00,
};
/* A stored block, written by hand after RFC 1951, section 3.2.4: "hi\n". */
static const uint8_t stored_gz[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x01, 0x03, 0x00,
	0xfc, 0xff, 0x68, 0x69, 0x0a, 0x7a, 0x7a, 0x6f, 0xed, 0x03, 0x00, 0x00, 0x00,
};

static void inflate_block_kinds(void **state)
{
	char expected[102], *data;
	size_t size;

	(void)state;
	memset(expected, 'a', 100);
	strcpy(expected + 100, "\n");
	assert_int_equal(inflate_gzip(fixed_gz, sizeof(fixed_gz), 4096, &data, &size), 0);
	assert_int_equal(size, 101);
	assert_string_equal(data, expected);
	free(data);
	assert_int_equal(inflate_gzip(stored_gz, sizeof(stored_gz), 4096, &data, &size), 0);
	assert_int_equal(size, 3);
	assert_string_equal(data, "hi\n");
	free(data);
	assert_int_equal(inflate_gzip(fixed_gz, sizeof(fixed_gz), 101, &data, &size), 0);
	free(data);
	assert_int_equal(inflate_gzip(fixed_gz, sizeof(fixed_gz), 100, &data, &size), -EFBIG);
}

static size_t read_packed(uint8_t *buf, size_t size)
{
	__close_file FILE *f = fopen(DATA "vm-hybrid/proc/config.gz", "re");

	assert_non_null(f);
	return fread(buf, 1, size, f);
}

/* Every truncation and every flipped bit is an error or the same text; never a crash or another
 * text. */
static void inflate_survives_damage(void **state)
{
	uint8_t good[8192], bad[8192];
	size_t packed = read_packed(good, sizeof(good)), size, bad_size;
	char *text, *out;

	(void)state;
	assert_true(packed > 100 && packed < sizeof(good));
	assert_int_equal(inflate_gzip(good, packed, 1 << 20, &text, &size), 0);
	for (size_t cut = 0; cut < packed; cut += 7)
		assert_int_equal(inflate_gzip(good, cut, 1 << 20, &out, &bad_size), -EINVAL);
	for (size_t i = 0; i < packed; i++) {
		memcpy(bad, good, packed);
		bad[i] ^= (uint8_t)(1u << i % 8);
		if (inflate_gzip(bad, packed, 1 << 20, &out, &bad_size) < 0)
			continue;
		/* Name and time in the header are not covered by the CRC. */
		assert_int_equal(bad_size, size);
		assert_memory_equal(out, text, size);
		free(out);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(metal_is_read_whole, real_root),
		cmocka_unit_test_teardown(packed_config_is_hashed_unpacked, real_root),
		cmocka_unit_test_teardown(missing_files_are_no_facts, real_root),
		cmocka_unit_test(this_machine_has_facts),
		cmocka_unit_test(sha256_known_answers),
		cmocka_unit_test_teardown(kconfig_options_match_whole, real_root),
		cmocka_unit_test(inflate_block_kinds),
		cmocka_unit_test(inflate_survives_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
