/*
 * bench_db DIR [VMS]: the object store with VMS virtual machines of two disks
 * and a NIC each: memory, start, lookups, and durable writes of one and of 16
 * writers on a disk whose sync takes 5 ms.  Prints one line per figure and
 * exits with 1 when one misses its goal.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "gen/store.h"

#define WRITERS 16
#define RUN_MS 1000
#define ROUNDS 5
#define SYNC_US 5000
#define VMS_PER_WRITE 100
#define GOAL 8.0			/* writes of 16 for each of one */

static struct db *db;
static struct ref *vms;
static int n_vms;
static atomic_bool stop;
static atomic_int writes;
static atomic_uint renamed;		/* no name twice: equal is no write */

/* SQLite's own layer below its files, but for a sync that takes a known time
 * and does nothing else. */
static sqlite3_vfs *real_vfs;
static sqlite3_vfs slow_vfs;
static const sqlite3_io_methods *real_methods[8];
static sqlite3_io_methods slow_methods[8];

static int
slow_sync(sqlite3_file *f, int flags)
{
	(void)f, (void)flags;
	usleep(SYNC_US);
	return SQLITE_OK;
}

static int
slow_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags,
    int *out)
{
	int rc = real_vfs->xOpen(real_vfs, path, f, flags, out), i;

	(void)vfs;
	if (rc || !f->pMethods)
		return rc;
	for (i = 0; real_methods[i] && real_methods[i] != f->pMethods; i++) {
		if (i == 7)
			abort();
	}
	real_methods[i] = f->pMethods;
	slow_methods[i] = *f->pMethods;
	slow_methods[i].xSync = slow_sync;
	f->pMethods = &slow_methods[i];
	return SQLITE_OK;
}

/* For files opened from now on. */
static void
slow_install(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	slow_vfs = *real_vfs;
	slow_vfs.zName = "slow";
	slow_vfs.xOpen = slow_open;
	if (sqlite3_vfs_register(&slow_vfs, 1) != SQLITE_OK)
		abort();
}

static long
resident_kib(void)
{
	long pages = 0, all;
	FILE *f = fopen("/proc/self/statm", "re");

	if (!f || fscanf(f, "%ld %ld", &all, &pages) != 2)
		abort();
	fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static struct db *
bench_open(const char *path)
{
	struct db_config cfg = {
		.path = path, .classes = classes, .n_classes = CLASS_N,
	};
	struct db *opened;
	const char *why;

	if (db_open(&cfg, &opened, &why)) {
		fprintf(stderr, "%s: %s\n", path, why);
		exit(1);
	}
	return opened;
}

static void
fill_vm(struct db_txn *t, struct vm *vm, int i)
{
	static const char *const keys[] = {
		"auto_poweron", "base_template_name", "mac_seed",
		"install-methods", "xo:resource_set", "folder",
	};
	struct arena *a = txn_arena(t);
	size_t k;

	vm->name_label = arena_printf(a, "virtual machine number %d", i);
	vm->name_description = "one of many in a measurement of the store";
	for (k = 0; k < sizeof(keys) / sizeof(keys[0]); k++)
		vm->other_config = map_set(a, vm->other_config, keys[k],
		    "2f4ad1e8-7d1d-4c5e-9a43-90b0d5b3f1c7");
	vm->platform = map_set(a, vm->platform, "cores-per-socket", "1");
	vm->platform = map_set(a, vm->platform, "nx", "true");
	vm->tags = vec_add_string(a, vm->tags, "measured");
}

static void
make_vm(struct db_txn *t, int i)
{
	int d;
	struct vm *vm = txn_new(t, CLASS_VM, NULL);
	struct vif *vif = txn_new(t, CLASS_VIF, NULL);

	fill_vm(t, vm, i);
	vms[i] = vm->obj.ref;
	vif->VM = vm->obj.ref;
	vif->MAC = "02:16:3e:12:34:56";
	vif->device = "0";
	for (d = 0; d < 2; d++) {
		struct vbd *vbd = txn_new(t, CLASS_VBD, NULL);
		struct vdi *vdi = txn_new(t, CLASS_VDI, NULL);

		vdi->name_label = arena_printf(txn_arena(t), "disk %d", d);
		vbd->VM = vm->obj.ref;
		vbd->VDI = vdi->obj.ref;
		vbd->userdevice = d ? "1" : "0";
	}
}

static int
make_vms(struct db_txn *t, void *arg)
{
	int first = *(int *)arg, i;

	for (i = first; i < n_vms && i < first + VMS_PER_WRITE; i++)
		make_vm(t, i);
	return 0;
}

static int
rename_vm(struct db_txn *t, void *arg)
{
	unsigned int n = *(unsigned int *)arg;
	struct vm *vm = txn_edit(t, CLASS_VM, &vms[n % (unsigned int)n_vms]);

	vm->name_label = arena_printf(txn_arena(t), "renamed %u",
	    atomic_fetch_add(&renamed, 1));
	return 0;
}

static void *
write_until_stopped(void *arg)
{
	unsigned int n = *(unsigned int *)arg;

	while (!atomic_load(&stop)) {
		n = n * 1103515245u + 12345u;
		if (db_write(db, rename_vm, &n))
			abort();
		atomic_fetch_add(&writes, 1);
	}
	return NULL;
}

static double
writes_per_second(unsigned int n)
{
	pthread_t threads[WRITERS];
	unsigned int seeds[WRITERS], i;
	int64_t start = clock_mono_ms();

	atomic_store(&stop, false);
	atomic_store(&writes, 0);
	for (i = 0; i < n; i++) {
		seeds[i] = i;
		pthread_create(&threads[i], NULL, write_until_stopped,
		    &seeds[i]);
	}
	usleep(RUN_MS * 1000);
	atomic_store(&stop, true);
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	return atomic_load(&writes) * 1000.0 /
	    (double)(clock_mono_ms() - start);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool
group_commit(void)
{
	double one[ROUNDS], many[ROUNDS], ratio[ROUNDS];
	bool ok;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		one[i] = writes_per_second(1);
		many[i] = writes_per_second(WRITERS);
		ratio[i] = many[i] / one[i];
	}
	qsort(one, ROUNDS, sizeof(one[0]), by_value);
	qsort(many, ROUNDS, sizeof(many[0]), by_value);
	qsort(ratio, ROUNDS, sizeof(ratio[0]), by_value);
	ok = ratio[ROUNDS / 2] >= GOAL;
	printf("durable writes, syncs of %d ms: %.0f/s by 1 writer, %.0f/s by "
	    "%d: %.1f x, goal >= %.0f x  %s\n", SYNC_US / 1000,
	    one[ROUNDS / 2], many[ROUNDS / 2], WRITERS, ratio[ROUNDS / 2],
	    GOAL, ok ? "ok" : "MISSED");
	return ok;
}

static double
lookup_ns(void)
{
	int64_t start = clock_mono_ms();
	const int rounds = 2000000;
	int i, found = 0;

	for (i = 0; i < rounds; i++) {
		struct db_root *r = db_root_get(db);

		found += vm_find(r, &vms[i % n_vms]) != NULL;
		db_root_put(r);
	}
	if (found != rounds)
		abort();
	return (double)(clock_mono_ms() - start) * 1e6 / rounds;
}

int
main(int argc, char **argv)
{
	char path[4096];
	int64_t start;
	long before;
	bool ok;
	int i;

	if (argc < 2)
		return 2;
	n_vms = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1000;
	vms = calloc((size_t)n_vms, sizeof(*vms));
	snprintf(path, sizeof(path), "%s/bench.db", argv[1]);
	db = bench_open(path);
	start = clock_mono_ms();
	for (i = 0; i < n_vms; i += VMS_PER_WRITE) {
		if (db_write(db, make_vms, &i))
			abort();
	}
	printf("make %d VMs with 2 disks and a NIC, %d a write: %.2f ms each\n",
	    n_vms, VMS_PER_WRITE, (double)(clock_mono_ms() - start) / n_vms);
	db_close(db);

	before = resident_kib();
	start = clock_mono_ms();
	db = bench_open(path);
	printf("open and load: %lld ms\n",
	    (long long)(clock_mono_ms() - start));
	printf("resident: %ld KiB, %.1f KiB per VM\n", resident_kib(),
	    (double)(resident_kib() - before) / n_vms);
	printf("lookup with a root of its own: %.0f ns\n", lookup_ns());
	db_close(db);
	slow_install();
	db = bench_open(path);
	ok = group_commit();
	db_close(db);
	free(vms);
	return ok ? 0 : 1;
}
