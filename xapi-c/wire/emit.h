/*
 * Writers of typed values as XML-RPC and JSON text, byte for byte what XenAPI
 * clients expect.  A record leaves out fields that are FIELD_SECRET or
 * FIELD_INTERNAL, and FIELD_OPTIONAL ones that are empty.  What is not UTF-8
 * becomes U+FFFD; characters that XML cannot carry are dropped.  Nothing can
 * fail.
 */
#ifndef WIRE_EMIT_H
#define WIRE_EMIT_H

#include "base/buf.h"
#include "base/type.h"

/* <value>...</value> */
void emit_xml_value(struct buf *b, const struct type *t, const void *v);
/* <struct>...</struct>, without <value>. */
void emit_xml_record(struct buf *b, const struct record_type *rt,
    const void *rec);
/* Character data with < > & " escaped. */
void emit_xml_text(struct buf *b, const char *s);

void emit_json_value(struct buf *b, const struct type *t, const void *v);
/* {...} */
void emit_json_record(struct buf *b, const struct record_type *rt,
    const void *rec);
/* "..." */
void emit_json_string(struct buf *b, const char *s);

/* Is the field, with its value at v, left out of records? */
bool emit_skips(const struct field *f, const void *v);

/* The text forms shared by both and by queries: YYYYMMDDTHH:MM:SSZ. */
#define DATETIME_TEXT_LEN 24
char *datetime_text(int64_t t, char buf[static DATETIME_TEXT_LEN]);
/* Seconds since the epoch; accepts dashes, fractions and offsets too. */
bool datetime_parse(const char *text, int64_t *t_out);

#endif
