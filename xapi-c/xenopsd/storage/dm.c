#include "xenopsd/storage/dm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/clock.h"

#define NODES "/dev/mapper/"
#define CONTROL NODES "control"
#define POOL_SUFFIX "-tpool"		/* of the pool that volumes stand on */
#define SECTOR 512
#define STEP_MS 5
#define LVM_UUID_LEN 32			/* without its hyphens */
#define LIST_ROOM ((size_t)64 << 10)
#define LIST_MAX ((size_t)16 << 20)	/* of 100,000 devices */

/* A call, with room for one target and its parameters. */
struct dm_call {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char params[128];
};

/* LVM doubles the hyphens within the parts of a name. */
static const char *
device_name(struct storage *s, const char *vg, const char *lv)
{
	const char *parts[] = { vg, lv };
	char name[DM_NAME_LEN] = "";
	size_t n = 0;

	for (int i = 0; i < 2; i++) {
		if (i)
			name[n++] = '-';
		for (const char *p = parts[i]; *p && n + 3 < sizeof(name); p++) {
			name[n++] = *p;
			if (*p == '-')
				name[n++] = '-';
		}
	}
	return arena_strndup(s->arena, name, n);
}

static size_t
add_lvm_uuid(char *out, const char *uuid)
{
	size_t n = 0;

	for (; *uuid && n < LVM_UUID_LEN; uuid++) {
		if (*uuid != '-')
			out[n++] = *uuid;
	}
	return n;
}

/* head: a call of size bytes in all.  0 or -errno. */
static int
dm_send(unsigned int request, struct dm_ioctl *head, size_t size)
{
	int fd = open(CONTROL, O_RDWR | O_CLOEXEC);
	int r;

	if (fd == -1)
		return -errno;
	head->version[0] = DM_VERSION_MAJOR;
	head->data_size = (uint32_t)size;
	head->data_start = offsetof(struct dm_call, target);
	r = ioctl(fd, (int)request, head) == -1 ? -errno : 0;
	close(fd);
	return r;
}

static int
dm_run(unsigned int request, struct dm_call *call, const char *name)
{
	snprintf(call->head.name, sizeof(call->head.name), "%s", name);
	return dm_send(request, &call->head, sizeof(*call));
}

static int
dm_status(const char *name, struct dm_ioctl *out)
{
	struct dm_call call = { 0 };
	int rc = dm_run(DM_DEV_STATUS, &call, name);

	*out = call.head;
	return rc;
}

static int
dm_remove(const char *name)
{
	struct dm_call call = { 0 };

	return dm_run(DM_DEV_REMOVE, &call, name);
}

static int
dm_create(const char *name, const struct dm_thin *t)
{
	struct dm_call call = { 0 };
	char *uuid = call.head.uuid;
	size_t n = 4;

	memcpy(uuid, "LVM-", n);
	n += add_lvm_uuid(uuid + n, t->vg_uuid);
	add_lvm_uuid(uuid + n, t->lv_uuid);
	return dm_run(DM_DEV_CREATE, &call, name);
}

/* Gives a new device its table and lets it run. */
static int
dm_load(const char *name, const struct dm_thin *t, uint64_t pool)
{
	struct dm_call call = { 0 };
	int rc;

	call.head.target_count = 1;
	call.target.length = (uint64_t)t->size / SECTOR;
	snprintf(call.target.target_type, sizeof(call.target.target_type),
	    "thin");
	snprintf(call.params, sizeof(call.params), "%u:%u %llu", major(pool),
	    minor(pool), (unsigned long long)t->id);
	rc = dm_run(DM_TABLE_LOAD, &call, name);
	if (rc)
		return rc;
	call = (struct dm_call){ 0 };
	return dm_run(DM_DEV_SUSPEND, &call, name);	/* resumes */
}

static int
make_device(struct storage *s, const struct dm_thin *t, const char *name)
{
	const char *pool = arena_printf(s->arena, "%s" POOL_SUFFIX,
	    device_name(s, t->vg, t->pool));
	struct dm_ioctl st;
	int rc = dm_status(pool, &st);

	if (rc)
		return storage_fail_errno(s, -rc, "no pool '%s'", pool);
	rc = dm_create(name, t);
	if (!rc) {
		rc = dm_load(name, t, st.dev);
		if (rc)
			dm_remove(name);
	}
	return rc ? storage_fail_errno(s, -rc, "cannot map '%s'", t->lv) : 0;
}

int
dm_thin_map(struct storage *s, const struct dm_thin *t,
    const char **device_out)
{
	const char *name = device_name(s, t->vg, t->lv);
	struct dm_ioctl st;
	int rc = dm_status(name, &st);

	/* who was killed while making it left it without a table */
	if (!rc && !(st.flags & DM_ACTIVE_PRESENT_FLAG))
		rc = dm_remove(name) ? -EBUSY : -ENXIO;
	if (rc == -ENXIO) {
		if (make_device(s, t, name))
			return -1;
		rc = dm_status(name, &st);
	}
	if (rc)
		return storage_fail_errno(s, -rc, "cannot map '%s'", t->lv);
	*device_out = arena_printf(s->arena, "/dev/dm-%u", minor(st.dev));
	return 0;
}

int
dm_unmap(struct storage *s, const char *vg, const char *lv, int64_t limit_ms)
{
	const char *name = device_name(s, vg, lv);
	int64_t end = clock_mono_ms() + limit_ms;
	int rc;

	while ((rc = dm_remove(name)) == -EBUSY && clock_mono_ms() < end)
		poll(NULL, 0, STEP_MS);
	if (rc == 0 || rc == -ENXIO)
		return 0;
	if (rc == -EBUSY)
		return storage_fail(s, XENOPS_CODE_IN_USE,
		    "volume '%s' is in use", lv);
	return storage_fail_errno(s, -rc, "cannot unmap '%s'", lv);
}

bool
dm_pool_is_gone(struct storage *s, const char *vg, const char *pool)
{
	struct dm_ioctl st;
	int rc = dm_status(arena_printf(s->arena, "%s" POOL_SUFFIX,
	    device_name(s, vg, pool)), &st);

	return rc == -ENXIO || (!rc && !(st.flags & DM_ACTIVE_PRESENT_FLAG));
}

/* All devices, in memory of out: the first is at its data_start.  0 or
 * -errno. */
static int
dm_list(struct buf *out)
{
	struct dm_ioctl *head;
	size_t room = LIST_ROOM;
	int rc;

	do {
		head = (struct dm_ioctl *)buf_reserve(out, room);
		memset(head, 0, room);
		rc = dm_send(DM_LIST_DEVICES, head, room);
		room *= 2;
	} while (!rc && (head->flags & DM_BUFFER_FULL_FLAG) &&
	    room <= LIST_MAX);
	return rc ? rc : head->flags & DM_BUFFER_FULL_FLAG ? -E2BIG : 0;
}

/* LVM made the node, and nobody else takes it away. */
static int
remove_with_node(const char *name)
{
	char node[sizeof(NODES) + DM_NAME_LEN];
	int rc = dm_remove(name);

	snprintf(node, sizeof(node), NODES "%s", name);
	if (rc == 0)
		unlink(node);
	return rc == -ENXIO ? 0 : rc;
}

/* Removes the devices whose names begin so and that nothing holds; -EBUSY if
 * others are left. */
static int
remove_idle(const char *beginning)
{
	const struct dm_name_list *d;
	struct buf b = { 0 };
	int rc = dm_list(&b);
	uint32_t next;

	if (rc)
		goto out;
	next = ((const struct dm_ioctl *)b.data)->data_start;
	d = (const struct dm_name_list *)b.data;
	do {
		d = (const struct dm_name_list *)((const char *)d + next);
		next = d->next;
		if (d->dev && !strncmp(d->name, beginning, strlen(beginning))) {
			int r = remove_with_node(d->name);

			rc = r ? r : rc;
		}
	} while (next);
out:
	buf_release(&b);
	return rc;
}

/* 0 if there was none, 1, or -errno. */
static int
remove_part(const char *name, int64_t end)
{
	struct dm_ioctl st;
	int rc = dm_status(name, &st);

	if (rc)
		return rc == -ENXIO ? 0 : rc;
	while ((rc = remove_with_node(name)) == -EBUSY &&
	    clock_mono_ms() < end)
		poll(NULL, 0, STEP_MS);
	return rc ? rc : 1;
}

int
dm_clear_pool(struct storage *s, const char *vg, const char *pool,
    int64_t limit_ms, bool *found_out)
{
	/* those that stand on others first */
	static const char *const parts[] = { "", POOL_SUFFIX, "_tmeta",
		"_tdata" };
	int64_t end = clock_mono_ms() + limit_ms;
	const char *name = device_name(s, vg, pool);
	int rc = 0;

	*found_out = false;
	if (!dm_pool_is_gone(s, vg, pool))
		return 0;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		rc = remove_part(arena_printf(s->arena, "%s%s", name,
		    parts[i]), end);
		if (rc < 0)
			break;
		*found_out |= rc;
	}
	if (rc == -EBUSY)
		return storage_fail(s, XENOPS_CODE_IN_USE,
		    "a part of the pool of '%s' is in use", vg);
	return rc < 0 ? storage_fail_errno(s, -rc, "cannot clear '%s'", vg) :
	    0;
}

int
dm_remove_group(struct storage *s, const char *vg, int64_t limit_ms)
{
	const char *beginning = device_name(s, vg, "");
	int64_t end = clock_mono_ms() + limit_ms;
	int rc;

	/* each time those that the last ones stood on */
	while ((rc = remove_idle(beginning)) == -EBUSY &&
	    clock_mono_ms() < end)
		poll(NULL, 0, STEP_MS);
	if (rc == -EBUSY)
		return storage_fail(s, XENOPS_CODE_IN_USE,
		    "a volume of '%s' is in use", vg);
	return rc ? storage_fail_errno(s, -rc, "cannot unmap '%s'", vg) : 0;
}
