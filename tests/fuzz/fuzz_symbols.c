// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Symbols: a kernel's /proc/kallsyms, or what a run keeps of it. What is written of them, and of two of them joined, has to be read again. Two tables
 * are divided by a line "%%".
 */
#include "data/symbols.h"
#include "fuzz.h"

static const uint64_t addresses[] = {0, 0x1000, 0xffffffff81000000u, 0xffffffff81000104u, 0xffffffffc0000000u, UINT64_MAX};

static void look(const struct symbols *symbols)
{
	char plain[SYMBOLS_NAME_MAX];

	for (size_t i = 0; i < symbols->nr_functions; i++) {
		const struct symbol *s = &symbols->functions[i];

		fuzz_check_printable(s->name, false);
		fuzz_check_printable(s->module, false);
		if (symbols_function(symbols, s->address) != i)
			fuzz_fail("a function that is not at its address");
		symbols_plain_name(s->name, plain, sizeof(plain));
		(void)symbols_has(symbols, s->name);
	}
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		(void)symbols_variable(symbols, addresses[i]);
}

static void read_back(char *text, bool needs_function)
{
	struct symbols again;

	if (symbols_parse(text, "it", &again)) {
		if (needs_function)
			fuzz_fail(err_msg());
		return;
	}
	look(&again);
	symbols_free(&again);
}

static void write_and_join(const struct symbols *a, const struct symbols *b)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out || symbols_write(a, a->kernel, a->release, addresses, ARRAY_SIZE(addresses), out) || fclose(out))
		fuzz_fail("symbols that could not be written");
	read_back(text, false);
	text = NULL;
	out = open_memstream(&text, &size);
	if (!out || symbols_join(a, b, out) || fclose(out))
		fuzz_fail("symbols that could not be joined");
	read_back(text, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	struct fuzz_rest rest = {input, size}, parts[2];
	struct symbols symbols[2] = {0};
	int ret[2];

	for (size_t i = 0; i < 2; i++) {
		parts[i] = fuzz_part(&rest, "\n%%\n");
		fuzz_file("table", parts[i].at, parts[i].size);
		fuzz_expect_sentence();
		ret[i] = symbols_load(fuzz_dir(), "table", &symbols[i]);
		fuzz_check_error(ret[i]);
		if (!ret[i])
			look(&symbols[i]);
	}
	if (!ret[0])
		write_and_join(&symbols[0], ret[1] ? &symbols[0] : &symbols[1]);
	for (size_t i = 0; i < 2; i++)
		symbols_free(&symbols[i]);
	return 0;
}
