#include "rfb/screen.h"

#include <stdlib.h>
#include <vterm.h>

#include "base/mem.h"
#include "rfb/font.h"
#include "rfb/keys.h"
#include "rfb/output.h"

#define UNDERLINE_ROW 14

/* The columns of a row that have changed; none if first > last. */
struct span {
	int first, last;
};

struct screen {
	VTerm *vt;
	VTermScreen *vts;
	struct keys keys;
	struct output output;
	struct span changed[SCREEN_ROWS];
	VTermPos cursor;
	bool cursor_visible;
};

static void
change(struct screen *s, int row, int first, int last)
{
	struct span *c;

	if (row < 0 || row >= SCREEN_ROWS)
		return;
	c = &s->changed[row];
	if (first < c->first)
		c->first = first < 0 ? 0 : first;
	if (last > c->last)
		c->last = last < SCREEN_COLUMNS ? last : SCREEN_COLUMNS - 1;
}

static int
on_damage(VTermRect r, void *arg)
{
	for (int row = r.start_row; row < r.end_row; row++)
		change(arg, row, r.start_col, r.end_col - 1);
	return 1;
}

static int
on_cursor(VTermPos pos, VTermPos old, int visible, void *arg)
{
	struct screen *s = arg;

	(void)visible;
	change(s, old.row, old.col, old.col);
	change(s, pos.row, pos.col, pos.col);
	s->cursor = pos;
	return 1;
}

static int
on_property(VTermProp prop, VTermValue *v, void *arg)
{
	struct screen *s = arg;

	if (prop == VTERM_PROP_CURSORVISIBLE) {
		s->cursor_visible = v->boolean;
		change(s, s->cursor.row, s->cursor.col, s->cursor.col);
	} else if (prop == VTERM_PROP_REVERSE) {
		screen_change_all(s);
	}
	return 1;
}

static void
nothing_changed(struct screen *s)
{
	for (int row = 0; row < SCREEN_ROWS; row++)
		s->changed[row] = (struct span){ SCREEN_COLUMNS, -1 };
}

struct screen *
screen_new(void (*typed)(const char *data, size_t len, void *arg), void *arg)
{
	static const VTermScreenCallbacks callbacks = {
		.damage = on_damage, .movecursor = on_cursor,
		.settermprop = on_property,
	};
	struct screen *s = mem_zalloc(sizeof(*s));

	nothing_changed(s);
	s->vt = vterm_new(SCREEN_ROWS, SCREEN_COLUMNS);
	if (!s->vt)
		abort();
	vterm_set_utf8(s->vt, 1);
	vterm_output_set_callback(s->vt, typed, arg);
	vterm_state_set_bold_highbright(vterm_obtain_state(s->vt), 1);
	s->vts = vterm_obtain_screen(s->vt);
	vterm_screen_set_callbacks(s->vts, &callbacks, s);
	vterm_screen_enable_altscreen(s->vts, 1);
	vterm_screen_reset(s->vts, 1);
	screen_change_all(s);
	return s;
}

void
screen_free(struct screen *s)
{
	if (!s)
		return;
	vterm_free(s->vt);
	free(s);
}

void
screen_print(struct screen *s, const char *data, size_t len)
{
	output_print(&s->output, s->vt, data, len);
}

void
screen_key(struct screen *s, uint32_t keysym, bool down)
{
	keys_event(&s->keys, s->vt, keysym, down);
}

bool
screen_changed(const struct screen *s)
{
	for (int row = 0; row < SCREEN_ROWS; row++) {
		if (s->changed[row].first <= s->changed[row].last)
			return true;
	}
	return false;
}

void
screen_change_all(struct screen *s)
{
	for (int row = 0; row < SCREEN_ROWS; row++)
		change(s, row, 0, SCREEN_COLUMNS - 1);
}

/* Rows one below the other with the same columns make one area. */
int
screen_take_changes(struct screen *s, struct screen_area areas[SCREEN_ROWS])
{
	int n = 0;

	for (int row = 0; row < SCREEN_ROWS; row++) {
		const struct span *c = &s->changed[row];
		struct screen_area *last = n ? &areas[n - 1] : NULL;
		int columns = c->last - c->first + 1;

		if (columns <= 0)
			continue;
		if (last && last->row + last->rows == row &&
		    last->column == c->first && last->columns == columns)
			last->rows++;
		else
			areas[n++] = (struct screen_area){ row, c->first, 1,
				columns };
	}
	nothing_changed(s);
	return n;
}

static uint32_t
rgb_of(struct screen *s, VTermColor c)
{
	vterm_screen_convert_color_to_rgb(s->vts, &c);
	return (uint32_t)c.rgb.red << 16 | (uint32_t)c.rgb.green << 8 |
	    c.rgb.blue;
}

static bool
has_cursor(const struct screen *s, VTermPos pos)
{
	return s->cursor_visible && s->cursor.row == pos.row &&
	    s->cursor.col == pos.col;
}

static void
paint_cell(struct screen *s, VTermPos pos, uint32_t *px, size_t stride)
{
	VTermScreenCell cell = { .width = 1 };
	const uint8_t *rows;
	uint32_t ink[2], line;

	vterm_screen_get_cell(s->vts, pos, &cell);
	/* the right half of a wide one has none of its own */
	rows = font_rows(cell.chars[0] == (uint32_t)-1 ? ' ' : cell.chars[0]);
	ink[0] = rgb_of(s, cell.bg);
	ink[1] = rgb_of(s, cell.fg);
	if (cell.attrs.reverse != has_cursor(s, pos)) {
		line = ink[0];
		ink[0] = ink[1];
		ink[1] = line;
	}
	for (int y = 0; y < SCREEN_CELL_H; y++, px += stride) {
		line = cell.attrs.conceal ? 0 : rows[y];
		if (cell.attrs.underline && y == UNDERLINE_ROW)
			line = 0xff;
		for (int x = 0; x < SCREEN_CELL_W; x++)
			px[x] = ink[line >> (7 - x) & 1];
	}
}

void
screen_paint(struct screen *s, const struct screen_area *a, uint32_t *px)
{
	size_t stride = (size_t)a->columns * SCREEN_CELL_W;

	for (int row = 0; row < a->rows; row++) {
		for (int column = 0; column < a->columns; column++)
			paint_cell(s, (VTermPos){ .row = a->row + row,
			    .col = a->column + column }, px +
			    (size_t)row * SCREEN_CELL_H * stride +
			    (size_t)column * SCREEN_CELL_W, stride);
	}
}
