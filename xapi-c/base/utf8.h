/*
 * What is UTF-8 and what is not.  Clients' text is checked when it comes in;
 * text of guests when it goes out, so that nothing a guest writes can make a
 * reply that clients cannot parse.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd"		/* U+FFFD */

/* Bytes of the character at p, at most left; 0: p[0] is no part of one that
 * XML can carry, which has neither control characters but tab and the ends of
 * lines nor U+FFFE, U+FFFF and surrogates.  JSON can, but what one client
 * writes another must be able to read. */
size_t utf8_len(const char *p, size_t left);
/*
 * Returns data itself if it is such text, else a copy in which every byte that is
 * not has become U+FFFD, and sets *bad_out.
 */
const char *utf8_repair(struct arena *a, const char *data, size_t *len,
    bool *bad_out);

#endif
