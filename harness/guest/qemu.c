// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/qemu.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/err.h"
#include "base/units.h"
#include "guest/files.h"

#define DEFAULT_MEMORY_BYTES (512ull << 20)

/* --- nodes --- */

static int parse_cpus(const char *text, struct qemu_node *node)
{
	const char *dash = strchr(text, '-');
	char first[16];
	uint64_t from, to;

	snprintf(first, sizeof(first), "%.*s", dash ? (int)(dash - text) : 15, text);
	if (parse_u64(first, &from) || parse_u64(dash ? dash + 1 : first, &to) || from > to || to >= QEMU_CPUS_MAX)
		return err_set(EINVAL, "cpus=%s: give A or A-B, below %d", text, QEMU_CPUS_MAX);
	node->first_cpu = (unsigned int)from;
	node->last_cpu = (unsigned int)to;
	return 0;
}

static int parse_distances(char *text, struct qemu_node *node)
{
	char *save = NULL;
	size_t i = 0;

	for (char *word = strtok_r(text, ":", &save); word; word = strtok_r(NULL, ":", &save)) {
		uint64_t value;

		if (i == QEMU_NODES_MAX || parse_u64(word, &value) || value < 10 || value > 254)
			return err_set(EINVAL, "dist=…%s: distances are 10 to 254, one for each of at most %d nodes", word,
				       QEMU_NODES_MAX);
		node->distance[i++] = (unsigned char)value;
	}
	return i ? 0 : err_set(EINVAL, "dist= is empty");
}

int qemu_node_parse(const char *text, struct qemu_node *ret_node)
{
	__free_mem char *copy = text_format("%s", text);
	struct qemu_node node = {0};
	bool has_cpus = false;
	char *save = NULL, *word;
	int ret;

	if (!copy)
		return -ENOMEM;
	word = strtok_r(copy, ",", &save);
	ret = word ? parse_size(word, &node.memory_bytes) : err_set(EINVAL, "it is empty");
	if (!ret && (node.memory_bytes == 0 || node.memory_bytes % (1 << 20)))
		ret = err_set(EINVAL, "the memory of a node is a multiple of 1M");
	while (!ret && (word = strtok_r(NULL, ",", &save))) {
		if (!strncmp(word, "cpus=", 5)) {
			ret = parse_cpus(word + 5, &node);
			has_cpus = true;
		} else if (!strncmp(word, "dist=", 5)) {
			ret = parse_distances(word + 5, &node);
		} else {
			ret = err_set(EINVAL, "\"%s\" is neither cpus=… nor dist=…", word);
		}
	}
	if (!ret && !has_cpus)
		ret = err_set(EINVAL, "cpus=A-B is missing");
	if (ret)
		return err_prefix(ret, "node \"%s\"", text);
	*ret_node = node;
	return 0;
}

/* --- arguments --- */

struct argv {
	char **item;
	size_t nr;
	bool failed;
};

static void add(struct argv *argv, char *text)
{
	char **more = realloc(argv->item, (argv->nr + 2) * sizeof(*more));

	if (more)
		argv->item = more;
	if (!more || !text) {
		argv->failed = true;
		free(text);
		return;
	}
	more[argv->nr++] = text;
	more[argv->nr] = NULL;
}

static void add2(struct argv *argv, const char *option, char *value)
{
	add(argv, text_format("%s", option));
	add(argv, value);
}

void qemu_argv_free(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}

const char *qemu_accel_name(enum qemu_accel accel)
{
	static const char *const names[] = {[QEMU_ICOUNT] = "tcg-icount", [QEMU_TCG] = "tcg", [QEMU_KVM] = "kvm"};

	return names[accel];
}

const char *qemu_cpu_model(enum qemu_accel accel)
{
	return accel == QEMU_KVM ? "host" : "max,-erms,-fsrm";
}

static unsigned int count_cpus(const struct qemu_options *options)
{
	unsigned int cpus = options->cpus;

	for (size_t i = 0; i < options->nr_nodes && !options->cpus; i++)
		if (options->nodes[i].last_cpu + 1 > cpus)
			cpus = options->nodes[i].last_cpu + 1;
	return cpus ? cpus : 1;
}

static uint64_t sum_memory(const struct qemu_options *options)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < options->nr_nodes; i++)
		bytes += options->nodes[i].memory_bytes;
	return bytes;
}

static int check_nodes(const struct qemu_options *options)
{
	unsigned int cpus = count_cpus(options);
	char memory[32], sum[32];
	bool taken[QEMU_CPUS_MAX] = {false};

	if (options->nr_nodes > QEMU_NODES_MAX || cpus > QEMU_CPUS_MAX)
		return err_set(EINVAL, "more than %d nodes or %d CPUs", QEMU_NODES_MAX, QEMU_CPUS_MAX);
	if (!options->nr_nodes)
		return 0;
	if (options->memory_bytes && options->memory_bytes != sum_memory(options))
		return err_set(EINVAL, "memory %s, but the nodes have %s together",
			       format_size(options->memory_bytes, memory, sizeof(memory)),
			       format_size(sum_memory(options), sum, sizeof(sum)));
	for (size_t i = 0; i < options->nr_nodes; i++)
		for (unsigned int cpu = options->nodes[i].first_cpu; cpu <= options->nodes[i].last_cpu; cpu++) {
			if (cpu >= cpus)
				return err_set(EINVAL, "node %zu has CPU %u, but the guest has %u", i, cpu, cpus);
			if (taken[cpu])
				return err_set(EINVAL, "CPU %u is in two nodes", cpu);
			taken[cpu] = true;
		}
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		if (!taken[cpu])
			return err_set(EINVAL, "CPU %u is in no node", cpu);
	return 0;
}

static int check(const struct qemu_options *options)
{
	const char *const paths[] = {options->results_path, options->console_path};

	/* QEMU takes a comma doubled there; a user who reads the line would not. */
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strchr(paths[i], ','))
			return err_set(EINVAL, "%s: QEMU cannot write to a path with a comma", paths[i]);
	return check_nodes(options);
}

char *qemu_append(const struct qemu_options *options)
{
	bool insn = options->accel == QEMU_ICOUNT, many = count_cpus(options) > 1;

	/*
	 * panic=-1 with -no-reboot ends QEMU at a panic. Without "quiet": with it a WARN never reaches the console.
	 * nolapic_timer: the kernel calibrates the timer of the local APIC in a loop of pauses over 100 ms of guest
	 * time (calibrate_APIC_clock()), and under -icount a pause costs QEMU so much that this takes longer than
	 * the rest of the boot; the HPET and, with several CPUs, its broadcast do as well. maxcpus=1: see
	 * online_cpus() of core/guest_init.c. tsc=reliable: all vCPUs read one clock, which a kernel cannot know; it
	 * would fall back to the HPET and its 10 ns. initcall_blacklist: checking a certificate and testing a source of
	 * entropy is a fifth of a boot of Debian's kernels.
	 */
	return text_format("console=ttyS0 panic=-1 nokaslr%s%s%s%s", insn ? " nolapic_timer initcall_blacklist=load_system_certificate_list,jent_mod_init" : "",
			   insn && many ? " maxcpus=1 tsc=reliable" : "",
			   options->append && options->append[0] ? " " : "", options->append ? options->append : "");
}

static void add_accel(struct argv *argv, const struct qemu_options *options)
{
	add2(argv, "-machine", text_format("pc"));
	switch (options->accel) {
	case QEMU_ICOUNT:
		add2(argv, "-accel", text_format("tcg,thread=single"));
		add2(argv, "-icount", text_format("shift=0,sleep=off"));
		break;
	case QEMU_TCG:
		add2(argv, "-accel", text_format("tcg"));
		break;
	case QEMU_KVM:
		add2(argv, "-accel", text_format("kvm"));
		break;
	}
	add2(argv, "-cpu", text_format("%s", options->cpu_model ? options->cpu_model : qemu_cpu_model(options->accel)));
	add2(argv, "-rtc", text_format("base=2024-01-01T00:00:00,clock=vm"));
	add2(argv, "-seed", text_format("%u", options->seed));
}

/*
 * CPUs of one package in two nodes make the kernel WARN (topology_sane()): a node is a package, or, where the nodes differ in
 * size or order, each CPU is one.
 */
static char *smp(const struct qemu_options *options)
{
	unsigned int cpus = count_cpus(options), sockets = (unsigned int)options->nr_nodes;

	if (!sockets)
		return text_format("%u", cpus);
	for (size_t i = 0; i < options->nr_nodes; i++)
		if (cpus % options->nr_nodes || options->nodes[i].first_cpu != i * (cpus / options->nr_nodes) ||
		    options->nodes[i].last_cpu + 1 != (i + 1) * (cpus / options->nr_nodes))
			sockets = cpus;
	return text_format("%u,sockets=%u", cpus, sockets);
}

static void add_node(struct argv *argv, const struct qemu_options *options, size_t i)
{
	const struct qemu_node *node = &options->nodes[i];

	add2(argv, "-object", text_format("memory-backend-ram,id=m%zu,size=%lluM", i,
					  (unsigned long long)(node->memory_bytes >> 20)));
	add2(argv, "-numa", text_format("node,nodeid=%zu,cpus=%u-%u,memdev=m%zu", i, node->first_cpu, node->last_cpu,
					i));
}

static void add_distances(struct argv *argv, const struct qemu_options *options)
{
	for (size_t i = 0; i < options->nr_nodes; i++)
		for (size_t j = 0; j < options->nr_nodes; j++)
			if (options->nodes[i].distance[j])
				add2(argv, "-numa", text_format("dist,src=%zu,dst=%zu,val=%u", i, j,
								options->nodes[i].distance[j]));
}

static void add_machine(struct argv *argv, const struct qemu_options *options)
{
	uint64_t bytes = options->nr_nodes ? sum_memory(options) : options->memory_bytes;

	add2(argv, "-m", text_format("%lluM", (unsigned long long)((bytes ? bytes : DEFAULT_MEMORY_BYTES) >> 20)));
	add2(argv, "-smp", smp(options));
	for (size_t i = 0; i < options->nr_nodes; i++)
		add_node(argv, options, i);
	add_distances(argv, options);
	add(argv, text_format("-nodefaults"));
	add(argv, text_format("-no-user-config"));
	add2(argv, "-display", text_format("none"));
	add(argv, text_format("-no-reboot"));
	add2(argv, "-chardev", text_format("file,id=console,path=%s", options->console_path));
	add2(argv, "-serial", text_format("chardev:console"));
	add2(argv, "-chardev", text_format("file,id=results,path=%s", options->results_path));
	add2(argv, "-serial", text_format("chardev:results"));
}

int qemu_command(const struct qemu_options *options, char ***ret_argv)
{
	struct argv argv = {0};
	int ret = check(options);

	if (ret)
		return ret;
	add(&argv, text_format("%s", options->binary ? options->binary : "qemu-system-x86_64"));
	add_accel(&argv, options);
	add_machine(&argv, options);
	add2(&argv, "-kernel", text_format("%s", options->kernel_path));
	if (options->initramfs_path)
		add2(&argv, "-initrd", text_format("%s", options->initramfs_path));
	add2(&argv, "-append", qemu_append(options));
	if (options->plugin)
		add2(&argv, "-plugin", text_format("%s", options->plugin));
	for (size_t i = 0; i < options->nr_extra; i++)
		add(&argv, text_format("%s", options->extra[i]));
	if (argv.failed) {
		qemu_argv_free(argv.item);
		return err_sys(ENOMEM, "make the QEMU command line");
	}
	*ret_argv = argv.item;
	return 0;
}

static void quote(FILE *out, const char *word)
{
	bool plain = *word != '\0';

	for (const char *c = word; *c; c++)
		plain = plain && (isalnum((unsigned char)*c) || strchr("-_./,:=+@%", *c));
	if (plain) {
		fputs(word, out);
		return;
	}
	fputc('\'', out);
	for (const char *c = word; *c; c++) {
		if (*c == '\'')
			fputs("'\\''", out);
		else
			fputc(*c, out);
	}
	fputc('\'', out);
}

char *qemu_command_text(char *const *argv)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; argv[i]; i++) {
		if (i)
			fputc(' ', out);
		quote(out, argv[i]);
	}
	fclose(out);
	return text;
}
