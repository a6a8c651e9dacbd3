// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * clock_back.c - in front of libc: the time of day is set back by CLOCK_BACK_S seconds, CLOCK_BACK_AFTER_MS milliseconds after the process began.
 *
 * Really to set it would set it for everybody on the machine, and there is no namespace for it: time_namespaces(7) has the others.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static int (*real)(clockid_t clock, struct timespec *now);
static struct timespec begin;
static long after_ms, back_s;

__attribute__((constructor)) static void start(void)
{
	const char *after = getenv("CLOCK_BACK_AFTER_MS"), *back = getenv("CLOCK_BACK_S");

	real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
	after_ms = after ? atol(after) : 0;
	back_s = back ? atol(back) : 0;
	real(CLOCK_MONOTONIC, &begin);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	struct timespec here;
	int ret;

	if (!real)
		start();
	ret = real(clock, now);
	if (ret || clock != CLOCK_REALTIME)
		return ret;
	real(CLOCK_MONOTONIC, &here);
	if ((here.tv_sec - begin.tv_sec) * 1000 + (here.tv_nsec - begin.tv_nsec) / 1000000 >= after_ms)
		now->tv_sec -= back_s;
	return 0;
}

time_t time(time_t *ret)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret)
		*ret = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict ret, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	ret->tv_sec = now.tv_sec;
	ret->tv_usec = now.tv_nsec / 1000;
	return 0;
}
