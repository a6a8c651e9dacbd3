// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/fs.h"
#include "base/kernel_args.h"
#include "core/guest_args.h"
#include "guest/vmlinux.h"
#include "scratch.h"

static void words_are_cut_as_the_kernel_does(void **state)
{
	char text[] = "  psi=1 off dyndbg=\"file a.c +p\" x=\"a b\"c\t\"q r\"\n";
	static const char *const words[] = {"psi=1", "off", "dyndbg=file a.c +p", "x=a bc", "q r"};
	char *rest = text;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(words); i++)
		assert_string_equal(kernel_arg_next(&rest), words[i]);
	assert_null(kernel_arg_next(&rest));
}

static void names_are_compared_as_the_kernel_does(void **state)
{
	(void)state;
	assert_true(kernel_arg_same_name("log_buf-len=1", "log-buf_len=2"));
	assert_true(kernel_arg_same_name("off", "off"));
	assert_false(kernel_arg_same_name("off", "off2=1"));
	assert_false(kernel_arg_same_name("of", "off"));
	assert_true(kernel_arg_is_of_module("zswap.enabled=1"));
	assert_false(kernel_arg_is_of_module("root=a.b"));
}

static void put(const char *path, const char *text)
{
	char full[256], *slash;
	FILE *out;

	snprintf(full, sizeof(full), "%s%s", scratch, path);
	for (slash = full + strlen(scratch) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		mkdir(full, 0755);
		*slash = '/';
	}
	out = fopen(full, "w");
	assert_non_null(out);
	fputs(text, out);
	fclose(out);
}

static void what_the_kernel_made_of_its_command_line(void **state)
{
	char *argv[] = {(char *)"/init", (char *)"off", NULL};
	char *env[] = {(char *)"HOME=/", (char *)"foo=2", NULL};
	char buf[64];
	json_t *args, *want;

	(void)state;
	fs_set_root(scratch);
	put("/proc/cmdline", "console=ttyS0 psi=1 off offside foo=1 foo=2 zswap.enabled=1 kvm-amd.avic=1 no.such=1 sysctl.vm.swappiness=10\n");
	put("/sys/module/zswap/parameters/enabled", "N\n");
	put("/sys/module/kvm_amd/parameters/avic", "Y\n");
	put("/proc/sys/vm/swappiness", "60\n");
	args = guest_args(argv, env);
	want = json_pack("{s:[s, s, s], s:{s:s, s:s, s:s}}", "unknown", "off", "foo=1", "foo=2", "values", "zswap.enabled", "N",
			 "kvm-amd.avic", "Y", "sysctl.vm.swappiness", "60");
	assert_true(json_equal(args, want));
	json_decref(args);
	json_decref(want);
	assert_string_equal(guest_args_of_module("003-kvm-amd.ko.xz", buf, sizeof(buf)), " avic=1");
	assert_string_equal(guest_args_of_module("003-kvm.ko", buf, sizeof(buf)), "");
	fs_set_root("");
}

static void a_parameter_is_known_by_its_whole_name(void **state)
{
	static const char image[] = "\177ELF zswap.enabled\0cgroup.memory=\0printk.time_of=day\0no.such";
	char path[128];
	FILE *out;

	(void)state;
	snprintf(path, sizeof(path), "%s/vmlinux", scratch);
	out = fopen(path, "w");
	assert_non_null(out);
	fwrite(image, 1, sizeof(image) - 1, out);
	fclose(out);
	assert_true(vmlinux_has_param(path, "zswap.enabled"));
	assert_true(vmlinux_has_param(path, "cgroup.memory"));
	assert_false(vmlinux_has_param(path, "zswap.enable"));
	assert_false(vmlinux_has_param(path, "printk.time-of"));
	assert_false(vmlinux_has_param(path, "no.such"));
	/* What cannot be told is not denied. */
	assert_true(vmlinux_has_param(NULL, "no.such"));
	assert_true(vmlinux_has_param("/nowhere/vmlinux", "no.such"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_cut_as_the_kernel_does),
		cmocka_unit_test(names_are_compared_as_the_kernel_does),
		cmocka_unit_test_setup_teardown(what_the_kernel_made_of_its_command_line, setup, teardown),
		cmocka_unit_test_setup_teardown(a_parameter_is_known_by_its_whole_name, setup, teardown),
	};

	return cmocka_run_group_tests_name("kernel_args", tests, NULL, NULL);
}
