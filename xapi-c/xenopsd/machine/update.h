/*
 * The requests update_open, backup_open and restore_open: an update of the host, its backup or
 * a restore, by a program of its own that trusts nobody: an update is signed
 * (update/apply.h), a backup looked through (backup/backup.h).  xapi hands it
 * the bytes and hears how it goes.  The program outlives the request and
 * xenopsd: it ends with the other end of its socket.
 */
#ifndef XENOPSD_MACHINE_UPDATE_H
#define XENOPSD_MACHINE_UPDATE_H

#include "xenopsd/core/request.h"

/* Main thread; like a handler. */
/* option: besides "-", or NULL. */
int update_open(struct request *rq, const char *program, const char *option);

#endif
