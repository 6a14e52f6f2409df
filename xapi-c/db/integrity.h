/*
 * The rules that stored objects keep, beyond what their types say; inside db/
 * only.  They follow from the tables of classes:
 *     a reference of a stored class leads to an object of that class
 *     references to the own class (snapshot_of, parent) make no circle
 *     no two objects of a class have one uuid
 * That a single end has its far end, and only one, holds by itself: far ends
 * are not stored but built (a VM is resident on one host, since it is the VM
 * that says on which).
 */
#ifndef DB_INTEGRITY_H
#define DB_INTEGRITY_H

#include "db/txn.h"

struct integrity {
	/* Is told of each violation: what it is and what was done. */
	void (*problem)(void *arg, const char *text);
	void *arg;
	int n;			/* violations so far */
};

/* Of drafts of all objects there are, makes those with a uuid that an earlier
 * one has not be there.  Their number. */
int integrity_drop_twins(struct db_txn *t, struct integrity *in);
/* Makes wrong references null. */
void integrity_repair_refs(struct db_txn *t, struct integrity *in);

void integrity_report(struct integrity *in, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
