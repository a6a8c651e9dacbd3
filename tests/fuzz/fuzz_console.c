// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What comes out of a guest: its console, and its records. Each is fed in pieces of several sizes, which must make no difference. The two are divided by a
 * line "%%".
 */
#include "fuzz.h"
#include "guest/console.h"
#include "guest/results.h"

static void feed_console(struct console *console, struct fuzz_rest bytes, size_t piece)
{
	for (size_t at = 0; at < bytes.size; at += piece)
		console_feed(console, (const char *)bytes.at + at, bytes.size - at < piece ? bytes.size - at : piece);
}

static void watch_console(struct fuzz_rest bytes)
{
	static struct console whole, parts;
	char *a, *b;

	memset(&whole, 0, sizeof(whole));
	memset(&parts, 0, sizeof(parts));
	feed_console(&whole, bytes, 65536);
	feed_console(&parts, bytes, 3);
	if (whole.fault != parts.fault || whole.nr_lines != parts.nr_lines || whole.item != parts.item ||
	    strcmp(whole.fault_line, parts.fault_line))
		fuzz_fail("pieces make a difference to the console");
	fuzz_check_printable(whole.fault_line, true);
	a = console_tail(&whole);
	b = console_tail(&parts);
	if (!a || !b || strcmp(a, b))
		fuzz_fail("another tail of the console");
	fuzz_check_printable(a, true);
	free(a);
	free(b);
}

static int take_line(void *ctx, const char *line)
{
	FILE *out = ctx;

	return fprintf(out, "%s\n", line) < 0;
}

static char *read_results(struct results *results, struct fuzz_rest bytes, size_t piece)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	*results = (struct results){.on_line = take_line, .ctx = out};
	for (size_t at = 0; at < bytes.size; at += piece)
		results_feed(results, (const char *)bytes.at + at, bytes.size - at < piece ? bytes.size - at : piece);
	fclose(out);
	return text;
}

static void read_channel(struct fuzz_rest bytes)
{
	struct results whole, parts;
	char *a = read_results(&whole, bytes, 65536), *b = read_results(&parts, bytes, 5);

	if (strcmp(a, b) || whole.has_end != parts.has_end || whole.fault != parts.fault || whole.nr_records != parts.nr_records)
		fuzz_fail("pieces make a difference to the records");
	results_clear(&whole);
	results_clear(&parts);
	free(a);
	free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct fuzz_rest rest = {input, size}, console = fuzz_part(&rest, "\n%%\n");

	watch_console(console);
	read_channel(rest);
	return 0;
}
