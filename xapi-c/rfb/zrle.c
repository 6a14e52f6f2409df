#include "rfb/zrle.h"

#include <stdlib.h>
#include <string.h>

#define PALETTE_MAX 16
#define LEVEL 6
#define STEP 4096

struct palette {
	uint32_t colours[PALETTE_MAX];
	int n;				/* PALETTE_MAX + 1: too many */
};

void
zrle_init(struct zrle *z)
{
	memset(z, 0, sizeof(*z));
	if (deflateInit(&z->z, LEVEL) != Z_OK)
		abort();
}

void
zrle_release(struct zrle *z)
{
	deflateEnd(&z->z);
	buf_release(&z->plain);
}

void
zrle_begin(struct zrle *z)
{
	buf_reset(&z->plain);
}

static int
find(const struct palette *p, uint32_t colour)
{
	int i = 0;

	while (i < p->n && p->colours[i] != colour)
		i++;
	return i;
}

static void
collect(struct palette *p, const uint32_t *px, int n)
{
	for (int i = 0; i < n; i++) {
		if (find(p, px[i]) < p->n)
			continue;
		if (p->n == PALETTE_MAX) {
			p->n++;
			return;
		}
		p->colours[p->n++] = px[i];
	}
}

/* Indices into the palette, each line from the beginning of a byte. */
static void
pack(struct buf *out, const struct palette *p, const uint32_t *px, int w,
    int h)
{
	int bits = p->n == 2 ? 1 : p->n <= 4 ? 2 : 4;

	for (int y = 0; y < h; y++) {
		int byte = 0, used = 0;

		for (int x = 0; x < w; x++, px++) {
			byte = byte << bits | find(p, *px);
			used += bits;
			if (used < 8 && x < w - 1)
				continue;
			buf_addc(out, (char)(byte << (8 - used)));
			byte = used = 0;
		}
	}
}

void
zrle_tile(struct zrle *z, const struct rfb_format *f, const uint32_t *px,
    int w, int h)
{
	struct palette p = { .n = 0 };
	bool few;

	collect(&p, px, w * h);
	few = p.n <= PALETTE_MAX;
	buf_addc(&z->plain, (char)(few ? p.n : 0));
	for (int i = 0; i < (few ? p.n : w * h); i++)
		rfb_pixel(f, few ? p.colours[i] : px[i], true, &z->plain);
	if (few && p.n > 1)
		pack(&z->plain, &p, px, w, h);
}

void
zrle_end(struct zrle *z, struct buf *out)
{
	size_t at = out->len;
	uint32_t len;

	rfb_u32(out, 0);
	z->z.next_in = (Bytef *)z->plain.data;
	z->z.avail_in = (uInt)z->plain.len;
	do {
		z->z.next_out = buf_reserve(out, STEP);
		z->z.avail_out = STEP;
		deflate(&z->z, Z_SYNC_FLUSH);
		out->len += STEP - z->z.avail_out;
	} while (!z->z.avail_out);
	len = (uint32_t)(out->len - at - 4);
	for (int i = 0; i < 4; i++)
		out->data[at + (size_t)i] = (char)(len >> (24 - 8 * i));
}
