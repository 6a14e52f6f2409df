/*
 * What HTTP streams (http/console.c, raw_vdi.c, update.c) need from the API: the
 * task that a transfer drives, and descriptors from xenopsd.  A stream has a
 * thread of its own and may block.  Like handlers, these return 0, or -1 with
 * c->err set.
 */
#ifndef API_STREAM_H
#define API_STREAM_H

#include "api/oplock.h"
#include "base/type.h"

/*
 * Makes the task of a stream, or takes over the client's pending one
 * (task_text, a ref from task_id=; NULL or "": a fresh task, child of
 * subtask_of if that is set).  Sets c->task.  Fails as task_take.
 */
int stream_task_begin(struct call *c, const char *label,
    const char *task_text, const char *subtask_of);
/* Fails with TASK_CANCELLED once task.cancel was called; fraction is 0..1.
 * Cheap enough for every MiB: writes at most twice a second. */
int stream_task_progress(struct call *c, double fraction);
/* Ends it: success with a result of type t (NULL: the text ""), or, when rc is
 * not 0, failure with c->err, or cancellation if somebody asked for that. */
void stream_task_end(struct call *c, int rc, const struct type *t,
    const void *result);

/*
 * Console of a running VM.  which is the ref or uuid text of a console, or of
 * a VM: its screen.  fd carries raw bytes both ways; the caller closes it.
 * HANDLE_INVALID, UUID_INVALID, VM_BAD_POWER_STATE, xenopsd's failures.
 */
int stream_console_open(struct call *c, const char *which, int *fd_out);

/* A program that takes an update of this host (xenops.xml, update_open); the
 * caller closes fd, which ends it. */
int stream_update_open(struct call *c, int *fd_out);
/* The same of an extension pack, or one that only looks at it. */
int stream_pack_open(struct call *c, bool look, int *fd_out);

/* The same of one that makes a backup of it (backup_open), or takes one, of
 * another host too if it is to become that (restore_open). */
int stream_backup_open(struct call *c, int *fd_out);
int stream_restore_open(struct call *c, bool take_identity, int *fd_out);
/* Writes all that is stored to fd, as text, secrets among it. */
int stream_dump(struct call *c, int fd);

struct stream_vdi {
	struct ref vdi;
	int fd;			/* the disk's bytes, pread and pwrite; in another
				 * form than raw, a socket (xenops.xml, vdi_open) */
	int64_t size_bytes;
	int64_t lease;		/* xenopsd's */
	unsigned int connection;	/* to xenopsd: the lease ends with it */
	struct oplock lock;
};

/* ref or uuid text of the VDI, of the SR ("" : the pool's default). */
int stream_vdi_find(struct call *c, const char *which, struct ref *vdi_out);
/* A VDI "Imported VDI" of at least that size, for import without vdi=. */
int stream_vdi_create(struct call *c, const char *sr, int64_t size_bytes,
    struct ref *vdi_out);
/* Opens it, with the VDI's operation lock held until stream_vdi_close, which
 * also closes fd.  close is idempotent on a zeroed struct.  form: enum
 * xenops_disk_form. */
int stream_vdi_open(struct call *c, const struct ref *vdi, bool writable,
    int form, struct stream_vdi *out);
void stream_vdi_close(struct call *c, struct stream_vdi *s);
/* VDI_IO_ERROR once xenopsd no longer knows that the disk is in use: what fd
 * leads to may be anything.  Cheap enough for every MiB. */
int stream_vdi_check(struct call *c, const struct stream_vdi *s);
/* uuid text of it, for the file name; in c->arena. */
const char *stream_vdi_uuid(struct call *c, const struct ref *vdi);

#endif
