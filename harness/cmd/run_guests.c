// SPDX-License-Identifier: GPL-2.0-or-later
#include "cmd/run_guests_priv.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/paths.h"
#include "cmd/present.h"
#include "cmd/run_record.h"
#include "guest/files.h"

/* The repetition comes second, so that a guest that is not exact is found early. */
static size_t nth_boot(const struct guests *guests, size_t at)
{
	if (at == 0 || !guests_repeat(guests))
		return at;
	return at == 1 ? guests->nr_boots : at - 1;
}

static void *boot_thread(void *ctx)
{
	struct guests *guests = ctx;

	pthread_mutex_lock(&guests->lock);
	while (guests->next < guests_nr_in_all(guests) && !*guests->stop && !guests->store_error) {
		size_t i = nth_boot(guests, guests->next++);
		struct guest_boot *boot = &guests->boots[i];
		char folder[PATH_MAX];

		snprintf(folder, sizeof(folder), "%s/boots/%zu%s", store_dir(guests->store), boot->number,
			 i == guests->nr_boots ? "-again" : "");
		guests_note_begin(guests, boot);
		pthread_mutex_unlock(&guests->lock);
		guest_boot_once(guests, boot, folder);
		pthread_mutex_lock(&guests->lock);
		boot->done = true;
		guests->nr_done++;
		guests_store_what_is_done(guests);
		guests_note_end(guests, boot);
	}
	pthread_mutex_unlock(&guests->lock);
	return NULL;
}

/* The symbols of each kernel that was profiled. */
static void keep_symbols(const struct guests *guests)
{
	__free_mem char **folders = calloc(guests->nr_boots, sizeof(*folders));
	struct initramfs_spec spec;
	size_t i, k;

	for (k = 0; folders && guests->profile.plugin_path && k < guests->nr_kernels && !*guests->stop; k++) {
		if (guests->broken[k])
			continue;
		for (i = 0; i < guests->nr_boots; i++)
			if (guests->boots[i].kernel == &guests->kernels[k] && guests->boots[i].done && !guests->boots[i].failed)
				folders[i] = text_format("%s/boots/%zu", store_dir(guests->store), guests->boots[i].number);
		guests_fill_initramfs(guests, &guests->kernels[k], "{}", &spec);
		run_profile_symbols(&guests->profile, &guests->kernels[k], &spec, store_dir(guests->store), folders,
				    guests->nr_boots, guests->stop);
		for (i = 0; i < guests->nr_boots; i++) {
			free(folders[i]);
			folders[i] = NULL;
		}
	}
}

/* All guests of a run get the same runner, whatever is built or installed meanwhile. */
static int keep_runner(struct guests *guests, const char *folder)
{
	struct file_map map __unmap_file = {0};
	char *path = text_format("%s/memcgbench-runner", folder);
	int ret = path ? file_map_open(guests->runner_path, &map) : -ENOMEM;

	if (!ret)
		ret = file_replace(path, map.data, map.size);
	if (!ret && chmod(path, 0755))
		ret = err_sys(errno, "make %s executable", path);
	if (ret) {
		free(path);
		return ret;
	}
	free(guests->runner_path);
	guests->runner_path = path;
	return 0;
}

static int run_boots(struct guests *guests)
{
	size_t nr = guests_nr_threads(guests, guests_nr_in_all(guests)), i;
	__free_mem pthread_t *threads = calloc(nr, sizeof(*threads));
	char folder[PATH_MAX];
	int err = 0;

	if (!threads)
		return err_sys(ENOMEM, "memory for %zu threads", nr);
	snprintf(folder, sizeof(folder), "%s/boots", store_dir(guests->store));
	if (mkdir(folder, 0777))
		return err_sys(errno, "make %s", folder);
	if (keep_runner(guests, folder))
		return -EIO;
	run_profile_init(&guests->profile, guests->args, folder);
	pthread_mutex_init(&guests->lock, NULL);
	progress_begin(&guests->progress, !guests->args->quiet, guests_time_ns(guests), "the first guests start", guests_refresh_progress,
		       guests);
	for (i = 0; i < nr; i++) {
		err = pthread_create(&threads[i], NULL, boot_thread, guests);
		if (err)
			break;
	}
	nr = i;
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	progress_end(&guests->progress);
	pthread_mutex_destroy(&guests->lock);
	keep_symbols(guests);
	unlink(guests->runner_path);
	if (!nr)
		return err_sys(err, "start a thread");
	return guests->store_error ? err_set(-guests->store_error, "%s", guests->store_sentence) : 0;
}

static int finish(struct guests *guests)
{
	const char *end = "complete";
	int status = EXIT_OK;

	if (*guests->stop) {
		end = "interrupted";
		status = 128 + *guests->stop;
		fprintf(stderr, "memcgbench run: interrupted; the boots that ended so far are in %s\n",
			store_dir(guests->store));
	} else {
		status = guests_check_repetition(guests);
		if (guests->nr_errors && !status)
			status = EXIT_BROKEN;
		if (status)
			end = "failed";
	}
	return store_finish(take_ptr(guests->store), end) ? cmd_fail(guests->verb, NULL) : status;
}

/* What a guest's numbers depend on and its own facts do not tell: without it two runs cannot be compared. */
static int add_guest_facts(const struct guests *guests, json_t *run)
{
	__free_mem char *append = guest_boot_append(guests, &guests->boots[0]), *version = NULL;
	struct qemu_options qemu;
	json_t *kernels = json_array();
	size_t i;
	int ret = append ? qemu_version(NULL, &version) : err_sys(ENOMEM, "memory for a boot");

	for (i = 0; i < guests->nr_kernels; i++) {
		const struct kernel *kernel = &guests->kernels[i];

		/* Of a broken image neither release nor digest are known. */
		json_array_append_new(kernels, json_pack("{s:s, s:s*, s:s*, s:s?}", "name", kernel->name, "release",
							 guests->broken[i] ? NULL : kernel->release, "sha256",
							 guests->broken[i] ? NULL : kernel->sha256, "source", kernel->source));
	}
	json_object_set_new(run, "kernels", kernels);
	if (guests->left_out)
		json_object_set_new(run, "left_out", json_pack("{s:I, s:O}", "seeds",
							       (json_int_t)(guests->args->nr_seeds - guests->nr_seeds), "items", guests->left_out));
	if (guests->args->shard)
		json_object_set_new(run, "shard", json_pack("{s:s, s:I}", "part", guests->args->shard, "boots",
							    (json_int_t)guests->nr_boots_all));
	if (ret)
		return ret;
	guest_boot_fill_qemu(guests, &guests->boots[0], "", append, &qemu);
	json_object_set_new(run, "guest",
			    json_pack("{s:s, s:s, s:s, s:s?}", "accel", qemu_accel_name(qemu.accel), "qemu_version", version,
				      "cpu_model", qemu.cpu_model ? qemu.cpu_model : qemu_cpu_model(qemu.accel), "append",
				      guests->args->append));
	return 0;
}

static int boot_and_present(struct guests *guests, json_t *command)
{
	struct present_options present = {
		.json = guests->args->json,
		.plots = !guests->args->no_plots,
		.write_files = true,
		.results_dir = guests->args->results_dir,
		.save_baseline = guests->args->save_baseline,
	};
	json_t *json = run_json(guests->plan, command);
	__free_mem char *dir = NULL;
	char name[128];
	int status, present_status, ret;

	run_name(guests->kernels[guests->nr_kernels - 1].name, name, sizeof(name));
	ret = add_guest_facts(guests, json);
	if (ret) {
		json_decref(json);
		return cmd_fail(guests->verb, NULL);
	}
	ret = store_create(guests->args->results_dir, name, json, &guests->store);
	json_decref(json);
	if (ret)
		return cmd_fail(guests->verb, NULL);
	dir = strdup(store_dir(guests->store));
	ret = run_boots(guests);
	if (ret || !dir) {
		store_abandon(guests->store);
		return cmd_fail(guests->verb, NULL);
	}
	status = finish(guests);
	if (status >= 128 || status == EXIT_NOT_DETERMINISTIC)
		return status;
	if (guests->args->accel == RUN_TCG) {
		printf("%zu boot%s, %zu error%s. TCG without -icount: nothing was timed, so there is no table.\nwritten to %s\n",
		       guests->nr_boots, guests->nr_boots == 1 ? "" : "s", guests->nr_errors, guests->nr_errors == 1 ? "" : "s", dir);
		return cmd_finish(guests->verb, status);
	}
	if (guests->args->shard) {
		/* Its other half lies elsewhere: a table would compare what is not there. */
		printf("%s\n", dir);
		return cmd_finish(guests->verb, status);
	}
	present_status = present_run(guests->verb, dir, &present);
	return status ? status : present_status;
}

static void guests_free(struct guests *guests)
{
	size_t i, k;

	for (i = 0; guests->boots && i <= guests->nr_boots; i++) {
		for (k = 0; k < guests->boots[i].nr_lines; k++)
			free(guests->boots[i].lines[k]);
		free(guests->boots[i].lines);
		free(guests->boots[i].error);
	}
	for (i = 0; i < guests->nr_kernels; i++) {
		if (guests->equipment)
			equipment_free(&guests->equipment[i]);
		kernel_free(&guests->kernels[i]);
		free(guests->vmlinux[i]);
		free(guests->broken[i]);
	}
	free(guests->vmlinux);
	free(guests->broken);
	free(guests->equipment);
	free(guests->boots);
	free(guests->kernels);
	free(guests->boot_args);
	free(guests->nodes);
	for (i = 0; i < guests->nr_qemu_words; i++)
		free(guests->qemu_words[i]);
	free(guests->qemu_words);
	free(guests->runner_path);
	plan_free(&guests->kept);
	json_decref(guests->left_out);
	json_decref(guests->said);
	run_profile_free(&guests->profile);
}

int run_guests(const struct verb *verb, const struct run_args *args, const struct plan *plan, json_t *command,
	       const volatile sig_atomic_t *stop)
{
	struct guests guests = {
		.verb = verb, .args = args, .plan = plan, .stop = stop, .nr_seeds = args->nr_seeds, .said = json_array(),
	};
	int ret = guests_parse_nodes(&guests), status;

	if (!ret)
		ret = guests_parse_qemu_opts(&guests);
	if (!ret)
		ret = guests_parse_boot_args(&guests);
	if (!ret)
		ret = guests_open_kernels(&guests);
	if (!ret)
		ret = guests_equip_kernels(&guests);
	if (!ret)
		ret = paths_runner(&guests.runner_path);
	if (!ret)
		ret = guests_keep_budget(&guests);
	if (!ret)
		ret = guests_make_boots(&guests);
	if (!ret)
		guests_say_no_memcg(&guests);
	if (ret && *stop)
		status = 128 + *stop;
	else if (ret)
		status = ret == -EINVAL ? cmd_usage(verb, NULL) : cmd_fail(verb, NULL);
	else if (args->dry_run)
		status = guests_print_commands(&guests);
	else
		status = boot_and_present(&guests, json_incref(command));
	json_decref(command);
	guests_free(&guests);
	return status;
}
