#include "base/blake2b.h"

#include <stdbool.h>
#include <string.h>

#define ROUNDS 12

static const uint64_t start[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
	0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
	0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};

/* In which order a round takes the words; after ten it begins again. */
static const uint8_t order[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t
rotate(uint64_t x, int bits)
{
	return x >> bits | x << (64 - bits);
}

/* The columns of v, then its diagonals, take two words each. */
static void
mix(uint64_t v[static 16], int i, uint64_t x, uint64_t y)
{
	int shift = i >= 4 ? 1 : 0, c = i & 3;
	uint64_t *a = &v[c], *b = &v[4 + ((c + shift) & 3)];
	uint64_t *p = &v[8 + ((c + 2 * shift) & 3)];
	uint64_t *d = &v[12 + ((c + 3 * shift) & 3)];

	*a += *b + x;
	*d = rotate(*d ^ *a, 32);
	*p += *d;
	*b = rotate(*b ^ *p, 24);
	*a += *b + y;
	*d = rotate(*d ^ *a, 16);
	*p += *d;
	*b = rotate(*b ^ *p, 63);
}

static uint64_t
word(const uint8_t *p)
{
	uint64_t x = 0;

	for (int i = 7; i >= 0; i--)
		x = x << 8 | p[i];
	return x;
}

/* b->block, of which fill bytes count. */
static void
compress(struct blake2b *b, bool last)
{
	uint64_t v[16], m[16];

	b->done += b->fill;
	for (int i = 0; i < 16; i++)
		m[i] = word(b->block + 8 * i);
	memcpy(v, b->h, sizeof(b->h));
	memcpy(v + 8, start, sizeof(start));
	v[12] ^= b->done;
	if (last)
		v[14] = ~v[14];
	for (int r = 0; r < ROUNDS; r++)
		for (int i = 0; i < 8; i++)
			mix(v, i, m[order[r % 10][2 * i]],
			    m[order[r % 10][2 * i + 1]]);
	for (int i = 0; i < 8; i++)
		b->h[i] ^= v[i] ^ v[i + 8];
	b->fill = 0;
}

void
blake2b_begin(struct blake2b *b, const uint8_t key[static BLAKE2B_KEY])
{
	memset(b, 0, sizeof(*b));
	memcpy(b->h, start, sizeof(start));
	b->h[0] ^= 0x01010000 | BLAKE2B_KEY << 8 | BLAKE2B_DIGEST;
	memcpy(b->block, key, BLAKE2B_KEY);
	b->fill = sizeof(b->block);
}

void
blake2b_add(struct blake2b *b, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len > 0) {
		size_t n = sizeof(b->block) - b->fill;

		/* the last block, even a full one, is blake2b_end's */
		if (n == 0) {
			compress(b, false);
			continue;
		}
		if (n > len)
			n = len;
		memcpy(b->block + b->fill, p, n);
		b->fill += n;
		p += n;
		len -= n;
	}
}

void
blake2b_end(struct blake2b *b, uint8_t digest[static BLAKE2B_DIGEST])
{
	memset(b->block + b->fill, 0, sizeof(b->block) - b->fill);
	compress(b, true);
	for (int i = 0; i < BLAKE2B_DIGEST; i++)
		digest[i] = (uint8_t)(b->h[i / 8] >> 8 * (i % 8));
}
