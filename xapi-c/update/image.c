#include "update/image.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fdio.h"

#define PRODUCT "bedplate"
#define ANY "any"

static bool
refuse(struct image *m, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static bool
refuse(struct image *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(m->why, sizeof m->why, fmt, ap);
	va_end(ap);
	return false;
}

static bool
read_head(struct image *m, const struct head_kind *kind)
{
	const char *why = kind->not_one;
	size_t len = 0;
	int rc = fdio_read_all(m->from, m->bytes, HEAD_FIXED);

	if (rc == 0) {
		len = head_length(kind, m->bytes, &why);
		if (len == 0)
			return refuse(m, "%s", why);
		rc = fdio_read_all(m->from, m->bytes + HEAD_FIXED,
		    len - HEAD_FIXED);
	}
	if (rc == -EPIPE)
		return refuse(m, "%s", len ? "it ends in its header" : why);
	if (rc)
		return refuse(m, "cannot read it: %s", strerror(-rc));
	return head_parse(kind, m->bytes, len, &m->head, &why) ||
	    refuse(m, "%s", why);
}

static bool
is_for(const struct head *h, const struct image_rules *r)
{
	return !strcmp(h->product, PRODUCT) &&
	    (!strcmp(h->machine, r->machine) ||
	    (r->kind->any_machine && !strcmp(h->machine, ANY)));
}

bool
image_open(struct image *m, const struct image_rules *r)
{
	const struct head *h = &m->head;

	if (!read_head(m, r->kind))
		return false;
	if (!keys_trust(r->keys, h->key, m->signer))
		return refuse(m, "it is signed by the key "
		    "%02x%02x%02x%02x..., which this host does not trust",
		    h->key[0], h->key[1], h->key[2], h->key[3]);
	if (!head_is_signed(h))
		return refuse(m, "its signature is wrong");
	return is_for(h, r) || refuse(m, "it is for %s on %s, not for "
	    "%s on %s", h->product, h->machine, PRODUCT, r->machine);
}

bool
image_chunk(struct image *m, unsigned i, void *data)
{
	int rc = fdio_read_all(m->from, data, head_chunk_len(&m->head, i));

	if (rc == -EPIPE)
		return refuse(m, "it ends early");
	if (rc)
		return refuse(m, "cannot read it: %s", strerror(-rc));
	return head_chunk_is(&m->head, i, data) ||
	    refuse(m, "it is damaged in its MiB %u", i + 1);
}
