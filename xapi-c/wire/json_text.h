/*
 * JSON texts (RFC 8259) to values, without a tree in between.  Limits as in
 * wire/value.h, one level more: a call stands around its parameters.  Any
 * thread; everything made lives in the arena.
 */
#ifndef WIRE_JSON_TEXT_H
#define WIRE_JSON_TEXT_H

#include "wire/value.h"

/*
 * One value and nothing but it.  Bytes and escapes that XML could not carry
 * (base/utf8.h) become U+FFFD and set *bad_out; \u0000, half a pair of
 * surrogates, an integer beyond 64 bits and a number beyond a double are
 * refused.  Of two members of one name both are there.  0 or -EBADMSG.
 */
int json_text(struct arena *a, const char *data, size_t len,
    struct value *out, bool *bad_out);

#endif
