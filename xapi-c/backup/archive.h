/*
 * The file of a host's backup: files by name, one after the other, as they can
 * be sent and taken without room for the whole.  Little-endian:
 *
 *	magic	16	"BEDPLATE BACKUP\n"
 *	format	 8	1
 *	then per file
 *	name	32	padded with zeros, at least one
 *	size	 8
 *	bytes	size
 *	and at the end
 *	name	32	zeros
 *	size	 8	0
 *	sum	32	of all before: see below
 *
 * The sum is a chain of SHA-256, begun with zeros: of the sum so far and the next
 * piece, which is the head, a file's name and size, or ARCHIVE_PIECE of its
 * bytes, the last piece the rest.  It finds damage and what is cut short; it is
 * no signature.  One thread.  0 or -errno; -EBADMSG: not such a file, *why (a
 * static text) says what is wrong with it.
 */
#ifndef BACKUP_ARCHIVE_H
#define BACKUP_ARCHIVE_H

#include <stdint.h>

#include "net/signature.h"

#define ARCHIVE_NAME 32
#define ARCHIVE_PIECE ((size_t)1 << 16)

struct archive {
	int fd;				/* the caller's */
	uint8_t sum[DIGEST_LEN];
};

/* Writing. */
int archive_begin(struct archive *a, int fd);
/* from: size bytes from where it stands. */
int archive_add(struct archive *a, const char *name, int from, uint64_t size);
int archive_end(struct archive *a);

/* Reading.  Nothing of it is certain before archive_next has returned 0. */
int archive_open(struct archive *a, int fd, const char **why);
/* 1: a file, whose bytes come next; 0: the end, and all was whole. */
int archive_next(struct archive *a, char name_out[static ARCHIVE_NAME],
    uint64_t *size_out, const char **why);
int archive_take(struct archive *a, int to, uint64_t size, const char **why);

#endif
