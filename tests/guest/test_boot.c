// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Boots Debian's 6.1 and 6.12 under TCG with stub.c, which lies beside this program, as /init. Skips with a sentence
 * without QEMU or without the archive.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "guest/boot.h"
#include "guest/files.h"
#include "guest/initramfs.h"
#include "guest/kernel.h"
#include "guest/modules.h"

static struct kernel k61, k612;
static char stub_path[PATH_MAX];
static char work[] = "/tmp/memcgbench-test-boot-XXXXXX";
static const char *unavailable;

struct one_boot {
	const struct kernel *kernel;
	const char *name, *job, *append;
	enum boot_fault expected;
	uint32_t seed;
	bool two_nodes;
	const char *module;
	/* result */
	int ret;
	char error[256];
	struct boot_result result;
	char *records;
	size_t records_size;
};

static int keep_line(void *ctx, const char *line)
{
	FILE *out = ctx;

	return fprintf(out, "%s\n", line) < 0;
}

static int pack(const struct one_boot *boot, const char *path)
{
	struct module_tree *tree = NULL;
	struct module_list modules = {0};
	struct initramfs_spec spec = {.runner_path = stub_path, .job = boot->job};
	int ret = 0;

	if (boot->module) {
		ret = module_tree_open(boot->kernel->modules_path, &tree);
		if (!ret)
			ret = module_list_add(&modules, tree, boot->module);
	}
	spec.module_paths = (const char *const *)modules.paths;
	spec.nr_modules = modules.nr;
	if (!ret)
		ret = initramfs_write(&spec, path);
	module_list_free(&modules);
	module_tree_free(tree);
	return ret;
}

static void *boot_one(void *arg)
{
	struct one_boot *boot = arg;
	struct qemu_node nodes[2] = {0};
	struct qemu_options qemu = {.accel = QEMU_ICOUNT, .kernel_path = boot->kernel->image_path, .seed = boot->seed,
				    .append = boot->append};
	struct boot_options options = {.qemu = &qemu, .silence_ms = 180000, .timeout_ms = 300000,
				       .console_max_bytes = 1 << 20, .on_line = keep_line};
	char folder[256], initramfs[300];
	FILE *out = open_memstream(&boot->records, &boot->records_size);

	snprintf(folder, sizeof(folder), "%s/%s", work, boot->name);
	snprintf(initramfs, sizeof(initramfs), "%s.cpio", folder);
	if (boot->two_nodes) {
		if (qemu_node_parse("256M,cpus=0,dist=10:21", &nodes[0]) ||
		    qemu_node_parse("256M,cpus=1,dist=21:10", &nodes[1]))
			abort();
		qemu.nodes = nodes;
		qemu.nr_nodes = 2;
	}
	if (boot->expected == BOOT_SILENCE)
		options.silence_ms = 6000;
	qemu.initramfs_path = initramfs;
	options.folder = folder;
	options.ctx = out;
	boot->ret = pack(boot, initramfs);
	if (!boot->ret)
		boot->ret = boot_run(&options, &boot->result);
	if (boot->ret)
		snprintf(boot->error, sizeof(boot->error), "%.250s", err_msg());
	fclose(out);
	return NULL;
}

static void release(struct one_boot *boot)
{
	boot_result_free(&boot->result);
	free(boot->records);
}

/* Two at a time: one guest per core is how they are run. */
static void boot_all(struct one_boot *boots, size_t nr)
{
	size_t nr_bad = 0;

	for (size_t i = 0; i < nr; i += 2) {
		pthread_t threads[2];
		size_t together = nr - i < 2 ? 1 : 2;

		for (size_t j = 0; j < together; j++)
			pthread_create(&threads[j], NULL, boot_one, &boots[i + j]);
		for (size_t j = 0; j < together; j++)
			pthread_join(threads[j], NULL);
	}
	for (size_t i = 0; i < nr; i++) {
		const struct one_boot *boot = &boots[i];

		if (boot->ret)
			fail_msg("%s: %s", boot->name, boot->error);
		print_message("%s: %s; first record after %.1f s, end after %.1f s\n", boot->name,
			      boot->result.fault == BOOT_OK ? "ok" : boot->result.sentence, (double)boot->result.first_record_ns / 1e9,
			      (double)boot->result.elapsed_ns / 1e9);
		if (boot->result.fault == boot->expected)
			continue;
		print_error("%s: expected %s; %s\n%s", boot->name, boot_fault_name(boot->expected), boot->result.sentence,
			    boot->result.console_tail);
		nr_bad++;
	}
	assert_int_equal(nr_bad, 0);
}

static void skip_if_unavailable(void)
{
	if (unavailable) {
		print_message("%s\n", unavailable);
		skip();
	}
}

static void same_seed_same_bytes(void **state)
{
	struct one_boot boots[] = {
		{.kernel = &k612, .name = "6.12-a", .job = "hello", .seed = 7},
		{.kernel = &k612, .name = "6.12-b", .job = "hello", .seed = 7},
		{.kernel = &k61, .name = "6.1-a", .job = "hello", .seed = 7},
		{.kernel = &k61, .name = "6.1-b", .job = "hello", .seed = 7},
	};

	(void)state;
	skip_if_unavailable();
	/* Both cores are busy with the two guests while they run. */
	boot_all(boots, ARRAY_SIZE(boots));
	assert_non_null(strstr(boots[0].records, "\"idle\": 0"));
	for (size_t i = 0; i < ARRAY_SIZE(boots); i += 2)
		assert_string_equal(boots[i].records, boots[i + 1].records);
	for (size_t i = 0; i < ARRAY_SIZE(boots); i++)
		release(&boots[i]);
}

static void cpus_nodes_modules(void **state)
{
	struct one_boot boots[] = {
		{.kernel = &k61, .name = "6.1-numa", .job = "hello", .seed = 1, .two_nodes = true, .module = "zram"},
		/* Its modules are compressed. */
		{.kernel = &k612, .name = "6.12-zram", .job = "hello", .seed = 1, .module = "zram"},
	};

	(void)state;
	skip_if_unavailable();
	boot_all(boots, ARRAY_SIZE(boots));
	assert_non_null(strstr(boots[0].records, "\"cpus\": 2, \"node1\": true, \"zram\": true"));
	assert_non_null(strstr(boots[1].records, "\"cpus\": 1, \"node1\": false, \"zram\": true"));
	for (size_t i = 0; i < ARRAY_SIZE(boots); i++)
		release(&boots[i]);
}

static void faults(void **state)
{
	struct one_boot boots[] = {
		{.kernel = &k61, .name = "panic", .job = "panic", .expected = BOOT_PANIC},
		{.kernel = &k61, .name = "early", .job = "early", .expected = BOOT_EARLY_EXIT},
		{.kernel = &k61, .name = "warn", .job = "warn", .expected = BOOT_WARN},
		{.kernel = &k61, .name = "hang", .job = "hang", .expected = BOOT_SILENCE},
		{.kernel = &k61, .name = "flood", .job = "flood", .expected = BOOT_FLOOD},
		{.kernel = &k61, .name = "truncated", .job = "truncated", .expected = BOOT_TRUNCATED},
		{.kernel = &k61, .name = "garbled", .job = "garbled", .expected = BOOT_GARBLED},
		/* As a kernel without CONFIG_PRINTK_TIME. */
		{.kernel = &k61, .name = "panic-bare", .job = "panic", .append = "printk.time=0", .expected = BOOT_PANIC},
		{.kernel = &k612, .name = "warn-bare", .job = "warn", .append = "printk.time=0", .expected = BOOT_WARN},
		{.kernel = &k612, .name = "bare", .job = "hello", .append = "printk.time=0", .expected = BOOT_OK},
		/* As a kernel whose own command line says so. */
		{.kernel = &k612, .name = "warn-quiet", .job = "warn", .append = "quiet", .expected = BOOT_WARN},
		{.kernel = &k612, .name = "forge", .job = "forge", .expected = BOOT_TRUNCATED},
		{.kernel = &k61, .name = "tainted", .job = "tainted", .append = "quiet", .expected = BOOT_WARN},
	};

	(void)state;
	skip_if_unavailable();
	boot_all(boots, ARRAY_SIZE(boots));
	assert_non_null(strstr(boots[0].result.sentence, "Kernel panic - not syncing"));
	assert_non_null(strstr(boots[0].result.console_tail, "sysrq_handle_crash"));
	assert_string_equal(boots[7].result.sentence, "panic: Kernel panic - not syncing: sysrq triggered crash");
	assert_string_equal(boots[8].result.sentence, "WARN: WARNING: CPU: 0 PID: 1 at mm/made_for_the_test.c:1");
	/* The console has them, the records have not. */
	assert_non_null(strstr(boots[11].result.console_tail, "forged"));
	assert_null(strstr(boots[11].records, "forged"));
	assert_null(strstr(boots[11].records, "\"end\""));
	assert_non_null(strstr(boots[12].result.sentence, "/proc/sys/kernel/tainted, 512 (W)"));
	for (size_t i = 0; i < ARRAY_SIZE(boots); i++)
		release(&boots[i]);
}

static void bad_qemu(void **state)
{
	static const char *const extra[] = {"-no-such-option"};
	struct qemu_options qemu = {.kernel_path = k61.image_path, .extra = extra, .nr_extra = 1};
	struct boot_options options = {.qemu = &qemu, .folder = work};
	struct boot_result result;

	(void)state;
	skip_if_unavailable();
	assert_int_equal(boot_run(&options, &result), 0);
	assert_int_equal(result.fault, BOOT_QEMU);
	assert_non_null(strstr(result.sentence, "no-such-option"));
	boot_result_free(&result);
	qemu.binary = "no-such-qemu";
	assert_int_equal(boot_run(&options, &result), -ENOENT);
}

static int fetch(const char *text, struct kernel *ret)
{
	struct kernel_spec spec;
	int status = kernel_spec_parse(text, &spec);

	if (!status)
		status = kernel_open(&spec, NULL, ret);
	kernel_spec_free(&spec);
	return status;
}

static int set_up(void **state)
{
	static char why[ERR_MSG_MAX + 16];
	char self[PATH_MAX] = "";

	(void)state;
	if (!mkdtemp(work) || readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return -1;
	snprintf(stub_path, sizeof(stub_path), "%.*s/stub", (int)(strrchr(self, '/') - self), self);
	if (system("command -v qemu-system-x86_64 >/dev/null")) {
		unavailable = "skipped: no qemu-system-x86_64 on this machine";
	} else if (fetch("deb:6.1.192-3", &k61) || fetch("deb:6.12.117-1", &k612)) {
		snprintf(why, sizeof(why), "skipped: %s", err_msg());
		unavailable = why;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	folder_remove(work);
	kernel_free(&k61);
	kernel_free(&k612);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_bytes),
		cmocka_unit_test(cpus_nodes_modules),
		cmocka_unit_test(faults),
		cmocka_unit_test(bad_qemu),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
