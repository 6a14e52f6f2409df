/*
 * Defaults: attribute text to C initialisers.  Text is written as it would be
 * on the wire; "" is an empty string, set or map, "OpaqueRef:NULL" the null
 * reference.  A set's elements are separated by blanks, a map's pairs
 * "key=value" too.
 */
#ifndef SCANNER_DEFAULT_H
#define SCANNER_DEFAULT_H

#include <stdio.h>

#include "model.h"

bool default_valid(const struct type *t, const char *text);
/* All zero bytes in memory, so that nothing needs to be written. */
bool default_is_zero(const struct type *t, const char *text);
/* The constant "static const struct TAG default_TAG" and what it points at. */
void default_emit(FILE *f, const struct record *r);

#endif
