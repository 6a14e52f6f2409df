/*
 * A host whose system is on trial (bedplate-slot): unless it becomes the good
 * one, the host goes back to the other system and to the database of before.
 * So until then nobody's change is acknowledged, and no VM is started: what a
 * client asks for is HOST_STILL_BOOTING, reading, logins and tasks of a client's
 * own go on.  Any thread.
 */
#ifndef API_TRIAL_H
#define API_TRIAL_H

#include "api/call.h"
#include "db/slot_copy.h"

struct method;
struct trial;

/* db: constant while it lives, and so are its texts.  confirmed: a file that is
 * there once the running system is the good one. */
struct trial *trial_new(const struct slot_copy *db, const char *confirmed);
void trial_free(struct trial *t);

/* It stays over once it is.  NULL: there is none. */
bool trial_is_on(struct trial *t);
/* May the message run now?  -1 with c->err set. */
int trial_allow(struct call *c, const struct method *m);

#endif
