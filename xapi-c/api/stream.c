#include "api/stream.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/oplock.h"
#include "api/ops_error.h"
#include "api/task.h"
#include "api/storage/library.h"
#include "api/storage/vdi_make.h"
#include "api/storage/vdi_use.h"
#include "api/vm/spec.h"
#include "api/xapi.h"
#include "base/fdio.h"
#include "db/backup.h"
#include "gen/errors.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

/* Smallest step of progress that is worth an event. */
#define PROGRESS_STEP 0.01
#define DUMP_BUFFER (32u << 10)

int
stream_task_begin(struct call *c, const char *label, const char *task_text,
    const char *subtask_of)
{
	struct task_new n = { .label = label, .description = "" };
	struct ref task;

	if (task_text && *task_text) {
		if (!ref_parse(task_text, &task))
			return err_handle_invalid(c, "task", task_text);
		return task_take(c, &task);
	}
	if (subtask_of && *subtask_of)
		ref_parse(subtask_of, &n.subtask_of);
	if (task_make(c, &n, &task))
		return -1;
	c->task = task;
	return 0;
}

int
stream_task_progress(struct call *c, double fraction)
{
	struct db_root *root = db_root_get(c->x->db);
	const struct task *task = task_find(root, &c->task);
	bool worth = task && fraction - task->progress >= PROGRESS_STEP;

	db_root_put(root);
	if (worth)
		task_progress(c, fraction, &(int64_t){ 0 });
	return task_check(c);
}

void
stream_task_end(struct call *c, int rc, const struct type *t,
    const void *result)
{
	if (rc && task_is_cancelled(c)) {
		c->err = (struct error){ 0 };
		err_task_cancelled(c, call_ref_text(c, &c->task));
	}
	task_end(c, rc, t, result);
}

/* The object of a class by ref or uuid text, or NULL. */
static const void *
find_either(struct call *c, int class_id, const char *which)
{
	struct ref ref;

	if (ref_parse(which, &ref))
		return db_find(c->root, class_id, &ref);
	return db_find_uuid(c->root, class_id, which);
}

static int
not_found(struct call *c, const char *class, const char *which)
{
	struct ref ref;

	return ref_parse(which, &ref) ? err_handle_invalid(c, class, which) :
	    err_uuid_invalid(c, class, which);
}

/* The one descriptor that a reply to such a request brings. */
static int
take_fd(struct call *c, const struct ops_call *k, const char *what,
    int *fd_out)
{
	if (k->nfds != 1)
		return err_internal_error(c, arena_printf(c->arena,
		    "%s without a descriptor", what));
	*fd_out = k->fds[0];
	return 0;
}

int
stream_console_open(struct call *c, const char *which, int *fd_out)
{
	const struct console *con = find_either(c, CLASS_CONSOLE, which);
	bool screen = !con || con->protocol == CONSOLE_PROTOCOL_RFB;
	const struct vm *vm = con ? vm_find(c->root, &con->VM) :
	    find_either(c, CLASS_VM, which);
	struct ops_call k;

	if (!vm)
		return not_found(c, "console", which);
	if (vm->power_state != VM_POWER_STATE_RUNNING &&
	    vm->power_state != VM_POWER_STATE_PAUSED)
		return err_vm_bad_power_state(c,
		    call_ref_text(c, &vm->obj.ref), "running, paused",
		    "halted");
	if (vm->is_control_domain)
		return err_not_implemented(c, "console of the control domain");
	ops_prepare(c, &k);
	if (ops_console_open(c->x->ops, &k,
	    &(struct xenops_console_open_args){ .vm = vm->uuid,
		.screen = screen }))
		return ops_failed(c, &k,
		    &(struct ops_subject){ .vm = vm->obj.ref });
	return take_fd(c, &k, "console", fd_out);
}

int
stream_update_open(struct call *c, int *fd_out)
{
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_update_open(c->x->ops, &k))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "update" });
	return take_fd(c, &k, "update", fd_out);
}

int
stream_pack_open(struct call *c, bool look, int *fd_out)
{
	const struct xenops_pack_open_args args = { .look = look };
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_pack_open(c->x->ops, &k, &args))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "pack" });
	return take_fd(c, &k, "pack", fd_out);
}

int
stream_backup_open(struct call *c, int *fd_out)
{
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_backup_open(c->x->ops, &k))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "backup" });
	return take_fd(c, &k, "backup", fd_out);
}

int
stream_restore_open(struct call *c, bool take_identity, int *fd_out)
{
	const struct xenops_restore_open_args args = {
		.take_identity = take_identity,
	};
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_restore_open(c->x->ops, &k, &args))
		return ops_failed(c, &k, &(struct ops_subject){
		    .operation = "restore" });
	return take_fd(c, &k, "restore", fd_out);
}

int
stream_dump(struct call *c, int fd)
{
	static const struct backup_tables tables = { classes, CLASS_N };
	int copy = dup(fd), rc;
	FILE *f = copy == -1 ? NULL : fdopen(copy, "w");

	if (!f) {
		fdio_close(&copy);
		return err_backup_script_failed(c, "no file for the dump");
	}
	setvbuf(f, arena_alloc(c->arena, DUMP_BUFFER), _IOFBF, DUMP_BUFFER);
	call_refresh(c);
	rc = backup_write(f, c->root, &tables);
	if (fclose(f) && !rc)
		rc = -errno;
	return rc ? err_backup_script_failed(c, strerror(-rc)) : 0;
}

int
stream_vdi_find(struct call *c, const char *which, struct ref *vdi_out)
{
	const struct vdi *vdi = find_either(c, CLASS_VDI, which);

	if (!vdi)
		return not_found(c, "VDI", which);
	*vdi_out = vdi->obj.ref;
	return 0;
}

int
stream_vdi_create(struct call *c, const char *which, int64_t size_bytes,
    struct ref *vdi_out)
{
	const struct pool *pool = pool_find(c->root, &c->x->pool);
	const struct sr *sr = *which ? find_either(c, CLASS_SR, which) :
	    pool ? sr_find(c->root, &pool->default_SR) : NULL;
	struct vdi given = *(const struct vdi *)class_vdi.rec.dflt;

	if (!sr && *which)
		return not_found(c, "SR", which);
	if (!sr)
		return err_default_sr_not_found(c, "OpaqueRef:NULL");
	given.SR = sr->obj.ref;
	given.name_label = "Imported VDI";
	given.virtual_size = size_bytes;
	given.type = VDI_TYPE_USER;
	return vdi_make(c, &given, vdi_out);
}

/*
 * An import or export is no operation that vdi_operations names; like
 * XenServer it shows as a copy.  A disk in a VM that writes to it is refused.
 */
static int
open_locked(struct call *c, const struct vdi *vdi, bool writable, int form,
    struct stream_vdi *out)
{
	const struct sr *sr = sr_find(c->root, &vdi->SR);
	const char *ref = call_ref_text(c, &vdi->obj.ref);
	const struct view v = { .root = c->root };
	struct xenops_vdi_open_args args = { .writable = writable,
		.form = form };
	struct xenops_vdi_open_result opened = { 0 };
	struct ops_call k;

	if (!sr || !sr_is_attached(c, &vdi->SR))
		return err_sr_not_attached(c, call_ref_text(c, &vdi->SR));
	if (writable && vdi_use_conflict(&v, vdi, NULL, true))
		return err_vdi_in_use(c, ref, "copy");
	if (writable && vdi->read_only && !sr_is_library(sr))
		return err_vdi_readonly(c, ref);
	args.sr = sr->uuid;
	args.vdi = vdi->uuid;
	ops_prepare(c, &k);
	if (ops_vdi_open(c->x->ops, &k, &args, &opened))
		return ops_failed(c, &k, &(struct ops_subject){
		    .vdi = vdi->obj.ref, .sr = vdi->SR, .operation = "copy" });
	if (take_fd(c, &k, "disk", &out->fd))
		return -1;
	out->size_bytes = opened.size;
	out->lease = opened.lease;
	out->connection = k.connection;
	return 0;
}

int
stream_vdi_open(struct call *c, const struct ref *vdi, bool writable, int form,
    struct stream_vdi *out)
{
	const struct vdi *locked;

	memset(out, 0, sizeof *out);
	locked = vdi_lock(c, &out->lock, vdi, VDI_OPERATIONS_COPY);
	if (!locked || open_locked(c, locked, writable, form, out)) {
		oplock_release(c, &out->lock);
		return -1;
	}
	out->vdi = locked->obj.ref;
	return 0;
}

void
stream_vdi_close(struct call *c, struct stream_vdi *s)
{
	struct call_undo undo;
	struct ops_call k;

	if (ref_is_null(&s->vdi))
		return;
	call_undo_begin(c, &undo);
	close(s->fd);
	ops_prepare(c, &k);
	k.connection = s->connection;
	ops_vdi_close(c->x->ops, &k,
	    &(struct xenops_vdi_close_args){ .lease = s->lease });
	oplock_release(c, &s->lock);
	memset(s, 0, sizeof *s);
	call_undo_end(c, &undo);
}

int
stream_vdi_check(struct call *c, const struct stream_vdi *s)
{
	if (ops_connection(c->x->ops) == s->connection)
		return 0;
	return err_vdi_io_error(c, "the host let go of the disk");
}

const char *
stream_vdi_uuid(struct call *c, const struct ref *vdi)
{
	const struct vdi *v = vdi_find(c->root, vdi);

	return v ? arena_strdup(c->arena, v->uuid) : "";
}
