// SPDX-License-Identifier: GPL-2.0-or-later
/* The reader: what the format says is read, the rest is refused with its line. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "base/err.h"
#include "data/rundata.h"
#include "data/rundata_loader.h"

#define RUN	 "{\"schema\":\"memcgbench-run\",\"schema_version\":1,\"status\":\"complete\",\"clock\":\"ns\"}"
#define BOOT	 "{\"type\":\"boot\",\"boot\":0,\"schema\":\"memcgbench-samples\",\"schema_version\":1,\"clock\":\"ns\"}\n"
#define ITEM_END                                                                                   \
	"\"bench\":\"b\",\"version\":1,\"op\":\"op\",\"params\":{},\"mode\":\"processes\","         \
	"\"place\":\"cores\",\"memory\":\"local\",\"workers\":[],\"metrics\":[{\"name\":\"m\","     \
	"\"help\":\"h\",\"op\":\"op\",\"unit\":\"ns/op\",\"better\":\"lower\"},{\"name\":\"k\","    \
	"\"help\":\"h\",\"op\":\"op\",\"unit\":\"ns/op\",\"better\":\"higher\"}],"                  \
	"\"arms\":[{\"arm\":0,\"state\":\"root\",\"depth\":0,\"limit_bytes\":null},"                \
	"{\"arm\":1,\"state\":\"child\",\"depth\":2,\"limit_bytes\":4096}]}\n"
#define ITEM	 "{\"type\":\"item\",\"boot\":0,\"item\":0," ITEM_END
#define END	 "{\"type\":\"end\",\"boot\":0,\"status\":\"complete\"}\n"
#define SAMPLE_(arm, block, pos, metrics)                                                          \
	"{\"type\":\"sample\",\"boot\":0,\"item\":0,\"arm\":" #arm ",\"block\":" #block ",\"pos\":" #pos  \
	",\"rep\":0,\"warmup\":false,\"metrics\":{" metrics "}}\n"
#define SAMPLE(metrics) SAMPLE_(0, 1, 0, metrics)
#define M(ops, ns) "\"m\":{\"ops\":" #ops ",\"ns\":" #ns "}"
#define LATENCY(rest) "{\"type\":\"latency\",\"boot\":0,\"item\":0,\"arm\":0,\"round\":0,\"clock_cost_ns\":20," rest "}\n"

static char dir[64];

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/test-rundata-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", dir);
	return system(command);
}

static void write_file(const char *name, const char *text, size_t len)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* With and without the streaming parser: there must be no difference. */
static int load_both(struct rundata **ret_data)
{
	struct rundata *data = NULL, *plain = NULL;
	char first[ERR_MSG_MAX + 1];
	int ret = rundata_load(dir, &data), plain_ret;

	snprintf(first, sizeof(first), "%s", err_msg());
	plain_ret = loader_load(dir, false, &plain);
	assert_int_equal(ret, plain_ret);
	if (ret) {
		assert_string_equal(first, err_msg());
		return ret;
	}
	assert_int_equal(data->nr_items, plain->nr_items);
	for (size_t i = 0; i < data->nr_items; i++) {
		const struct rundata_item *a = &data->items[i], *b = &plain->items[i];

		assert_int_equal(a->nr_samples, b->nr_samples);
		for (size_t k = 0; k < a->nr_samples; k++) {
			struct rundata_sample left = a->samples[k], right = b->samples[k];

			assert_memory_equal(left.value, right.value, a->nr_metrics * sizeof(double));
			left.value = right.value = NULL;
			assert_memory_equal(&left, &right, offsetof(struct rundata_sample, cut) + sizeof(left.cut));
		}
	}
	rundata_free(plain);
	*ret_data = data;
	return 0;
}

static int load(const char *run, const char *samples, struct rundata **ret_data)
{
	write_file("run.json", run, strlen(run));
	write_file("samples.jsonl", samples, strlen(samples));
	return load_both(ret_data);
}

/* Refused, with @sentence in what is said, and nothing given back. */
static void refused(const char *samples, int error, const char *sentence)
{
	struct rundata *data = (struct rundata *)&setup;
	int ret = load(RUN, samples, &data);

	if (ret != error || !strstr(err_msg(), sentence))
		fail_msg("%d, \"%s\" instead of %d, \"%s\", for:\n%s", ret, ret ? err_msg() : "", error, sentence, samples);
	assert_ptr_equal(data, &setup);
}

static struct rundata *accepted(const char *samples)
{
	struct rundata *data = NULL;

	if (load(RUN, samples, &data))
		fail_msg("%s", err_msg());
	return data;
}

static void test_small(void **state)
{
	struct rundata *data = NULL;
	const struct rundata_item *item;

	(void)state;
	if (rundata_load("tests/data/runs/small", &data))
		fail_msg("%s", err_msg());
	assert_true(data->complete);
	assert_null(data->doubt);
	assert_int_equal(data->nr_items, 2);
	item = &data->items[1];
	assert_string_equal(item->bench, "fault_storm");
	assert_string_equal(item->place, "cores");
	assert_false(item->oversubscribed);
	assert_int_equal(item->nr_metrics, 2);
	assert_string_equal(item->metrics[0].unit, "ns/page");
	assert_true(item->metrics[0].lower_is_better);
	assert_int_equal(item->nr_arms, 2);
	assert_string_equal(item->arms[1].state, "child");
	assert_int_equal(item->arms[1].depth, 1);
	assert_true(item->arms[1].limit_bytes == UINT64_MAX);
	assert_int_equal(item->nr_samples, 36);
	assert_true(item->samples[0].warmup && !item->samples[4].warmup);
	/* 500 and 540 ns, and at most 5 % of them, of 1000 ops in 4096. */
	for (size_t i = 0; i < item->nr_samples; i++) {
		const struct rundata_sample *sample = &item->samples[i];
		double base = sample->arm ? 540 : 500;

		assert_true(sample->value[0] > base * 0.999 && sample->value[0] < base * 1.02);
		assert_false(sample->cut);
	}
	assert_int_equal(item->nr_latencies, 4);
	assert_int_equal(item->latencies[1].arm, 1);
	assert_int_equal(item->latencies[0].nr_buckets, 11);
	assert_true(item->latencies[0].histogram[10][0] == 4096);
	assert_int_equal(json_array_size(item->noise), 1);
	assert_int_equal(json_array_size(item->counters), 1);
	assert_int_equal(json_array_size(data->notes), 2);
	rundata_free(data);
	rundata_free(NULL);
}

static void test_interrupted(void **state)
{
	struct rundata *data = NULL;
	size_t nr_cut = 0;

	(void)state;
	if (rundata_load("tests/data/runs/interrupted", &data))
		fail_msg("%s", err_msg());
	assert_false(data->complete);
	assert_string_equal(data->doubt, "the run has not ended: it was killed, or is still running; the last line is cut; "
					 "boot 0 was cut short");
	for (size_t i = 0; i < data->items[0].nr_samples; i++)
		assert_false(data->items[0].samples[i].cut);
	for (size_t i = 0; i < data->items[1].nr_samples; i++) {
		assert_int_equal(data->items[1].samples[i].cut, data->items[1].samples[i].block == 5);
		nr_cut += data->items[1].samples[i].cut;
	}
	assert_int_equal(nr_cut, 2);
	rundata_free(data);
}

static void test_values(void **state)
{
	struct rundata *data = accepted(BOOT ITEM SAMPLE(M(4, 10)) SAMPLE(M(9007199254740993, 9223372036854775807))
					SAMPLE(M(1, 0) ",\"k\":{\"ops\":8,\"ns\":2.5}") SAMPLE("") END);
	const struct rundata_sample *sample = data->items[0].samples;

	(void)state;
	assert_true(sample[0].value[0] == 2.5);
	assert_true(isnan(sample[0].value[1])); /* missing, not 0 */
	assert_true(fabs(sample[1].value[0] - 1024) < 1e-9);
	assert_true(sample[2].value[0] == 0 && sample[2].value[1] == 0.3125);
	assert_true(isnan(sample[3].value[0]) && isnan(sample[3].value[1]));
	assert_true(data->items[0].arms[1].limit_bytes == 4096 && data->items[0].arms[1].depth == 2);
	assert_false(data->items[0].metrics[1].lower_is_better);
	rundata_free(data);
}

static void test_bad_samples(void **state)
{
	(void)state;
	refused(BOOT ITEM SAMPLE(M(0, 10)), -EBADMSG, "samples.jsonl:3: metric \"m\" did 0 ops");
	refused(BOOT ITEM SAMPLE(M(-1, 10)), -EBADMSG, ":3: \"ops\" is not a whole number");
	refused(BOOT ITEM SAMPLE(M(1.5, 10)), -EBADMSG, ":3: \"ops\" is not a whole number");
	refused(BOOT ITEM SAMPLE(M(1, -10)), -EBADMSG, ":3: \"ns\" is not a number from 0");
	refused(BOOT ITEM SAMPLE(M(1, 1e308)), -EBADMSG, ":3: \"ns\" is not a number from 0 to 1e+19");
	refused(BOOT ITEM SAMPLE_(0, 400000000, 0, M(1, 1)), -EBADMSG, ":3: block 400000000 is more than any run has");
	refused(BOOT ITEM SAMPLE(M(1, "10")), -EBADMSG, ":3: \"ns\" is not a number");
	refused(BOOT ITEM SAMPLE(M(1, null)), -EBADMSG, ":3: \"ns\" is not a number");
	refused(BOOT ITEM SAMPLE(M(1, NaN)), -EBADMSG, ":3: not JSON");
	refused(BOOT ITEM SAMPLE(M(1, 1e999)), -EBADMSG, ":3: not JSON");
	refused(BOOT ITEM SAMPLE(M(99999999999999999999, 1)), -EBADMSG, ":3: not JSON");
	refused(BOOT ITEM SAMPLE("\"m\":{\"ns\":1}"), -EBADMSG, ":3: \"ops\"");
	refused(BOOT ITEM SAMPLE("\"x\":{\"ops\":1,\"ns\":1}"), -EBADMSG, ":3: metric \"x\" is not one of item 0");
	refused(BOOT ITEM SAMPLE(M(1, 1) "," M(1, 2)), -EBADMSG, ":3: not JSON: duplicate object key");
	refused(BOOT ITEM SAMPLE_(2, 0, 0, M(1, 1)), -EBADMSG, ":3: arm 2 is not one of item 0");
	refused(BOOT ITEM SAMPLE_(-1, 0, 0, M(1, 1)), -EBADMSG, ":3: \"arm\"");
	refused(BOOT ITEM SAMPLE_(0, 4294967296, 0, M(1, 1)), -EBADMSG, ":3: \"block\" is out of range");
	refused(BOOT SAMPLE(M(1, 1)), -EBADMSG, ":2: item 0 has no item record");
	refused(BOOT ITEM "{\"type\":\"sample\",\"item\":0}\n", -EBADMSG, ":3: \"boot\"");
	refused(BOOT ITEM "{\"type\":\"sample\",\"boot\":1,\"item\":0}\n", -EBADMSG, ":3: boot 1 has no boot record");
	refused(BOOT ITEM END SAMPLE(M(1, 1)), -EBADMSG, ":4: a record of boot 0 behind its end record");
	refused(BOOT ITEM END END, -EBADMSG, ":4: a record of boot 0 behind its end record");
	refused(BOOT ITEM SAMPLE_(0, 0, 0, M(1, 1)) "\n", -EBADMSG, ":4: not JSON");
}

static void test_foreign_files(void **state)
{
	struct rundata *data = NULL;
	char path[128];

	(void)state;
	refused("{\"level\":\"info\",\"msg\":\"hello\"}\n", -EBADMSG, ":1: not a record of a memcgbench run");
	refused("{\"type\":\"sample\",\"boot\":0}\n", -EBADMSG, ":1: the first record is not a boot record");
	refused("{\"type\":\"boot\",\"boot\":0}\n", -EBADMSG, ":1: not of memcgbench");
	refused("{\"type\":\"boot\",\"boot\":0,\"schema\":\"memcgbench-samples\",\"schema_version\":2}\n", -EPROTONOSUPPORT,
		":1: schema version 2, this program reads version 1");
	refused("{\"type\":\"boot\",\"boot\":0,\"schema\":\"memcgbench-samples\",\"schema_version\":1,\"clock\":\"insn\"}\n",
		-EBADMSG, ":1: clock \"insn\" in a run with clock \"ns\"");
	refused("[1]\n", -EBADMSG, ":1: not a record");
	refused("ELF\n", -EBADMSG, ":1: not JSON");
	refused(BOOT BOOT, -EBADMSG, ":2: a second boot record of boot 0");

	assert_int_equal(load("{", BOOT, &data), -EBADMSG);
	assert_int_equal(load("[]", BOOT, &data), -EBADMSG);
	assert_int_equal(load("{\"schema\":\"other\",\"schema_version\":1}", BOOT, &data), -EBADMSG);
	assert_int_equal(load("{\"schema\":\"memcgbench-run\",\"schema_version\":9,\"status\":\"complete\"}", BOOT, &data),
			 -EPROTONOSUPPORT);
	assert_non_null(strstr(err_msg(), "run.json"));
	assert_int_equal(load("{\"schema\":\"memcgbench-run\",\"schema_version\":1}", BOOT, &data), -EBADMSG);
	assert_int_equal(rundata_load("/nonexistent/run", &data), -ENOENT);
	assert_non_null(strstr(err_msg(), "/nonexistent/run/run.json"));

	snprintf(path, sizeof(path), "%s/run.json", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rundata_load(dir, &data), -ENOENT);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(rundata_load(dir, &data), -EISDIR);
	assert_int_equal(rmdir(path), 0);
	load(RUN, BOOT END, &data);
	rundata_free(data);
	data = NULL;
	snprintf(path, sizeof(path), "%s/samples.jsonl", dir);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rundata_load(dir, &data), -ENOENT);
	assert_null(data);
}

static void test_bad_items(void **state)
{
	(void)state;
	refused(BOOT ITEM ITEM, -EBADMSG, ":3: a second item record of item 0 in boot 0");
	refused(BOOT "{\"type\":\"item\",\"boot\":0,\"item\":0}\n", -EBADMSG, ":2: \"bench\" is not a text");
	refused(BOOT "{\"type\":\"item\",\"boot\":0,\"item\":0,\"bench\":\"b\",\"version\":1,\"op\":\"o\",\"mode\":\"m\",\"place\":"
		     "\"p\",\"memory\":\"m\",\"params\":{},\"workers\":[],\"metrics\":[],\"arms\":[]}\n",
		-EBADMSG, ":2: an item without metrics");
	refused(BOOT "{\"type\":\"item\",\"boot\":0,\"item\":0,\"bench\":\"b\",\"version\":1,\"op\":\"o\",\"mode\":\"m\",\"place\":"
		     "\"p\",\"memory\":\"m\",\"params\":{},\"workers\":[],\"metrics\":[{\"name\":\"m\",\"help\":\"\",\"op\":\"\","
		     "\"unit\":\"\",\"better\":\"lower\"}],\"arms\":[{\"arm\":0,\"state\":\"leaf\"}]}\n",
		-EBADMSG, ":2: \"state\" of an arm");
}

#define BOOT1 "{\"type\":\"boot\",\"boot\":1,\"schema\":\"memcgbench-samples\",\"schema_version\":1}\n"

static void test_two_boots(void **state)
{
	struct rundata *data = accepted(BOOT ITEM SAMPLE(M(1, 1)) BOOT1 "{\"type\":\"item\",\"boot\":1,\"item\":0," ITEM_END
					"{\"type\":\"sample\",\"boot\":1,\"item\":0,\"arm\":0,\"block\":1,\"pos\":0,\"rep\":0,"
					"\"metrics\":{" M(1, 2) "}}\n" END);

	(void)state;
	assert_int_equal(data->nr_items, 1);
	assert_int_equal(data->items[0].nr_samples, 2);
	assert_false(data->complete);
	assert_string_equal(data->doubt, "boot 1 was cut short");
	assert_false(data->items[0].samples[0].cut); /* boot 0 came to its end: what is missing was an error */
	assert_true(data->items[0].samples[1].cut);
	rundata_free(data);
	refused(BOOT ITEM BOOT1 "{\"type\":\"item\",\"boot\":1,\"item\":0,\"bench\":\"c\",\"version\":1}\n", -EBADMSG,
		":4: item 0 is not what it was in an earlier boot");
}

static void test_latency(void **state)
{
	struct rundata *data = accepted(BOOT ITEM LATENCY("\"metric\":\"k\",\"count\":3,\"min_ns\":1,\"max_ns\":9,"
							  "\"histogram\":[[1,2],[8,1]]")
					LATENCY("\"metric\":\"m\",\"count\":0,\"histogram\":[]") END);

	(void)state;
	assert_int_equal(data->items[0].nr_latencies, 2);
	assert_int_equal(data->items[0].latencies[0].metric, 1);
	assert_true(data->items[0].latencies[0].histogram[1][1] == 1);
	assert_true(isnan(data->items[0].latencies[1].min_ns));
	rundata_free(data);
	refused(BOOT ITEM LATENCY("\"metric\":\"m\",\"count\":4,\"min_ns\":1,\"max_ns\":9,\"histogram\":[[1,2],[8,1]]"), -EBADMSG,
		":3: the histogram holds 3 ops, \"count\" says 4");
	refused(BOOT ITEM LATENCY("\"metric\":\"m\",\"count\":3,\"min_ns\":1,\"max_ns\":9,\"histogram\":[[8,2],[8,1]]"), -EBADMSG,
		":3: bucket 1 of the histogram is not above");
	refused(BOOT ITEM LATENCY("\"metric\":\"m\",\"count\":3,\"min_ns\":1,\"max_ns\":9,\"histogram\":[[8,2],[9]]"), -EBADMSG,
		":3: bucket 1");
	refused(BOOT ITEM LATENCY("\"metric\":\"m\",\"count\":1,\"min_ns\":9,\"max_ns\":1,\"histogram\":[[8,1]]"), -EBADMSG,
		":3: \"min_ns\" is above \"max_ns\"");
	refused(BOOT ITEM LATENCY("\"metric\":\"z\",\"count\":0,\"histogram\":[]"), -EBADMSG, ":3: metric \"z\"");
	refused(BOOT ITEM LATENCY("\"metric\":\"m\",\"count\":0,\"histogram\":7"), -EBADMSG, ":3: a latency without");
	refused(BOOT ITEM LATENCY("\"metric\":\"m\",\"count\":9223372036854775807,\"min_ns\":1,\"max_ns\":9,\"histogram\":"
				  "[[1,9223372036854775807],[2,9223372036854775807],[3,9]]"),
		-EBADMSG, "out of range");
}

static void test_notes(void **state)
{
	struct rundata *data = accepted(BOOT "{\"type\":\"warning\",\"boot\":0,\"item\":0,\"code\":\"c\",\"text\":\"before\"}\n" ITEM
					"{\"type\":\"error\",\"boot\":0,\"item\":0,\"text\":\"e\"}\n"
					"{\"type\":\"skip\",\"boot\":0,\"item\":7,\"bench\":\"x\",\"text\":\"s\"}\n"
					"{\"type\":\"warning\",\"boot\":0,\"code\":\"c\",\"text\":\"w\"}\n"
					"{\"type\":\"noise\",\"boot\":0,\"item\":0,\"cpu_seconds\":{\"steal\":0.5}}\n" END);

	(void)state;
	assert_int_equal(json_array_size(data->items[0].warnings), 1);
	assert_int_equal(json_array_size(data->items[0].errors), 1);
	assert_int_equal(json_array_size(data->items[0].noise), 1);
	assert_int_equal(json_array_size(data->notes), 2);
	rundata_free(data);
	refused(BOOT "{\"type\":\"warning\",\"boot\":0}\n", -EBADMSG, ":2: \"text\" is not a text");
	refused(BOOT ITEM "{\"type\":\"noise\",\"boot\":0,\"item\":0,\"cpu_seconds\":{\"steal\":-0.5}}\n", -EBADMSG,
		":3: \"steal\" is not a number from 0");
	refused(BOOT ITEM "{\"type\":\"counters\",\"boot\":0,\"item\":0,\"arm\":0,\"metrics\":{\"z\":{\"ops\":1}}}\n", -EBADMSG,
		":3: metric \"z\"");
	refused(BOOT ITEM "{\"type\":\"proof\",\"boot\":0,\"item\":0,\"arm\":5}\n", -EBADMSG, ":3: arm 5");
}

/* @len bytes that may hold anything. */
static void refused_bytes(const char *samples, size_t len, const char *sentence)
{
	struct rundata *data = NULL;
	int ret;

	write_file("run.json", RUN, strlen(RUN));
	write_file("samples.jsonl", samples, len);
	ret = load_both(&data);
	if (ret != -EBADMSG || !strstr(err_msg(), sentence))
		fail_msg("%d, \"%s\" instead of \"%s\"", ret, ret ? err_msg() : "", sentence);
	for (const char *c = err_msg(); *c; c++)
		assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
}

#define REFUSED_BYTES(text, sentence) refused_bytes(text, sizeof(text) - 1, sentence)

static void test_strange_bytes(void **state)
{
	static char deep[20000];

	(void)state;
	REFUSED_BYTES(BOOT ITEM SAMPLE(M(1, 1)) "{\"type\":\"sa\0mple\"}\n", "samples.jsonl:4: not JSON: there is a NUL byte");
	REFUSED_BYTES(BOOT ITEM "\0\0\0\0\n", ":3: not JSON: there is a NUL byte");
	REFUSED_BYTES(BOOT ITEM "{\"type\":\"\\u0000\"}\n", ":3: not JSON");
	REFUSED_BYTES(BOOT ITEM "{\"type\":\"\xc3\x28\"}\n", ":3: not JSON: unable to decode byte 0xc3");
	REFUSED_BYTES(BOOT ITEM "{\"type\":\"\xed\xa0\x80\"}\n", ":3: not JSON");
	REFUSED_BYTES(BOOT ITEM "\x1b[31m\a\n", ":3: not JSON");
	REFUSED_BYTES("\x7f" "ELF\x02\x01\x01\n", ":1: not JSON");
	REFUSED_BYTES("\xef\xbb\xbf" BOOT, ":1: not JSON");
	REFUSED_BYTES(BOOT ITEM "\f" SAMPLE(M(1, 1)), ":3: not JSON");
	REFUSED_BYTES(BOOT ITEM SAMPLE("\"\x1b]0;x\":{\"ops\":1,\"ns\":1}"), ":3: not JSON");
	REFUSED_BYTES(BOOT ITEM SAMPLE("\"\\u001b]0;x\":{\"ops\":1,\"ns\":1}"), ":3: metric \"?]0;x\"");
	/* Brackets that a parser with a stack of calls would die of. */
	memset(deep, '[', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\n';
	refused_bytes(deep, sizeof(deep), ":1: not JSON: maximum parsing depth reached");
}

/* Lines that the streaming parser must leave to the other. */
static void test_unusual_samples(void **state)
{
	struct rundata *data = accepted(
		BOOT ITEM "{\"metrics\":{\"m\":{\"ns\":6,\"ops\":2}},\"rep\":7,\"pos\":0,\"block\":0,\"arm\":1,\"item\":0,"
			  "\"boot\":0,\"type\":\"sample\"}\n"
			  "\t{ \"type\" : \"s\\u0061mple\", \"boot\":0,\"item\":0,\"arm\":0,\"block\":0,\"pos\":0,\"rep\":1,"
			  "\"metrics\":{\"m\":{\"ops\":1,\"ns\":1e1,\"more\":[]}},\"new\":{\"a\":[[{\"a\":null}]]}} \r\n"
			  "{\"type\":\"sample\",\"boot\":0,\"item\":0,\"arm\":0,\"block\":0,\"pos\":0,\"rep\":2,\"metrics\":{},"
			  "\"new\":[[[[[[[[[[[[]]]]]]]]]]]],\"\":{\"\":1}}\n" END);

	(void)state;
	assert_int_equal(data->items[0].nr_samples, 3);
	assert_int_equal(data->items[0].samples[0].rep, 7);
	assert_true(data->items[0].samples[0].value[0] == 3);
	assert_true(data->items[0].samples[1].value[0] == 10);
	rundata_free(data);
	REFUSED_BYTES(BOOT ITEM SAMPLE(M(01, 1)), ":3: not JSON");
	REFUSED_BYTES(BOOT ITEM SAMPLE(M(1, 1)) "{}{}\n", ":4: not JSON");
	REFUSED_BYTES(BOOT ITEM SAMPLE(M(1, 1) ",\"m\":3"), ":3: not JSON: duplicate object key");
	REFUSED_BYTES(BOOT ITEM "{\"type\":\"sample\",\"boot\":0,\"item\":0,\"arm\":0,\"block\":0,\"pos\":0,\"rep\":0,"
				"\"metrics\":{},\"evidence\":{\"a\":1,\"b\":{\"a\":1},\"a\":2}}\n",
		      ":3: not JSON: duplicate object key");
	REFUSED_BYTES(BOOT ITEM SAMPLE("\"m\":7"), ":3: \"ops\" is not a whole number");
	REFUSED_BYTES(BOOT ITEM SAMPLE("\"m\":{\"ops\":[1],\"ns\":1}"), ":3: \"ops\" is not a whole number");
	REFUSED_BYTES(BOOT ITEM SAMPLE(M(1, 1)) "/* a comment */\n", ":4: not JSON");
}

static void test_counts(void **state)
{
	static const char item[] = "{\"type\":\"item\",\"boot\":0,\"item\":0,\"bench\":\"b\",\"version\":1,\"op\":\"op\",\"params\":{},"
		"\"mode\":\"processes\",\"place\":\"cores\",\"memory\":\"local\",\"workers\":[],\"metrics\":[{\"name\":\"m\",\"help\":\"h\","
		"\"op\":\"op\",\"unit\":\"ns/op\",\"kind\":\"time\",\"better\":\"lower\"},{\"name\":\"k\",\"help\":\"h\",\"op\":\"op\","
		"\"unit\":\"pages/op\",\"kind\":\"count\",\"better\":\"lower\"}],\"arms\":[{\"arm\":0,\"state\":\"root\"}]}\n";
	char samples[4096];
	struct rundata *data;

	(void)state;
	snprintf(samples, sizeof(samples), "%s%s%s%s", BOOT, item, SAMPLE_(0, 0, 0, M(2, 5) ",\"k\":{\"ops\":4,\"count\":6}"), END);
	data = accepted(samples);
	assert_true(data->items[0].metrics[1].is_count && !data->items[0].metrics[0].is_count);
	assert_true(data->items[0].samples[0].value[0] == 2.5);
	assert_true(data->items[0].samples[0].value[1] == 1.5);
	rundata_free(data);
	snprintf(samples, sizeof(samples), "%s%s%s", BOOT, item, SAMPLE_(0, 0, 0, "\"k\":{\"ops\":4,\"ns\":6}"));
	refused(samples, -EBADMSG, ":3: \"count\" is not a number");
	snprintf(samples, sizeof(samples), "%s%s%s", BOOT, item, SAMPLE_(0, 0, 0, "\"m\":{\"ops\":4,\"count\":6}"));
	refused(samples, -EBADMSG, ":3: \"ns\" is not a number");
}

/* --- runs of older versions --- */

#define OLD_ITEM(boot, bench, params, metric)                                                                                          \
	"{\"type\":\"item\",\"boot\":" #boot ",\"item\":0,\"bench\":\"" bench "\",\"version\":1,\"op\":\"op\",\"params\":{" params "},"  \
	"\"mode\":\"processes\",\"place\":\"cores\",\"memory\":\"local\",\"workers\":[],\"metrics\":[{\"name\":\"m\",\"help\":\"h\","            \
	"\"op\":\"op\",\"unit\":\"ns/op\",\"better\":\"lower\"},{\"name\":\"" metric "\",\"help\":\"h\",\"op\":\"op\",\"unit\":\"pages/op\"," \
	"\"kind\":\"count\",\"better\":\"lower\"}],\"arms\":[{\"arm\":0,\"state\":\"root\"}]}\n"
#define OLD_SAMPLE(boot, metric)                                                                                                       \
	"{\"type\":\"sample\",\"boot\":" #boot ",\"item\":0,\"arm\":0,\"block\":0,\"pos\":0,\"rep\":0,\"warmup\":false,\"metrics\":{"  \
	M(2, 5) ",\"" metric "\":{\"ops\":4,\"count\":6}}}\n"
#define OLD_RUN(bench, params, metric) BOOT OLD_ITEM(0, bench, params, metric) OLD_SAMPLE(0, metric) END

/* The item of @samples is called so, and has no parameters but @params; its values are what they are under any name. */
static void assert_reads_as(const char *samples, const char *metric, const char *params)
{
	json_t *want = json_loads(params, 0, NULL);
	struct rundata *data = accepted(samples);
	const struct rundata_item *item = &data->items[0];

	assert_int_equal(data->nr_items, 1);
	assert_string_equal(item->metrics[1].name, metric);
	assert_string_equal(item->metrics[0].name, "m");
	if (!json_equal(item->params, want))
		fail_msg("%s: parameters are not %s", metric, params);
	for (size_t i = 0; i < item->nr_samples; i++) {
		assert_true(item->samples[i].value[0] == 2.5);
		assert_true(item->samples[i].value[1] == 1.5);
	}
	rundata_free(data);
	json_decref(want);
}

static void test_old_names_of_metrics(void **state)
{
	(void)state;
	assert_reads_as(OLD_RUN("charge_scaling", "", "held"), "stock-pages", "{}");
	assert_reads_as(OLD_RUN("charge_scaling", "", "stock-pages"), "stock-pages", "{}");
	assert_reads_as(OLD_RUN("reclaim_depth", "", "held"), "sibling-left", "{}");
	assert_reads_as(OLD_RUN("reclaim_depth", "", "over"), "overreclaim", "{}");
	assert_reads_as(OLD_RUN("reclaim_depth", "", "room"), "reclaim-batch", "{}");
	assert_reads_as(OLD_RUN("reclaim_pressure", "", "held"), "sibling-left", "{}");
	assert_reads_as(OLD_RUN("reclaim_pressure", "", "room"), "reclaim-batch", "{}");
	assert_reads_as(OLD_RUN("swapin_race", "", "wrong"), "mischarged", "{}");
	assert_reads_as(OLD_RUN("pagecache_share", "", "heir"), "mischarged", "{}");
	/* Of another bench, or no more than the beginning, it is another. */
	assert_reads_as(OLD_RUN("fault_storm", "", "held"), "held", "{}");
	assert_reads_as(OLD_RUN("charge_scaling", "", "hel"), "hel", "{}");
	/* A sample is of its own file's time. */
	refused(BOOT OLD_ITEM(0, "charge_scaling", "", "held") OLD_SAMPLE(0, "stock-pages") END, -EBADMSG, "stock-pages");
}

#define SIBLINGS "\"siblings\":\"0\",\"sibling-pages\":\"0\",\"lru-gen\":\"keep\""

static void test_old_parameters(void **state)
{
	(void)state;
	/* What every bench has, is told where it is not the default. */
	assert_reads_as(OLD_RUN("b", "\"way\":\"a\"," SIBLINGS, "k"), "k", "{\"way\":\"a\"}");
	assert_reads_as(OLD_RUN("b", "\"way\":\"a\"", "k"), "k", "{\"way\":\"a\"}");
	assert_reads_as(OLD_RUN("b", "\"siblings\":\"30\",\"sibling-pages\":\"0\",\"lru-gen\":\"off\"", "k"), "k",
			"{\"siblings\":\"30\",\"lru-gen\":\"off\"}");
	/* A parameter of one bench is told as ever. */
	assert_reads_as(OLD_RUN("b", "\"pages\":\"0\",\"gen\":\"keep\"", "k"), "k", "{\"pages\":\"0\",\"gen\":\"keep\"}");
	/* Of every boot. */
	assert_reads_as(BOOT OLD_ITEM(0, "b", SIBLINGS, "k") OLD_SAMPLE(0, "k") BOOT1 OLD_ITEM(1, "b", "", "k") OLD_SAMPLE(1, "k") END, "k", "{}");
	assert_reads_as(BOOT OLD_ITEM(0, "b", SIBLINGS, "k") OLD_SAMPLE(0, "k") BOOT1 OLD_ITEM(1, "b", SIBLINGS, "k") OLD_SAMPLE(1, "k") END, "k", "{}");
	refused(BOOT OLD_ITEM(0, "b", SIBLINGS, "k") BOOT1 OLD_ITEM(1, "b", "\"siblings\":\"1\"", "k"), -EBADMSG,
		":4: item 0 is not what it was in an earlier boot");
	refused(BOOT "{\"type\":\"item\",\"boot\":0,\"item\":0,\"bench\":\"b\",\"version\":1,\"op\":\"op\",\"params\":[],\"mode\":\"processes\","
		     "\"place\":\"cores\",\"memory\":\"local\",\"workers\":[],\"metrics\":[],\"arms\":[]}\n", -EBADMSG,
		"an item without \"params\"");
}

static void make_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s", dir, name);
}

static void test_not_files(void **state)
{
	struct rundata *data = NULL;
	char path[128];

	(void)state;
	write_file("run.json", RUN, strlen(RUN));
	make_path("samples.jsonl", path, sizeof(path));
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(rundata_load(dir, &data), -EISDIR);
	assert_non_null(strstr(err_msg(), "samples.jsonl: Is a directory"));
	assert_int_equal(rmdir(path), 0);
	/* A FIFO would wait for a writer for ever. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(rundata_load(dir, &data), -EBADMSG);
	assert_non_null(strstr(err_msg(), "samples.jsonl is not a file"));
	assert_int_equal(unlink(path), 0);
	/* And this would never end. */
	assert_int_equal(symlink("/dev/zero", path), 0);
	assert_int_equal(rundata_load(dir, &data), -EBADMSG);
	assert_int_equal(unlink(path), 0);
	/* The file itself in place of its directory. */
	make_path("run.json", path, sizeof(path));
	assert_int_equal(rundata_load(path, &data), -ENOTDIR);
	assert_non_null(strstr(err_msg(), "Not a directory"));
	assert_null(data);
}

/* 20 MB without an end of line, of which only the first are held; 17 MB of run.json. */
static void test_line_without_end(void **state)
{
	struct rundata *data = NULL;
	char path[128];
	FILE *file;

	(void)state;
	write_file("run.json", RUN, strlen(RUN));
	write_file("samples.jsonl", BOOT, strlen(BOOT));
	make_path("samples.jsonl", path, sizeof(path));
	file = fopen(path, "a");
	for (int i = 0; i < 20 * 1024; i++)
		for (int k = 0; k < 16; k++)
			fputs("0123456789012345678901234567890123456789012345678901234567890123", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(load_both(&data), -EBADMSG);
	assert_non_null(strstr(err_msg(), "samples.jsonl:2: not a record of a memcgbench run: a line of more than 16 MiB"));
	make_path("run.json", path, sizeof(path));
	assert_int_equal(truncate(path, 17 << 20), 0);
	assert_int_equal(load_both(&data), -EBADMSG);
	assert_non_null(strstr(err_msg(), "run.json: not of memcgbench: larger than 16 MiB"));
}

/* lines.c, at the end of the file, finds it longer, shorter, or written anew. */
static void test_changed_while_read(void **state)
{
	struct lines lines = { .fd = -1 };
	const char *line;
	size_t len;
	char path[128];

	(void)state;
	make_path("samples.jsonl", path, sizeof(path));
	for (int change = 0; change < 4; change++) {
		write_file("samples.jsonl", "12\n34\n", 6);
		assert_int_equal(lines_open(&lines, "/", path, path), 0);
		assert_int_equal(lines_next(&lines, &line, &len), 1);
		assert_memory_equal(line, "12\n", 3);
		assert_int_equal(lines_next(&lines, &line, &len), 1);
		if (change == 1) {
			assert_int_equal(truncate(path, 3), 0);
		} else if (change == 2) {
			assert_int_equal(truncate(path, 9), 0);
		} else if (change == 3) {
			/* The same size; its time alone tells, which is that of the last tick. */
			usleep(20000);
			write_file("samples.jsonl", "56\n78\n", 6);
		}
		if (change != 2)
			assert_int_equal(lines_next(&lines, &line, &len), 0);
		assert_int_equal(lines_check_unchanged(&lines, false), change ? -ESTALE : 0);
		if (change)
			assert_non_null(strstr(err_msg(), "changed while it was read"));
		assert_int_equal(lines_check_unchanged(&lines, true), change == 1 ? -ESTALE : 0);
		lines_close(&lines);
	}
}

static void test_too_many(void **state)
{
	struct rundata *data = NULL;
	char path[128];
	FILE *file;

	(void)state;
	write_file("run.json", RUN, strlen(RUN));
	make_path("samples.jsonl", path, sizeof(path));
	for (unsigned int nr = 10000; nr <= 10001; nr++) {
		file = fopen(path, "w");
		for (unsigned int i = 0; i < nr; i++)
			fprintf(file, "{\"type\":\"boot\",\"boot\":%u,\"schema\":\"memcgbench-samples\",\"schema_version\":1}\n", i);
		assert_int_equal(fclose(file), 0);
		assert_int_equal(load_both(&data), nr == 10000 ? 0 : -EBADMSG);
	}
	assert_non_null(strstr(err_msg(), ":10001: more than 10000 boots"));
	assert_string_equal(data->doubt, "boot 0 was cut short; boot 1 was cut short; boot 2 was cut short; 9997 more boots did not "
					 "come to their end");
	rundata_free(data);
}

/* A stream cut at any byte is either read with a doubt or, at the end of a line, read as far as it goes. */
static void test_cut_anywhere(void **state)
{
	static const char whole[] = BOOT ITEM SAMPLE(M(4, 10)) SAMPLE(M(4, 11)) END;

	(void)state;
	write_file("run.json", RUN, strlen(RUN));
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		struct rundata *data = NULL;

		write_file("samples.jsonl", whole, len);
		if (load_both(&data))
			fail_msg("cut at %zu: %s", len, err_msg());
		assert_non_null(data->doubt);
		assert_false(data->complete);
		assert_true(len == 0 || whole[len - 1] == '\n' || strstr(data->doubt, "the last line is cut"));
		rundata_free(data);
	}
}

static void test_run_that_lost_a_boot(void **state)
{
	struct rundata *data = NULL;

	(void)state;
	assert_int_equal(load("{\"schema\":\"memcgbench-run\",\"schema_version\":1,\"status\":\"complete\","
			      "\"boots\":[{\"boot\":0},{\"boot\":1}]}", BOOT END, &data), 0);
	assert_string_equal(data->doubt, "boot 1 has no records");
	rundata_free(data);
	assert_int_equal(load("{\"schema\":\"memcgbench-run\",\"schema_version\":1,\"status\":\"interrupted\"}",
			      BOOT "{\"type\":\"end\",\"boot\":0,\"status\":\"interrupted\"}\n", &data), 0);
	assert_string_equal(data->doubt, "the run ended as interrupted; boot 0 ended as interrupted");
	assert_false(data->complete);
	rundata_free(data);
	data = accepted(BOOT "{\"type\":\"end\",\"boot\":0,\"status\":\"\\u001b[2J\"}\n");
	assert_string_equal(data->doubt, "boot 0 ended as ?[2J");
	rundata_free(data);
}

/*
 * Two runs of 100,000 samples each, as a comparison reads them, in less than 1 s and 200 MB with it. Here 0.5 s and 10 MB; the limit of time is
 * of the processor, and far above, for machines that are slow or busy.
 */
static void test_large(void **state)
{
	struct timespec start, end;
	struct rusage before, after;
	struct rundata *data[2] = { NULL, NULL };
	char command[160], large[96];
	double seconds;

	(void)state;
	snprintf(command, sizeof(command), "python3 tests/data/runs/generate.py %s large", dir);
	if (system(command)) {
		print_message("python3 is needed to make the file\n");
		skip();
	}
	snprintf(large, sizeof(large), "%s/large", dir);
	getrusage(RUSAGE_SELF, &before);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
	for (int i = 0; i < 2; i++)
		assert_int_equal(rundata_load(large, &data[i]), 0);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
	getrusage(RUSAGE_SELF, &after);
	seconds = (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9;
	print_message("2 runs of 100008 samples: %.2f s, %ld MB\n", seconds, (after.ru_maxrss - before.ru_maxrss) / 1024);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(data[i]->items[0].nr_samples + data[i]->items[1].nr_samples, 100008);
		rundata_free(data[i]);
	}
	/* A sanitizer is slow, and keeps what was freed. */
#ifndef __SANITIZE_ADDRESS__
	assert_true(after.ru_maxrss - before.ru_maxrss < 100 * 1024);
	assert_true(seconds < 3);
#endif
}

/* A million samples take no more memory than their numbers do. */
static void test_million_lines(void **state)
{
	struct rusage before, after;
	struct rundata *data = NULL;
	char path[128];
	FILE *file;

	(void)state;
	write_file("run.json", RUN, strlen(RUN));
	write_file("samples.jsonl", BOOT ITEM, strlen(BOOT ITEM));
	make_path("samples.jsonl", path, sizeof(path));
	file = fopen(path, "a");
	for (unsigned int i = 0; i < 1000000; i++)
		fprintf(file, "{\"type\":\"sample\",\"boot\":0,\"item\":0,\"arm\":%u,\"block\":%u,\"pos\":0,\"rep\":%u,\"metrics\":{" M(4, 10) "}}\n",
			i & 1, i / 4, i);
	fputs(END, file);
	assert_int_equal(fclose(file), 0);
	getrusage(RUSAGE_SELF, &before);
	if (rundata_load(dir, &data))
		fail_msg("%s", err_msg());
	getrusage(RUSAGE_SELF, &after);
	assert_int_equal(data->items[0].nr_samples, 1000000);
	assert_int_equal(data->items[0].samples[999999].rep, 999999);
	assert_true(data->complete);
#ifndef __SANITIZE_ADDRESS__
	assert_true(after.ru_maxrss - before.ru_maxrss < 150 * 1024);
#endif
	rundata_free(data);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: the most memory that a program ever had is what is known of it. */
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_bad_samples),
		cmocka_unit_test(test_foreign_files),
		cmocka_unit_test(test_bad_items),
		cmocka_unit_test(test_two_boots),
		cmocka_unit_test(test_latency),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_strange_bytes),
		cmocka_unit_test(test_unusual_samples),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_old_names_of_metrics),
		cmocka_unit_test(test_old_parameters),
		cmocka_unit_test(test_not_files),
		cmocka_unit_test(test_line_without_end),
		cmocka_unit_test(test_changed_while_read),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_run_that_lost_a_boot),
		cmocka_unit_test(test_million_lines),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
