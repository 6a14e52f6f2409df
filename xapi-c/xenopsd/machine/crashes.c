#include "xenopsd/machine/crashes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/object.h"
#include "xenopsd/machine/logs.h"

#define END_MAX 2048
#define SEARCHED_MAX 65536	/* bytes at the end of a crash */
#define PANIC "Kernel panic"
#define LOOKED_AT_MAX 256	/* names in the folder */
#define LINE_SIZE 32

static bool
is_uuid(const char *text)
{
	uint8_t b[16];

	return text && uuid_from_text(text, b);
}

/* Where the line begins in which the kernel gave up, the last such one; NULL: it
 * did not say so. */
static const char *
panic_line(const char *text, size_t n)
{
	const char *found = NULL, *p = text, *end = text + n;

	while ((p = memmem(p, (size_t)(end - p), PANIC, sizeof(PANIC) - 1)))
		found = p++;
	while (found && found > text && found[-1] != '\n')
		found--;
	return found;
}

/* From where the kernel gave up, or of the end: as much as a person reads. */
static void
cut(const char *text, size_t n, struct buf *out)
{
	const char *from = panic_line(text, n);

	if (!from)
		from = text + (n > END_MAX ? n - END_MAX : 0);
	n -= (size_t)(from - text);
	buf_add(out, from, n < END_MAX ? n : END_MAX);
}

/* The last words after the first line, which is head bytes long. */
static void
read_end(struct arena *a, FILE *f, long head, struct xenops_crash_info *c)
{
	char *text = arena_alloc(a, SEARCHED_MAX);
	struct buf b = { 0 };
	long from = head;

	if (c->size > SEARCHED_MAX)
		from += c->size - SEARCHED_MAX;
	if (fseek(f, from, SEEK_SET) == 0)
		cut(text, fread(text, 1, SEARCHED_MAX, f), &b);
	c->end = logs_text(a, &b);
}

static bool
read_crash(struct arena *a, FILE *f, struct xenops_crash_info *c)
{
	char line[LINE_SIZE], *end;
	struct stat st;
	long head;

	if (fstat(fileno(f), &st) == -1 || !S_ISREG(st.st_mode) ||
	    !fgets(line, sizeof(line), f))
		return false;
	c->time = strtoll(line, &end, 10);
	if (end == line || *end != '\n' || c->time < 0)
		return false;
	head = (long)strlen(line);
	c->size = st.st_size - head;
	read_end(a, f, head, c);
	return true;
}

/* The folder is root's, and so is what is in it. */
static bool
look(struct arena *a, const char *dir, const char *name,
    struct xenops_crash_info *c)
{
	int fd = is_uuid(name) ? open(arena_printf(a, "%s/%s", dir, name),
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC) : -1;
	FILE *f = fd != -1 ? fdopen(fd, "r") : NULL;
	bool ok;

	*c = *(const struct xenops_crash_info *)xenops_crash_info_type.dflt;
	c->uuid = arena_strdup(a, name);
	ok = f && read_crash(a, f, c);
	if (f)
		fclose(f);
	else if (fd != -1)
		close(fd);
	return ok;
}

static int
newest_first(const void *x, const void *y)
{
	const struct xenops_crash_info *a = x, *b = y;

	if (a->time != b->time)
		return a->time < b->time ? 1 : -1;
	return strcmp(a->uuid, b->uuid);
}

void
crashes_fill(struct arena *a, const char *dir, struct xenops_host_info *h)
{
	struct xenops_crash_info *v;
	DIR *d = opendir(dir);
	struct dirent *e;
	uint32_t n = 0;

	if (!d)
		return;
	v = arena_alloc(a, LOOKED_AT_MAX * sizeof(*v));
	while (n < LOOKED_AT_MAX && (e = readdir(d)))
		if (look(a, dir, e->d_name, &v[n]))
			n++;
	closedir(d);
	qsort(v, n, sizeof(*v), newest_first);
	h->crashes = (struct vec){ v, n < CRASHES_MAX ? n : CRASHES_MAX };
}

int
crashes_destroy(struct request *rq, const char *dir,
    const struct xenops_crash_destroy_args *args)
{
	if (!is_uuid(args->uuid))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "no uuid of a crash");
	if (unlink(arena_printf(rq->arena, "%s/%s", dir, args->uuid)) == 0 ||
	    errno == ENOENT)
		return 0;
	return request_fail(rq, XENOPS_CODE_IO, "cannot forget a crash: %s",
	    strerror(errno));
}

int
host_crash_destroy(struct request *rq, const void *args, void *result)
{
	(void)result;
	return crashes_destroy(rq, CRASHES_DIR, args);
}
