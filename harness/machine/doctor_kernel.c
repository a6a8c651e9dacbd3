// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "base/fs.h"
#include "machine/doctor_priv.h"

#define VULNERABILITIES_DIR "/sys/devices/system/cpu/vulnerabilities"

/*
 * A feature of the kernel that changes what an allocation, a fault or a lock costs. On when
 * @parameter says so; without that, when @on_by_default is configured and @off_by_default is not.
 */
struct debug_feature {
	const char *built_in;	    /* CONFIG_ without which there is nothing */
	const char *on_by_default;  /* CONFIG_; NULL: only by @parameter */
	const char *off_by_default; /* CONFIG_, or NULL */
	const char *parameter;	    /* on the command line, or NULL */
	enum doctor_level level;
	const char *effect;
};

/* Documentation/admin-guide/kernel-parameters.txt, lib/Kconfig.debug, mm/Kconfig.debug of 6.12. */
static const struct debug_feature features[] = {
	{"KASAN_GENERIC", "KASAN_GENERIC", NULL, NULL, DOCTOR_WARN,
	 "every memory access of the kernel is checked"},
	{"KASAN_SW_TAGS", "KASAN_SW_TAGS", NULL, NULL, DOCTOR_WARN,
	 "every memory access of the kernel is checked"},
	{"KMSAN", "KMSAN", NULL, NULL, DOCTOR_WARN, "every memory access of the kernel is checked"},
	{"KCSAN", "KCSAN", NULL, NULL, DOCTOR_WARN,
	 "memory accesses of the kernel are delayed to find races"},
	{"PROVE_LOCKING", "PROVE_LOCKING", NULL, NULL, DOCTOR_WARN,
	 "every lock operation is validated"},
	{"LOCKDEP", "LOCKDEP", NULL, NULL, DOCTOR_WARN, "every lock operation is tracked"},
	{"DEBUG_VM", "DEBUG_VM", NULL, NULL, DOCTOR_WARN,
	 "the paths of mm/ and memcg carry assertions"},
	{"DEBUG_KMEMLEAK", "DEBUG_KMEMLEAK", "DEBUG_KMEMLEAK_DEFAULT_OFF", "kmemleak", DOCTOR_WARN,
	 "every kernel allocation is recorded"},
	{"PAGE_TABLE_CHECK", "PAGE_TABLE_CHECK_ENFORCED", NULL, "page_table_check", DOCTOR_WARN,
	 "every page table change is checked"},
	{"PAGE_OWNER", NULL, NULL, "page_owner", DOCTOR_WARN,
	 "every page allocation saves a stack trace"},
	{"PAGE_POISONING", NULL, NULL, "page_poison", DOCTOR_WARN,
	 "every freed page is overwritten"},
	{"DEBUG_PAGEALLOC", "DEBUG_PAGEALLOC_ENABLE_DEFAULT", NULL, "debug_pagealloc", DOCTOR_WARN,
	 "every freed page is unmapped"},
	{"SLUB_DEBUG", "SLUB_DEBUG_ON", NULL, "slub_debug", DOCTOR_WARN,
	 "every slab object is checked"},
	{"SLUB_DEBUG", NULL, NULL, "slab_debug", DOCTOR_WARN, "every slab object is checked"},
	{NULL, "INIT_ON_FREE_DEFAULT_ON", NULL, "init_on_free", DOCTOR_WARN,
	 "every freed page is cleared"},
	{NULL, "INIT_ON_ALLOC_DEFAULT_ON", NULL, "init_on_alloc", DOCTOR_NOTE,
	 "page cache and slab memory is cleared when it is allocated"},
};

/*
 * The last "name" or "name=value" of the command line decides, as in the kernel.
 * 1: on, 0: off, -1: not there.
 */
static int parameter_state(const char *cmdline, const char *name)
{
	static const char *const off[] = {"0", "off", "n", "N", "no", "-"};
	size_t len = strlen(name);
	int state = -1;

	for (const char *p = cmdline; (p = strstr(p, name)); p += len) {
		const char *value = p + len;
		size_t value_len;

		if ((p != cmdline && p[-1] != ' ') || (*value && *value != ' ' && *value != '='))
			continue;
		value += *value == '=';
		value_len = strcspn(value, " ");
		state = 1;
		for (size_t i = 0; i < ARRAY_SIZE(off); i++)
			if (value_len == strlen(off[i]) && !strncmp(value, off[i], value_len))
				state = 0;
	}
	return state;
}

static bool feature_is_on(const struct doctor_context *ctx, const struct debug_feature *f)
{
	int state = f->parameter ? parameter_state(ctx->facts.cmdline, f->parameter) : -1;

	if (ctx->config.text && f->built_in && !kconfig_is_set(&ctx->config, f->built_in))
		return false;
	if (state >= 0)
		return state;
	return f->on_by_default && kconfig_is_set(&ctx->config, f->on_by_default) &&
	       !(f->off_by_default && kconfig_is_set(&ctx->config, f->off_by_default));
}

static void add_feature(const struct debug_feature *f, struct doctor_report *report)
{
	const char *name = f->parameter ? f->parameter : f->built_in;
	char fix[128];

	if (!f->parameter)
		snprintf(fix, sizeof(fix), "build the kernel without CONFIG_%s", f->built_in);
	else if (strstr(name, "_debug"))
		snprintf(fix, sizeof(fix), "boot with %s=-", name);
	else
		snprintf(fix, sizeof(fix), "boot with %s=%s", name,
			 strncmp(name, "init_on", 7) ? "off" : "0");
	doctor_add(report, f->level, fix, "%s%s is on: %s, which adds to what is measured here",
		   f->parameter ? "" : "CONFIG_", name, f->effect);
}

void doctor_kernel_debug(const struct doctor_context *ctx, struct doctor_report *report)
{
	size_t found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
		/* PROVE_LOCKING selects LOCKDEP: one finding is enough. */
		if (!strcmp(features[i].built_in ? features[i].built_in : "", "LOCKDEP") &&
		    kconfig_is_set(&ctx->config, "PROVE_LOCKING"))
			continue;
		if (!feature_is_on(ctx, &features[i]))
			continue;
		add_feature(&features[i], report);
		found++;
	}
	if (!ctx->config.text)
		doctor_add(report, DOCTOR_NOTE, "",
			   "whether costly debugging options are built in cannot be told: %.180s",
			   ctx->config_why);
	else if (!found)
		doctor_add(report, DOCTOR_OK, "",
			   "no debugging option of the kernel that dominates costs (%s)",
			   ctx->config.source);
}

void doctor_mitigations(const struct doctor_context *ctx, struct doctor_report *report)
{
	__free_mem char *meltdown = NULL;

	if (parameter_state(ctx->facts.cmdline, "mitigations") == 0) {
		doctor_add(
			report, DOCTOR_NOTE,
			"remove mitigations=off from the kernel's command line and reboot",
			"mitigations of CPU vulnerabilities are off: entering the kernel is "
			"cheaper here than on most machines, so overheads in percent look larger");
		return;
	}
	if (fs_read(&meltdown, VULNERABILITIES_DIR "/meltdown") < 0)
		doctor_add(report, DOCTOR_OK, "",
			   "mitigations as the kernel chose; what they are is not visible");
	else if (strstr(meltdown, "PTI"))
		doctor_add(report, DOCTOR_NOTE, "",
			   "page table isolation is on: every fault pays for it in all memcg "
			   "states alike, so overheads in percent look smaller");
	else
		doctor_add(report, DOCTOR_OK, "",
			   "mitigations as the kernel chose, without page table isolation");
}
