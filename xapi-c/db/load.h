/* The first picture of all objects, from a file; inside db/ only. */
#ifndef DB_LOAD_H
#define DB_LOAD_H

#include "db/integrity.h"
#include "db/sqlite.h"

struct load {
	const struct class_type *const *classes;
	int n_classes;
	/* Leave out what cannot be read or cannot be, instead of refusing. */
	bool salvage;
	uint32_t max_objects;	/* of a dump; 0: any number */
	struct integrity integrity;
};

/*
 * Makes a root whose objects all count as changed at generation.  Wrong
 * references are reported and become null.  f may be NULL: no objects.  0, or
 * -errno with a static text in *why: there is a row that cannot be read, or
 * two objects with one uuid.
 */
int load_root(struct load *l, struct db_file *f, uint64_t generation,
    struct db_root **root_out, const char **why);

/* The same of drafts made otherwise: applies the rules, and makes root, which
 * is empty and t's, the picture of them. */
struct db_root *load_drafts(struct load *l, struct db_txn *t,
    struct db_root *root);

#endif
