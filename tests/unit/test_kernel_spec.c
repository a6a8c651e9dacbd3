// SPDX-License-Identifier: GPL-2.0-or-later
/* The grammar of kernel specs, the header of a bzImage, apt's sources, the archive's index. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/err.h"
#include "guest/archive.h"
#include "guest/build.h"
#include "guest/files.h"
#include "guest/kernel.h"

static void assert_spec(const char *text, const char *name, enum kernel_spec_type type, const char *first)
{
	struct kernel_spec spec;

	assert_int_equal(kernel_spec_parse(text, &spec), 0);
	assert_string_equal(spec.name, name);
	assert_int_equal(spec.type, type);
	assert_string_equal(type == KERNEL_SPEC_ARCHIVE ? spec.version : spec.paths[0] ? spec.paths[0] : "", first);
	kernel_spec_free(&spec);
}

static void specs(void **state)
{
	(void)state;
	assert_spec("running", "", KERNEL_SPEC_RUNNING, "");
	assert_spec("mine=running", "mine", KERNEL_SPEC_RUNNING, "");
	assert_spec("old=deb:6.12", "old", KERNEL_SPEC_ARCHIVE, "6.12");
	assert_spec("deb:7.1.13", "", KERNEL_SPEC_ARCHIVE, "7.1.13");
	assert_spec("deb:6.12.90-1~bpo12+1", "", KERNEL_SPEC_ARCHIVE, "6.12.90-1~bpo12+1");
	assert_spec("new=./bzImage", "new", KERNEL_SPEC_PATH, "./bzImage");
	/* A path may hold '=' and ','. */
	assert_spec("./a=b/bzImage", "", KERNEL_SPEC_PATH, "./a=b/bzImage");
	assert_spec("x=/a=b", "x", KERNEL_SPEC_PATH, "/a=b");
	assert_spec("/a,b", "", KERNEL_SPEC_PATH, "/a,b");
	assert_spec("a=x.deb,y.deb", "a", KERNEL_SPEC_DEBS, "x.deb");
	assert_spec("new=build:linux@v6.12", "new", KERNEL_SPEC_BUILD, "linux@v6.12");
	assert_spec("build:../a=b@origin/master", "", KERNEL_SPEC_BUILD, "../a=b@origin/master");
	assert_spec("v6.12-rc1+=bzImage", "v6.12-rc1+", KERNEL_SPEC_PATH, "bzImage");
}

static void spec_flavour(void **state)
{
	struct kernel_spec spec;

	(void)state;
	assert_int_equal(kernel_spec_parse("deb:6.12", &spec), 0);
	assert_string_equal(spec.flavour, KERNEL_FLAVOUR_DEFAULT);
	kernel_spec_free(&spec);
	assert_int_equal(kernel_spec_parse("deb:6.12/amd64", &spec), 0);
	assert_string_equal(spec.flavour, "amd64");
	kernel_spec_free(&spec);
	assert_int_equal(kernel_spec_parse("deb:6.12.90-1~bpo12+1/amd64", &spec), 0);
	assert_string_equal(spec.version, "6.12.90-1~bpo12+1");
	assert_string_equal(spec.flavour, "amd64");
	kernel_spec_free(&spec);
}

static void bad_specs(void **state)
{
	static const char *const bad[] = {"",	      "a=",	   "=running",	  "a b=running", "-a=running",
					  ".a=running", "deb:",	   "deb:6",	  "deb:6.",	 "deb:.6",
					  "deb:6..1", "deb:6.1.2.3", "deb:6.x",	  "deb:6.12/",	 "deb:6.12/a/b", "deb:6.12:amd64",
					  "deb:6.12-", "deb:-1",  "deb:6-1", "deb:6.12-1=",
					  "a.deb,b,c.deb", "a.deb,,b.deb", "build:", "x=build:"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct kernel_spec spec = {.nr_paths = 99};

		if (kernel_spec_parse(bad[i], &spec) != -EINVAL)
			fail_msg("\"%s\" was taken", bad[i]);
		assert_int_equal(spec.nr_paths, 99);
	}
}

/* --- images --- */

#define IMAGE_BYTES 4096
static unsigned char image[IMAGE_BYTES];

/* The smallest thing with a valid header: one setup sector and 3072 bytes of system. */
static void make_image(void)
{
	memset(image, 0, sizeof(image));
	image[0x1f1] = 1;
	image[0x1f4] = (IMAGE_BYTES - 1024) / 16;
	image[0x1fe] = 0x55;
	image[0x1ff] = 0xaa;
	memcpy(image + 0x202, "HdrS", 4);
	image[0x206] = 0x0f;
	image[0x207] = 2;
	image[0x20e] = 0x00;
	image[0x20f] = 0x01;
	memcpy(image + 0x300, "6.12.0-test (me) #1", 20);
	image[0x236] = 1;
}

static int check_image(size_t size, char release[64])
{
	char path[] = "/tmp/memcgbench-image-XXXXXX";
	int fd = mkstemp(path), ret;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, image, size), size);
	close(fd);
	ret = kernel_image_check(path, release, 64);
	unlink(path);
	return ret;
}

static void images(void **state)
{
	char release[64] = "untouched";

	(void)state;
	make_image();
	assert_int_equal(check_image(IMAGE_BYTES, release), 0);
	assert_string_equal(release, "6.12.0-test");

	assert_int_equal(check_image(IMAGE_BYTES - 16, release), -EBADMSG);
	assert_non_null(strstr(err_msg(), "truncated image"));
	assert_int_equal(check_image(0, release), -EBADMSG);
	assert_non_null(strstr(err_msg(), "truncated image"));

	image[0x236] = 0;
	assert_int_equal(check_image(IMAGE_BYTES, release), -EBADMSG);
	assert_non_null(strstr(err_msg(), "wrong architecture"));

	memcpy(image + 0x202, "XXXX", 4);
	assert_int_equal(check_image(IMAGE_BYTES, release), -EBADMSG);
	assert_non_null(strstr(err_msg(), "not a kernel image"));

	memcpy(image + 0x38, "ARM\x64", 4);
	assert_int_equal(check_image(IMAGE_BYTES, release), -EBADMSG);
	assert_non_null(strstr(err_msg(), "wrong architecture"));

	memcpy(image, "\177ELF", 4);
	image[18] = 183; /* EM_AARCH64 */
	assert_int_equal(check_image(IMAGE_BYTES, release), -EBADMSG);
	assert_non_null(strstr(err_msg(), "wrong architecture"));
}

/* --- apt's sources --- */

static void sources_list(void **state)
{
	struct apt_source main = {0}, security = {0};

	(void)state;
	apt_sources_parse("# deb http://no.example/debian bookworm main\n"
			  "deb-src http://src.example/debian bookworm main\n"
			  "deb http://other.example/apt nodistro main\n"
			  "deb [arch=amd64 signed-by=/k/debian.gpg] http://a.example/debian bookworm main contrib # x\n"
			  "deb http://b.example/debian/ trixie main\n"
			  "deb http://s.example/debian-security bookworm-security main",
			  false, &main, &security);
	assert_string_equal(main.uri, "http://a.example/debian/");
	assert_string_equal(main.signed_by, "/k/debian.gpg");
	assert_string_equal(security.uri, "http://s.example/debian-security/");
	assert_string_equal(security.signed_by, "");
}

static void sources_deb822(void **state)
{
	struct apt_source main = {0}, security = {0};
	char *text;

	(void)state;
	apt_sources_parse("Types: deb\nEnabled: no\nURIs: http://off.example/debian\nSuites: bookworm\n\n"
			  "Types: deb\n# URIs: http://comment.example/\nURIs: http://m.example/debian\n"
			  "Suites: bookworm bookworm-updates\nComponents: main\nSigned-By: /k/a.gpg\n\n"
			  "Types: deb\nURIs: http://m.example/debian-security\nSuites: bookworm-security\n"
			  "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n\n"
			  "Types: deb deb-src\nURIs: http://m2.example/sec/\nSuites: bookworm-security\nSigned-By: /k/b.gpg",
			  true, &main, &security);
	assert_string_equal(main.uri, "http://m.example/debian/");
	assert_string_equal(main.signed_by, "/k/a.gpg");
	assert_string_equal(security.uri, "http://m2.example/sec/");
	text = apt_sources_text(&main, &security);
	assert_non_null(strstr(text, "deb [arch=amd64 signed-by=/k/a.gpg] http://m.example/debian/ trixie-backports main\n"));
	assert_non_null(strstr(text, "signed-by=/k/b.gpg] http://m2.example/sec/ trixie-security main\n"));
	free(text);
}

/* --- the index --- */

static void version_order(void **state)
{
	static const char *const rising[] = {"6.1~rc1-1", "6.1-1~bpo1", "6.1-1", "6.1-1+b1", "6.1.9-2", "6.1.10-1",
					     "6.12.90-1~bpo12+1", "6.12.90-1", "6.12.90-2~bpo12+1", "7.0-1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rising); i++)
		for (size_t j = 0; j < ARRAY_SIZE(rising); j++) {
			int ret = deb_version_compare(rising[i], rising[j]);

			if ((ret < 0) != (i < j) || (ret > 0) != (i > j))
				fail_msg("%s against %s: %d", rising[i], rising[j], ret);
		}
}

#define STANZA(name, version, sum)                                                                              \
	"Package: " name "\nVersion: " version "\nDescription: x\n Version: no\nFilename: pool/l/" name "_" version \
	"_amd64.deb\nSize: 1000000\nSHA256: " sum "\n\n"

static const char index_text[] =
	STANZA("linux-image-6.1.0-9-cloud-amd64", "6.1.99-1", "aa")
	STANZA("linux-image-6.1.0-10-cloud-amd64", "6.1.100-1", "ab")
	STANZA("linux-image-6.1.0-10-cloud-amd64-unsigned", "6.1.100-1", "ac")
	STANZA("linux-image-6.1.0-10-amd64", "6.1.100-1", "ad")
	STANZA("linux-image-6.1-cloud-amd64", "6.1.100-1", "ae")
	STANZA("linux-image-cloud-amd64", "6.1.100-1", "af")
	STANZA("linux-image-6.1.0-10-rt-amd64", "6.1.100-1", "ag")
	STANZA("linux-image-7.1.3+deb13-cloud-amd64", "7.1.3-1~bpo13+1", "b0")
	STANZA("linux-binary-7.1.3+deb13-cloud-amd64", "7.1.3-1~bpo13+1", "b1")
	STANZA("linux-image-7.1.13+deb13-cloud-amd64", "7.1.13-1~bpo13+1", "b2")
	STANZA("linux-base-7.1.13+deb13-cloud-amd64", "7.1.13-1~bpo13+1", "b3")
	STANZA("linux-modules-7.1.13+deb13-cloud-amd64", "7.1.13-1~bpo13+1", "b4")
	STANZA("linux-binary-7.1.13+deb13-cloud-amd64", "7.1.13-1~bpo13+1", "b5")
	STANZA("linux-headers-7.1.13+deb13-cloud-amd64", "7.1.13-1~bpo13+1", "b6");

static void index_of_archive(void **state)
{
	const struct deb_kernel *kernel;
	struct deb_kernel *list;
	size_t nr;

	(void)state;
	assert_int_equal(deb_index_parse(index_text, "cloud-amd64", &list, &nr), 0);
	assert_int_equal(nr, 4);
	kernel = deb_index_choose(list, nr, "6.1");
	assert_string_equal(kernel->listing.upstream, "6.1.100");
	assert_string_equal(kernel->debs[0].sha256, "ab");
	assert_int_equal(kernel->nr_debs, 1);
	assert_true(kernel->listing.has_modules);
	assert_string_equal(deb_index_choose(list, nr, "6.1.99")->listing.abi, "6.1.0-9");
	assert_string_equal(deb_index_choose(list, nr, "6.1.99-1")->listing.abi, "6.1.0-9");
	assert_null(deb_index_choose(list, nr, "6.1.99-2"));

	kernel = deb_index_choose(list, nr, "7.1");
	assert_string_equal(kernel->debs[0].name, "linux-binary-7.1.13+deb13-cloud-amd64");
	assert_string_equal(kernel->debs[1].sha256, "b4");
	assert_string_equal(kernel->debs[2].sha256, "b3");
	assert_int_equal(kernel->listing.size_bytes, 3000000);
	assert_true(kernel->listing.has_modules);
	assert_false(deb_index_choose(list, nr, "7.1.3")->listing.has_modules);
	/* "7.1.1" is not the beginning of "7.1.13". */
	assert_null(deb_index_choose(list, nr, "7.1.1"));
	assert_null(deb_index_choose(list, nr, "7"));
	assert_int_equal(deb_index_lacks(list, nr, "6.1.99-2", "cloud-amd64"), -ENOENT);
	assert_non_null(strstr(err_msg(), "deb:6.1.99-2: the archive has no such kernel of flavour cloud-amd64; the newest 6.1 there is deb:6.1."));
	assert_int_equal(deb_index_lacks(list, nr, "6.13", "cloud-amd64"), -ENOENT);
	assert_non_null(strstr(err_msg(), "deb:6.13: the archive has no such kernel of flavour cloud-amd64; it has"));
	free(list);

	assert_int_equal(deb_index_parse(index_text, "amd64", &list, &nr), 0);
	assert_int_equal(nr, 1);
	assert_string_equal(list[0].debs[0].sha256, "ad");
	free(list);
	assert_int_equal(deb_index_parse("", "amd64", &list, &nr), 0);
	assert_int_equal(nr, 0);
	free(list);
}

static void configuration(void **state)
{
	char path[] = "/tmp/memcgbench-config-XXXXXX";
	int fd = mkstemp(path);
	static const char text[] = "# CONFIG_A is not set\nCONFIG_MEMCG_KMEM=y\nCONFIG_ZRAM=m\nCONFIG_HZ=250\nCONFIG_MEMCG=y";

	(void)state;
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	close(fd);
	assert_int_equal(kernel_config_get(path, "MEMCG"), 'y');
	assert_int_equal(kernel_config_get(path, "ZRAM"), 'm');
	assert_int_equal(kernel_config_get(path, "HZ"), 'y');
	assert_int_equal(kernel_config_get(path, "A"), 'n');
	assert_int_equal(kernel_config_get(path, "MEM"), 'n');
	unlink(path);
	assert_int_equal(kernel_config_get(path, "A"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs),	  cmocka_unit_test(spec_flavour),    cmocka_unit_test(bad_specs),
		cmocka_unit_test(images),	  cmocka_unit_test(sources_list),    cmocka_unit_test(sources_deb822),
		cmocka_unit_test(version_order),  cmocka_unit_test(index_of_archive), cmocka_unit_test(configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
