/* session.change_password: root's, kept by xenopsd, and a local user's own. */
#include <string.h>

#include "api/access/account.h"
#include "api/access/session.h"
#include "api/ops_error.h"
#include "api/xapi.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

/* The proof is xenopsd's to judge: whoever took over this process must not own
 * the console as well. */
static int
change_root(struct call *c, const char *old, const char *hash)
{
	const struct xenops_secret_set_args set = {
		.old_password = old, .hash = hash,
	};
	struct ops_call k;

	ops_prepare(c, &k);
	if (!ops_secret_set(c->x->ops, &k, &set))
		return 0;
	if (k.err.code == XENOPS_CODE_DENIED)
		return err_change_password_rejected(c, k.err.text);
	return ops_failed(c, &k, &(struct ops_subject){ .timeout_s = 0 });
}

struct own {
	struct call *c;
	const struct account *account;
	const char *hash;
};

static int
own_in(struct db_txn *t, void *arg)
{
	const struct own *o = arg;
	struct subject *s = subject_txn_edit(t, &o->account->subject);

	if (!s || strcmp(s->secret, o->account->secret) != 0)
		return err_change_password_rejected(o->c,
		    "the user has just been changed");
	s->secret = o->hash;
	session_end_subject(t, &o->account->subject, &o->c->session);
	return 0;
}

/* A wrong old one counts as a guess at a login does. */
static int
change_own(struct call *c, const char *user, const char *old,
    const char *hash)
{
	struct account account;
	struct own o = { c, &account, hash };

	if (account_prove(c, user, old, &account))
		return err_change_password_rejected(c, c->err.params[1]);
	return call_write(c, own_in, &o);
}

int
api_session_change_password(struct call *c,
    const struct session_change_password_args *a)
{
	const char *old = a->old_pwd ? a->old_pwd : "";
	const struct session *s = session_find(c->root, &c->session);
	char hash[SECRET_SIZE];

	if (account_hash(c, a->new_pwd, hash))
		return -1;
	return !s || s->is_local_superuser ? change_root(c, old, hash) :
	    change_own(c, s->auth_user_name, old, hash);
}
