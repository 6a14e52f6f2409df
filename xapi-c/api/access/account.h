/*
 * Who may log in, and the proof: root by the secret that the console shares,
 * local users by their subject's.  A user's name is the identifier of his
 * subject; the secret is an internal field of it, so no message, event or query
 * shows it.  Guesses are slowed by address and by account (base/guesses.h), the
 * console's are none of ours.  Any thread.
 */
#ifndef API_ACCESS_ACCOUNT_H
#define API_ACCESS_ACCOUNT_H

#include "api/call.h"
#include "base/secret.h"
#include "gen/types.h"

#define ACCOUNT_NAME_MAX 128

struct account {
	struct ref subject;		/* null: root */
	char secret[SECRET_SIZE];	/* of a subject: what was proved */
};

/* Is it a name that a local user may have?  Not root's. */
bool account_is_name(const char *name);
/* The subject of that name, or NULL. */
const struct subject *account_find(const struct db_root *root,
    const char *name);
const struct subject *account_txn_find(struct db_txn *t, const char *name);
/* Of the greatest of its roles, by api/access/permission.h. */
int64_t account_level(struct db_txn *t, const struct subject *s);
/* -1 with SESSION_AUTHENTICATION_FAILED [user, why]. */
int account_prove(struct call *c, const char *user, const char *password,
    struct account *a_out);
/* Sets that error. */
int account_refuse(struct call *c, const char *user, const char *why);
/* The hash of a new password, into SECRET_SIZE bytes; -1 with
 * CHANGE_PASSWORD_REJECTED if it may not be one. */
int account_hash(struct call *c, const char *password, char *hash_out);

#endif
