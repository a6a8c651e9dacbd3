/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * util.h - the few macros that everything uses: array sizes and scope-based clean-up.
 *
 * Knows nothing of benchmarks. The harness cleans up by scope (__cleanup__); a bench does it with
 * "goto out_*". Never both in one function.
 */
#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define __printf(fmt, args) __attribute__((format(printf, fmt, args)))
#define __must_check	    __attribute__((warn_unused_result))

/* __free_mem char *p = …; frees p when the scope ends. */
#define __free_mem __attribute__((__cleanup__(cleanup_free)))
/* __close_fd int fd = -1; closes fd when the scope ends, if it is not negative. */
#define __close_fd __attribute__((__cleanup__(cleanup_fd)))
/* __close_file FILE *f = NULL; closes f when the scope ends. */
#define __close_file __attribute__((__cleanup__(cleanup_file)))

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

/* Hand a pointer over to the caller: the scope's clean-up then finds NULL. */
#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

#endif
