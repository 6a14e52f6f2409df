/*
 * GET /pool/xmldbdump: the database as a backup (db/backup.h), with secrets.
 * PUT /pool/xmldbdump: takes one; without dry_run=true it is the database that
 * this process's successor finds, which is started at once.
 */
#ifndef HTTP_DATABASE_H
#define HTTP_DATABASE_H

#include "http/stream.h"

void database_dump(struct stream *s);
void database_restore(struct stream *s);

#endif
