// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/guest_init.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>

#include "base/console_level.h"
#include "base/err.h"
#include "base/fs.h"
#include "core/guest_args.h"
#include "core/guest_disk.h"
#include "core/guest_symbols.h"

/* include/uapi/linux/module.h, since 5.17; not in the headers of every libc. */
#define INIT_COMPRESSED_FILE 4

static bool cmdline_has(const char *word)
{
	__free_mem char *text = NULL;
	char *save = NULL;

	if (fs_read(&text, "/proc/cmdline"))
		return false;
	for (char *at = strtok_r(text, " \n", &save); at; at = strtok_r(NULL, " \n", &save))
		if (!strcmp(at, word))
			return true;
	return false;
}

bool guest_is_init(void)
{
	/* /proc is not mounted yet: the file that only our initramfs has must do. */
	return getpid() == 1 && access("/job.json", F_OK) == 0;
}

static int mount_one(const char *type, const char *path, const char *options)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		return err_sys(errno, "create %s", path);
	/* A devtmpfs may have been mounted by the kernel (CONFIG_DEVTMPFS_MOUNT does not reach an initramfs, but EBUSY is harmless). */
	if (mount(type, path, type, 0, options) && errno != EBUSY)
		return err_sys(errno, "mount %s on %s", type, path);
	return 0;
}

static int mount_cgroup(void)
{
	int ret;

	if (!cmdline_has("memcgbench.cgroup=v1"))
		return mount_one("cgroup2", "/sys/fs/cgroup", NULL);
	ret = mount_one("tmpfs", "/sys/fs/cgroup", NULL);
	/* The boot without memcg: there is no such hierarchy to mount, and nothing missing. */
	if (ret || cmdline_has("cgroup_disable=memory"))
		return ret;
	ret = mount_one("cgroup", "/sys/fs/cgroup/memory", "memory");
	/* CONFIG_MEMCG_V1 in init/Kconfig since 6.11; before, CONFIG_MEMCG alone decided. */
	return ret ? err_prefix(ret, "this kernel has no memory controller of cgroup v1 (CONFIG_MEMCG_V1)") : 0;
}

static int mount_all(void)
{
	int ret = mount_one("proc", "/proc", NULL);

	if (!ret)
		ret = mount_one("sysfs", "/sys", NULL);
	if (!ret)
		ret = mount_one("devtmpfs", "/dev", NULL);
	if (!ret)
		ret = mount_one("tmpfs", "/tmp", "mode=1777");
	if (!ret && access("/sys/fs/cgroup", F_OK) == 0)
		ret = mount_cgroup();
	return ret;
}

/* Without a network there is no loopback, and nothing that needs it: no error. */
static void loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo"};
	__close_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request))
		return;
	request.ifr_flags |= IFF_UP;
	ioctl(fd, SIOCSIFFLAGS, &request);
}

/* A kernel may be built to be quiet (CONFIG_CMDLINE, CONFIG_CONSOLE_LOGLEVEL_DEFAULT); one without printk has no such file. */
static void show_warnings(void)
{
	__free_mem char *levels = NULL;

	if (!fs_read(&levels, "/proc/sys/kernel/printk") && strtol(levels, NULL, 10) < CONSOLE_LEVEL)
		klogctl(8 /* SYSLOG_ACTION_CONSOLE_LEVEL */, NULL, CONSOLE_LEVEL);
}

uint64_t guest_tainted(void)
{
	__free_mem char *text = NULL;

	return fs_read(&text, "/proc/sys/kernel/tainted") ? 0 : strtoull(text, NULL, 10);
}

static int load_module(const char *name)
{
	char path[512], options[64], given[512], all[sizeof(options) + sizeof(given)];
	const char *dot = strrchr(name, '.');
	int flags = dot && strcmp(dot, ".ko") ? INIT_COMPRESSED_FILE : 0;
	__close_fd int fd = -1;

	snprintf(path, sizeof(path), "/modules/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(errno, "open %s", path);
	snprintf(all, sizeof(all), "%s%s", guest_disk_options(name, options, sizeof(options)),
		 guest_args_of_module(name, given, sizeof(given)));
	if (syscall(SYS_finit_module, fd, all, flags) && errno != EEXIST)
		return err_sys(errno, "load module %s", name);
	return 0;
}

static int load_modules(void)
{
	struct dirent **entries;
	int nr = scandir("/modules", &entries, NULL, alphasort), ret = 0;

	if (nr < 0)
		return errno == ENOENT ? 0 : err_sys(errno, "list /modules");
	for (int i = 0; i < nr; i++) {
		if (!ret && entries[i]->d_name[0] != '.')
			ret = load_module(entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return ret;
}

/*
 * Bring up the CPUs that maxcpus=1 left out. QEMU before 8.1 runs vCPUs in turn under -icount, and gives the next one
 * a turn only when this one pauses, halts or does I/O: a kernel that waits for the new CPU in a loop without any of
 * them (6.1's do_boot_cpu()) would wait for ever. A process that pauses gives it its turns: seldom, because each pause costs
 * QEMU as much as thousands of instructions, and the guest's time, which is all that some waits here are for, is made of
 * instructions. With nothing but pauses this took longer than the whole boot.
 */
static void pause_for_ever(void)
{
	for (;;) {
		for (unsigned int i = 10000; i; i--)
			__asm__ volatile("");
		__builtin_ia32_pause();
	}
}

static int online_cpus(void)
{
	pid_t pauser = -1;
	int ret = 0;

	for (unsigned int cpu = 1; !ret && fs_exists("/sys/devices/system/cpu/cpu%u", cpu); cpu++) {
		__free_mem char *online = NULL;

		if (fs_read(&online, "/sys/devices/system/cpu/cpu%u/online", cpu) || !strcmp(online, "1"))
			continue;
		if (pauser < 0) {
			pauser = fork();
			if (pauser == 0)
				pause_for_ever();
		}
		ret = fs_write("1", "/sys/devices/system/cpu/cpu%u/online", cpu);
	}
	if (pauser > 0) {
		kill(pauser, SIGKILL);
		waitpid(pauser, NULL, 0);
	}
	return ret;
}

int guest_open_results(int *ret_fd)
{
	struct termios raw;
	int fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(errno, "open the result channel /dev/ttyS1");
	/* Cooked, it would turn a newline into two characters. */
	if (tcgetattr(fd, &raw) == 0) {
		cfmakeraw(&raw);
		cfsetspeed(&raw, B115200);
		tcsetattr(fd, TCSANOW, &raw);
	}
	*ret_fd = fd;
	return 0;
}

static void probe(int fd)
{
	static const char text[] = "{\"type\": \"probe\"}\n{\"type\": \"end\", \"status\": \"complete\"}\n";
	struct guest guest = {.result_fd = fd};

	if (write(fd, text, sizeof(text) - 1) < 0)
		err_sys(errno, "write to the result channel");
	guest_power_off(&guest);
}

static void symbols(int fd)
{
	static const char end[] = "{\"type\": \"end\", \"status\": \"complete\"}\n";
	struct guest guest = {.result_fd = fd};

	/* Without an end record the boot counts as cut short, and the console says why. */
	if (guest_symbols_write(fd))
		(void)!fs_write(err_msg(), "/dev/kmsg");
	else if (write(fd, end, sizeof(end) - 1) < 0)
		err_sys(errno, "write to the result channel");
	guest_power_off(&guest);
}

int guest_start(struct guest *ret_guest)
{
	struct guest guest = {.result_fd = -1};
	int ret = mount_all();

	if (!ret)
		ret = guest_open_results(&guest.result_fd);
	if (ret)
		return ret;
	if (cmdline_has("memcgbench.probe"))
		probe(guest.result_fd);
	show_warnings();
	loopback_up();
	ret = online_cpus();
	if (!ret)
		ret = load_modules();
	if (!ret && cmdline_has("memcgbench.symbols"))
		symbols(guest.result_fd);
	if (!ret)
		ret = fs_read(&guest.job, "/job.json");
	if (ret) {
		close(guest.result_fd);
		return ret;
	}
	*ret_guest = guest;
	return 0;
}

int guest_idle_read(struct guest_idle *ret_idle)
{
	__free_mem char *text = NULL;
	struct guest_idle idle = {0};
	char *at, *end;
	int ret = fs_read(&text, "/proc/stat");

	if (ret)
		return ret;
	if (strncmp(text, "cpu ", 4))
		return err_set(EBADMSG, "/proc/stat does not begin with \"cpu \"");
	/* user nice system idle iowait irq softirq steal; what follows (guest) is counted in user already. */
	at = text + 4;
	for (int i = 0; i < 8; i++) {
		unsigned long long ticks = strtoull(at, &end, 10);

		if (end == at)
			break;
		idle.total += ticks;
		if (i == 3 || i == 4)
			idle.idle += ticks;
		at = end;
	}
	*ret_idle = idle;
	return 0;
}

int guest_wait_idle(unsigned int window_ms, unsigned int max_ms, unsigned int *ret_waited_ms)
{
	struct timespec window = {.tv_sec = window_ms / 1000, .tv_nsec = (long)(window_ms % 1000) * 1000000};
	struct guest_idle before, after;

	for (unsigned int waited = window_ms; waited <= max_ms; waited += window_ms) {
		uint64_t total;
		int ret = guest_idle_read(&before);

		if (ret)
			return ret;
		nanosleep(&window, NULL);
		ret = guest_idle_read(&after);
		if (ret)
			return ret;
		total = after.total - before.total;
		if (total && (after.idle - before.idle) * 100 >= total * 99) {
			*ret_waited_ms = waited;
			return 0;
		}
	}
	return err_set(ETIMEDOUT, "the guest was never idle within %u ms of its time", max_ms);
}

void guest_show_sign_of_life(size_t item, size_t nr_items, unsigned int nr_reps)
{
	int fd = open("/dev/console", O_WRONLY | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (nr_reps)
		dprintf(fd, "memcgbench: item %zu of %zu, %u reps\n", item + 1, nr_items, nr_reps);
	else
		dprintf(fd, "memcgbench: item %zu of %zu\n", item + 1, nr_items);
	/* What is still on its way would go out within the next rep. */
	tcdrain(fd);
	close(fd);
}

void guest_power_off(struct guest *guest)
{
	if (guest->result_fd >= 0)
		tcdrain(guest->result_fd);
	sync();
	reboot(RB_POWER_OFF);
	/* A kernel without a way to switch off: the exit of process 1 panics, and that ends QEMU (panic=-1). */
	_exit(1);
}
