// SPDX-License-Identifier: GPL-2.0-or-later
#include "core/guest_disk.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>

#include "base/err.h"

#define MKE2FS "/sbin/mke2fs"
#define RAM	"/dev/ram0"

char *guest_disk_options(const char *module, char *buf, size_t size)
{
	struct sysinfo info;

	buf[0] = '\0';
	/* By itself brd makes 16 disks of 16 MiB. Pages are taken when they are written. */
	if (strstr(module, "brd.ko") && !sysinfo(&info))
		snprintf(buf, size, "rd_nr=1 rd_size=%llu", (unsigned long long)info.totalram * info.mem_unit / 4 / 1024);
	return buf;
}

static int make_file_system(void)
{
	static const char uuid[] = "6d656d63-6762-656e-6368-000000000000";
	char extended[128];
	int status;
	pid_t pid;

	snprintf(extended, sizeof(extended), "hash_seed=%s,lazy_itable_init=0,nodiscard", uuid);
	pid = fork();
	if (pid < 0)
		return err_sys(errno, "fork to run " MKE2FS);
	if (pid == 0) {
		execl(MKE2FS, MKE2FS, "-q", "-F", "-t", "ext4", "-b", "4096", "-O", "^has_journal", "-U", uuid, "-E", extended,
		      RAM, NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(errno, "wait for " MKE2FS);
	return status ? err_set(EIO, MKE2FS " failed in this guest (status 0x%x)", status) : 0;
}

int guest_disk_make(void)
{
	int ret;

	if (access(MKE2FS, X_OK))
		return err_set(ENOENT, "this guest has no mke2fs (e2fsprogs was not on the machine that started it)");
	if (access(RAM, F_OK))
		return err_set(ENODEV, "this kernel has no RAM disk (CONFIG_BLK_DEV_RAM)");
	ret = make_file_system();
	if (ret)
		return ret;
	if (mkdir(GUEST_DISK, 0755) && errno != EEXIST)
		return err_sys(errno, "make " GUEST_DISK);
	if (mount(RAM, GUEST_DISK, "ext4", MS_NOATIME, "noinit_itable"))
		return err_sys(errno, "mount ext4 (CONFIG_EXT4_FS) in this guest");
	return 0;
}
