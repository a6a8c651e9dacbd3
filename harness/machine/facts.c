// SPDX-License-Identifier: GPL-2.0-or-later
#include "machine/facts.h"

#include <sha2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/fs.h"
#include "machine/kconfig.h"
#include "machine/priority.h"

#define DMI_DIR	  "/sys/class/dmi/id"
#define THP_DIR	  "/sys/kernel/mm/transparent_hugepage"
#define CPU_DIR	  "/sys/devices/system/cpu"
#define CLOCK_DIR "/sys/devices/system/clocksource/clocksource0"

/* The first line of the file, "" without one. */
static void read_line(char *buf, size_t size, const char *path)
{
	__free_mem char *text = NULL;

	buf[0] = '\0';
	if (fs_read(&text, "%s", path) == 0)
		snprintf(buf, size, "%.*s", (int)strcspn(text, "\n"), text);
}

/* The word in brackets of "always [madvise] never". */
static void read_choice(char *buf, size_t size, const char *path)
{
	__free_mem char *text = NULL;
	const char *open;

	buf[0] = '\0';
	if (fs_read(&text, "%s", path) < 0)
		return;
	open = strchr(text, '[');
	if (open && strchr(open, ']'))
		snprintf(buf, size, "%.*s", (int)strcspn(open + 1, "]"), open + 1);
}

static uint64_t read_kib_as_bytes(const char *key)
{
	uint64_t kib;

	if (fs_read_key(&kib, key, "/proc/meminfo") < 0 || kib > UINT64_MAX / 1024)
		return 0;
	return kib * 1024;
}

/* What is behind the first "key : value" of /proc/cpuinfo; NULL without one. Not terminated. */
static const char *cpuinfo_value(const char *text, const char *key, size_t *ret_len)
{
	size_t key_len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *value;

		line += *line == '\n';
		value = line + key_len;
		if (strncmp(line, key, key_len))
			continue;
		value += strspn(value, " \t");
		if (*value != ':')
			continue;
		value += 1 + strspn(value + 1, " \t");
		*ret_len = strcspn(value, "\n");
		return value;
	}
	return NULL;
}

/* x86 says "model name", POWER "cpu", RISC-V "uarch"; arm64 has numbers only and stays empty. */
static void read_cpu_model(const char *cpuinfo, struct facts *f)
{
	static const char *const keys[] = {"model name", "cpu", "uarch"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		size_t len;
		const char *value = cpuinfo_value(cpuinfo, keys[i], &len);

		if (value) {
			snprintf(f->cpu_model, sizeof(f->cpu_model), "%.*s", (int)len, value);
			return;
		}
	}
}

/* x86 CPUID leaf 1, ECX bit 31: arch/x86/include/asm/cpufeatures.h, X86_FEATURE_HYPERVISOR. */
static bool has_hypervisor_flag(const char *cpuinfo)
{
	size_t len;
	const char *flags = cpuinfo_value(cpuinfo, "flags", &len);
	const char *end = flags ? flags + len : NULL;

	for (const char *word = flags; word && word < end;) {
		size_t word_len = strcspn(word, " \n");

		if (word_len == strlen("hypervisor") && !strncmp(word, "hypervisor", word_len))
			return true;
		word += word_len + strspn(word + word_len, " ");
		if (!word_len)
			break;
	}
	return false;
}

/* Clock sources that a kernel registers under one hypervisor only. */
static const char *hypervisor_of_clocksource(void)
{
	__free_mem char *text = NULL;

	if (fs_read(&text, CLOCK_DIR "/available_clocksource") < 0)
		return NULL;
	if (strstr(text, "kvm-clock"))
		return "KVM";
	if (strstr(text, "hyperv_clocksource"))
		return "Hyper-V";
	return strstr(text, "xen") ? "Xen" : NULL;
}

/* What DMI says of machines that exist only as guests, whatever the CPU flags say (arm64 has none).
 */
static bool dmi_is_guest(const char *vendor, const char *product)
{
	static const char *const vendors[] = {"QEMU", "VMware",	   "innotek",
					      "Xen",  "Parallels", "OpenStack"};
	static const char *const products[] = {"KVM", "VirtualBox", "Virtual Machine", "HVM domU"};

	for (size_t i = 0; i < ARRAY_SIZE(vendors); i++)
		if (!strncmp(vendor, vendors[i], strlen(vendors[i])))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(products); i++)
		if (strstr(product, products[i]))
			return true;
	return false;
}

/*
 * A cloud's bare-metal machines carry the cloud's name in DMI too, so that DMI alone decides
 * nothing where the CPU has a flag to say it.
 */
static void read_hypervisor(const char *cpuinfo, struct facts *f)
{
	char vendor[40], product[40], type[32];
	const char *name;

	read_line(type, sizeof(type), "/sys/hypervisor/type");
	read_line(vendor, sizeof(vendor), DMI_DIR "/sys_vendor");
	read_line(product, sizeof(product), DMI_DIR "/product_name");
	name = hypervisor_of_clocksource();
	if (!name && type[0])
		name = type;
	if (!name && !has_hypervisor_flag(cpuinfo) && !dmi_is_guest(vendor, product))
		return;
	if (!name && !vendor[0] && !product[0])
		name = "unknown";
	snprintf(f->hypervisor, sizeof(f->hypervisor), "%s%s%s%s%s", name ? name : "",
		 name && vendor[0] ? ", " : "", vendor, vendor[0] && product[0] ? " " : "",
		 product);
}

static void read_config(struct facts *f)
{
	struct kconfig config;

	if (kconfig_load(&config) < 0)
		return;
	_Static_assert(sizeof(f->config_hash) >= SHA256_DIGEST_STRING_LENGTH, "no room for the hash");
	SHA256Data((const uint8_t *)config.text, config.size, f->config_hash);
	snprintf(f->config_source, sizeof(f->config_source), "%s", config.source);
	kconfig_free(&config);
}

/*
 * "Linux version 6.12.0 (who@where) (gcc (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils) 2.40) #1 SMP …": linux_proc_banner
 * (init/version.c, Linux 6.12).
 */
static void read_compiler(struct facts *f)
{
	char line[512];
	const char *at;
	size_t len;

	read_line(line, sizeof(line), "/proc/version");
	at = strstr(line, ") (");
	if (!at)
		return;
	at += strlen(") (");
	len = strcspn(at, ",");
	if (at[len])
		snprintf(f->compiler, sizeof(f->compiler), "%.*s", (int)len, at);
}

static void read_kernel(struct facts *f)
{
	read_line(f->release, sizeof(f->release), "/proc/sys/kernel/osrelease");
	read_line(f->version, sizeof(f->version), "/proc/sys/kernel/version");
	read_compiler(f);
	read_line(f->cmdline, sizeof(f->cmdline), "/proc/cmdline");
	/* Since 6.1; older kernels say it in uname(2) only, which speaks of this machine, not of a
	 * tree. */
	read_line(f->arch, sizeof(f->arch), "/proc/sys/kernel/arch");
	if (!fs_root()[0]) {
		struct utsname name;
		long page_bytes = sysconf(_SC_PAGESIZE);

		if (!f->arch[0] && uname(&name) == 0)
			snprintf(f->arch, sizeof(f->arch), "%.63s", name.machine);
		f->page_bytes = page_bytes > 0 ? (uint32_t)page_bytes : 0;
	}
}

void facts_read(struct facts *ret_facts)
{
	struct facts *f = ret_facts;
	__free_mem char *cpuinfo = NULL;
	uint64_t thp_bytes;

	memset(f, 0, sizeof(*f));
	read_kernel(f);
	read_config(f);
	if (fs_read(&cpuinfo, "/proc/cpuinfo") == 0)
		read_cpu_model(cpuinfo, f);
	read_hypervisor(cpuinfo ? cpuinfo : "", f);
	f->memory_bytes = read_kib_as_bytes("MemTotal");
	f->swap_bytes = read_kib_as_bytes("SwapTotal");
	if (fs_read_u64(&thp_bytes, THP_DIR "/hpage_pmd_size") == 0 && thp_bytes <= UINT32_MAX)
		f->thp_bytes = (uint32_t)thp_bytes;
	read_choice(f->thp_enabled, sizeof(f->thp_enabled), THP_DIR "/enabled");
	read_choice(f->thp_shmem, sizeof(f->thp_shmem), THP_DIR "/shmem_enabled");
	read_line(f->lru_gen, sizeof(f->lru_gen), "/sys/kernel/mm/lru_gen/enabled");
	read_line(f->governor, sizeof(f->governor), CPU_DIR "/cpu0/cpufreq/scaling_governor");
	read_line(f->smt, sizeof(f->smt), CPU_DIR "/smt/control");
	read_line(f->online_cpus, sizeof(f->online_cpus), CPU_DIR "/online");
	read_line(f->clocksource, sizeof(f->clocksource), CLOCK_DIR "/current_clocksource");
	priority_describe(f->priority, sizeof(f->priority));
}
