#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

/* One byte more than asked for is always there, for the NUL. */
void *
buf_reserve(struct buf *b, size_t n)
{
	size_t want, cap;

	if (n > SIZE_MAX / 4 || b->len > SIZE_MAX / 4)
		abort();
	want = b->len + n + 1;
	if (want > b->cap) {
		cap = b->cap ? b->cap * 2 : 64;
		if (cap < want)
			cap = want;
		b->data = mem_realloc(b->data, cap);
		b->cap = cap;
	}
	return b->data + b->len;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	char *d = buf_reserve(b, n);

	if (n)
		memcpy(d, p, n);
	d[n] = '\0';
	b->len += n;
}

void
buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_addf(struct buf *b, const char *fmt, ...)
{
	size_t room = b->cap - b->len;
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(room ? b->data + b->len : NULL, room, fmt, ap);
	if (n < 0)
		abort();
	if ((size_t)n >= room)
		vsnprintf(buf_reserve(b, (size_t)n), (size_t)n + 1, fmt,
		    again);
	va_end(again);
	va_end(ap);
	b->len += (size_t)n;
}

void
buf_reset(struct buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

void
buf_release(struct buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

char *
buf_steal(struct buf *b, size_t *len_out)
{
	char *d;

	buf_reserve(b, 0);
	d = b->data;
	d[b->len] = '\0';
	if (len_out)
		*len_out = b->len;
	memset(b, 0, sizeof(*b));
	return d;
}
