/*
 * Type descriptors: how generated structs look to code that is not generated.
 *
 * The scanner in ui-protocol/ emits, for every XenAPI class, every message's
 * arguments and every message of the socket between xapi and xenopsd, a plain
 * C struct and a const table that describes it.  Everything that walks values
 * (XML-RPC, JSON, the binary codec, copying, comparing) works from the tables.
 *
 * In memory:
 *   string    const char *, NUL-terminated UTF-8; NULL means ""
 *   int       int64_t            float     double
 *   bool      bool               datetime  int64_t, seconds since the epoch
 *   enum      int, an index into enum_type.names
 *   ref       struct ref, all zero is the null reference
 *   set, map  struct vec; see below
 *   record    the struct itself, inline
 *   blob      struct blob, bytes that are no text (socket protocol only)
 * A value never owns memory: what it points at lives in an arena or in the
 * published object that contains it.
 */
#ifndef BASE_TYPE_H
#define BASE_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An object reference: OpaqueRef:<uuid>, kept as the sixteen bytes. */
struct ref {
	uint8_t b[16];
};

/*
 * A set or a map: n values at v.  A set of T is an array of T.  A map is an
 * array of pairs, each the key, padding to eight bytes, the value, padding to
 * eight bytes; struct string_pair is the pair of a (string -> string) map.
 */
struct vec {
	const void *v;
	uint32_t n;
};

struct string_pair {
	const char *key;
	const char *value;
};

/* A pair of a (string -> enum) map, such as current_operations. */
struct enum_pair {
	const char *key;
	int value;
};

struct blob {
	const uint8_t *data;
	uint32_t len;
};

enum kind {
	KIND_VOID, KIND_STRING, KIND_INT, KIND_FLOAT, KIND_BOOL, KIND_DATETIME,
	KIND_ENUM, KIND_REF, KIND_SET, KIND_MAP, KIND_RECORD, KIND_BLOB,
};

struct enum_type {
	const char *name;		/* "vm_power_state" */
	const char *const *names;	/* wire spellings, by value */
	int n;
	bool exact;			/* input is case sensitive */
};

struct record_type;

struct type {
	enum kind kind;
	uint16_t size;			/* bytes of one value in memory */
	const struct enum_type *en;	/* KIND_ENUM */
	const struct type *key;		/* KIND_MAP */
	const struct type *elem;	/* KIND_SET, KIND_MAP */
	const struct record_type *rec;	/* KIND_RECORD */
	const char *cls;		/* KIND_REF: class it refers to */
};

enum field_flag {
	FIELD_DURABLE = 1 << 0,	/* SQLite, replicated; acknowledged = kept */
	FIELD_VOLATILE = 1 << 1,	/* memory and events only */
	FIELD_LOCAL = 1 << 2,	/* this host's SQLite, never replicated */
	FIELD_SECRET = 1 << 3,	/* never in records, logs or events */
	FIELD_INTERNAL = 1 << 4,	/* no accessor, not in API records */
	FIELD_RW = 1 << 5,	/* has set_, add_to_, remove_from_ */
	FIELD_CTOR = 1 << 6,	/* accepted by the class's constructor */
	FIELD_REQUIRED = 1 << 7,	/* no default: must be given as input */
	FIELD_DERIVED = 1 << 8,	/* far end of a relation, kept by db/ */
	FIELD_CUSTOM_SET = 1 << 9,	/* set_ is an explicit message */
	FIELD_OPTIONAL = 1 << 10,	/* omitted from output when empty */
	FIELD_CASCADE = 1 << 11,	/* what it refers to goes with the object */
};

struct field {
	const char *name;		/* wire name: "name_label" */
	const struct type *type;
	uint16_t tag;			/* in the binary codec; never reused */
	uint16_t offset;		/* in the struct */
	uint32_t flags;			/* enum field_flag */
	uint8_t set_role;		/* enum role_id: least that may set it */
	int16_t far_class;		/* relation: class at the other end, or -1 */
	int16_t far_field;		/* relation: index of its field there */
};

struct record_type {
	const char *name;
	const struct field *fields;	/* in wire order */
	uint16_t n;
	uint16_t size;			/* sizeof the struct */
	const void *dflt;		/* a const struct holding the defaults */
};

#define REF_TEXT_LEN 46			/* "OpaqueRef:" + uuid; without NUL */
#define UUID_TEXT_LEN 36

extern const struct ref REF_NULL;
extern const struct type type_void, type_string, type_int, type_float,
    type_bool, type_datetime, type_string_set, type_string_map;

bool ref_is_null(const struct ref *r);
bool ref_equal(const struct ref *a, const struct ref *b);
/* Parses OpaqueRef:<uuid> or OpaqueRef:NULL; false leaves *r null. */
bool ref_parse(const char *text, struct ref *r);
/* Writes the text form and a NUL; returns buf. */
char *ref_text(const struct ref *r, char buf[static REF_TEXT_LEN + 1]);
/* A new random (version 4) reference, from the kernel's generator. */
void ref_random(struct ref *r);
/* Not uuid_parse: that is libuuid's, which libxl calls. */
bool uuid_from_text(const char *text, uint8_t out[static 16]);
char *uuid_text(const uint8_t b[static 16],
    char buf[static UUID_TEXT_LEN + 1]);
/* A new random uuid as text. */
char *uuid_random(char buf[static UUID_TEXT_LEN + 1]);

/* Bytes from one pair of a map to the next, and from key to value. */
size_t type_pair_size(const struct type *map);
size_t type_pair_value(const struct type *map);
/* The wire spelling's value, or -1. */
int enum_parse(const struct enum_type *en, const char *text);
const struct field *record_field(const struct record_type *rt,
    const char *name);

/* Lookups in (string -> string) maps and sets; NULL or false if absent. */
const char *map_get(struct vec map, const char *key);
/* Bytes of a set (texts 1) or map (2) of strings, with what each text costs
 * beside. */
size_t vec_text_size(struct vec v, uint32_t texts);
bool set_has_string(struct vec set, const char *s);
bool set_has_ref(struct vec set, const struct ref *r);
bool set_has_enum(struct vec set, int v);

struct arena;
/* Deep copy of a value (of a record's fields, by its type) into the arena; a
 * struct object at the head of a class's struct is left alone. */
void type_copy(const struct type *t, void *dst, const void *src,
    struct arena *a);
void record_copy(const struct record_type *rt, void *dst, const void *src,
    struct arena *a);
bool type_equal(const struct type *t, const void *a, const void *b);

/*
 * New vec with one more or one less element; the old one is not changed.
 * Adding what is there, or removing what is not, returns the old one.
 */
struct vec vec_add_string(struct arena *a, struct vec set, const char *s);
struct vec vec_remove_string(struct arena *a, struct vec set, const char *s);
struct vec vec_add_ref(struct arena *a, struct vec set, const struct ref *r);
struct vec vec_remove_ref(struct arena *a, struct vec set,
    const struct ref *r);
struct vec map_set(struct arena *a, struct vec map, const char *key,
    const char *value);
struct vec map_remove(struct arena *a, struct vec map, const char *key);
struct vec enum_map_set(struct arena *a, struct vec map, const char *key,
    int value);
struct vec enum_map_remove(struct arena *a, struct vec map, const char *key);
struct vec vec_enums(struct arena *a, const int *values, uint32_t n);

#endif
