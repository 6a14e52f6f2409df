#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/blob.h"
#include "api/xapi.h"
#include "base/below.h"
#include "base/clock.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/mem.h"
#include "gen/errors.h"
#include "gen/store.h"

/* Of a file that is still written: no record can have such a name. */
#define UNFINISHED '.'

struct blobs {
	char *folder;
	/* From a file's last name to the record that has it, and while
	 * what has no record is looked for. */
	pthread_mutex_t lock;
	int64_t coming;			/* bytes of blobs on their way */
	bool swept;			/* once */
};

struct blobs *
blobs_new(const char *folder)
{
	struct blobs *b = mem_zalloc(sizeof(*b));

	b->folder = mem_strdup(folder);
	pthread_mutex_init(&b->lock, NULL);
	if (mkdir(folder, 0700) == -1 && errno != EEXIST)
		log_error("no blobs in '%s': %s", folder, strerror(errno));
	return b;
}

void
blobs_free(struct blobs *b)
{
	if (!b)
		return;
	pthread_mutex_destroy(&b->lock);
	free(b->folder);
	free(b);
}

static void
path_of(const struct blobs *b, const char *prefix, const char *name,
    char out[static PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s%s", b->folder, prefix, name);
}

/* -- sweeping -- */

/* What is unfinished when the first sweep comes is of a process that ended. */
static bool
is_waste(struct xapi *x, const char *name)
{
	char uuid[UUID_TEXT_LEN + 1];
	const struct blob_ *b;
	struct db_root *root;
	bool waste;

	if (name[0] == UNFINISHED)
		return !x->blobs->swept && strcmp(name, ".") != 0 &&
		    strcmp(name, "..") != 0;
	snprintf(uuid, sizeof(uuid), "%.*s", UUID_TEXT_LEN, name);
	root = db_root_get(x->db);
	b = blob_find_uuid(root, uuid);
	waste = !b || !b->file || strcmp(b->file, name) != 0;
	db_root_put(root);
	return waste;
}

void
blobs_sweep(struct xapi *x)
{
	struct blobs *b = x->blobs;
	struct dirent *e;
	DIR *d;

	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	d = opendir(b->folder);
	while (d && (e = readdir(d)))
		if (is_waste(x, e->d_name))
			unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
	b->swept = true;
	pthread_mutex_unlock(&b->lock);
}

/* -- finding -- */

static const struct blob_ *
find(struct call *c, const char *which)
{
	const struct blob_ *b;
	struct ref ref;

	if (ref_parse(which, &ref))
		return call_find(c, CLASS_BLOB, &ref);
	b = blob_find_uuid(c->root, which);
	if (!b)
		err_uuid_invalid(c, "blob", which);
	return b;
}

int
blob_open(struct call *c, const char *which, int *fd_out,
    const char **mime_type_out)
{
	char path[PATH_MAX];
	const struct blob_ *b;
	int rc = -ENOENT;

	/* It may get other bytes, and so another file, while we look. */
	for (int i = 0; i < 2 && rc == -ENOENT; i++) {
		call_refresh(c);
		b = find(c, which);
		if (!b)
			return -1;
		*mime_type_out = b->mime_type;
		if (!b->file || !*b->file)
			return (*fd_out = -1, 0);
		path_of(c->x->blobs, "", b->file, path);
		rc = below_open(path, O_RDONLY | O_CLOEXEC, 0, fd_out);
	}
	return rc ? err_internal_error(c, strerror(-rc)) : 0;
}

/* -- new bytes -- */

static int
add_size(const void *obj, void *arg)
{
	int64_t *sum = arg;

	*sum += ((const struct blob_ *)obj)->size;
	return 0;
}

/* The old bytes count until the new ones are there. */
static int
take_room(struct call *c, int64_t length)
{
	struct blobs *b = c->x->blobs;
	int64_t sum = 0;
	bool ok;

	db_each(c->root, CLASS_BLOB, add_size, &sum);
	pthread_mutex_lock(&b->lock);
	ok = sum + b->coming + length <= BLOBS_BYTES;
	if (ok)
		b->coming += length;
	pthread_mutex_unlock(&b->lock);
	return ok ? 0 : err_out_of_space(c, "blobs");
}

static void
give_room(struct blobs *b, int64_t length)
{
	pthread_mutex_lock(&b->lock);
	b->coming -= length;
	pthread_mutex_unlock(&b->lock);
}

int
blob_put_begin(struct call *c, const char *which, int64_t length,
    struct blob_put *p)
{
	const struct blob_ *b = find(c, which);
	char path[PATH_MAX], random[UUID_TEXT_LEN + 1];
	int rc;

	if (!b)
		return -1;
	if (length < 0 || length > BLOB_BYTES)
		return err_invalid_value(c, "Content-Length",
		    "a blob has 8 MiB at most");
	if (take_room(c, length))
		return -1;
	*p = (struct blob_put){ .blob = b->obj.ref, .length = length };
	snprintf(p->name, sizeof(p->name), "%s.%s", b->uuid,
	    uuid_random(random));
	path_of(c->x->blobs, ".", p->name, path);
	rc = below_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600,
	    &p->fd);
	if (rc == 0)
		return 0;
	give_room(c->x->blobs, length);
	return rc == -ENOSPC ? err_out_of_space(c, "blobs") :
	    err_internal_error(c, strerror(-rc));
}

struct turn {
	struct call *c;
	const struct blob_put *p;
};

static int
turn_in(struct db_txn *t, void *arg)
{
	const struct turn *u = arg;
	struct blob_ *b = call_txn_edit(u->c, t, CLASS_BLOB, &u->p->blob);

	if (!b)
		return -1;
	b->file = u->p->name;
	b->size = u->p->length;
	b->last_updated = clock_wall_s();
	return 0;
}

/* Called locked. */
static int
keep(struct call *c, const struct blob_put *p)
{
	char from[PATH_MAX], to[PATH_MAX];
	int rc = 0;

	path_of(c->x->blobs, ".", p->name, from);
	path_of(c->x->blobs, "", p->name, to);
	if (fsync(p->fd) == -1 || rename(from, to) == -1)
		rc = -errno;
	if (rc == 0)
		rc = fdio_sync_folder(to);
	if (rc)
		return rc == -ENOSPC ? err_out_of_space(c, "blobs") :
		    err_internal_error(c, strerror(-rc));
	return call_write(c, turn_in, &(struct turn){ c, p });
}

int
blob_put_end(struct call *c, struct blob_put *p, bool whole)
{
	struct blobs *b = c->x->blobs;
	char path[PATH_MAX];
	int rc = -1;

	if (whole) {
		pthread_mutex_lock(&b->lock);
		rc = keep(c, p);
		pthread_mutex_unlock(&b->lock);
	}
	fdio_close(&p->fd);
	if (rc) {
		path_of(b, ".", p->name, path);
		unlink(path);
	}
	give_room(b, p->length);
	/* the bytes before, or these */
	blobs_sweep(c->x);
	return rc;
}
