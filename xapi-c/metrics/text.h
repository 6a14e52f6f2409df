/*
 * What clients are shown, in XML and JSON as XenServer has them: rows of many
 * data sources (rrd_updates), and all of one owner.  Numbers are "%.15g" of
 * what a float holds, without the digits that it does not; in JSON they are
 * strings.  Written piece by piece: what a reply takes in memory is no more
 * than TEXT_PIECE.
 */
#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H

#include <stddef.h>

#include "metrics/image.h"

#define TEXT_PIECE 65536
#define TEXT_NUMBER 32

struct rows {
	int64_t start, end, step;	/* of the oldest and the newest row */
	int n, columns;
	const char **legend;		/* plain text */
	float *v;			/* newest row first */
};

/* 0, or what ends it all. */
struct text_out {
	int (*write)(void *arg, const void *bytes, size_t len);
	void *arg;
};

/* to: TEXT_NUMBER bytes. */
void text_number(char *to, double x);
int text_rows(const struct rows *r, bool json, const struct text_out *out);
int text_image(const struct image *m, bool json, const struct text_out *out);

#endif
