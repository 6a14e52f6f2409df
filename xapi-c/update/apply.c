#include "update/apply.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/mem.h"
#include "update/image.h"

static enum apply_result
say(struct apply *a, enum apply_result result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static enum apply_result
say(struct apply *a, enum apply_result result, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->why, sizeof a->why, fmt, ap);
	va_end(ap);
	return result;
}

/* -- the header -- */

static enum apply_result
open_image(struct apply *a, struct image *m)
{
	const struct image_rules rules = { .kind = &head_update,
		.keys = a->rules.keys, .machine = a->rules.machine };
	const struct head *h = &m->head;

	if (!image_open(m, &rules))
		return say(a, APPLY_REFUSED, "%s", m->why);
	snprintf(a->signer, sizeof a->signer, "%s", m->signer);
	if (h->built < a->rules.built)
		return say(a, APPLY_REFUSED, "version %s is older (%" PRIu64
		    ") than what runs (%" PRIu64 ")", h->version, h->built,
		    a->rules.built);
	snprintf(a->version, sizeof a->version, "%s", h->version);
	return APPLY_OK;
}

/* -- chunks -- */

/* The pages just written are dropped, so that what is read comes from the
 * disk; a file has none to drop. */
static int
flush(int to)
{
	if (fsync(to) == -1)
		return -errno;
	return ioctl(to, BLKFLSBUF, 0) == -1 && errno != ENOTTY ? -errno : 0;
}

static int
put(int to, const struct head *h, unsigned i, const void *data)
{
	return fdio_write_at(to, data, head_chunk_len(h, i),
	    (int64_t)i * (int64_t)HEAD_CHUNK);
}

static void
tell(const struct apply *a, const struct head *h, double chunks)
{
	if (a->progress)
		a->progress(a->arg, chunks / h->n / 2);
}

static enum apply_result
take_chunk(struct apply *a, struct image *m, unsigned i, void *data)
{
	return image_chunk(m, i, data) ? APPLY_OK :
	    say(a, APPLY_FAILED, "%s", m->why);
}

static enum apply_result
cannot_write(struct apply *a, int rc)
{
	return rc ? say(a, APPLY_FAILED, "cannot write the slot: %s",
	    strerror(-rc)) : APPLY_OK;
}

/* All but the first, whose place is emptied. */
static enum apply_result
write_rest(struct apply *a, struct image *m, int to, void *data)
{
	const struct head *h = &m->head;
	enum apply_result result;
	int rc;

	memset(data, 0, HEAD_CHUNK);
	rc = put(to, h, 0, data);
	if (rc == 0)
		rc = flush(to);
	for (unsigned i = 1; rc == 0 && i < h->n; i++) {
		result = take_chunk(a, m, i, data);
		if (result)
			return result;
		rc = put(to, h, i, data);
		tell(a, h, i);
	}
	return cannot_write(a, rc ? rc : flush(to));
}

static enum apply_result
read_back(struct apply *a, int to, const struct head *h, void *data)
{
	for (unsigned i = 0; i < h->n; i++) {
		int rc = fdio_read_at(to, data, head_chunk_len(h, i),
		    (int64_t)i * (int64_t)HEAD_CHUNK);

		if (rc == 0 && !head_chunk_is(h, i, data))
			rc = -EIO;
		if (rc)
			return say(a, APPLY_FAILED, "what was written cannot "
			    "be read back: %s", strerror(-rc));
		tell(a, h, h->n + i);
	}
	return APPLY_OK;
}

static enum apply_result
write_slot(struct apply *a, struct image *m, int to, char *first, char *data)
{
	const struct head *h = &m->head;
	enum apply_result result = write_rest(a, m, to, data);
	int rc;

	if (result)
		return result;
	rc = put(to, h, 0, first);
	result = cannot_write(a, rc ? rc : flush(to));
	return result ? result : read_back(a, to, h, data);
}

static enum apply_result
open_checked(struct apply *a, const struct head *h, int *to)
{
	int64_t room;

	*to = a->open_slot(a->arg, a->why);
	if (*to == -1)
		return APPLY_REFUSED;
	room = lseek(*to, 0, SEEK_END);
	if (room < 0 || (uint64_t)room < h->size)
		return say(a, APPLY_REFUSED, "it is larger than the slot");
	return APPLY_OK;
}

enum apply_result
apply_run(struct apply *a, int from)
{
	char *first = mem_alloc(HEAD_CHUNK), *data = mem_alloc(HEAD_CHUNK);
	struct image m = { .from = from };
	enum apply_result result = open_image(a, &m);
	int to = -1;

	if (result == APPLY_OK && take_chunk(a, &m, 0, first))
		result = APPLY_REFUSED;
	if (result == APPLY_OK)
		result = open_checked(a, &m.head, &to);
	if (result == APPLY_OK)
		result = write_slot(a, &m, to, first, data);
	fdio_close(&to);
	free(first);
	free(data);
	return result;
}
