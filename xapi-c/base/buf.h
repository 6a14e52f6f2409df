/*
 * A growing byte buffer on the heap, for building output.  A zeroed struct buf
 * is an empty buffer; buf_release returns it to that.  data is always
 * NUL-terminated once something was appended (len does not count the NUL).
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
};

void buf_add(struct buf *b, const void *p, size_t n);
void buf_adds(struct buf *b, const char *s);
void buf_addc(struct buf *b, char c);
void buf_addf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Room for n more bytes; returns where to write, then add to len. */
void *buf_reserve(struct buf *b, size_t n);
void buf_reset(struct buf *b);			/* empty, keeps its memory */
void buf_release(struct buf *b);
/* Hands the bytes over (caller frees with free()); the buffer is empty. */
char *buf_steal(struct buf *b, size_t *len_out);

#endif
