/*
 * A file layer for SQLite that fails on demand and remembers what was synced.
 * fault_install makes it the default; what db/ opens later goes through it.
 */
#ifndef UNIT_FAULT_VFS_H
#define UNIT_FAULT_VFS_H

#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The call (write, sync or truncate) with this number fails, and from then on
 * all, until it is set to 0. */
static atomic_int fault_at;
static atomic_int fault_calls;
static int fault_code = SQLITE_FULL;

struct fault_file {
	sqlite3_file base;
	sqlite3_file *real;
	const char *path;	/* SQLite keeps it while the file is open */
	int64_t from, to;	/* changed since the last sync */
};

static sqlite3_vfs *fault_real;
static sqlite3_vfs fault_vfs;

static inline int
fault_check(void)
{
	int n = atomic_fetch_add(&fault_calls, 1) + 1;
	int fail = atomic_load(&fault_at);

	return fail && n >= fail ? fault_code : SQLITE_OK;
}

static sqlite3_file *
fault_real_file(sqlite3_file *f)
{
	return ((struct fault_file *)f)->real;
}

static int
fault_close(sqlite3_file *f)
{
	sqlite3_file *real = fault_real_file(f);
	int rc = real->pMethods ? real->pMethods->xClose(real) : SQLITE_OK;

	sqlite3_free(real);
	return rc;
}

static int
fault_read(sqlite3_file *f, void *p, int n, sqlite3_int64 off)
{
	sqlite3_file *real = fault_real_file(f);

	return real->pMethods->xRead(real, p, n, off);
}

static int
fault_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 off)
{
	struct fault_file *ff = (struct fault_file *)f;
	int rc = fault_check();

	if (off < ff->from)
		ff->from = off;
	if (off + n > ff->to)
		ff->to = off + n;
	return rc ? rc : ff->real->pMethods->xWrite(ff->real, p, n, off);
}

static int
fault_truncate(sqlite3_file *f, sqlite3_int64 size)
{
	sqlite3_file *real = fault_real_file(f);
	int rc = fault_check();

	return rc ? rc : real->pMethods->xTruncate(real, size);
}

/* PATH.synced is the file as it was at its last sync, or when first opened. */
static void
fault_keep_synced(struct fault_file *ff)
{
	char name[4096], block[16384];
	int in, out;
	ssize_t n;

	snprintf(name, sizeof(name), "%s.synced", ff->path);
	in = open(ff->path, O_RDONLY | O_CLOEXEC);
	out = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (in == -1 || out == -1)
		abort();
	while (ff->from < ff->to &&
	    (n = pread(in, block, sizeof(block), ff->from)) > 0) {
		if (pwrite(out, block, (size_t)n, ff->from) != n)
			abort();
		ff->from += n;
	}
	if (ftruncate(out, lseek(in, 0, SEEK_END)) == -1)
		abort();
	close(in);
	close(out);
	ff->from = INT64_MAX;
	ff->to = 0;
}

static int
fault_sync(sqlite3_file *f, int flags)
{
	struct fault_file *ff = (struct fault_file *)f;
	int rc = fault_check();

	(void)flags;
	if (!rc && ff->path)
		fault_keep_synced(ff);
	return rc;
}

static int
fault_size(sqlite3_file *f, sqlite3_int64 *size)
{
	sqlite3_file *real = fault_real_file(f);

	return real->pMethods->xFileSize(real, size);
}

static int
fault_lock(sqlite3_file *f, int level)
{
	sqlite3_file *real = fault_real_file(f);

	return real->pMethods->xLock(real, level);
}

static int
fault_unlock(sqlite3_file *f, int level)
{
	sqlite3_file *real = fault_real_file(f);

	return real->pMethods->xUnlock(real, level);
}

static int
fault_reserved(sqlite3_file *f, int *out)
{
	sqlite3_file *real = fault_real_file(f);

	return real->pMethods->xCheckReservedLock(real, out);
}

static int
fault_control(sqlite3_file *f, int op, void *arg)
{
	sqlite3_file *real = fault_real_file(f);

	return real->pMethods->xFileControl(real, op, arg);
}

static int
fault_sector(sqlite3_file *f)
{
	(void)f;
	return 512;
}

static int
fault_traits(sqlite3_file *f)
{
	(void)f;
	return 0;
}

static const sqlite3_io_methods fault_methods = {
	.iVersion = 1, .xClose = fault_close, .xRead = fault_read,
	.xWrite = fault_write, .xTruncate = fault_truncate,
	.xSync = fault_sync, .xFileSize = fault_size, .xLock = fault_lock,
	.xUnlock = fault_unlock, .xCheckReservedLock = fault_reserved,
	.xFileControl = fault_control, .xSectorSize = fault_sector,
	.xDeviceCharacteristics = fault_traits,
};

static int
fault_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags,
    int *out_flags)
{
	struct fault_file *ff = (struct fault_file *)f;
	char name[4096];
	int rc;

	(void)vfs;
	ff->path = path;
	ff->from = 0;
	ff->to = INT64_MAX;
	ff->real = sqlite3_malloc(fault_real->szOsFile);
	if (!ff->real)
		abort();
	memset(ff->real, 0, (size_t)fault_real->szOsFile);
	rc = fault_real->xOpen(fault_real, path, ff->real, flags, out_flags);
	ff->base.pMethods = &fault_methods;
	if (rc || !path)
		return rc;
	snprintf(name, sizeof(name), "%s.synced", path);
	if (access(name, F_OK) == -1)
		fault_keep_synced(ff);
	return SQLITE_OK;
}

static int
fault_delete(sqlite3_vfs *vfs, const char *path, int sync_dir)
{
	char name[4096];

	(void)vfs;
	snprintf(name, sizeof(name), "%s.synced", path);
	remove(name);
	return fault_real->xDelete(fault_real, path, sync_dir);
}

static inline void
fault_install(void)
{
	fault_real = sqlite3_vfs_find(NULL);
	fault_vfs = *fault_real;
	fault_vfs.zName = "fault";
	fault_vfs.szOsFile = sizeof(struct fault_file);
	fault_vfs.xOpen = fault_open;
	fault_vfs.xDelete = fault_delete;
	sqlite3_vfs_register(&fault_vfs, 1);
}

/* The n-th call from now on fails, and all after it; 0: none. */
static inline void
fault_set(int n, int code)
{
	atomic_store(&fault_calls, 0);
	fault_code = code;
	atomic_store(&fault_at, n);
}

#endif
