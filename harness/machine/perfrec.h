/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * perfrec.h - `perf record` over timed regions only, one perf.data per arm.
 *
 * perf is started disabled (--delay=-1) with its control file descriptor (--control=fd:CTL,ACK) and told "enable" and
 * "disable" around each timed rep; every command waits for its acknowledgement, so nothing outside the region is sampled.
 * Samples are stamped by CLOCK_MONOTONIC, so that they compare with clock_ns().
 * perf's own words never reach the terminal; they go into the sentence of an error. perf has a process
 * group of its own, so that the terminal's Ctrl-C does not end it early, and gets SIGINT when the
 * thread that started it is gone.
 * Source: perf-record(1).
 */
#ifndef MACHINE_PERFREC_H
#define MACHINE_PERFREC_H

#include "base/util.h"

struct perfrec;

/*
 * Start `perf record` on the CPUs @cpu_list ("0-1"), or, where system-wide profiling is not allowed, on process @pid and
 * its future children; output to @data_path. Works without a PMU (falls back to cpu-clock). -ENOENT: no perf on this machine; -EACCES: not
 * allowed; -EPROTO: perf ended or did not answer, its own words in the sentence.
 */
int perfrec_start(const char *data_path, const char *cpu_list, int pid, struct perfrec **ret_rec) __must_check;
int perfrec_enable(struct perfrec *rec) __must_check;
int perfrec_disable(struct perfrec *rec) __must_check;
/*
 * Ends perf with SIGINT, waits until the file is complete, frees @rec whatever happens (NULL is
 * fine). -EPROTO: perf had ended before, or did not end cleanly, or left no file.
 */
int perfrec_stop(struct perfrec *rec);

#endif
