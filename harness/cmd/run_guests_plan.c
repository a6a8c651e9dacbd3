// SPDX-License-Identifier: GPL-2.0-or-later
/* run_guests - which boots there are, in which order, and what they are called. */
#include "cmd/run_guests_priv.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "guest/console.h"

/*
 * NAME=ARG=VALUE was how a name was given. It cannot be told from an argument whose value has a '=' of its own (numa=fake=4), but that no
 * such value begins with a module's name and a dot. 1: it is one; *ret_len: of the name.
 */
static int parse_old_name(const char *text, size_t *ret_len)
{
	size_t name = strcspn(text, "=. \t\"'"), value;
	const char *arg = text + name + 1;

	if (text[name] != '=')
		return 0;
	value = strcspn(arg, "= \t\"'/:,");
	if (arg[value] != '=')
		return 0;
	*ret_len = name;
	if (memchr(arg, '.', value))
		return 1;
	return err_set(EINVAL, "is %.*s a name? Then say %.*s:%s, else give it one: NAME:%s", (int)name, text, (int)name, text, arg, text);
}

/* What is not good for a name becomes "+", so that it stands in one column: "a=b c,d" is called "a=b+c+d". */
static int name_boot_arg(const char *name, size_t len, struct boot_arg *arg)
{
	size_t i;

	if (!len || len >= sizeof(arg->name))
		return err_set(EINVAL, "too long to be a name: say NAME:ARGS");
	for (i = 0; i < len; i++)
		arg->name[i] = isalnum((unsigned char)name[i]) || strchr("_.=-", name[i]) ? name[i] : '+';
	return 0;
}

/* "ARGS" or "NAME:ARGS", ARGS as they stand on a kernel command line: no parameter of a kernel has a colon in its name. */
static int parse_boot_arg(const char *text, struct boot_arg *ret_arg)
{
	size_t len = strcspn(text, ":= \t\"'");
	int is_old = 0;

	*ret_arg = (struct boot_arg){.args = text};
	if (text[len] != ':') {
		is_old = parse_old_name(text, &len);
		if (is_old < 0)
			return is_old;
	}
	if (is_old || text[len] == ':')
		ret_arg->args = text + len + 1;
	if (!ret_arg->args[strspn(ret_arg->args, " \t\n")])
		return err_set(EINVAL, "ARGS or NAME:ARGS is wanted, such as psi=1 or pressure:psi=1");
	return ret_arg->args == text || !len ? name_boot_arg(ret_arg->args, strlen(ret_arg->args), ret_arg)
					     : name_boot_arg(text, len, ret_arg);
}

int guests_parse_boot_args(struct guests *guests)
{
	const struct opt_list *list = &guests->args->boot_args;
	size_t i, k;

	if (guests->args->append && console_check_args(guests->args->append))
		return err_prefix(-EINVAL, "--append=%s", guests->args->append);
	guests->boot_args = calloc(list->nr ? list->nr : 1, sizeof(*guests->boot_args));
	if (!guests->boot_args)
		return err_sys(ENOMEM, "memory for %zu arguments", list->nr);
	for (i = 0; i < list->nr; i++) {
		int ret = parse_boot_arg(list->items[i], &guests->boot_args[i]);

		if (!ret)
			ret = console_check_args(guests->boot_args[i].args);
		if (ret)
			return err_prefix(ret, "--boot-arg=%s", list->items[i]);
		for (k = 0; k < i; k++)
			if (!strcmp(guests->boot_args[k].name, guests->boot_args[i].name))
				return err_set(EINVAL, "--boot-arg=%s: two are called \"%s\"; give them names (NAME:ARGS)",
					       list->items[i], guests->boot_args[i].name);
	}
	return 0;
}

/* Number the boots of the plan, and leave those that are this shard's: every Nth. */
static int keep_shard(struct guests *guests, size_t nr_boots)
{
	const struct run_args *args = guests->args;
	uint64_t index = 1, of = 1;
	size_t i;
	int ret = args->shard ? run_shard_parse(args->shard, &index, &of) : 0;

	if (ret)
		return ret;
	guests->nr_boots_all = nr_boots;
	for (i = 0; i < nr_boots; i++) {
		guests->boots[i].number = i;
		if (i % of == index - 1)
			guests->boots[guests->nr_boots++] = guests->boots[i];
	}
	if (!guests->nr_boots)
		return err_set(EINVAL, "--shard=%s: the plan has only %zu boots", args->shard, nr_boots);
	while (guests->repeated < guests->nr_boots - 1 && guests_broken(guests, guests->boots[guests->repeated].kernel))
		guests->repeated++;
	guests->boots[guests->nr_boots] = guests->boots[guests->repeated];
	return 0;
}

/* A kernel, or a variant of it, with memcg off and on. */
static void add_pair(struct guests *guests, struct guest_boot boot, size_t *nr)
{
	boot.off = true;
	guests->boots[(*nr)++] = boot;
	boot.off = false;
	if (!guests_lacks_memcg(boot.kernel))
		guests->boots[(*nr)++] = boot;
}

int guests_make_boots(struct guests *guests)
{
	uint64_t nr_seeds = guests->nr_seeds, seed;
	size_t i, n = 0, nr_args = guests->args->boot_args.nr, arg;

	/* One more than there are: one is run twice. */
	guests->boots = calloc(guests->nr_kernels * 2 * (1 + nr_args) * nr_seeds + 1, sizeof(*guests->boots));
	if (!guests->boots)
		return err_sys(ENOMEM, "memory for the boots");
	for (seed = 0; seed < nr_seeds; seed++)
		for (i = 0; i < guests->nr_kernels; i++) {
			struct guest_boot boot = {.kernel = &guests->kernels[i], .seed = guests->plan->seed + seed};

			add_pair(guests, boot, &n);
			for (arg = 0; arg < nr_args; arg++) {
				boot.arg = &guests->boot_args[arg];
				add_pair(guests, boot, &n);
			}
		}
	return keep_shard(guests, n);
}

const char *guest_boot_kernel_name(const struct guest_boot *boot, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s%s", boot->kernel->name, boot->arg ? "," : "", boot->arg ? boot->arg->name : "");
	return buf;
}

const char *guest_boot_text(const struct guest_boot *boot, char *buf, size_t size)
{
	char name[200];

	snprintf(buf, size, "kernel %s, memcg %s, seed %llu", guest_boot_kernel_name(boot, name, sizeof(name)),
		 boot->off ? "off" : "on", (unsigned long long)boot->seed);
	return buf;
}

const char *guest_boot_error(const struct guest_boot *boot)
{
	return boot->error ? boot->error : "failed, and there was no memory to say why";
}

bool guests_repeat(const struct guests *guests)
{
	return guests->args->accel == RUN_ICOUNT;
}

size_t guests_nr_in_all(const struct guests *guests)
{
	return guests->nr_boots + guests_repeat(guests);
}
