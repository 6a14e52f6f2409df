/*
 * The sr_* and vdi_* requests (but vdi_open and vdi_close: storage/lease.h) as
 * handlers: decoded arguments in, results and errors out.  In workers, in the
 * main process and in the simulator.
 */
#ifndef XENOPSD_STORAGE_HANDLE_H
#define XENOPSD_STORAGE_HANDLE_H

#include "xenopsd/core/request.h"
#include "xenopsd/storage/storage.h"

/* Handles whichever of them rq->message is; like a request_handler. */
int storage_handle(struct request *rq, const struct storage_env *env,
    const void *args, void *result);
/* Whether message is one of them. */
bool storage_handles(uint16_t message);
/*
 * Removes what a killed worker's request may have left: the new disk of
 * vdi_create and vdi_clone.  Then call storage_reap.  Never fails; logs.
 */
void storage_undo(const struct storage_env *env, uint16_t message,
    const void *args);

#endif
