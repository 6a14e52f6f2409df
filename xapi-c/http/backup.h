/*
 * GET /host_backup: the configuration of this host as one file, which a program
 * of xenopsd's makes of the database's dump and of what only root may read
 * (backup/backup.h).  It has secrets in it, and is nobody's but a pool admin's.
 * On a stream's thread.
 */
#ifndef HTTP_BACKUP_H
#define HTTP_BACKUP_H

#include "http/stream.h"

void backup_download(struct stream *s);

#endif
