#include "rfb/update.h"

#define TILE_ROWS (ZRLE_TILE / SCREEN_CELL_H)
#define TILE_COLUMNS (ZRLE_TILE / SCREEN_CELL_W)

static int
least(int a, int b)
{
	return a < b ? a : b;
}

static void
add_raw(const struct rfb *r, struct screen *s, const struct screen_area *a,
    struct buf *out)
{
	uint32_t px[SCREEN_W * SCREEN_CELL_H];
	struct screen_area line = *a;

	line.rows = 1;
	for (int i = 0; i < a->rows; i++, line.row++) {
		screen_paint(s, &line, px);
		for (int n = 0; n < a->columns * SCREEN_CELL_W *
		    SCREEN_CELL_H; n++)
			rfb_pixel(&r->format, px[n], false, out);
	}
}

static void
add_zrle(const struct rfb *r, struct screen *s, const struct screen_area *a,
    struct zrle *z, struct buf *out)
{
	uint32_t px[ZRLE_TILE * ZRLE_TILE];
	struct screen_area t;

	zrle_begin(z);
	for (int y = 0; y < a->rows; y += TILE_ROWS) {
		for (int x = 0; x < a->columns; x += TILE_COLUMNS) {
			t = (struct screen_area){ a->row + y, a->column + x,
				least(TILE_ROWS, a->rows - y),
				least(TILE_COLUMNS, a->columns - x) };
			screen_paint(s, &t, px);
			zrle_tile(z, &r->format, px,
			    t.columns * SCREEN_CELL_W, t.rows * SCREEN_CELL_H);
		}
	}
	zrle_end(z, out);
}

bool
update_due(const struct rfb *r, const struct screen *s)
{
	return r->wants && (r->wants_all || screen_changed(s));
}

void
update_make(struct rfb *r, struct screen *s, struct zrle *z, struct buf *out)
{
	struct screen_area areas[SCREEN_ROWS];
	int n;

	if (r->wants_all)
		screen_change_all(s);
	r->wants = r->wants_all = false;
	n = screen_take_changes(s, areas);
	rfb_update(out, (uint16_t)n);
	for (int i = 0; i < n; i++) {
		const struct screen_area *a = &areas[i];

		rfb_rectangle(out, (uint16_t)(a->column * SCREEN_CELL_W),
		    (uint16_t)(a->row * SCREEN_CELL_H),
		    (uint16_t)(a->columns * SCREEN_CELL_W),
		    (uint16_t)(a->rows * SCREEN_CELL_H), r->encoding);
		if (r->encoding == RFB_ZRLE)
			add_zrle(r, s, a, z, out);
		else
			add_raw(r, s, a, out);
	}
}
