/*
 * Messages between two programs of ours over a unix socket, of any length up to
 * a limit: a header of 24 bytes, little endian,
 *     u32 length of the data, u32 kind, u64 a, u64 b
 * and the data.  Blocking.  A length is checked before memory is taken, which
 * grows as the data comes.  frame.h is for requests with ids and descriptors.
 */
#ifndef BASE_PARCEL_H
#define BASE_PARCEL_H

#include "base/buf.h"

#define PARCEL_MAX (257u << 20)		/* bytes of data */

struct parcel {
	uint32_t kind;
	uint64_t a, b;
	const void *data;
	size_t len;
};

/* 0 or -errno; -EMSGSIZE: it is too long.  One thread at a time on a socket. */
int parcel_send(int fd, const struct parcel *p);
/* Its data is in storage, the caller's.  -EPIPE: the end of the file;
 * -EBADMSG: no parcel. */
int parcel_recv(int fd, struct parcel *p, struct buf *storage);

#endif
