/*
 * The binary form of records: commit records, rows of the database and the
 * socket between xapi and xenopsd.  Tagged like this, so that fields can be
 * added: varint(tag << 3 | form), then by form
 *   0 varint   int, datetime, enum (zigzag), bool
 *   1 8 bytes  float, little endian
 *   2 varint length + bytes   string, ref (16 bytes), blob, set, map, record
 * A set is its elements one after the other without tags, a map key, value,
 * key, value ...; a record inside is its tagged fields.  A field equal to its
 * default is left out.  Unknown tags are skipped, or handed to the caller.
 * Decoding checks every length and never reads past the end; decoded values
 * live in the arena.
 */
#ifndef BASE_CODEC_H
#define BASE_CODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/type.h"

#define CODEC_MAX_DEPTH 8
#define CODEC_MAX_ELEMENTS (1u << 20)	/* of one set or map */
#define CODEC_MAX_MEMORY (32u << 20)	/* bytes one decode may allocate */

/* Appends the fields whose flags meet mask (0: all fields). */
void codec_encode(struct buf *b, const struct record_type *rt,
    const void *rec, uint32_t mask);
/* Appends that field of rec, default or not. */
void codec_encode_field(struct buf *b, const struct field *f,
    const void *rec);
/*
 * Fills rec, which holds the defaults or an earlier version before the call.
 * extra, if not NULL, receives the fields with unknown tags, still encoded.
 * Returns 0 or -EBADMSG.
 */
int codec_decode(struct arena *a, const struct record_type *rt, void *rec,
    const void *data, size_t len, struct buf *extra);

/* The parts, for records that are not described by a table.  The getters move
 * *p on and return false when the bytes up to end are malformed. */
void codec_add_varint(struct buf *b, uint64_t v);
bool codec_get_varint(const uint8_t **p, const uint8_t *end, uint64_t *v_out);
bool codec_get_bytes(const uint8_t **p, const uint8_t *end,
    const uint8_t **data, size_t *len);
/* Skips one tagged field. */
bool codec_skip_field(const uint8_t **p, const uint8_t *end,
    uint64_t *tag_out);

#endif
