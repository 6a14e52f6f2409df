/*
 * What every object of the store begins with, and what describes its class.
 * Published objects are immutable and shared; see db/db.h for their life.
 */
#ifndef BASE_OBJECT_H
#define BASE_OBJECT_H

#include <stdatomic.h>
#include <string.h>

#include "base/type.h"

enum class_flag {
	CLASS_DURABLE = 1 << 0,	/* rows are in SQLite */
	CLASS_VOLATILE = 1 << 1,	/* memory only: session, task ... */
	CLASS_LOCAL = 1 << 2,	/* this host's SQLite, never replicated */
	CLASS_EVENTS = 1 << 3,	/* changes are seen by event.from */
};

struct class_type {
	struct record_type rec;		/* rec.name: "VM" */
	const char *event_name;		/* "vm" */
	int id;				/* enum class_id */
	uint32_t flags;			/* enum class_flag */
	int16_t uuid_field;		/* index in rec.fields, or -1 */
	int16_t name_field;		/* name_label's, or -1 */
	uint16_t tag;			/* in commit records; never reused */
};

struct encoded;				/* see db/encoded.h */

struct object {
	struct ref ref;
	const struct class_type *cls;
	atomic_uint refs;
	bool in_memory;			/* see txn_keep_in_memory */
	uint32_t extra_len;		/* fields of a newer version, encoded */
	uint32_t bytes;			/* of the block, once published */
	const uint8_t *extra;
	uint64_t created;		/* generation of the first version */
	uint64_t changed;		/* generation of this version */
	_Atomic(struct encoded *) forms[2];	/* XML, JSON; made on first use */
};

/*
 * The fields of one struct of a class from another of it.  Not the head, as an
 * assignment of the structs would: other threads change the counts and forms in
 * the head of a published object.
 */
#define object_copy_fields(dst, src) \
	((void)sizeof((dst) == (src)), memcpy(&(dst)->obj + 1, \
	    &(src)->obj + 1, sizeof(*(dst)) - sizeof((dst)->obj)))

#endif
