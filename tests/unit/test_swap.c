// SPDX-License-Identifier: GPL-2.0-or-later
/* Swap of our own: its header, where it can be had, and on this machine, if it can, the whole way. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/swap.h"

#define SIZE (16u << 20)

/* union swap_header, include/linux/swap.h */
static void header_is_as_the_kernel_wants_it(void **state)
{
	static unsigned char page[65536];
	const struct owner owner = {.pid = 4711, .start = 0x00fedcba98765432, .pid_ns = 0xf0000123};
	const struct swap swap = {.is_added = true};
	struct owner owner_back;
	struct swap back = {.is_initialised = true};
	uint32_t word;

	(void)state;
	for (uint64_t page_bytes = 4096; page_bytes <= sizeof(page); page_bytes *= 4) {
		memset(page, 0xa5, sizeof(page));
		swap_header_write(page, page_bytes, SIZE, &owner, &swap);
		assert_memory_equal(page + page_bytes - 10, "SWAPSPACE2", 10);
		memcpy(&word, page + 1024, 4);
		assert_int_equal(word, 1);
		memcpy(&word, page + 1028, 4);
		assert_int_equal(word, SIZE / page_bytes - 1);
		memcpy(&word, page + 1032, 4);
		assert_int_equal(word, 0);
		assert_string_equal((char *)page + 1052, "memcgbench");
		assert_true(swap_header_read(page, &owner_back, &back));
		assert_int_equal(owner_back.pid, 4711);
		assert_true(owner_back.start == owner.start);
		assert_true(owner_back.pid_ns == owner.pid_ns);
		assert_true(back.is_added && !back.has_module && back.is_initialised);
	}
}

static void headers_of_others_are_not_ours(void **state)
{
	static unsigned char page[4096];
	const struct owner owner = {.pid = 1, .start = 1};
	const struct swap swap = {0};
	struct owner owner_back = {.pid = 5};
	struct swap back = {0};

	(void)state;
	assert_false(swap_header_read(page, &owner_back, &back));
	/* The label alone is a name that anybody may give. */
	memcpy(page + 1052, "memcgbench", 11);
	assert_false(swap_header_read(page, &owner_back, &back));
	swap_header_write(page, sizeof(page), SIZE, &owner, &swap);
	memcpy(page + 1052, "memcgbench2", 12);
	assert_false(swap_header_read(page, &owner_back, &back));
	assert_int_equal(owner_back.pid, 5);
}

static bool is_on(const struct swap *swap)
{
	__free_mem char *text = NULL;
	char device[32];

	snprintf(device, sizeof(device), "/dev/zram%u ", swap->number);
	assert_int_equal(fs_read(&text, "/proc/swaps"), 0);
	return strstr(text, device);
}

static void skip_where_impossible(void)
{
	char why[256];

	if (!swap_possible(why, sizeof(why))) {
		print_message("%s\n", why);
		skip();
	}
}

static void up_and_down(void **state)
{
	struct swap swap = {0}, copy;

	(void)state;
	assert_int_equal(swap_teardown(&swap), 0);
	skip_where_impossible();
	if (swap_setup(SIZE, &swap)) {
		print_message("%s\n", err_msg());
		skip();
	}
	assert_true(is_on(&swap));
	assert_int_equal(swap.bytes, SIZE);
	assert_true(strlen(swap.algorithm) > 0);
	/* Its owner lives: no sweep takes it. */
	assert_int_equal(swap_sweep(), 0);
	assert_true(is_on(&swap));
	copy = swap;
	assert_int_equal(swap_teardown(&swap), 0);
	assert_false(is_on(&copy));
	assert_false(copy.is_added && fs_exists("/sys/block/zram%u", copy.number));
	assert_int_equal(swap_teardown(&swap), 0);
}

static void a_killed_owner_leaves_nothing_for_long(void **state)
{
	struct swap swap;
	int pipes[2];
	pid_t pid;

	(void)state;
	skip_where_impossible();
	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	if (!pid) {
		if (swap_setup(SIZE, &swap) || write(pipes[1], &swap, sizeof(swap)) != sizeof(swap))
			_exit(1);
		kill(getpid(), SIGKILL);
	}
	close(pipes[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	if (read(pipes[0], &swap, sizeof(swap)) != sizeof(swap)) {
		close(pipes[0]);
		print_message("swap on zram cannot be had here\n");
		skip();
	}
	close(pipes[0]);
	assert_true(is_on(&swap));
	assert_int_equal(swap_sweep(), 0);
	assert_false(is_on(&swap));
	assert_false(swap.is_added && fs_exists("/sys/block/zram%u", swap.number));
}

static unsigned int nr_devices(void)
{
	unsigned int nr = 0, i;

	for (i = 0; i < 256; i++)
		nr += fs_exists("/sys/block/zram%u", i);
	return nr;
}

/* Whenever it is killed: also between making a device and marking it. */
static void killed_while_it_is_made(void **state)
{
	const struct timespec settle = {.tv_nsec = 100000000};
	unsigned int before, i;
	struct swap swap;
	pid_t pid;

	(void)state;
	skip_where_impossible();
	if (swap_setup(SIZE, &swap)) {
		print_message("%s\n", err_msg());
		skip();
	}
	assert_int_equal(swap_teardown(&swap), 0);
	before = nr_devices();
	for (i = 0; i < 40; i++) {
		struct swap other;

		pid = fork();
		if (!pid) {
			(void)!swap_setup(SIZE, &other);
			pause();
		}
		nanosleep(&(struct timespec){.tv_nsec = i * 100000}, NULL);
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		nanosleep(&settle, NULL);
		assert_int_equal(swap_sweep(), 0);
		assert_int_equal(nr_devices(), before);
	}
}

static void size_is_half_of_the_memory_at_most(void **state)
{
	uint64_t bytes = 0;

	(void)state;
	assert_int_equal(swap_default_bytes(&bytes), 0);
	assert_true(bytes > 0 && bytes <= 1u << 30 && bytes % (uint64_t)sysconf(_SC_PAGESIZE) == 0);
}

static bool slot_cache_of(const char *root, const char *states)
{
	char path[256];
	FILE *file;
	bool has;

	snprintf(path, sizeof(path), "mkdir -p %s/sys/devices/system/cpu/hotplug", root);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/hotplug/states", root);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(states, file);
	fclose(file);
	fs_set_root(root);
	has = swap_has_slot_cache();
	fs_set_root("");
	return has;
}

static void slots_that_wait_are_known_from_the_states_of_hotplug(void **state)
{
	char root[] = "/tmp/test-swap-XXXXXX", command[64];

	(void)state;
	assert_non_null(mkdtemp(root));
	/* Nothing to be read: there may be some. */
	fs_set_root(root);
	assert_true(swap_has_slot_cache());
	fs_set_root("");
	assert_true(slot_cache_of(root, " 199: mm/writeback:online\n 200: swap_slots_cache\n 236: online\n"));
	assert_false(slot_cache_of(root, " 199: mm/writeback:online\n 200: printk:online\n 236: online\n"));
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_that_wait_are_known_from_the_states_of_hotplug),
		cmocka_unit_test(header_is_as_the_kernel_wants_it),
		cmocka_unit_test(headers_of_others_are_not_ours),
		cmocka_unit_test(up_and_down),
		cmocka_unit_test(killed_while_it_is_made),
		cmocka_unit_test(a_killed_owner_leaves_nothing_for_long),
		cmocka_unit_test(size_is_half_of_the_memory_at_most),
	};

	return cmocka_run_group_tests_name("swap", tests, NULL, NULL);
}
