/*
 * A file layer for SQLite in memory that records every change, and shows what
 * a disk may hold after the power went at any point of the record: what was
 * synced is there, what was not is there, lost, in part there, or torn.
 *
 * One connection at a time.  vfs_start makes a disk the live one and begins a
 * record; vfs_cut makes the disk that a cut after n operations leaves.
 * Entries of the directory are kept in the order they were made, as the
 * journal of a file system does, and until a sync perhaps not the last ones.
 */
#ifndef UNIT_VFS_RECORD_H
#define UNIT_VFS_RECORD_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VFS_FILES 8
#define VFS_INODES 64
#define VFS_SECTOR 512
#define VFS_PATH 512

struct vfs_inode {
	uint8_t *data;
	size_t size, cap;
};

struct vfs_disk {
	struct vfs_inode inodes[VFS_INODES];
	int n_inodes;
	struct vfs_name {
		char path[VFS_PATH];
		int inode;		/* -1: no such file */
	} names[VFS_FILES];
	int n_names;
};

enum vfs_op_kind { VFS_WRITE, VFS_TRUNCATE, VFS_SYNC, VFS_LINK, VFS_UNLINK };

struct vfs_op {
	enum vfs_op_kind kind;
	int inode;		/* not of VFS_UNLINK */
	int name;		/* of VFS_LINK and VFS_UNLINK */
	bool directory;		/* the directory is synced too */
	size_t off, len;	/* VFS_TRUNCATE: off is the size */
	uint8_t *data;
};

/* What becomes of changes that were not synced. */
enum vfs_loss { VFS_KEPT, VFS_LOST, VFS_SOME, VFS_TORN, VFS_LOSSES };

static struct vfs_disk vfs_live;
static struct vfs_op *vfs_ops;
static size_t vfs_n_ops, vfs_cap_ops;
static bool vfs_quiet;		/* nothing is recorded */
/* The call with this number, from vfs_fail on, fails; sticky: all after it. */
static long vfs_calls, vfs_fail_at;
static bool vfs_fail_sticky;
static int vfs_fail_code;
/* Pages in the log at which SQLite moves them into the database. */
static int vfs_checkpoint_pages = 1000;

struct vfs_file {
	sqlite3_file base;
	int inode;
	bool new_name;		/* the next sync is of the directory too */
};

static sqlite3_vfs vfs_memory;
static sqlite3 *vfs_connection;

static inline uint64_t
vfs_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static inline void
vfs_fail(long call, int code, bool sticky)
{
	vfs_calls = 0;
	vfs_fail_at = call;
	vfs_fail_code = code;
	vfs_fail_sticky = sticky;
}

static int
vfs_check(void)
{
	vfs_calls++;
	if (!vfs_fail_at || vfs_calls < vfs_fail_at ||
	    (vfs_calls > vfs_fail_at && !vfs_fail_sticky))
		return SQLITE_OK;
	return vfs_fail_code;
}

static void
inode_resize(struct vfs_inode *in, size_t size)
{
	if (size > in->cap) {
		in->cap = size * 2;
		in->data = realloc(in->data, in->cap);
		if (!in->data)
			abort();
	}
	if (size > in->size)
		memset(in->data + in->size, 0, size - in->size);
	in->size = size;
}

static void
inode_write(struct vfs_inode *in, const void *data, size_t len, size_t off)
{
	if (off + len > in->size)
		inode_resize(in, off + len);
	memcpy(in->data + off, data, len);
}

static inline void
vfs_disk_release(struct vfs_disk *d)
{
	int i;

	for (i = 0; i < d->n_inodes; i++)
		free(d->inodes[i].data);
	memset(d, 0, sizeof(*d));
}

/* Only what has a name; others are gone after a crash. */
static void
disk_copy(struct vfs_disk *to, const struct vfs_disk *from)
{
	int i;

	to->n_names = from->n_names;
	to->n_inodes = from->n_inodes;
	for (i = 0; i < from->n_inodes; i++) {
		const struct vfs_inode *in = &from->inodes[i];

		to->inodes[i] = (struct vfs_inode){ 0 };
		if (in->size)
			inode_write(&to->inodes[i], in->data, in->size, 0);
	}
	for (i = 0; i < from->n_names; i++)
		to->names[i] = from->names[i];
}

/* Numbers the inodes anew, so that long chains of crashes have room. */
static void
disk_compact(struct vfs_disk *d)
{
	struct vfs_inode kept[VFS_FILES] = { { 0 } };
	int i, n = 0;

	for (i = 0; i < d->n_names; i++) {
		if (d->names[i].inode < 0)
			continue;
		kept[n] = d->inodes[d->names[i].inode];
		d->inodes[d->names[i].inode].data = NULL;
		d->names[i].inode = n++;
	}
	for (i = 0; i < d->n_inodes; i++)
		free(d->inodes[i].data);
	memcpy(d->inodes, kept, sizeof(kept));
	d->n_inodes = n;
}

static int
disk_name(struct vfs_disk *d, const char *path)
{
	int i;

	for (i = 0; i < d->n_names; i++) {
		if (!strcmp(d->names[i].path, path))
			return i;
	}
	if (d->n_names == VFS_FILES)
		abort();
	snprintf(d->names[i].path, sizeof(d->names[i].path), "%s", path);
	d->names[i].inode = -1;
	return d->n_names++;
}

static struct vfs_op *
add_op(enum vfs_op_kind kind, int inode)
{
	static struct vfs_op unseen;
	struct vfs_op *op;

	if (vfs_quiet)
		return &unseen;
	if (vfs_n_ops == vfs_cap_ops) {
		vfs_cap_ops = vfs_cap_ops ? vfs_cap_ops * 2 : 256;
		vfs_ops = realloc(vfs_ops, vfs_cap_ops * sizeof(*vfs_ops));
		if (!vfs_ops)
			abort();
	}
	op = &vfs_ops[vfs_n_ops++];
	*op = (struct vfs_op){ .kind = kind, .inode = inode };
	return op;
}

static inline void
vfs_forget_record(void)
{
	while (vfs_n_ops)
		free(vfs_ops[--vfs_n_ops].data);
}

/* Works on a copy of the disk, and keeps the record that there is. */
static inline void
vfs_look(const struct vfs_disk *d)
{
	vfs_disk_release(&vfs_live);
	disk_copy(&vfs_live, d);
	disk_compact(&vfs_live);
	vfs_quiet = true;
}

/* Works on a copy of the disk, and begins a new record. */
static inline void
vfs_start(const struct vfs_disk *d)
{
	vfs_look(d);
	vfs_forget_record();
	vfs_quiet = false;
}

static int
memory_close(sqlite3_file *f)
{
	(void)f;
	return SQLITE_OK;
}

static struct vfs_inode *
inode_of(sqlite3_file *f)
{
	return &vfs_live.inodes[((struct vfs_file *)f)->inode];
}

static int
memory_read(sqlite3_file *f, void *p, int n, sqlite3_int64 off)
{
	const struct vfs_inode *in = inode_of(f);
	size_t have = in->size > (size_t)off ? in->size - (size_t)off : 0;
	int rc = vfs_check();

	if (rc)
		return rc == SQLITE_FULL ? SQLITE_IOERR_READ : rc;
	if (have >= (size_t)n) {
		memcpy(p, in->data + off, (size_t)n);
		return SQLITE_OK;
	}
	memset(p, 0, (size_t)n);
	if (have)
		memcpy(p, in->data + off, have);
	return SQLITE_IOERR_SHORT_READ;
}

static int
memory_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 off)
{
	struct vfs_op *op;
	int rc = vfs_check();

	if (rc)
		return rc;
	inode_write(inode_of(f), p, (size_t)n, (size_t)off);
	if (vfs_quiet)
		return SQLITE_OK;
	op = add_op(VFS_WRITE, ((struct vfs_file *)f)->inode);
	op->off = (size_t)off;
	op->len = (size_t)n;
	op->data = malloc((size_t)n);
	if (!op->data)
		abort();
	memcpy(op->data, p, (size_t)n);
	return SQLITE_OK;
}

static int
memory_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	int rc = vfs_check();

	if (rc)
		return rc;
	add_op(VFS_TRUNCATE, ((struct vfs_file *)f)->inode)->off =
	    (size_t)size;
	inode_resize(inode_of(f), (size_t)size);
	return SQLITE_OK;
}

static int
memory_sync(sqlite3_file *f, int flags)
{
	struct vfs_file *vf = (struct vfs_file *)f;
	int rc = vfs_check();

	(void)flags;
	if (rc)
		return rc == SQLITE_FULL ? SQLITE_IOERR_FSYNC : rc;
	add_op(VFS_SYNC, vf->inode)->directory = vf->new_name;
	vf->new_name = false;
	return SQLITE_OK;
}

static int
memory_size(sqlite3_file *f, sqlite3_int64 *size)
{
	int rc = vfs_check();

	*size = (sqlite3_int64)inode_of(f)->size;
	return rc ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

static int
memory_lock(sqlite3_file *f, int level)
{
	(void)f, (void)level;
	return SQLITE_OK;
}

static int
memory_reserved(sqlite3_file *f, int *out)
{
	(void)f;
	*out = 0;
	return SQLITE_OK;
}

/* A pragma is the first time that we are called with a whole connection. */
static int
memory_control(sqlite3_file *f, int op, void *arg)
{
	(void)f, (void)arg;
	if (op == SQLITE_FCNTL_PRAGMA && vfs_connection) {
		sqlite3_wal_autocheckpoint(vfs_connection,
		    vfs_checkpoint_pages);
		vfs_connection = NULL;
	}
	return SQLITE_NOTFOUND;
}

static int
memory_sector(sqlite3_file *f)
{
	(void)f;
	return VFS_SECTOR;
}

static int
memory_traits(sqlite3_file *f)
{
	(void)f;
	return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods memory_methods = {
	.iVersion = 1, .xClose = memory_close, .xRead = memory_read,
	.xWrite = memory_write, .xTruncate = memory_truncate,
	.xSync = memory_sync, .xFileSize = memory_size, .xLock = memory_lock,
	.xUnlock = memory_lock, .xCheckReservedLock = memory_reserved,
	.xFileControl = memory_control, .xSectorSize = memory_sector,
	.xDeviceCharacteristics = memory_traits,
};

static int
memory_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags,
    int *out_flags)
{
	struct vfs_file *vf = (struct vfs_file *)f;
	int name = path ? disk_name(&vfs_live, path) : -1;
	int rc = vfs_check();

	(void)vfs;
	vf->base.pMethods = NULL;
	if (rc)
		return rc == SQLITE_FULL ? rc : SQLITE_CANTOPEN;
	/* SQLite's own layer syncs the directory of its logs so too */
	vf->new_name = (flags & SQLITE_OPEN_CREATE) &&
	    !(flags & SQLITE_OPEN_MAIN_DB);
	vf->inode = name >= 0 ? vfs_live.names[name].inode : -1;
	if (vf->inode < 0) {
		/* the database itself is there, db/ makes it before */
		if (!(flags & (SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB)))
			return SQLITE_CANTOPEN;
		if (vfs_live.n_inodes == VFS_INODES)
			abort();
		vf->inode = vfs_live.n_inodes++;
		vfs_live.inodes[vf->inode] = (struct vfs_inode){ 0 };
		if (name >= 0) {
			vfs_live.names[name].inode = vf->inode;
			add_op(VFS_LINK, vf->inode)->name = name;
		}
	}
	vf->base.pMethods = &memory_methods;
	if (out_flags)
		*out_flags = flags;
	return SQLITE_OK;
}

static int
memory_delete(sqlite3_vfs *vfs, const char *path, int sync_dir)
{
	int name = disk_name(&vfs_live, path);
	struct vfs_op *op;
	int rc = vfs_check();

	(void)vfs;
	if (rc)
		return SQLITE_IOERR_DELETE;
	if (vfs_live.names[name].inode < 0)
		return SQLITE_IOERR_DELETE_NOENT;
	vfs_live.names[name].inode = -1;
	op = add_op(VFS_UNLINK, -1);
	op->name = name;
	op->directory = sync_dir;
	return SQLITE_OK;
}

static int
memory_access(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
	(void)vfs, (void)flags;
	*out = vfs_live.names[disk_name(&vfs_live, path)].inode >= 0;
	return vfs_check() ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int
note_connection(sqlite3 *db, char **error, const void *api)
{
	(void)error, (void)api;
	vfs_connection = db;
	return SQLITE_OK;
}

/* Makes this the file layer of all connections; seed: SQLite's own numbers. */
static inline void
vfs_install(int seed)
{
	sqlite3_initialize();
	if (!vfs_memory.zName) {
		vfs_memory = *sqlite3_vfs_find(NULL);
		vfs_memory.zName = "memory";
		vfs_memory.szOsFile = sizeof(struct vfs_file);
		vfs_memory.xOpen = memory_open;
		vfs_memory.xDelete = memory_delete;
		vfs_memory.xAccess = memory_access;
		sqlite3_vfs_register(&vfs_memory, 1);
		sqlite3_auto_extension((void (*)(void))note_connection);
	}
	sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, seed, NULL);
}

/* Up to which operation each file, and the directory, is synced at a cut. */
struct vfs_synced {
	size_t files[VFS_INODES];
	size_t directory;
};

static void
find_synced(size_t n, struct vfs_synced *s)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < n; i++) {
		if (vfs_ops[i].kind == VFS_SYNC)
			s->files[vfs_ops[i].inode] = i + 1;
		if (vfs_ops[i].directory)
			s->directory = i + 1;
	}
}

static bool
is_entry(const struct vfs_op *op)
{
	return op->kind == VFS_LINK || op->kind == VFS_UNLINK;
}

/* Some sectors of a write; of the others some are neither old nor new. */
static void
write_torn(struct vfs_inode *in, const struct vfs_op *op, uint64_t *rng)
{
	size_t at = 0, n, i;
	bool cut = vfs_random(rng) % 4 == 0;
	size_t end = cut ? vfs_random(rng) % op->len : op->len;

	for (; at < end; at += n) {
		uint64_t dice = vfs_random(rng) % 8;

		n = VFS_SECTOR - (op->off + at) % VFS_SECTOR;
		n = n < end - at ? n : end - at;
		if (cut || dice < 4)
			inode_write(in, op->data + at, n, op->off + at);
		if (cut || dice != 4)
			continue;
		inode_write(in, op->data + at, n, op->off + at);
		for (i = 0; i < n; i++)
			in->data[op->off + at + i] = (uint8_t)vfs_random(rng);
	}
}

static void
apply_op(struct vfs_disk *d, const struct vfs_op *op, bool whole,
    enum vfs_loss loss, uint64_t *rng)
{
	struct vfs_inode *in = op->inode >= 0 ? &d->inodes[op->inode] : NULL;

	if (!whole && (loss == VFS_LOST || (loss == VFS_SOME &&
	    vfs_random(rng) % 2)))
		return;
	if (op->kind == VFS_WRITE && !whole && loss == VFS_TORN)
		write_torn(in, op, rng);
	else if (op->kind == VFS_WRITE)
		inode_write(in, op->data, op->len, op->off);
	else if (op->kind == VFS_TRUNCATE)
		inode_resize(in, op->off);
}

/*
 * The disk after the power went behind the first n operations on base, which
 * was given to vfs_start.  The result is for vfs_disk_release.
 */
static inline void
vfs_cut(const struct vfs_disk *base, size_t n, enum vfs_loss loss,
    uint64_t *rng, struct vfs_disk *out)
{
	bool entries = true;
	struct vfs_synced s;
	size_t i;

	find_synced(n, &s);
	disk_copy(out, base);
	disk_compact(out);
	for (i = 0; i < vfs_n_ops; i++) {
		if (vfs_ops[i].inode >= out->n_inodes)
			out->n_inodes = vfs_ops[i].inode + 1;
	}
	/* names are never taken away, so their numbers are the live disk's */
	for (i = (size_t)out->n_names; i < (size_t)vfs_live.n_names; i++) {
		out->names[i] = vfs_live.names[i];
		out->names[i].inode = -1;
	}
	out->n_names = vfs_live.n_names;
	for (i = 0; i < n; i++) {
		const struct vfs_op *op = &vfs_ops[i];
		bool sure = loss == VFS_KEPT || i < (is_entry(op) ?
		    s.directory : s.files[op->inode]);

		if (!is_entry(op)) {
			apply_op(out, op, sure, loss, rng);
			continue;
		}
		entries &= sure || (loss != VFS_LOST && vfs_random(rng) % 2);
		if (entries)
			out->names[op->name].inode = op->inode;
	}
}

#endif
