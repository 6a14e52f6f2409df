/*
 * Published objects: one block of heap memory each, the class's struct and all
 * that it points at, but for fields that have their default, which share the
 * constants of the generated table.  Reference-counted, see object_get and
 * object_put in db/db.h.
 */
#ifndef DB_OBJECT_H
#define DB_OBJECT_H

#include "base/buf.h"
#include "base/object.h"

/*
 * A published copy of rec, a struct of class cls whose ref is set.  extra:
 * fields with tags that this version does not know, encoded.  The caller has
 * the only reference.
 */
struct object *object_new(const struct class_type *cls, const void *rec,
    const void *extra, size_t extra_len, uint64_t created, uint64_t changed);
/* The fields that are kept on disk, and extra. */
void object_encode_row(struct buf *b, const struct object *o);

/* What the stored fields of a struct of class cls take in such a block. */
size_t object_stored_bytes(const struct class_type *cls, const void *rec);

static inline const char *
object_string(const struct object *o, int field)
{
	const struct field *f = &o->cls->rec.fields[field];
	const char *s = *(const char *const *)((const char *)o + f->offset);

	return s ? s : "";
}

/* Does the field of a class survive a restart?  Is it in commit records? */
static inline bool
field_is_stored(const struct class_type *cls, const struct field *f)
{
	return !(cls->flags & CLASS_VOLATILE) &&
	    !(f->flags & (FIELD_VOLATILE | FIELD_DERIVED));
}

static inline bool
field_is_replicated(const struct class_type *cls, const struct field *f)
{
	return (cls->flags & CLASS_DURABLE) && field_is_stored(cls, f) &&
	    !(f->flags & FIELD_LOCAL);
}

#endif
