// SPDX-License-Identifier: GPL-2.0-or-later
/* run_guests - which boots there are, in which order, and what they are called. */
#include "cmd/run_guests_priv.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "guest/console.h"

/* "nokmem=cgroup.memory=nokmem", or "cgroup.memory=nokmem": no name has a dot. */
static int parse_boot_arg(const char *text, struct boot_arg *ret_arg)
{
	const char *equals = strchr(text, '='), *name = text;
	size_t len = equals ? (size_t)(equals - text) : 0, i;
	bool is_named = len && !memchr(text, '.', len);

	*ret_arg = (struct boot_arg){.args = is_named ? equals + 1 : text};
	if (!is_named) {
		name = equals ? equals + 1 : text;
		len = strlen(name);
	}
	for (i = 0; i < len && (isalnum((unsigned char)name[i]) || strchr("_+-,.", name[i])); i++)
		if (i + 1 < sizeof(ret_arg->name))
			ret_arg->name[i] = name[i] == ',' ? '+' : name[i];
	if (!len || i < len || len >= sizeof(ret_arg->name) || !ret_arg->args[0])
		return err_set(EINVAL, "NAME=ARGS is wanted, the name of letters, digits and _ + -");
	return 0;
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
				return err_set(EINVAL, "--boot-arg=%s: two are called \"%s\"; give them names (NAME=ARGS)",
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

int guests_make_boots(struct guests *guests)
{
	uint64_t nr_seeds = guests->nr_seeds, seed;
	size_t i, n = 0, nr_args = guests->args->boot_args.nr, arg;

	/* One more than there are: one is run twice. */
	guests->boots = calloc(guests->nr_kernels * (2 + nr_args) * nr_seeds + 1, sizeof(*guests->boots));
	if (!guests->boots)
		return err_sys(ENOMEM, "memory for the boots");
	for (seed = 0; seed < nr_seeds; seed++)
		for (i = 0; i < guests->nr_kernels; i++) {
			struct guest_boot boot = {.kernel = &guests->kernels[i], .off = true, .seed = guests->plan->seed + seed};

			guests->boots[n++] = boot;
			if (guests_lacks_memcg(boot.kernel))
				continue;
			boot.off = false;
			guests->boots[n++] = boot;
			for (arg = 0; arg < nr_args; arg++) {
				boot.arg = &guests->boot_args[arg];
				guests->boots[n++] = boot;
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
