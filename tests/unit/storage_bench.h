/*
 * What tests of storage share: a run folder of their own, an environment with
 * plain folders for every kind of SR, and a loop device that plays a disk.
 */
#ifndef UNIT_STORAGE_BENCH_H
#define UNIT_STORAGE_BENCH_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "xenopsd/sim/plain.h"
#include "xenopsd/storage/disk.h"
#include "xenopsd/storage/driver.h"
#include "xenopsd/storage/storage.h"

#define MIB ((int64_t)1 << 20)
#define SR_A "44444444-0000-4000-8000-000000000001"
#define VDI_A "55555555-0000-4000-8000-000000000001"

struct bench {
	char dir[64];			/* the run folder */
	struct storage_env env;
	struct arena *arena;
	char disk_file[96];
	char disk[64];			/* loop device that plays a disk */
};

static inline void
setup(struct bench *b)
{
	memset(b, 0, sizeof(*b));
	snprintf(b->dir, sizeof(b->dir), "/tmp/test_storage.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(b->dir));
	b->arena = arena_new();
	b->env = (struct storage_env){ .run_dir = b->dir,
		.mkfs = "/usr/sbin/mke2fs", .memory_limit = 64 * MIB,
		.loop_disks = true };
	for (int i = 0; i < STORAGE_SR_TYPES; i++)
		b->env.drivers[i] = &sr_driver_plain;
}

static inline struct storage
op(struct bench *b)
{
	return (struct storage){ .env = &b->env, .arena = b->arena };
}

static inline void
teardown(struct bench *b)
{
	if (*b->disk) {
		struct storage s = op(b);

		ck_assert_int_eq(loop_detach(&s, b->disk, "test-disk"), 0);
	}
	arena_free(b->arena);
	scratch_remove_tree(b->dir);
}

/* Whether this machine lets us mount and make loop devices. */
static inline bool
can_mount(void)
{
	return geteuid() == 0 &&
	    access("/dev/loop-control", R_OK | W_OK) == 0 &&
	    access("/usr/sbin/mke2fs", X_OK) == 0;
}

static inline void
make_disk(struct bench *b, int64_t size)
{
	struct storage s = op(b);
	const char *device;

	snprintf(b->disk_file, sizeof(b->disk_file), "%s/disk", b->dir);
	ck_assert_int_eq(close(open(b->disk_file, O_CREAT | O_RDWR, 0600)), 0);
	ck_assert_int_eq(truncate(b->disk_file, size), 0);
	ck_assert_int_eq(loop_attach(&s, b->disk_file, true, "test-disk",
	    &device), 0);
	snprintf(b->disk, sizeof(b->disk), "%s", device);
}

static inline void
expect_code(const struct storage *s, int code)
{
	ck_assert_msg(s->text != NULL, "it did not fail");
	ck_assert_msg(s->code == code, "%s, not %s: %s",
	    enum_xenops_code.names[s->code], enum_xenops_code.names[code],
	    s->text);
}

static inline void
make_sr(struct bench *b, int type, const char *device)
{
	struct xenops_sr_create_args a = { .uuid = SR_A, .type = type,
		.device = device, .name = "a name" };
	struct xenops_sr_info info;
	struct storage s = op(b);

	ck_assert_msg(storage_sr_create(&s, &a, &info) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_int_gt(info.size, 0);
}

static inline void
make_vdi(struct bench *b, const char *uuid, int64_t size)
{
	struct xenops_vdi_info in = { .uuid = uuid, .name = "a disk",
		.description = "its words", .size = size }, out;
	struct storage s = op(b);

	ck_assert_msg(storage_vdi_create(&s, SR_A, &in, &out) == 0, "%s",
	    s.text ? s.text : "");
	ck_assert_str_eq(out.uuid, uuid);
	ck_assert_str_eq(out.name, "a disk");
	ck_assert_str_eq(out.description, "its words");
	ck_assert_int_eq(out.size, (size + MIB - 1) / MIB * MIB);
}

#endif
