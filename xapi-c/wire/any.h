/*
 * Values whose type nobody knows, as they were parsed, in either text form: for
 * what is passed on.  Ints stay ints, in XML as <i8>.  Any thread.
 */
#ifndef WIRE_ANY_H
#define WIRE_ANY_H

#include "base/buf.h"
#include "wire/value.h"

/* <value>...</value> */
void any_to_xml(struct buf *b, const struct value *v);
void any_to_json(struct buf *b, const struct value *v);

#endif
