// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "base/fs.h"
#include "machine/doctor_priv.h"

/* Long enough for 20 ticks of USER_HZ, short enough to wait for. */
#define LOOK_MS 200

static const struct check {
	const char *name;
	doctor_check_fn *run;
} checks[] = {
	{"memcg", doctor_memcg},
	{"root-memcg", doctor_root_memcg},
	{"virtual", doctor_virtual},
	{"steal", doctor_steal},
	{"load", doctor_load},
	{"governor", doctor_governor},
	{"turbo", doctor_turbo},
	{"smt", doctor_smt},
	{"offline", doctor_offline},
	{"cpuset", doctor_cpuset},
	{"memory", doctor_memory},
	{"thp", doctor_thp},
	{"swap", doctor_swap},
	{"ksm", doctor_ksm},
	{"numa-balancing", doctor_numa_balancing},
	{"kernel-debug", doctor_kernel_debug},
	{"mitigations", doctor_mitigations},
	{"perf", doctor_perf},
	{"pmu", doctor_pmu},
	{"tools", doctor_tools},
	{"kvm", doctor_kvm},
	{"disk", doctor_disk},
};

const char *doctor_check_name(size_t i)
{
	return i < ARRAY_SIZE(checks) ? checks[i].name : NULL;
}

static void gather(struct doctor_context *ctx)
{
	/* A captured tree does not move: there is nothing to wait for. */
	unsigned int wait_ms = fs_root()[0] ? 0 : LOOK_MS;

	facts_read(&ctx->facts);
	if (kconfig_load(&ctx->config) < 0)
		snprintf(ctx->config_why, sizeof(ctx->config_why), "%.255s", err_msg());
	if (cg_detect(&ctx->cgroup) < 0) {
		ctx->cgroup = (struct cg_info){.version = CG_NONE};
		snprintf(ctx->cgroup.why, sizeof(ctx->cgroup.why), "%.255s", err_msg());
	}
	ctx->privileged = geteuid() == 0;
	ctx->has_noise = noise_read(&ctx->before) == 0;
	doctor_find_hog(wait_ms, &ctx->hog);
	ctx->has_noise = ctx->has_noise && noise_read(&ctx->after) == 0;
}

int doctor_run(struct doctor_finding **ret_findings, size_t *ret_nr)
{
	struct doctor_context ctx = {0};
	struct doctor_report report = {0};

	gather(&ctx);
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		report.check = checks[i].name;
		checks[i].run(&ctx, &report);
	}
	kconfig_free(&ctx.config);
	if (report.out_of_memory) {
		free(report.findings);
		return err_sys(ENOMEM, "examine this machine");
	}
	*ret_findings = report.findings;
	*ret_nr = report.nr;
	return 0;
}
