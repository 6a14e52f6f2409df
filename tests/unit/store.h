/* An empty store of all classes, in memory only. */
#ifndef UNIT_STORE_H
#define UNIT_STORE_H

#include "db/db.h"
#include "gen/types.h"
#include "unit.h"

static inline struct db *
store_open(void)
{
	const struct db_config cfg = {
		.classes = classes, .n_classes = CLASS_N,
	};
	struct db *db;
	const char *why;

	ck_assert_int_eq(db_open(&cfg, &db, &why), 0);
	return db;
}

#endif
