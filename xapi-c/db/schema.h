/*
 * The tables of the database file, as SQL; no SQLite here.
 *
 * A schema number changes when tables or the meaning of rows do.  Classes and
 * fields may come without that: their tables are made when they are missing,
 * and rows name fields by tag.  Every file of an earlier schema stays as a
 * fixture in tests/fixtures/db.
 */
#ifndef DB_SCHEMA_H
#define DB_SCHEMA_H

#define SCHEMA_APPLICATION_ID 0x42454450	/* "BEDP" */
#define SCHEMA_VERSION 2

/* What an empty file gets, but for the tables of classes. */
extern const char schema_create[];
/* Leads from a schema (1 to SCHEMA_VERSION - 1) to the next. */
const char *schema_step(int from);

#endif
