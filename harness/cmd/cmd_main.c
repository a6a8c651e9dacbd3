// SPDX-License-Identifier: GPL-2.0-or-later
/* From main() to a verb. */
#include "cmd/cmd.h"

#include <fcntl.h>

#include "base/version.h"
#include "cmd/help_text.h"

static int print_version(void)
{
	printf("memcgbench %s\nrevision: %s\ncompiler: %s\nflags: %s\n", memcgbench_version,
	       memcgbench_revision, memcgbench_compiler, memcgbench_cflags);
	return cmd_finish(NULL, EXIT_OK);
}

/* No verb: --version, --help, or a wrong option. */
static int main_option(char **argv)
{
	struct cmd_args args = {0};
	struct opt_parsed parsed;
	int status = EXIT_OK;

	if (opt_parse(cmd_options, 2, argv, &args, NULL, NULL, &parsed)) {
		status = cmd_usage(NULL, NULL);
	} else if (args.version) {
		status = print_version();
	} else if (parsed.help) {
		help_main(stdout);
		status = cmd_finish(NULL, EXIT_OK);
	} else {
		status = cmd_usage(NULL, "there is no verb \"%s\"", argv[1]);
	}
	opt_free(cmd_options, &args, &parsed);
	return status;
}

/*
 * A caller that closed one of them (">&-") would have the next file we open there, such as the samples, and the
 * table printed into it. Opened for the wrong direction, so that using it is still an error.
 */
static void hold_standard_files(void)
{
	int fd, flags;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		flags = fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags) != fd)
			_exit(EXIT_BROKEN);
	}
}

int cmd_main(const struct verb *const *table, int argc, char **argv)
{
	const struct verb *verb;

	cmd_set_verbs(table);
	hold_standard_files();
	if (argc < 2) {
		help_usage(stderr);
		return EXIT_USAGE;
	}
	if (argv[1][0] == '-')
		return main_option(argv);
	verb = cmd_find(argv[1]);
	if (!verb)
		return cmd_unknown_verb(argv[1]);
	return verb->main(argc - 1, argv + 1);
}
