/*
 * BLAKE2b with a key (RFC 7693): a digest of 32 bytes that only who has the key
 * can make.  For programs that have no OpenSSL in them.  Any thread.
 */
#ifndef BASE_BLAKE2B_H
#define BASE_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

#define BLAKE2B_KEY 32		/* bytes */
#define BLAKE2B_DIGEST 32

struct blake2b {
	uint64_t h[8];
	uint64_t done;			/* bytes that were mixed in */
	uint8_t block[128];
	size_t fill;
};

void blake2b_begin(struct blake2b *b, const uint8_t key[static BLAKE2B_KEY]);
void blake2b_add(struct blake2b *b, const void *data, size_t len);
void blake2b_end(struct blake2b *b, uint8_t digest[static BLAKE2B_DIGEST]);

#endif
