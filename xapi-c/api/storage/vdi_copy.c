/*
 * VDI.copy: every byte of a disk into another, in any SR.  Blocks of zeros are
 * not written, holes of a file not even read: the new disk reads as zeros and
 * stays thin.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/ops_error.h"
#include "api/stream.h"
#include "api/task.h"
#include "api/storage/vdi_make.h"
#include "api/xapi.h"
#include "base/fdio.h"
#include "base/mem.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "gen/xenops.h"

#define COPY_CHUNK (1u << 20)

static int
write_at(int fd, const char *buf, size_t n, int64_t offset)
{
	while (n > 0) {
		ssize_t r = pwrite(fd, buf, n, offset);

		if (r == -1 && errno != EINTR)
			return -errno;
		if (r > 0) {
			buf += r;
			offset += r;
			n -= (size_t)r;
		}
	}
	return 0;
}

static int
io_failed(struct call *c, int rc)
{
	return err_vdi_io_error(c, strerror(-rc));
}

/* Where the source has something next; its end if nowhere.  A device, which
 * cannot tell, has something everywhere. */
static int64_t
next_data(const struct stream_vdi *from, int64_t at)
{
	off_t data = lseek(from->fd, at, SEEK_DATA);

	if (data == -1)
		return errno == ENXIO ? from->size_bytes : at;
	return data < from->size_bytes ? data : from->size_bytes;
}

/* The host still has both disks for us. */
static int
check_held(struct call *c, const struct stream_vdi *from,
    const struct stream_vdi *to)
{
	return stream_vdi_check(c, from) ? -1 : stream_vdi_check(c, to);
}

/* Copies up to a chunk; the number of bytes, or -1. */
static int64_t
copy_chunk(struct call *c, const struct stream_vdi *from,
    const struct stream_vdi *to, bool sparse, char *buf, int64_t at)
{
	int64_t left = from->size_bytes - at;
	size_t n = left < COPY_CHUNK ? (size_t)left : COPY_CHUNK;
	int rc = fdio_read_at(from->fd, buf, n, at);

	if (rc)
		return io_failed(c, rc);
	if (check_held(c, from, to))
		return -1;
	if (!sparse || !mem_is_zero(buf, n))
		rc = write_at(to->fd, buf, n, at);
	return rc ? io_failed(c, rc) : (int64_t)n;
}

/* sparse: the target is new and reads as zeros. */
static int
copy_bytes(struct call *c, const struct stream_vdi *from,
    const struct stream_vdi *to, bool sparse)
{
	int64_t at = sparse ? next_data(from, 0) : 0, n = 0;
	char *buf = malloc(COPY_CHUNK);
	int rc = 0;

	if (!buf)
		abort();
	while (rc == 0 && at < from->size_bytes) {
		n = copy_chunk(c, from, to, sparse, buf, at);
		at += n;
		rc = n < 0 ? -1 : stream_task_progress(c,
		    (double)at / (double)from->size_bytes);
		if (sparse)
			at = next_data(from, at);
	}
	free(buf);
	if (rc == 0 && fsync(to->fd) == -1)
		rc = io_failed(c, -errno);
	return rc;
}

static int
copy_disk(struct call *c, const struct ref *source, const struct ref *target,
    bool sparse)
{
	struct stream_vdi from = { 0 }, to = { 0 };
	int rc;

	rc = stream_vdi_open(c, source, false, XENOPS_DISK_FORM_RAW,
	    &from);
	if (rc == 0)
		rc = stream_vdi_open(c, target, true, XENOPS_DISK_FORM_RAW,
		    &to);
	if (rc == 0 && to.size_bytes < from.size_bytes)
		rc = err_vdi_too_small(c, call_ref_text(c, target),
		    arena_printf(c->arena, "%lld",
		    (long long)from.size_bytes));
	if (rc == 0)
		rc = copy_bytes(c, &from, &to, sparse);
	stream_vdi_close(c, &to);
	stream_vdi_close(c, &from);
	return rc;
}

int
vdi_copy_to(struct call *c, const struct ref *source, const struct ref *sr,
    struct ref *result)
{
	const struct vdi *vdi;
	struct vdi given;
	struct call_undo undo;

	call_refresh(c);
	vdi = vdi_find(c->root, source);
	if (!vdi)
		return err_handle_invalid(c, "VDI", call_ref_text(c, source));
	given = *(const struct vdi *)class_vdi.rec.dflt;
	given.name_label = vdi->name_label;
	given.name_description = vdi->name_description;
	given.virtual_size = vdi->virtual_size;
	given.type = vdi->type;
	given.sharable = vdi->sharable;
	given.other_config = vdi->other_config;
	given.SR = ref_is_null(sr) ? vdi->SR : *sr;
	if (vdi_make(c, &given, result))
		return -1;
	if (copy_disk(c, source, result, true) == 0)
		return 0;
	call_undo_begin(c, &undo);
	vdi_remove(c, result);
	call_undo_end(c, &undo);
	return -1;
}

int
api_vdi_copy(struct call *c, const struct vdi_copy_args *a,
    struct ref *result)
{
	if (!ref_is_null(&a->base_vdi))
		return err_not_implemented(c, "VDI.copy with base_vdi");
	if (ref_is_null(&a->into_vdi))
		return vdi_copy_to(c, &a->vdi, &a->sr, result);
	if (ref_equal(&a->vdi, &a->into_vdi))
		return err_vdi_in_use(c, call_ref_text(c, &a->vdi), "copy");
	*result = a->into_vdi;
	return copy_disk(c, &a->vdi, &a->into_vdi, false);
}
