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
#include "update/head.h"
#include "update/keys.h"

#define PRODUCT "bedplate"

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
read_head(struct apply *a, int from, uint8_t bytes[static HEAD_MAX],
    struct head *h)
{
	const char *why = "it is not an update image";
	size_t len = 0;
	int rc = fdio_read_all(from, bytes, HEAD_FIXED);

	if (rc == 0) {
		len = head_length(bytes, &why);
		if (len == 0)
			return say(a, APPLY_REFUSED, "%s", why);
		rc = fdio_read_all(from, bytes + HEAD_FIXED,
		    len - HEAD_FIXED);
	}
	if (rc == -EPIPE)
		return say(a, APPLY_REFUSED, "%s",
		    len ? "it ends in its header" : why);
	if (rc)
		return say(a, APPLY_REFUSED, "cannot read it: %s",
		    strerror(-rc));
	return head_parse(bytes, len, h, &why) ? APPLY_OK :
	    say(a, APPLY_REFUSED, "%s", why);
}

static enum apply_result
judge(struct apply *a, const struct head *h)
{
	const struct apply_rules *r = &a->rules;

	if (!keys_trust(r->keys, h->key, a->signer))
		return say(a, APPLY_REFUSED, "it is signed by the key "
		    "%02x%02x%02x%02x..., which this host does not trust",
		    h->key[0], h->key[1], h->key[2], h->key[3]);
	if (!head_is_signed(h))
		return say(a, APPLY_REFUSED, "its signature is wrong");
	if (strcmp(h->product, PRODUCT) || strcmp(h->machine, r->machine))
		return say(a, APPLY_REFUSED, "it is for %s on %s, not for "
		    "%s on %s", h->product, h->machine, PRODUCT, r->machine);
	if (h->built < r->built)
		return say(a, APPLY_REFUSED, "version %s is older (%" PRIu64
		    ") than what runs (%" PRIu64 ")", h->version, h->built,
		    r->built);
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
take_chunk(struct apply *a, int from, const struct head *h, unsigned i,
    void *data)
{
	int rc = fdio_read_all(from, data, head_chunk_len(h, i));

	if (rc == -EPIPE)
		return say(a, APPLY_FAILED, "it ends early");
	if (rc)
		return say(a, APPLY_FAILED, "cannot read it: %s",
		    strerror(-rc));
	return head_chunk_is(h, i, data) ? APPLY_OK :
	    say(a, APPLY_FAILED, "it is damaged in its MiB %u", i + 1);
}

static enum apply_result
cannot_write(struct apply *a, int rc)
{
	return rc ? say(a, APPLY_FAILED, "cannot write the slot: %s",
	    strerror(-rc)) : APPLY_OK;
}

/* All but the first, whose place is emptied. */
static enum apply_result
write_rest(struct apply *a, int from, int to, const struct head *h,
    void *data)
{
	enum apply_result result;
	int rc;

	memset(data, 0, HEAD_CHUNK);
	rc = put(to, h, 0, data);
	if (rc == 0)
		rc = flush(to);
	for (unsigned i = 1; rc == 0 && i < h->n; i++) {
		result = take_chunk(a, from, h, i, data);
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
write_slot(struct apply *a, int from, int to, const struct head *h,
    char *first, char *data)
{
	enum apply_result result = write_rest(a, from, to, h, data);
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
	uint8_t bytes[HEAD_MAX];
	enum apply_result result;
	struct head h;
	int to = -1;

	result = read_head(a, from, bytes, &h);
	if (result == APPLY_OK)
		result = judge(a, &h);
	if (result == APPLY_OK && take_chunk(a, from, &h, 0, first))
		result = APPLY_REFUSED;
	if (result == APPLY_OK)
		result = open_checked(a, &h, &to);
	if (result == APPLY_OK)
		result = write_slot(a, from, to, &h, first, data);
	fdio_close(&to);
	free(first);
	free(data);
	return result;
}
