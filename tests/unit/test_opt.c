// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/opt.h"
#include "base/units.h"

enum mode {
	MODE_PROCESSES,
	MODE_THREADS,
};

struct args {
	bool json, quiet;
	uint64_t blocks, bytes, time_ns;
	const char *place, *note;
	struct opt_list params;
	enum mode mode;
	unsigned int clock;
};

static const char *const clocks[] = {"ns", "insn", NULL};

static const struct opt options[] = {
	{"json", 'j', OPT_TO_FLAG(struct args, json), .help = "print JSON"},
	{"quiet", 'q', OPT_TO_FLAG(struct args, quiet), .help = "say nothing"},
	{"blocks", 'b', OPT_TO_U64(struct args, blocks, 1, 10000), .arg = "N", .help = "blocks",
	 .def = "10"},
	{"limit", 0, OPT_TO_SIZE(struct args, bytes, 4096, 1ULL << 40), .arg = "SIZE", .help = "limit"},
	{"time", 't', OPT_TO_DURATION(struct args, time_ns, 1000, 60000000000), .arg = "TIME",
	 .help = "time", .def = "20ms"},
	{"place", 0, OPT_TO_STRING(struct args, place), .arg = "WHERE", .help = "place"},
	{"memory-bind", 0, OPT_TO_STRING(struct args, note), .arg = "HOW", .help = "memory"},
	{"param", 'p', OPT_TO_LIST(struct args, params), .arg = "NAME=VALUE", .help = "parameter"},
	{"threads", 0, OPT_TO_CONST(struct args, mode, MODE_THREADS), .help = "threads"},
	{"processes", 0, OPT_TO_CONST(struct args, mode, MODE_PROCESSES), .help = "processes"},
	{"clock", 0, OPT_TO_ENUM(struct args, clock, clocks), .help = "clock", .def = "ns"},
	OPT_END,
};

static struct args args;
static struct opt_parsed parsed;

static int parse_with(opt_unknown_fn *unknown, void *ctx, ...)
{
	char *argv[32] = {(char *)"verb"}, *word;
	int argc = 1;
	va_list ap;

	opt_free(options, &args, &parsed);
	memset(&args, 0, sizeof(args));
	va_start(ap, ctx);
	while ((word = va_arg(ap, char *)))
		argv[argc++] = word;
	va_end(ap);
	return opt_parse(options, argc, argv, &args, unknown, ctx, &parsed);
}

#define parse(...) parse_with(NULL, NULL, ##__VA_ARGS__, NULL)

static void assert_error(int ret, int expected, const char *sentence)
{
	assert_int_equal(ret, expected);
	assert_string_equal(err_msg(), sentence);
}

static int free_all(void **state)
{
	(void)state;
	opt_free(options, &args, &parsed);
	return 0;
}

static void defaults_are_set(void **state)
{
	(void)state;
	assert_int_equal(parse(), 0);
	assert_int_equal(args.blocks, 10);
	assert_int_equal(args.time_ns, 20000000);
	assert_int_equal(args.clock, 0);
	assert_null(args.place);
	assert_int_equal(parsed.operands.nr, 0);
	assert_int_equal(parsed.given, 0);
	assert_false(opt_is_given(options, &parsed, "blocks"));
}

static void each_type_is_read(void **state)
{
	(void)state;
	assert_int_equal(parse("--json", "--blocks=3", "--limit", "64M", "-t1.5s", "--place=compact",
			       "--threads", "--clock=insn"),
			 0);
	assert_true(args.json);
	assert_false(args.quiet);
	assert_int_equal(args.blocks, 3);
	assert_int_equal(args.bytes, 64 << 20);
	assert_int_equal(args.time_ns, 1500000000);
	assert_string_equal(args.place, "compact");
	assert_int_equal(args.mode, MODE_THREADS);
	assert_int_equal(args.clock, 1);
	assert_true(opt_is_given(options, &parsed, "blocks"));
	assert_false(opt_is_given(options, &parsed, "quiet"));
}

static void letters_may_be_joined(void **state)
{
	(void)state;
	assert_int_equal(parse("-jqb", "7"), 0);
	assert_true(args.json && args.quiet);
	assert_int_equal(args.blocks, 7);
	assert_int_equal(parse("-jb8"), 0);
	assert_int_equal(args.blocks, 8);
}

static void operands_may_stand_anywhere(void **state)
{
	(void)state;
	assert_int_equal(parse("one", "--json", "two", "-b", "2", "three"), 0);
	assert_int_equal(parsed.operands.nr, 3);
	assert_string_equal(parsed.operands.items[0], "one");
	assert_string_equal(parsed.operands.items[1], "two");
	assert_string_equal(parsed.operands.items[2], "three");
	assert_true(args.json);
	assert_int_equal(args.blocks, 2);
}

/* getopt() stops at the first operand when POSIXLY_CORRECT is set; we do not. */
static void environment_changes_nothing(void **state)
{
	(void)state;
	setenv("POSIXLY_CORRECT", "1", 1);
	assert_int_equal(parse("one", "--json"), 0);
	unsetenv("POSIXLY_CORRECT");
	assert_true(args.json);
	assert_int_equal(parsed.operands.nr, 1);
}

static void two_dashes_end_options(void **state)
{
	(void)state;
	assert_int_equal(parse("one", "--", "--json", "-x", "--"), 0);
	assert_false(args.json);
	assert_int_equal(parsed.operands.nr, 4);
	assert_string_equal(parsed.operands.items[1], "--json");
	assert_string_equal(parsed.operands.items[3], "--");
	assert_int_equal(parse("--place", "--", "one"), 0);
	assert_string_equal(args.place, "--");
	assert_int_equal(parsed.operands.nr, 1);
}

static void one_dash_is_an_operand(void **state)
{
	(void)state;
	assert_int_equal(parse("-"), 0);
	assert_int_equal(parsed.operands.nr, 1);
	assert_string_equal(parsed.operands.items[0], "-");
}

static void lists_keep_all_others_the_last(void **state)
{
	(void)state;
	assert_int_equal(parse("-p", "a=1", "--param=b=2", "--blocks=1", "--blocks=2", "--threads",
			       "--processes"),
			 0);
	assert_int_equal(args.params.nr, 2);
	assert_string_equal(args.params.items[0], "a=1");
	assert_string_equal(args.params.items[1], "b=2");
	assert_int_equal(args.blocks, 2);
	assert_int_equal(args.mode, MODE_PROCESSES);
}

static void bad_numbers_are_refused(void **state)
{
	(void)state;
	assert_error(parse("--blocks=4g"), -EINVAL, "option --blocks: \"4g\" is not a whole number");
	assert_error(parse("--blocks=max"), -EINVAL, "option --blocks: \"max\" is not a number");
	assert_error(parse("--blocks", "-1"), -EINVAL, "option --blocks: \"-1\" is not a number");
	assert_error(parse("-b-1"), -EINVAL, "option --blocks: \"-1\" is not a number");
	assert_error(parse("--blocks= 1"), -EINVAL, "option --blocks: \" 1\" is not a number");
	assert_error(parse("--blocks="), -EINVAL, "option --blocks: \"\" is not a value");
	assert_error(parse("--place="), -EINVAL, "option --place: \"\" is not a value");
	assert_error(parse("--blocks=99999999999999999999"), -ERANGE,
		     "option --blocks: \"99999999999999999999\" does not fit 64 bits");
	assert_error(parse("--time=20"), -EINVAL,
		     "option --time: \"20\" is not a time (such as 500us, 20ms, 1.5s, 2m)");
}

static void ranges_are_inclusive(void **state)
{
	char sentence[128], low[32], high[32];

	(void)state;
	assert_int_equal(parse("--blocks=1"), 0);
	assert_int_equal(parse("--blocks=10000"), 0);
	assert_error(parse("--blocks=0"), -ERANGE, "option --blocks: \"0\" is outside 1 to 10000");
	assert_error(parse("--blocks=10001"), -ERANGE,
		     "option --blocks: \"10001\" is outside 1 to 10000");
	assert_error(parse("--limit=4095"), -ERANGE, "option --limit: \"4095\" is outside 4K to 1T");
	snprintf(sentence, sizeof(sentence), "option --time: \"2m\" is outside %s to %s",
		 format_duration(1000, low, sizeof(low)),
		 format_duration(60000000000, high, sizeof(high)));
	assert_error(parse("--time=2m"), -ERANGE, sentence);
}

static void choices_are_listed(void **state)
{
	(void)state;
	assert_error(parse("--clock=tsc"), -EINVAL, "option --clock: \"tsc\" is none of ns, insn");
	assert_error(parse("--clock=n"), -EINVAL, "option --clock: \"n\" is none of ns, insn");
}

static void missing_and_unwanted_values(void **state)
{
	(void)state;
	assert_error(parse("--blocks"), -EINVAL, "option --blocks needs a value: --blocks=N");
	assert_error(parse("-jb"), -EINVAL, "option --blocks needs a value: --blocks=N");
	assert_error(parse("--json=yes"), -EINVAL,
		     "option --json takes no value, but \"yes\" was given");
}

static void unknown_options_are_named(void **state)
{
	(void)state;
	assert_error(parse("--jsno"), -EINVAL, "unknown option --jsno (did you mean --json?)");
	assert_error(parse("--zebra=1"), -EINVAL, "unknown option --zebra");
	assert_error(parse("-jx"), -EINVAL, "unknown option -x");
	/* The parse after a failed one begins afresh. */
	assert_int_equal(parse("-q"), 0);
	assert_true(args.quiet);
	assert_false(args.json);
}

static void names_are_not_abbreviated(void **state)
{
	(void)state;
	assert_int_equal(parse("--plac=x"), -EINVAL);
	assert_int_equal(parse("--memory=x"), -EINVAL);
	assert_null(args.note);
}

static void help_ends_the_parse(void **state)
{
	(void)state;
	assert_int_equal(parse("--help", "--nonsense"), 0);
	assert_true(parsed.help);
	assert_int_equal(parse("-h"), 0);
	assert_true(parsed.help);
	assert_error(parse("--help=x"), -EINVAL, "option --help takes no value, but \"x\" was given");
}

struct seen {
	size_t nr, nr_operands;
	char text[4][64];
};

static int keep_unknown(const char *name, const char *value, void *ctx)
{
	struct seen *seen = ctx;

	if (!strcmp(name, "jsno"))
		return -ENOENT;
	if (!strcmp(name, "bad"))
		return err_set(ERANGE, "bad: \"%s\"", value);
	seen->nr_operands = parsed.operands.nr;
	snprintf(seen->text[seen->nr++], 64, "%s=%s", name, value ? value : "(none)");
	return 0;
}

static void unknown_options_go_to_the_hook(void **state)
{
	struct seen seen = {0};

	(void)state;
	assert_int_equal(parse_with(keep_unknown, &seen, "--access=read", "--memory", "local", "--json",
				    "--size", "-1", "fault_storm", NULL),
			 0);
	assert_int_equal(seen.nr, 3);
	assert_string_equal(seen.text[0], "access=read");
	assert_string_equal(seen.text[1], "memory=local");
	assert_string_equal(seen.text[2], "size=-1");
	assert_true(args.json);
	/* Known when the hook is called, although it came last. */
	assert_int_equal(seen.nr_operands, 1);
}

static void the_hook_may_refuse(void **state)
{
	struct seen seen = {0};

	(void)state;
	assert_error(parse_with(keep_unknown, &seen, "--jsno", "x", NULL), -EINVAL,
		     "unknown option --jsno (did you mean --json?)");
	assert_error(parse_with(keep_unknown, &seen, "--bad=4g", NULL), -ERANGE, "bad: \"4g\"");
	assert_int_equal(parse_with(keep_unknown, &seen, "--access", "--json", NULL), 0);
	assert_string_equal(seen.text[0], "access=(none)");
	assert_int_equal(parse_with(keep_unknown, &seen, "--order=", NULL), 0);
	assert_string_equal(seen.text[1], "order=");
}

static void placeholders(void **state)
{
	char buf[64];

	(void)state;
	assert_string_equal(opt_placeholder(&options[0], buf, sizeof(buf)), "");
	assert_string_equal(opt_placeholder(&options[2], buf, sizeof(buf)), "N");
	assert_string_equal(opt_placeholder(&options[10], buf, sizeof(buf)), "ns|insn");
}

static void tables_are_checked(void **state)
{
	static const struct opt bad_default[] = {
		{"blocks", 0, OPT_TO_U64(struct args, blocks, 1, 5), .arg = "N", .help = "x",
		 .def = "6"},
		OPT_END,
	};
	static const struct opt twice[] = {
		{"json", 'j', OPT_TO_FLAG(struct args, json), .help = "x"},
		{"quiet", 'j', OPT_TO_FLAG(struct args, quiet), .help = "x"},
		OPT_END,
	};
	static const struct opt no_help[] = {
		{"json", 0, OPT_TO_FLAG(struct args, json), .help = ""},
		OPT_END,
	};
	static const struct opt takes_h[] = {
		{"host", 'h', OPT_TO_FLAG(struct args, json), .help = "x"},
		OPT_END,
	};
	struct args scratch = {0};

	(void)state;
	assert_int_equal(opt_check(options, &scratch), 0);
	assert_int_equal(opt_check(bad_default, &scratch), -ERANGE);
	assert_int_equal(opt_check(twice, &scratch), -EINVAL);
	assert_int_equal(opt_check(no_help, &scratch), -EINVAL);
	assert_int_equal(opt_check(takes_h, &scratch), -EINVAL);
}

static void nearest_word(void **state)
{
	static const char *const words[] = {"list", "show", "run", "doctor", NULL};

	(void)state;
	assert_string_equal(opt_nearest("lsit", words), "list");
	assert_string_equal(opt_nearest("docter", words), "doctor");
	assert_string_equal(opt_nearest("shw", words), "show");
	assert_null(opt_nearest("compare", words));
	assert_null(opt_nearest("", words));
	assert_null(opt_nearest("xyz", words));
	assert_null(opt_nearest("a-word-that-is-longer-than-any-row-of-the-matrix", words));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_set),
		cmocka_unit_test(each_type_is_read),
		cmocka_unit_test(letters_may_be_joined),
		cmocka_unit_test(operands_may_stand_anywhere),
		cmocka_unit_test(environment_changes_nothing),
		cmocka_unit_test(two_dashes_end_options),
		cmocka_unit_test(one_dash_is_an_operand),
		cmocka_unit_test(lists_keep_all_others_the_last),
		cmocka_unit_test(bad_numbers_are_refused),
		cmocka_unit_test(ranges_are_inclusive),
		cmocka_unit_test(choices_are_listed),
		cmocka_unit_test(missing_and_unwanted_values),
		cmocka_unit_test(unknown_options_are_named),
		cmocka_unit_test(names_are_not_abbreviated),
		cmocka_unit_test(help_ends_the_parse),
		cmocka_unit_test(unknown_options_go_to_the_hook),
		cmocka_unit_test(the_hook_may_refuse),
		cmocka_unit_test(placeholders),
		cmocka_unit_test(tables_are_checked),
		cmocka_unit_test(nearest_word),
	};

	return cmocka_run_group_tests_name("opt", tests, NULL, free_all);
}
