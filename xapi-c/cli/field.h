/*
 * The fields of a class under the names that xe has for them: of power_state
 * power-state, of VBD.VM vm-uuid and vm-name-label, and what other objects of
 * it tell, such as a VM's networks by its guest metrics.  Names are compared as
 * cli_text_same does.  Lists live in the arena.
 */
#ifndef CLI_FIELD_H
#define CLI_FIELD_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/object.h"

struct db_root;

struct cli_field {
	const char *name;
	const struct class_type *cls;
	const struct field *f;		/* of the object; with a path: its first
					 * step, from which one goes on */
	const char *path;		/* NULL: none */
};

struct cli_fields {
	struct cli_field *v;
	int n;
};

struct cli_fields cli_fields_of(struct arena *a, int class_id);
/* Of the first len characters of that name; NULL: there is none. */
const struct cli_field *cli_field_find(const struct cli_fields *all,
    const char *name, size_t len);
/* Appends what it holds. */
void cli_field_add(struct buf *b, const struct db_root *root,
    const struct object *o, const struct cli_field *f);
/* "name ( RW)" */
const char *cli_field_label(struct arena *a, const struct cli_field *f);
/* The message that sets it, or add_to_, remove_from_, add_, remove_; NULL: it
 * has none. */
const struct method *cli_field_method(struct arena *a,
    const struct cli_field *f, const char *verb);

#endif
