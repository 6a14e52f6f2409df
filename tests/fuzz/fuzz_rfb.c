/* What a viewer of a text console sends, and what its guest prints. */
#include <string.h>

#include "fuzz.h"
#include "rfb/update.h"

struct fuzz {
	struct rfb rfb;
	struct screen *screen;
	size_t typed;
};

static void
on_typed(const char *data, size_t len, void *arg)
{
	(void)data;
	((struct fuzz *)arg)->typed += len;
}

static void
on_key(void *arg, uint32_t keysym, bool down)
{
	screen_key(((struct fuzz *)arg)->screen, keysym, down);
}

/* The first byte says how much of the rest is the viewer's. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz f = { .rfb = { .width = SCREEN_W, .height = SCREEN_H,
		.name = "", .key = on_key, .arg = &f } };
	size_t sent = len ? (len - 1) * data[0] / 255 : 0;
	struct buf out = { 0 };
	struct zrle zrle;

	if (!len)
		return 0;
	f.screen = screen_new(on_typed, &f);
	zrle_init(&zrle);
	rfb_begin(&f.rfb, &out);
	screen_print(f.screen, (const char *)data + 1 + sent, len - 1 - sent);
	(void)rfb_feed(&f.rfb, data + 1, sent, &out);
	/* 62 bytes at the most of greeting, whatever came */
	assert(out.len <= 62);
	if (update_due(&f.rfb, f.screen))
		update_make(&f.rfb, f.screen, &zrle, &out);
	assert(out.len <= 1100000);
	screen_free(f.screen);
	zrle_release(&zrle);
	buf_release(&out);
	return 0;
}
