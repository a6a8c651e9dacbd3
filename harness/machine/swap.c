// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>

#include "base/err.h"
#include "base/fs.h"

#define CONTROL "/sys/class/zram-control"

#define SWAP_BYTES_MAX (1ull << 30)
#define PRIORITY_MAX   32767 /* SWAP_FLAG_PRIO_MASK */
#define DEVICES_MAX    256

/* Something that reads partition tables may hold a new device for a moment. */
#define BUSY_WAIT_MS 2000

static void sleep_ms(unsigned int ms)
{
	struct timespec left = {.tv_nsec = (long)ms * 1000000};

	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

static char *device(unsigned int number, char *buf, size_t size)
{
	snprintf(buf, size, "/dev/zram%u", number);
	return buf;
}

/* Is there a zram.ko for this kernel to load? */
static bool has_module(void)
{
	__free_mem char *text = NULL;
	struct utsname uts;

	return !uname(&uts) && !fs_read(&text, "/lib/modules/%s/modules.dep", uts.release) && strstr(text, "/zram.ko");
}

static int modprobe(const char *option)
{
	char *argv[] = {(char *)"modprobe", (char *)option, (char *)"zram", NULL};
	int status;
	pid_t pid;
	int err = posix_spawnp(&pid, "modprobe", NULL, NULL, argv, environ);

	if (err)
		return err_sys(err, "start modprobe");
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(errno, "wait for modprobe");
	return status ? err_set(ENODEV, "modprobe %s zram failed", option) : 0;
}

/* Is the area of a dead run on zram @number? */
static bool find_left(unsigned int number, struct swap *ret_swap)
{
	unsigned char page[4096]; /* what is looked at is at the beginning */
	struct swap swap = {.number = number, .is_initialised = true};
	/* Open, it could not be reset. */
	__close_fd int fd = -1;
	struct owner owner;
	uint64_t bytes;
	char path[32];

	if (fs_read_u64(&bytes, "/sys/block/zram%u/disksize", number) || !bytes)
		return false;
	fd = open(device(number, path, sizeof(path)), O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, page, sizeof(page)) != sizeof(page))
		return false;
	if (!swap_header_read(page, &owner, &swap) || owner_lives(&owner))
		return false;
	*ret_swap = swap;
	return true;
}

/*
 * The highest priority of the areas that are on (mm/swapfile.c, swap_show(): the last word of a line), but for what dead runs left: it is swept
 * before another is made. -1: none has one.
 */
static int highest_priority(void)
{
	__free_mem char *text = NULL;
	char *line, *rest;
	int highest = -1;

	if (fs_read(&text, "/proc/swaps"))
		return -1;
	rest = text;
	strsep(&rest, "\n"); /* the heading */
	while ((line = strsep(&rest, "\n"))) {
		const char *last = strrchr(line, '\t');
		unsigned int number;
		struct swap left;

		if (!last || atoi(last) <= highest)
			continue;
		if (sscanf(line, "/dev/zram%u ", &number) != 1 || !find_left(number, &left))
			highest = atoi(last);
	}
	return highest;
}

bool swap_possible(char *why, size_t why_size)
{
	bool can_load = !geteuid() && has_module();

	if (!fs_exists("/proc/swaps"))
		snprintf(why, why_size, "this kernel has no swap (CONFIG_SWAP)");
	else if (!fs_exists(CONTROL) && !can_load)
		snprintf(why, why_size, "zram is not in this kernel (CONFIG_ZRAM)%s",
			 has_module() ? ", and loading its module takes root" : "");
	else if (geteuid())
		snprintf(why, why_size, "it takes root to have swap on zram");
	else if (highest_priority() >= PRIORITY_MAX)
		snprintf(why, why_size, "swap of the highest priority, %d, is on: pages would go there too", PRIORITY_MAX);
	else
		return true;
	return false;
}

int swap_default_bytes(uint64_t *ret_bytes)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE), bytes, kib;
	int ret = fs_read_key(&kib, "MemTotal", "/proc/meminfo");

	if (ret)
		return ret;
	bytes = kib * 1024 / 2;
	*ret_bytes = (bytes > SWAP_BYTES_MAX ? SWAP_BYTES_MAX : bytes) / page_bytes * page_bytes;
	return 0;
}

bool swap_has_zswap(void)
{
	__free_mem char *enabled = NULL;

	return !fs_read(&enabled, "/sys/module/zswap/parameters/enabled") && *enabled == 'Y';
}

/* enable_swap_slots_cache(), mm/swap_slots.c. */
bool swap_has_slot_cache(void)
{
	__free_mem char *states = NULL;

	return fs_read(&states, "/sys/devices/system/cpu/hotplug/states") || strstr(states, "swap_slots_cache");
}

/* The device that nobody uses: a new one, else one without a size. */
static int take_device(struct swap *swap)
{
	uint64_t number, bytes;
	unsigned int i;

	/* Reading it adds a device (hot_add_show() in drivers/block/zram/zram_drv.c, since 4.2). */
	if (!fs_read_u64(&number, CONTROL "/hot_add")) {
		swap->number = (unsigned int)number;
		swap->is_added = true;
		return 0;
	}
	for (i = 0; i < DEVICES_MAX; i++) {
		if (!fs_read_u64(&bytes, "/sys/block/zram%u/disksize", i) && !bytes) {
			swap->number = i;
			return 0;
		}
	}
	return err_set(EBUSY, "every zram device is in use, and no other can be added");
}

/* "lzo [lzo-rle] lz4": what is chosen */
static void read_algorithm(struct swap *swap)
{
	__free_mem char *text = NULL;
	const char *begin;

	if (fs_read(&text, "/sys/block/zram%u/comp_algorithm", swap->number))
		return;
	begin = strchr(text, '[');
	if (begin)
		snprintf(swap->algorithm, sizeof(swap->algorithm), "%.*s", (int)strcspn(begin + 1, "]"), begin + 1);
}

/* devtmpfs has the node at once; where /dev is something else it may take a moment, or never come. */
static int open_device(unsigned int number, int flags, int *ret_fd)
{
	char path[32];
	unsigned int waited_ms;
	int fd;

	device(number, path, sizeof(path));
	for (waited_ms = 0;; waited_ms += 10) {
		fd = open(path, flags | O_CLOEXEC);
		if (fd >= 0)
			break;
		if (errno != ENOENT || waited_ms >= BUSY_WAIT_MS)
			return err_sys(errno, "open %s", path);
		sleep_ms(10);
	}
	*ret_fd = fd;
	return 0;
}

static int write_header(const struct swap *swap, const struct owner *owner)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	__free_mem unsigned char *page = malloc(page_bytes);
	__close_fd int fd = -1;
	int ret = page ? open_device(swap->number, O_WRONLY, &fd) : err_sys(ENOMEM, "memory for a swap header");

	if (ret)
		return ret;
	swap_header_write(page, page_bytes, swap->bytes, owner, swap);
	if (write(fd, page, page_bytes) != (ssize_t)page_bytes || fsync(fd))
		return err_sys(errno ? errno : EIO, "write the header of /dev/zram%u", swap->number);
	return 0;
}

static int switch_on(const struct swap *swap)
{
	char path[32];

	if (swapon(device(swap->number, path, sizeof(path)), SWAP_FLAG_PREFER | PRIORITY_MAX))
		return err_sys(errno, "swapon %s", path);
	return 0;
}

static int switch_off(unsigned int number)
{
	char path[32];

	device(number, path, sizeof(path));
	while (swapoff(path)) {
		/* Not on, or not there. */
		if (errno == EINVAL || errno == ENOENT || errno == ENXIO)
			return 0;
		/* try_to_unuse() ends at a signal. */
		if (errno != EINTR)
			return err_sys(errno, "swapoff %s", path);
	}
	return 0;
}

static int write_until_free(const char *value, const char *path)
{
	unsigned int waited_ms = 0;
	int ret;

	while ((ret = fs_write(value, "%s", path)) == -EBUSY && waited_ms < BUSY_WAIT_MS) {
		sleep_ms(10);
		waited_ms += 10;
	}
	return ret;
}

int swap_teardown(struct swap *swap)
{
	char path[64], number[16];
	int ret = 0;

	if (swap->is_initialised) {
		ret = switch_off(swap->number);
		snprintf(path, sizeof(path), "/sys/block/zram%u/reset", swap->number);
		if (!ret)
			ret = write_until_free("1", path);
	}
	snprintf(number, sizeof(number), "%u", swap->number);
	if (!ret && swap->is_added)
		ret = write_until_free(number, CONTROL "/hot_remove");
	if (!ret && swap->has_module)
		ret = modprobe("-r");
	if (!ret)
		*swap = (struct swap){0};
	return ret;
}

static int sweep_device(unsigned int number)
{
	struct swap swap;

	return find_left(number, &swap) ? swap_teardown(&swap) : 0;
}

int swap_sweep(void)
{
	unsigned int i;
	int first = 0, ret;

	for (i = 0; i < DEVICES_MAX; i++) {
		ret = fs_exists("/sys/block/zram%u", i) ? sweep_device(i) : 0;
		first = first ? first : ret;
	}
	return first ? err_prefix(first, "swap that an earlier run left behind") : 0;
}

static int make(struct swap *swap, const struct owner *owner)
{
	char bytes[24];
	int ret = 0;

	if (!fs_exists(CONTROL)) {
		ret = modprobe("-q");
		swap->has_module = !ret;
	}
	if (!ret)
		ret = take_device(swap);
	if (ret)
		return ret;
	read_algorithm(swap);
	snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)swap->bytes);
	ret = fs_write(bytes, "/sys/block/zram%u/disksize", swap->number);
	if (ret)
		return ret;
	swap->is_initialised = true;
	ret = write_header(swap, owner);
	return ret ? ret : switch_on(swap);
}

struct making {
	struct swap swap;
	int ret;
	char sentence[ERR_MSG_MAX];
};

/*
 * A device says whose it is when its header is written, and until then nobody could sweep it. A child makes it, in a session of its own: it
 * outlives a process that is killed meanwhile, and its group. *swap is as far as it came.
 */
static int make_in_child(struct swap *swap)
{
	struct making *making = mmap(NULL, sizeof(*making), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct owner self;
	int status, ret;
	pid_t pid;

	if (making == MAP_FAILED)
		return err_sys(errno, "memory to set up swap");
	making->swap = *swap;
	ret = owner_self(&self);
	pid = ret ? -1 : fork();
	if (!pid) {
		setsid();
		making->ret = make(&making->swap, &self);
		snprintf(making->sentence, sizeof(making->sentence), "%s", err_msg());
		_exit(0);
	}
	if (pid < 0 && !ret)
		ret = err_sys(errno, "start a process to set up swap");
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0)
		ret = status ? err_set(EIO, "set up swap: the process that did was killed") :
		      making->ret ? err_set(-making->ret, "%s", making->sentence) : 0;
	*swap = making->swap;
	munmap(making, sizeof(*making));
	return ret;
}

int swap_setup(uint64_t bytes, struct swap *ret_swap)
{
	struct swap swap = {.bytes = bytes};
	char why[256];
	int ret;

	if (!swap_possible(why, sizeof(why)))
		return err_set(ENODEV, "%s", why);
	ret = swap_sweep();
	if (ret)
		return ret;
	ret = make_in_child(&swap);
	if (ret) {
		__free_mem char *sentence = strdup(err_msg());

		(void)!swap_teardown(&swap);
		return sentence ? err_set(-ret, "%s", sentence) : ret;
	}
	*ret_swap = swap;
	return 0;
}
