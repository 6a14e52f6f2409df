#include <assert.h>
#include <stddef.h>

#include "db/schema.h"

const char schema_create[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY,"
	" value INTEGER NOT NULL) WITHOUT ROWID;"
	"CREATE TABLE log (idx INTEGER PRIMARY KEY, record BLOB NOT NULL);"
	"INSERT INTO meta VALUES ('generation_limit', 0);"
	"INSERT INTO meta VALUES ('applied', 0);";

static const char *const steps[SCHEMA_VERSION] = {
	/* the index of a pool's log; later files of schema 1 had it already */
	[1] = "INSERT OR IGNORE INTO meta VALUES ('applied', 0);",
};

const char *
schema_step(int from)
{
	assert(from > 0 && from < SCHEMA_VERSION && steps[from]);
	return steps[from];
}
