/*
 * A terminal and its picture: bytes of a console in, cells of 8 by 16 pixels
 * out.  A console has no way to hear of another size, so it has the one that
 * all programs take for granted.  Takes a bounded amount of memory whatever is
 * printed.
 */
#ifndef RFB_SCREEN_H
#define RFB_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCREEN_ROWS 25
#define SCREEN_COLUMNS 80
#define SCREEN_CELL_W 8			/* pixels */
#define SCREEN_CELL_H 16
#define SCREEN_W (SCREEN_COLUMNS * SCREEN_CELL_W)
#define SCREEN_H (SCREEN_ROWS * SCREEN_CELL_H)

struct screen;

struct screen_area {
	int row, column, rows, columns;
};

/* typed: keys, and the answers of the terminal, for the console. */
struct screen *screen_new(void (*typed)(const char *data, size_t len,
    void *arg), void *arg);
void screen_free(struct screen *s);
void screen_print(struct screen *s, const char *data, size_t len);
void screen_key(struct screen *s, uint32_t keysym, bool down);

bool screen_changed(const struct screen *s);
void screen_change_all(struct screen *s);
/* What has changed since the last call, in no more than SCREEN_ROWS areas;
 * returns how many. */
int screen_take_changes(struct screen *s,
    struct screen_area areas[SCREEN_ROWS]);
/* Paints that area, 0xRRGGBB, line after line. */
void screen_paint(struct screen *s, const struct screen_area *a, uint32_t *px);

#endif
