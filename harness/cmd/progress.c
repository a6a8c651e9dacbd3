// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/progress.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "machine/clock.h"

#define TERMINAL_NS 500000000ull
#define LOG_NS	    10000000000ull

/* Whole seconds: a figure that jumps reads as wrong. */
static char *seconds(uint64_t ns, char *buf, size_t size)
{
	ns = ns / 1000000000 * 1000000000;
	return ns ? format_duration(ns, buf, size) : memcpy(buf, "0 s", 4);
}

char *progress_line(uint64_t gone_ns, uint64_t left_ns, uint64_t over_ns, const char *what, unsigned int width, char *buf, size_t size)
{
	char gone[32], left[32], times[96];
	double all = (double)gone_ns + (double)left_ns, percent;
	int room;

	if (over_ns)
		snprintf(times, sizeof(times), "%s gone, %s more than thought", seconds(gone_ns, gone, sizeof(gone)),
			 seconds(over_ns, left, sizeof(left)));
	else
		snprintf(times, sizeof(times), "%s gone, %s left", seconds(gone_ns, gone, sizeof(gone)),
			 seconds(left_ns + 999999999, left, sizeof(left)));
	percent = over_ns ? 99 : all > 0 ? 100 * (double)gone_ns / all : 0;
	room = (int)width - 9 - (int)strlen(times);
	if (!width)
		snprintf(buf, size, "%.0f %%, %s, %s", percent, times, what);
	else
		snprintf(buf, size, "%3.0f %%  %-*.*s  %s", percent, room < 0 ? 0 : room, room < 0 ? 0 : room, what, times);
	return buf;
}

static unsigned int terminal_width(void)
{
	struct winsize size;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || size.ws_col < 20 ? 80 : size.ws_col;
}

/* Under the lock. */
static void draw(struct progress *progress)
{
	uint64_t now_ns = clock_ns(), gone_ns = now_ns - progress->begin_ns;
	/* Until it is over, it is not. */
	uint64_t left_ns = progress->end_ns > now_ns + 1000000000 ? progress->end_ns - now_ns : 1000000000;
	/* A second late is not late: nobody can tell to the second. */
	uint64_t over_ns = now_ns > progress->end_ns + 1000000000 ? now_ns - progress->end_ns : 0;
	char line[512];

	if (progress->is_terminal)
		fprintf(stderr, "\r\033[K%s", progress_line(gone_ns, left_ns, over_ns, progress->what, terminal_width(), line, sizeof(line)));
	else
		fprintf(stderr, "memcgbench: %s\n", progress_line(gone_ns, left_ns, over_ns, progress->what, 0, line, sizeof(line)));
	fflush(stderr);
}

static void *draw_on(void *ctx)
{
	struct progress *progress = ctx;
	uint64_t every_ns = progress->is_terminal ? TERMINAL_NS : LOG_NS, next_ns;
	struct timespec until;

	pthread_mutex_lock(&progress->lock);
	next_ns = progress->begin_ns + (progress->is_terminal ? 0 : every_ns);
	while (!progress->ended) {
		if (clock_ns() >= next_ns) {
			pthread_mutex_unlock(&progress->lock);
			if (progress->refresh)
				progress->refresh(progress->ctx);
			pthread_mutex_lock(&progress->lock);
			draw(progress);
			next_ns = clock_ns() + every_ns;
		}
		until = (struct timespec){.tv_sec = (time_t)(next_ns / 1000000000), .tv_nsec = (long)(next_ns % 1000000000)};
		pthread_cond_timedwait(&progress->changed, &progress->lock, &until);
	}
	pthread_mutex_unlock(&progress->lock);
	return NULL;
}

static void set(struct progress *progress, uint64_t left_ns, const char *what)
{
	progress->end_ns = clock_ns() + left_ns;
	snprintf(progress->what, sizeof(progress->what), "%s", what);
}

void progress_begin(struct progress *progress, bool wanted, uint64_t left_ns, const char *what, void (*refresh)(void *ctx), void *ctx)
{
	pthread_condattr_t monotonic;
	sigset_t all, before;

	*progress = (struct progress){
		.is_terminal = isatty(STDERR_FILENO),
		.begin_ns = clock_ns(),
		.refresh = refresh,
		.ctx = ctx,
	};
	pthread_mutex_init(&progress->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&progress->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	set(progress, left_ns, what);
	/* Signals are for the thread that waits for what is measured. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	progress->on = wanted && !pthread_create(&progress->thread, NULL, draw_on, progress);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void progress_show(struct progress *progress, uint64_t left_ns, const char *what)
{
	pthread_mutex_lock(&progress->lock);
	set(progress, left_ns, what);
	pthread_mutex_unlock(&progress->lock);
}

void progress_say(struct progress *progress, const char *fmt, ...)
{
	va_list ap;

	pthread_mutex_lock(&progress->lock);
	if (progress->on && progress->is_terminal)
		fputs("\r\033[K", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	pthread_mutex_unlock(&progress->lock);
}

void progress_end(struct progress *progress)
{
	if (progress->on) {
		pthread_mutex_lock(&progress->lock);
		progress->ended = true;
		pthread_cond_signal(&progress->changed);
		pthread_mutex_unlock(&progress->lock);
		pthread_join(progress->thread, NULL);
		if (progress->is_terminal)
			fputs("\r\033[K", stderr);
	}
	progress->on = false;
	pthread_cond_destroy(&progress->changed);
	pthread_mutex_destroy(&progress->lock);
}
