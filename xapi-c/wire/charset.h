/*
 * The character set of an XML text, which its first bytes tell: a byte order
 * mark or UTF-16's zeros, else the encoding of the XML declaration.  Known are
 * UTF-8, UTF-16 (either order), ISO-8859-1 and US-ASCII; a text that declares
 * nothing, or another set, is taken for UTF-8.  Any thread.
 */
#ifndef WIRE_CHARSET_H
#define WIRE_CHARSET_H

#include <stddef.h>

#include "base/arena.h"

/*
 * The text in UTF-8, without a mark: part of data itself, or in the arena.
 * What is none in its own set (half a surrogate pair, a byte beyond ASCII)
 * becomes the byte FF, for utf8_repair to find.
 */
const char *charset_to_utf8(struct arena *a, const char *data, size_t *len);

#endif
