/*
 * Messages: what operators are told, by clients and by this host.  At most
 * MESSAGE_MAX; for one more the oldest goes.
 */
#ifndef API_MESSAGE_H
#define API_MESSAGE_H

#include <stdint.h>

#include "api/call.h"

#define MESSAGE_MAX 10000

/* In a write: one of now, about the object of that class (enum cls) and uuid.
 * The texts live as long as the write. */
struct ref message_tell(struct db_txn *t, const char *name, int64_t priority,
    int cls, const char *obj_uuid, const char *body);

#endif
