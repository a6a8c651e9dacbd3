// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/emit.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/err.h"
#include "base/version.h"
#include "machine/workdir.h"

static void write_all(struct emit *emit, const char *text, size_t len)
{
	while (len && !emit->error) {
		ssize_t n = write(emit->fd, text, len);

		if (n < 0 && errno != EINTR)
			emit->error = errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
}

static void keep(struct emit *emit, const char *text, size_t len)
{
	if (emit->kept_len + len > emit->kept_size) {
		size_t size = (emit->kept_len + len) * 2 + 65536;
		char *kept = realloc(emit->kept, size);

		if (!kept) {
			emit->error = ENOMEM;
			return;
		}
		emit->kept = kept;
		emit->kept_size = size;
	}
	memcpy(emit->kept + emit->kept_len, text, len);
	emit->kept_len += len;
}

void emit_flush(struct emit *emit)
{
	write_all(emit, emit->kept, emit->kept_len);
	emit->kept_len = 0;
}

int emit_failed(const struct emit *emit)
{
	return emit->error ? err_sys(emit->error, "write a record") : 0;
}

/* @record is stolen. */
static void emit_record(struct emit *emit, json_t *record)
{
	char *line = json_dumps(record, JSON_COMPACT | JSON_REAL_PRECISION(9));
	size_t len;

	json_decref(record);
	if (!line) {
		emit->error = ENOMEM;
		return;
	}
	len = strlen(line);
	line[len] = '\n'; /* in place of the end of the string: one write per line */
	if (emit->deferred)
		keep(emit, line, len + 1);
	else
		write_all(emit, line, len + 1);
	free(line);
}

static json_t *u64(uint64_t value)
{
	return json_integer((json_int_t)value);
}

/* Text from the machine may hold any bytes; JSON takes UTF-8 only. */
static json_t *text_json(const char *text)
{
	json_t *json = json_string(text);

	return json ? json : json_string("(not UTF-8)");
}

static json_t *facts_json(const struct facts *f)
{
	json_t *json = json_object();
	const struct {
		const char *name, *text;
	} texts[] = {
		{"release", f->release},	  {"version", f->version},
		{"arch", f->arch},		  {"cmdline", f->cmdline},
		{"config_hash", f->config_hash},  {"config_source", f->config_source},
		{"cpu_model", f->cpu_model},	  {"hypervisor", f->hypervisor},
		{"thp_enabled", f->thp_enabled},  {"thp_shmem", f->thp_shmem},
		{"lru_gen", f->lru_gen},	  {"governor", f->governor},
		{"smt", f->smt},		  {"online_cpus", f->online_cpus},
		{"clocksource", f->clocksource},  {"compiler", f->compiler},
		{"priority", f->priority},
	};
	const struct {
		const char *name;
		uint64_t value;
	} numbers[] = {
		{"memory_bytes", f->memory_bytes}, {"page_bytes", f->page_bytes},
		{"thp_bytes", f->thp_bytes},	   {"swap_bytes", f->swap_bytes},
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		json_object_set_new(json, texts[i].name, text_json(texts[i].text));
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		json_object_set_new(json, numbers[i].name, u64(numbers[i].value));
	return json;
}

static json_t *cgroup_json(const struct cg_info *cg)
{
	static const char *const versions[] = {[CG_NONE] = "none", [CG_V1] = "v1", [CG_V2] = "v2"};

	return json_pack("{s:s, s:b, s:b, s:o, s:i, s:o}", "version", versions[cg->version], "hybrid",
			 cg->hybrid, "can_enter_root", cg->can_enter_root, "top", text_json(cg->top), "top_depth",
			 (int)cg->top_depth, "why", text_json(cg->why));
}

void emit_boot(struct emit *emit, const struct plan *plan, const struct facts *facts, const struct cg_info *cg,
	       const struct topo *topo, uint64_t clock_cost_ns)
{
	json_t *topology = json_pack("{s:i, s:i, s:i, s:i, s:b}", "pus", (int)topo_nr_pus(topo), "cores",
				     (int)topo_nr_cores(topo), "nodes", (int)topo_nr_nodes(topo), "packages",
				     (int)topo_nr_packages(topo), "smt", topo_has_smt(topo));

	emit_record(emit, json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:I, s:I, s:o, s:o, s:o}", "type", "boot", "schema",
				    "memcgbench-samples", "schema_version", 1, "memcgbench", memcgbench_version,
				    "revision", memcgbench_revision, "clock", plan_clock_name(plan->clock), "seed",
				    (json_int_t)plan->seed, "clock_cost_ns", (json_int_t)clock_cost_ns, "facts",
				    facts_json(facts), "cgroup", cgroup_json(cg), "topology", topology));
}

void emit_topology(struct emit *emit, const struct topo *topo)
{
	__free_mem char *xml = NULL;

	if (topo_export_xml(topo, &xml))
		return;
	emit_record(emit, json_pack("{s:s, s:o}", "type", "topology", "xml", text_json(xml)));
}

static json_t *metrics_json(const struct bench *bench, enum plan_clock clock)
{
	json_t *metrics = json_array();
	char unit[64];
	size_t i;

	for (i = 0; i < bench->nr_metrics; i++) {
		const struct bench_metric *m = &bench->metrics[i];

		bool is_count = m->kind == BENCH_COUNT;

		snprintf(unit, sizeof(unit), "%s/%s", is_count ? m->unit : plan_clock_name(clock), m->op);
		json_array_append_new(metrics, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "name", m->name, "help",
							 m->help, "kind", is_count ? "count" : "time", "op", m->op,
							 "unit", unit, "better",
							 m->better == BENCH_LOWER_IS_BETTER ? "lower" : "higher"));
	}
	return metrics;
}

static json_t *workers_json(const struct emit_item *item)
{
	json_t *workers = json_array();
	unsigned int i;

	for (i = 0; i < item->plan->nr_workers; i++) {
		const struct topo_place *p = &item->places[i];

		json_array_append_new(workers, json_pack("{s:i, s:i, s:i, s:i}", "pu", (int)p->pu, "core", (int)p->core,
							 "node", (int)p->node, "package", (int)p->package));
	}
	return workers;
}

void emit_item(struct emit *emit, const struct emit_item *item)
{
	json_t *record = plan_item_to_json(item->plan), *arm;
	char type[32];
	size_t i;

	json_array_foreach(json_object_get(record, "arms"), i, arm)
		json_object_set_new(arm, "arm", u64(i));
	json_object_del(record, "nr_workers");
	json_object_set_new(record, "type", json_string("item"));
	json_object_set_new(record, "item", u64(item->item));
	json_object_set_new(record, "oversubscribed", json_boolean(item->oversubscribed));
	json_object_set_new(record, "workers", workers_json(item));
	json_object_set_new(record, "op", json_string(item->plan->bench->metrics[0].op));
	json_object_set_new(record, "metrics", metrics_json(item->plan->bench, emit->clock));
	json_object_set_new(record, "passes", u64(item->passes));
	if (item->swap)
		json_object_set_new(record, "swap", json_pack("{s:s, s:o, s:s}", "kind", "zram", "bytes",
							      u64(item->swap->bytes), "algorithm", item->swap->algorithm));
	if (item->dir)
		json_object_set_new(record, "dir", json_pack("{s:s}", "type", workdir_type(item->dir, type, sizeof(type))));
	emit_record(emit, record);
}

static bool is_count(const struct plan_item *plan, size_t metric)
{
	return plan->bench->metrics[metric].kind == BENCH_COUNT;
}

/* What a metric is stored under beside its ops, and that value. */
static const char *value_name(const struct plan_item *plan, size_t metric)
{
	return is_count(plan, metric) ? "count" : "ns";
}

static json_t *value_json(const struct plan_item *plan, size_t metric, const struct bench_phase *phase)
{
	return u64(is_count(plan, metric) ? phase->amount : phase->ns);
}

static json_t *per_worker_json(const struct team *team, const struct plan_item *plan)
{
	json_t *workers = json_object();
	unsigned int i;
	size_t m;

	for (m = 0; m < plan->bench->nr_metrics; m++) {
		json_t *ops = json_array(), *values = json_array();

		for (i = 0; i < plan->nr_workers; i++) {
			const struct bench_phase *phase = &team_run(team, i)->phase[m];

			json_array_append_new(ops, u64(phase->ops));
			json_array_append_new(values, value_json(plan, m, phase));
		}
		json_object_set_new(workers, plan->bench->metrics[m].name,
				    json_pack("{s:o, s:o}", "ops", ops, value_name(plan, m), values));
	}
	return workers;
}

void emit_sample(struct emit *emit, const struct emit_sample *sample, const struct team *team,
		 const struct plan_item *plan, const struct team_rep *rep)
{
	json_t *metrics = json_object(), *evidence, *record;
	size_t m;

	for (m = 0; m < plan->bench->nr_metrics; m++)
		if (rep->phase[m].ops)
			json_object_set_new(metrics, plan->bench->metrics[m].name,
					    json_pack("{s:o, s:o}", "ops", u64(rep->phase[m].ops), value_name(plan, m),
						      value_json(plan, m, &rep->phase[m])));
	evidence = json_pack("{s:o, s:o, s:o, s:o}", "minflt", u64(rep->minflt), "majflt", u64(rep->majflt), "nvcsw",
			     u64(rep->nvcsw), "nivcsw", u64(rep->nivcsw));
	if (sample->has_usage) {
		json_object_set_new(evidence, "usage_before_bytes", u64(sample->usage_before_bytes));
		json_object_set_new(evidence, "usage_after_bytes", u64(sample->usage_after_bytes));
	}
	record = json_pack("{s:s, s:o, s:o, s:i, s:i, s:i, s:b, s:o, s:o, s:o, s:o}", "type", "sample", "item",
			   u64(sample->item), "arm", u64(sample->arm), "block", (int)sample->block, "pos",
			   (int)sample->pos, "rep", (int)sample->rep, "warmup", sample->warmup, "passes",
			   u64(sample->passes), "metrics", metrics, "elapsed_ns", u64(rep->elapsed_ns),
			   "evidence", evidence);
	if (plan->nr_workers > 1)
		json_object_set_new(record, "workers", per_worker_json(team, plan));
	emit_record(emit, record);
}

static json_t *counts_json(const struct team *team, const struct bench_phase *phase)
{
	json_t *counts = json_object();
	size_t i;

	for (i = 0; i < team_nr_counters(team); i++)
		if (phase->count_valid[i])
			json_object_set_new(counts, team_counter_name(team, i), u64(phase->count[i]));
	return json_pack("{s:o, s:o, s:b}", "ops", u64(phase->ops), "counters", counts, "scaled", phase->count_scaled);
}

void emit_counters(struct emit *emit, size_t item, size_t arm, unsigned int round, const struct team *team,
		   const struct plan_item *plan, const struct team_rep *rep)
{
	json_t *metrics = json_object();
	size_t m;

	for (m = 0; m < plan->bench->nr_metrics; m++)
		if (rep->phase[m].ops && !is_count(plan, m))
			json_object_set_new(metrics, plan->bench->metrics[m].name, counts_json(team, &rep->phase[m]));
	emit_record(emit, json_pack("{s:s, s:o, s:o, s:i, s:o, s:o}", "type", "counters", "item", u64(item), "arm",
				    u64(arm), "round", (int)round, "metrics", metrics, "why",
				    text_json(team_counters_why(team))));
}

void emit_proof(struct emit *emit, size_t item, size_t arm, int64_t claimed_bytes, int64_t charged_bytes, json_t *expected, json_t *stat)
{
	emit_record(emit, json_pack("{s:s, s:o, s:o, s:I, s:I, s:o, s:o}", "type", "proof", "item", u64(item), "arm", u64(arm),
				    "claimed_bytes", (json_int_t)claimed_bytes, "charged_bytes", (json_int_t)charged_bytes,
				    "expected", expected, "stat", stat));
}

void emit_latency(struct emit *emit, size_t item, size_t arm, unsigned int round, const char *metric,
		  uint64_t clock_cost_ns, const struct histogram *histogram)
{
	json_t *buckets = json_array();
	size_t i;

	for (i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (histogram->bucket[i])
			json_array_append_new(buckets, json_pack("[o, o]", u64(histogram_lower(i)),
								 u64(histogram->bucket[i])));
	emit_record(emit, json_pack("{s:s, s:o, s:o, s:i, s:s, s:o, s:o, s:o, s:o, s:o}", "type", "latency", "item",
				    u64(item), "arm", u64(arm), "round", (int)round, "metric", metric, "count",
				    u64(histogram->count), "clock_cost_ns", u64(clock_cost_ns), "min_ns",
				    u64(histogram->min), "max_ns", u64(histogram->max), "histogram", buckets));
}

/* The kernel's iowait may run backwards (proc(5)): no time, not 2^64 of it. */
static json_t *seconds(uint64_t before_ns, uint64_t after_ns)
{
	return json_real(after_ns > before_ns ? (double)(after_ns - before_ns) / 1e9 : 0);
}

void emit_noise(struct emit *emit, size_t item, const struct noise *a, const struct noise *b)
{
	json_t *cpu = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "user", seconds(a->user_ns, b->user_ns), "system",
				seconds(a->system_ns, b->system_ns), "idle", seconds(a->idle_ns, b->idle_ns), "iowait",
				seconds(a->iowait_ns, b->iowait_ns), "irq", seconds(a->irq_ns, b->irq_ns), "steal",
				seconds(a->steal_ns, b->steal_ns));
	json_t *record = json_pack("{s:s, s:o, s:o, s:o, s:o, s:f, s:o, s:o, s:o}", "type", "noise", "item", u64(item),
				   "seconds", seconds(a->time_ns, b->time_ns), "cpu_seconds", cpu, "procs_running",
				   u64(a->procs_running), "load", (double)a->load_milli / 1e3, "context_switches",
				   u64(b->context_switches - a->context_switches), "swap_in_pages",
				   u64(b->swap_in_pages - a->swap_in_pages), "swap_out_pages",
				   u64(b->swap_out_pages - a->swap_out_pages));

	if (a->has_throttle && b->has_throttle)
		json_object_set_new(record, "throttle_count", u64(b->throttle_count - a->throttle_count));
	if (a->has_freq && b->has_freq) {
		json_object_set_new(record, "freq_min_khz",
				    u64(a->freq_min_khz < b->freq_min_khz ? a->freq_min_khz : b->freq_min_khz));
		json_object_set_new(record, "freq_max_khz",
				    u64(a->freq_max_khz > b->freq_max_khz ? a->freq_max_khz : b->freq_max_khz));
	}
	emit_record(emit, record);
}

void emit_warning(struct emit *emit, int item, const char *code, const char *fmt, ...)
{
	char text[512];
	json_t *record;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	record = json_pack("{s:s, s:s, s:o}", "type", "warning", "code", code, "text", text_json(text));
	if (item >= 0)
		json_object_set_new(record, "item", json_integer(item));
	emit_record(emit, record);
}

void emit_skip(struct emit *emit, size_t item, const char *bench, const char *why)
{
	emit_record(emit, json_pack("{s:s, s:o, s:s, s:o}", "type", "skip", "item", u64(item), "bench", bench, "text",
				    text_json(why)));
}

void emit_left_out(struct emit *emit, size_t item, const char *bench)
{
	emit_record(emit, json_pack("{s:s, s:o, s:s, s:s, s:s}", "type", "skip", "item", u64(item), "bench", bench, "code", "budget", "text",
				    "left out for time (--budget)"));
}

void emit_progress(struct emit *emit, size_t item, uint64_t left_ns)
{
	emit_record(emit, json_pack("{s:s, s:o, s:o}", "type", "progress", "item", u64(item), "left_ns", u64(left_ns)));
}

void emit_error(struct emit *emit, int item, const char *bench, int arm, const char *text)
{
	json_t *record = json_pack("{s:s, s:o}", "type", "error", "text", text_json(text));

	if (item >= 0)
		json_object_set_new(record, "item", json_integer(item));
	if (bench)
		json_object_set_new(record, "bench", json_string(bench));
	if (arm >= 0)
		json_object_set_new(record, "arm", json_integer(arm));
	emit_record(emit, record);
}

void emit_end(struct emit *emit, const char *status, uint64_t tainted, json_t *args)
{
	json_t *record = json_pack("{s:s, s:s}", "type", "end", "status", status);

	if (tainted)
		json_object_set_new(record, "tainted", u64(tainted));
	if (args)
		json_object_set_new(record, "args", args);
	emit_record(emit, record);
}
