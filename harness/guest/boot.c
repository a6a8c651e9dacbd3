// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/printable.h"
#include "guest/files.h"
#include "guest/results.h"

#define POLL_MS		 10
#define AFTER_FAULT_MS	 500  /* a trace follows the line that names the fault */
#define AFTER_END_MS	 10000
#define PROBE_MS	 5000
/* Of a host so busy that a guest gets no more than one part in so many of a CPU. */
#define BUSIEST_HOST	 5

struct boot {
	const struct boot_options *options;
	char *console_path, *results_path, *log_path;
	int console_fd, results_fd;
	uint64_t console_bytes, results_bytes;
	pid_t pid;
	bool has_exited;
	int status;
	uint64_t start_ns, alive_ns, end_ns;
	uint64_t alive_cpu_ns; /* QEMU's processor time when something last came */
	struct console console;
	struct results results;
	struct boot_result *result;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Processor time that QEMU has used; 0 once it is gone. */
static uint64_t cpu_ns(const struct boot *boot)
{
	struct timespec used = {0};
	clockid_t clock;

	if (boot->pid > 0 && !clock_getcpuclockid(boot->pid, &clock))
		clock_gettime(clock, &used);
	return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

static bool is_past(uint64_t since_ns, uint64_t ms)
{
	return now_ns() - since_ns > ms * 1000000;
}

void boot_result_free(struct boot_result *result)
{
	free(result->console_tail);
	free(result->console_path);
	*result = (struct boot_result){0};
}

/* The first fault is the one that counts. */
static void set_fault(struct boot *boot, enum boot_fault fault, const char *detail)
{
	if (boot->result->fault != BOOT_OK)
		return;
	boot->result->fault = fault;
	snprintf(boot->result->sentence, sizeof(boot->result->sentence), "%s: %s", boot_fault_name(fault), detail);
	/* Words of the guest, or of QEMU. */
	printable(boot->result->sentence, false);
}

/* --- starting and ending QEMU --- */

static void child(char *const *argv, const char *log_path, int report, pid_t parent)
{
	int log = open(log_path, O_WRONLY | O_CREAT | O_TRUNC, 0644), null = open("/dev/null", O_RDWR), err;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(126);
	dup2(null, STDIN_FILENO);
	dup2(log < 0 ? null : log, STDOUT_FILENO);
	dup2(log < 0 ? null : log, STDERR_FILENO);
	execvp(argv[0], argv);
	err = errno;
	if (write(report, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

static int start(struct boot *boot, char *const *argv)
{
	int report[2], err = 0;
	pid_t parent = getpid();

	if (pipe2(report, O_CLOEXEC))
		return err_sys(errno, "start %s", argv[0]);
	boot->start_ns = boot->alive_ns = now_ns();
	boot->pid = fork();
	if (boot->pid == 0)
		child(argv, boot->log_path, report[1], parent);
	close(report[1]);
	if (boot->pid < 0) {
		close(report[0]);
		return err_sys(EAGAIN, "start %s", argv[0]);
	}
	if (read(report[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(report[0]);
	if (!err)
		return 0;
	waitpid(boot->pid, NULL, 0);
	boot->pid = 0;
	if (err == ENOENT)
		return err_set(ENOENT, "no %s on this machine (Debian: package qemu-system-x86)", argv[0]);
	return err_sys(err, "start %s", argv[0]);
}

static void check_exit(struct boot *boot)
{
	if (!boot->has_exited && waitpid(boot->pid, &boot->status, WNOHANG) == boot->pid)
		boot->has_exited = true;
}

static void stop(struct boot *boot)
{
	if (boot->pid <= 0 || boot->has_exited)
		return;
	/* The child makes itself a group; when it had no time to, the group is not there and the pid is. */
	if (kill(-boot->pid, SIGKILL))
		kill(boot->pid, SIGKILL);
	while (waitpid(boot->pid, &boot->status, 0) < 0 && errno == EINTR)
		;
	boot->has_exited = true;
}

/* --- what comes out --- */

static void feed_results(struct boot *boot, const char *data, size_t size)
{
	struct results *results = &boot->results;
	bool had_end = results->has_end;

	results_feed(results, data, size);
	if (results->nr_records && !boot->result->nr_records)
		boot->result->first_record_ns = now_ns() - boot->start_ns;
	boot->result->nr_records = results->nr_records;
	if (results->fault != BOOT_OK)
		set_fault(boot, results->fault, results->detail);
	if (results->has_end && !had_end)
		boot->end_ns = now_ns();
}

static void feed_console(struct boot *boot, const char *data, size_t size)
{
	size_t item = boot->console.item;

	console_feed(&boot->console, data, size);
	if (boot->console.item != item && boot->options->on_item)
		boot->options->on_item(boot->options->ctx, boot->console.item);
}

/* Everything new in one of the files. */
static void drain(struct boot *boot, int *fd, const char *path, uint64_t *bytes, uint64_t max_bytes, bool is_console)
{
	char buf[65536], detail[128];
	ssize_t n;

	/* QEMU makes the file. */
	if (*fd < 0)
		*fd = open(path, O_RDONLY | O_CLOEXEC);
	while (*fd >= 0 && *bytes <= max_bytes && (n = read(*fd, buf, sizeof(buf))) > 0) {
		*bytes += (uint64_t)n;
		boot->alive_ns = now_ns();
		boot->alive_cpu_ns = cpu_ns(boot);
		if (is_console)
			feed_console(boot, buf, (size_t)n);
		else
			feed_results(boot, buf, (size_t)n);
	}
	if (*bytes > max_bytes) {
		snprintf(detail, sizeof(detail), "more than %llu bytes on the %s", (unsigned long long)max_bytes,
			 is_console ? "console" : "result channel");
		set_fault(boot, BOOT_FLOOD, detail);
	}
}

static void drain_all(struct boot *boot)
{
	const struct boot_options *options = boot->options;

	drain(boot, &boot->console_fd, boot->console_path, &boot->console_bytes,
	      options->console_max_bytes ? options->console_max_bytes : 16u << 20, true);
	drain(boot, &boot->results_fd, boot->results_path, &boot->results_bytes,
	      options->results_max_bytes ? options->results_max_bytes : 1u << 30, false);
}

/* --- judging --- */

static void judge_time(struct boot *boot)
{
	const struct boot_options *options = boot->options;
	unsigned int silence_ms = options->silence_ms ? options->silence_ms : 120000;
	char detail[96];

	if (options->interrupted && *options->interrupted) {
		set_fault(boot, BOOT_INTERRUPTED, "the boot was given up");
	} else if (options->timeout_ms && is_past(boot->start_ns, options->timeout_ms)) {
		snprintf(detail, sizeof(detail), "not at its end after %.1f s", options->timeout_ms / 1e3);
		set_fault(boot, BOOT_TIMEOUT, detail);
	} else if (cpu_ns(boot) > boot->alive_cpu_ns + (uint64_t)silence_ms * 1000000 ||
		   is_past(boot->alive_ns, (uint64_t)silence_ms * BUSIEST_HOST)) {
		/* By what it could do, not by the clock: on a busy host a guest that works may get little of a CPU. */
		snprintf(detail, sizeof(detail), "nothing on console or result channel for %.1f s (%.1f s of processor time)",
			 (double)(now_ns() - boot->alive_ns) / 1e9, (double)(cpu_ns(boot) - boot->alive_cpu_ns) / 1e9);
		set_fault(boot, BOOT_SILENCE, detail);
	}
}

/* The last line of QEMU's own output. */
static void qemu_words(const struct boot *boot, char *ret, size_t size)
{
	__free_mem char *line = NULL;
	__close_file FILE *in = fopen(boot->log_path, "re");
	size_t room = 0;

	snprintf(ret, size, "no word from it");
	while (in && getline(&line, &room, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			snprintf(ret, size, "%.400s", line);
	}
}

static void judge_exit(struct boot *boot)
{
	char words[448], detail[512];

	if (WIFSIGNALED(boot->status) || WEXITSTATUS(boot->status)) {
		qemu_words(boot, words, sizeof(words));
		snprintf(detail, sizeof(detail), "%s %d: %s", WIFSIGNALED(boot->status) ? "signal" : "exit status",
			 WIFSIGNALED(boot->status) ? WTERMSIG(boot->status) : WEXITSTATUS(boot->status), words);
		set_fault(boot, BOOT_QEMU, detail);
	} else if (boot->result->nr_records == 0) {
		set_fault(boot, BOOT_EARLY_EXIT, "the guest switched off before its first record");
	} else if (!boot->results.has_end) {
		snprintf(detail, sizeof(detail), "the guest switched off behind record %llu, without an end record",
			 (unsigned long long)boot->result->nr_records);
		set_fault(boot, BOOT_TRUNCATED, detail);
	}
}

static void judge_console(struct boot *boot)
{
	/* Whatever else was seen since, this came first: a panicking guest also falls silent, or exits early. */
	if (boot->console.fault != BOOT_OK)
		set_fault(boot, boot->console.fault, boot->console.fault_line);
}

/* What the console did not show: it names the fault better where it did. */
static void judge_taint(struct boot *boot)
{
	char letter = '?', detail[192];
	enum boot_fault fault = console_taint_fault(boot->results.tainted, &letter);

	if (fault == BOOT_OK)
		return;
	snprintf(detail, sizeof(detail), "the kernel says so in /proc/sys/kernel/tainted, %llu (%c), and nothing on its console",
		 (unsigned long long)boot->results.tainted, letter);
	set_fault(boot, fault, detail);
}

static void watch(struct boot *boot)
{
	const struct timespec poll_time = {.tv_nsec = POLL_MS * 1000000};
	uint64_t fault_ns = 0;

	for (;;) {
		check_exit(boot);
		drain_all(boot);
		if (boot->has_exited || boot->result->fault != BOOT_OK)
			break;
		if (boot->console.fault != BOOT_OK && !fault_ns)
			fault_ns = now_ns();
		if (fault_ns && is_past(fault_ns, AFTER_FAULT_MS))
			break;
		if (boot->results.has_end && is_past(boot->end_ns, AFTER_END_MS))
			break;
		judge_time(boot);
		if (boot->result->fault != BOOT_OK)
			break;
		nanosleep(&poll_time, NULL);
	}
	judge_console(boot);
	judge_taint(boot);
	/* An end record makes the boot whole, even when its QEMU had to be killed behind it. */
	if (boot->has_exited && !boot->results.has_end)
		judge_exit(boot);
	stop(boot);
}

/* --- the whole --- */

static int prepare(struct boot *boot, struct qemu_options *qemu, char ***ret_argv)
{
	const char *folder = boot->options->folder;
	__free_mem char *command_path = NULL, *text = NULL;
	char **argv;
	int ret = folder_make(folder);

	if (ret)
		return ret;
	boot->console_path = text_format("%s/console.log", folder);
	boot->results_path = text_format("%s/results.jsonl", folder);
	boot->log_path = text_format("%s/qemu.log", folder);
	command_path = text_format("%s/command", folder);
	if (!boot->console_path || !boot->results_path || !boot->log_path || !command_path)
		return -ENOMEM;
	/* What an earlier boot left must not be read as this one's. */
	unlink(boot->console_path);
	unlink(boot->results_path);
	*qemu = *boot->options->qemu;
	qemu->console_path = boot->console_path;
	qemu->results_path = boot->results_path;
	ret = qemu_command(qemu, &argv);
	if (ret)
		return ret;
	text = qemu_command_text(argv);
	ret = text ? file_replace(command_path, text, strlen(text)) : err_sys(ENOMEM, "write %s", command_path);
	if (ret) {
		qemu_argv_free(argv);
		return ret;
	}
	*ret_argv = argv;
	return 0;
}

static void close_boot(struct boot *boot)
{
	stop(boot);
	if (boot->console_fd >= 0)
		close(boot->console_fd);
	if (boot->results_fd >= 0)
		close(boot->results_fd);
	free(boot->console_path);
	free(boot->results_path);
	free(boot->log_path);
	results_clear(&boot->results);
	free(boot);
}

int boot_run(const struct boot_options *options, struct boot_result *ret_result)
{
	struct boot *boot = calloc(1, sizeof(*boot));
	struct boot_result result = {0};
	struct qemu_options qemu;
	char **argv = NULL;
	int ret;

	if (!boot)
		return err_sys(ENOMEM, "boot a guest");
	boot->options = options;
	boot->results = (struct results){.on_line = options->on_line, .ctx = options->ctx};
	boot->result = &result;
	boot->console_fd = boot->results_fd = -1;
	ret = prepare(boot, &qemu, &argv);
	if (!ret)
		ret = start(boot, argv);
	if (!ret) {
		watch(boot);
		result.elapsed_ns = now_ns() - boot->start_ns;
		result.console_tail = console_tail(&boot->console);
		result.console_path = take_ptr(boot->console_path);
		*ret_result = result;
	}
	qemu_argv_free(argv);
	close_boot(boot);
	return ret;
}

static int seen(void *ctx, const char *line)
{
	(void)line;
	*(bool *)ctx = true;
	return 0;
}

int boot_probe_kvm(const char *kernel_path, const char *initramfs_path, const char *cpu_model, const char *folder, char *why,
		   size_t why_size)
{
	bool alive = false;
	struct qemu_options qemu = {.accel = QEMU_KVM, .kernel_path = kernel_path, .initramfs_path = initramfs_path,
				    .cpu_model = cpu_model, .append = "memcgbench.probe"};
	struct boot_options options = {.qemu = &qemu, .folder = folder, .timeout_ms = PROBE_MS, .on_line = seen,
				       .ctx = &alive};
	struct boot_result result = {0};
	__close_fd int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (fd < 0) {
		snprintf(why, why_size, "no KVM: open /dev/kvm: %s", strerror(errno));
		return 0;
	}
	if (boot_run(&options, &result)) {
		snprintf(why, why_size, "no KVM: %.400s", err_msg());
		return 0;
	}
	if (!alive)
		snprintf(why, why_size, "/dev/kvm does not run this kernel: %.400s", result.sentence);
	boot_result_free(&result);
	return alive;
}
