#include "update/pack_add.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/mem.h"
#include "base/packs.h"
#include "update/pack_files.h"

static enum pack_result
say(struct pack_add *p, enum pack_result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static enum pack_result
say(struct pack_add *p, enum pack_result result, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p->why, sizeof p->why, fmt, ap);
	va_end(ap);
	return result;
}

/* -- reading -- */

static enum pack_result
read_all(struct pack_add *p, struct image *m, uint8_t *data)
{
	for (unsigned i = 0; i < m->head.n; i++)
		if (!image_chunk(m, i, data + i * HEAD_CHUNK))
			return say(p, PACK_REFUSED, "%s", m->why);
	return PACK_OK;
}

static void
fill_about(struct pack_about *about, const struct image *m)
{
	memcpy(about->version, m->head.version, sizeof about->version);
	memcpy(about->signer, m->signer, sizeof about->signer);
	about->built = (int64_t)m->head.built;
	about->size = (int64_t)m->head.size;
}

/* -- against those that are there -- */

/* A program is in one pack, so that it is certain which one runs. */
static enum pack_result
check_programs(struct pack_add *p, const struct pack_files *files)
{
	for (unsigned i = 0; i < files->n; i++) {
		const char *name = files->v[i].name;
		char kind[PACK_FILE_NAME];
		struct pack_about has;

		if (!files->v[i].program)
			continue;
		snprintf(kind, sizeof kind, "%.*s",
		    (int)strcspn(name, "/"), name);
		if (packs_find(p->packs, kind, strchr(name, '/') + 1, &has) &&
		    strcmp(has.name, files->about.name))
			return say(p, PACK_REFUSED, "'%s' is in pack '%s' "
			    "already", name, has.name);
	}
	return PACK_OK;
}

static enum pack_result
check_others(struct pack_add *p, const struct pack_files *files)
{
	struct arena *a = arena_new();
	const struct pack_about *own = &files->about;
	enum pack_result result = PACK_OK;
	const char *names[PACKS_MAX];
	int n = packs_names(p->packs, a, names, PACKS_MAX);
	struct pack_about has;
	bool there = false;

	for (int i = 0; i < n && !result; i++) {
		if (packs_about(p->packs, names[i], &has))
			continue;
		if (!strcmp(names[i], own->name)) {
			there = true;
			if (has.built > own->built)
				result = say(p, PACK_REFUSED, "version %s is "
				    "older than what is installed, %s",
				    own->version, has.version);
		} else if (!strcmp(has.uuid, own->uuid)) {
			result = say(p, PACK_REFUSED, "pack '%s' has the same "
			    "uuid", has.name);
		}
	}
	arena_free(a);
	if (!result && !there && n == PACKS_MAX)
		result = say(p, PACK_REFUSED, "%d packs are installed, which "
		    "is all that can be", n);
	return result ? result : check_programs(p, files);
}

/* -- writing -- */

static int
write_file(int dir, const char *name, mode_t mode, const void *data,
    size_t size)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	int rc = fd == -1 ? -errno : fdio_write_all(fd, data, size);

	if (!rc && fchmod(fd, mode) == -1)
		rc = -errno;
	fdio_close(&fd);
	return rc;
}

static int
write_about(int dir, const struct pack_file *f, const struct pack_about *own)
{
	char text[PACK_ABOUT_MAX + 1];
	int n = snprintf(text, sizeof text, "%.*sversion=%s\nsigner=%s\n"
	    "built=%" PRId64 "\nsize=%" PRId64 "\n", (int)f->size,
	    (const char *)f->data, own->version, own->signer, own->built,
	    own->size);

	return (size_t)n < sizeof text ?
	    write_file(dir, f->name, 0644, text, (size_t)n) : -EFBIG;
}

static int
write_files(int dir, const struct pack_files *files)
{
	static const char *const parts[] = { "plugins", "extensions", "lib" };
	int rc = write_about(dir, &files->v[0], &files->about);

	for (size_t i = 0; !rc && i < sizeof parts / sizeof parts[0]; i++)
		if (mkdirat(dir, parts[i], 0755) == -1)
			rc = -errno;
	for (unsigned i = 1; !rc && i < files->n; i++) {
		const struct pack_file *f = &files->v[i];

		rc = write_file(dir, f->name, f->program ? 0755 : 0644,
		    f->data, f->size);
	}
	return rc ? rc : syncfs(dir) == -1 ? -errno : 0;
}

/* Into its place; what was there before lies in the other's then. */
static int
exchange(int packs, const char *name)
{
	if (renameat2(packs, PACKS_NEW, packs, name, RENAME_NOREPLACE) == -1 &&
	    (errno != EEXIST || renameat2(packs, PACKS_NEW, packs, name,
	    RENAME_EXCHANGE) == -1))
		return -errno;
	return fsync(packs) == -1 ? -errno : 0;
}

static int
install(const struct pack_add *p, const struct pack_files *files)
{
	int packs = open(p->packs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int dir = -1, rc = packs == -1 ? -errno : 0;

	if (!rc && mkdirat(packs, PACKS_NEW, 0755) == -1)
		rc = -errno;
	if (!rc) {
		dir = openat(packs, PACKS_NEW, O_RDONLY | O_DIRECTORY |
		    O_NOFOLLOW | O_CLOEXEC);
		rc = dir == -1 ? -errno : write_files(dir, files);
	}
	if (!rc)
		rc = exchange(packs, files->about.name);
	fdio_close(&dir);
	fdio_close(&packs);
	/* the one that was replaced, or what there is of the new one */
	packs_clear(p->packs);
	return rc;
}

static enum pack_result
put(struct pack_add *p, const struct pack_files *files)
{
	int lock = packs_lock(p->packs), rc;
	enum pack_result result;

	if (lock == -EBUSY)
		return say(p, PACK_FAILED, "programs of packs that were "
		    "replaced still run");
	if (lock < 0)
		return say(p, PACK_FAILED, "cannot use '%s': %s", p->packs,
		    strerror(-lock));
	result = check_others(p, files);
	rc = result || p->look ? 0 : install(p, files);
	if (rc)
		result = say(p, PACK_FAILED, "cannot write it: %s",
		    strerror(-rc));
	fdio_close(&lock);
	return result;
}

enum pack_result
pack_add(struct pack_add *p, int from)
{
	const struct image_rules rules = { .kind = &head_pack,
		.keys = p->keys, .machine = p->machine };
	struct pack_files *files = mem_zalloc(sizeof *files);
	struct image m = { .from = from };
	enum pack_result result;
	uint8_t *data = NULL;
	const char *why;

	if (!image_open(&m, &rules)) {
		free(files);
		return say(p, PACK_REFUSED, "%s", m.why);
	}
	data = mem_alloc(m.head.n * HEAD_CHUNK);
	result = read_all(p, &m, data);
	if (!result && !pack_files_parse(data, m.head.size, files, &why))
		result = say(p, PACK_REFUSED, "%s", why);
	if (!result) {
		fill_about(&files->about, &m);
		p->about = files->about;
		result = put(p, files);
	}
	free(data);
	free(files);
	return result;
}
