#include "api/access/account.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "api/xapi.h"
#include "base/clock.h"
#include "base/guesses.h"
#include "base/log.h"
#include "gen/errors.h"
#include "gen/store.h"

#define SECRET_REPORT_MS 60000

/* No colon: Basic credentials end the name there. */
static const char name_chars[] = "abcdefghijklmnopqrstuvwxyz"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._@\\-+";

bool
account_is_name(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n <= ACCOUNT_NAME_MAX &&
	    strspn(name, name_chars) == n && strcmp(name, "root") != 0;
}

struct wanted {
	const char *name;
	const struct subject *found;
};

static int
wanted_look(const void *obj, void *arg)
{
	const struct subject *s = obj;
	struct wanted *w = arg;

	if (strcmp(s->subject_identifier, w->name) != 0)
		return 0;
	w->found = s;
	return 1;
}

const struct subject *
account_find(const struct db_root *root, const char *name)
{
	struct wanted w = { .name = name };

	db_each(root, CLASS_SUBJECT, wanted_look, &w);
	return w.found;
}

const struct subject *
account_txn_find(struct db_txn *t, const char *name)
{
	struct wanted w = { .name = name };

	txn_each(t, CLASS_SUBJECT, wanted_look, &w);
	return w.found;
}

int64_t
account_level(struct db_txn *t, const struct subject *s)
{
	const struct ref *ref = s->roles.v;
	int64_t level = 0;

	for (uint32_t i = 0; i < s->roles.n; i++) {
		const struct role *r = role_txn_get(t, &ref[i]);

		if (r && r->level > level)
			level = r->level;
	}
	return level;
}

/* root cannot log in until it is mended: the log says why, but strangers do not
 * fill it. */
static void
tell_bad_secret(struct xapi *x, int rc)
{
	int64_t now = clock_mono_ms(), quiet = x->secret_quiet_ms;

	if (now < quiet || !atomic_compare_exchange_strong(
	    &x->secret_quiet_ms, &quiet, now + SECRET_REPORT_MS))
		return;
	log_error("nobody can log in: the secret '%s' %s%s",
	    x->cfg.secret_path, rc == -EINVAL ? "is no whole hash" :
	    "cannot be read: ", rc == -EINVAL ? "" : strerror(-rc));
}

/* The secret of a user who has one; false: there is none. */
static bool
take_secret(struct call *c, const char *user, struct account *a)
{
	struct db_root *root = db_root_get(c->x->db);
	const struct subject *s = account_find(root, user);
	bool ok = s && *s->secret && strlen(s->secret) < sizeof(a->secret);

	if (ok) {
		a->subject = s->obj.ref;
		memcpy(a->secret, s->secret, strlen(s->secret) + 1);
	}
	db_root_put(root);
	return ok;
}

static enum guess
judge(struct call *c, const char *user, const char *password,
    struct account *a)
{
	bool root = strcmp(user, "root") == 0, ok;
	bool own = !root && take_secret(c, user, a);
	char hash[SECRET_SIZE];
	int rc;

	if (own)
		return secret_matches(password, a->secret) ? GUESS_RIGHT :
		    GUESS_WRONG;
	rc = secret_read(c->x->cfg.secret_path, hash);
	if (rc) {
		if (rc != -ENOENT)	/* that is: none was set yet */
			tell_bad_secret(c->x, rc);
		return GUESS_VOID;
	}
	/* The hash is made for any user: the time tells nothing. */
	ok = secret_matches(password, hash);
	return ok && root ? GUESS_RIGHT : GUESS_WRONG;
}

int
account_refuse(struct call *c, const char *user, const char *why)
{
	return call_error(c, "SESSION_AUTHENTICATION_FAILED",
	    (const char *const[]){ user, why }, 2);
}

int
account_prove(struct call *c, const char *user, const char *password,
    struct account *a_out)
{
	struct guesses *g = c->x->guesses;
	const char *why = "Authentication failure";
	enum guess outcome = GUESS_WRONG;
	int wait_s;

	*a_out = (struct account){ .secret = "" };
	/* Root may become whoever knows it all the same. */
	if (c->local_root)
		return 0;
	if (guess_begin(g, &c->from, user, &wait_s)) {
		outcome = judge(c, user, password, a_out);
		guess_end(g, &c->from, user, outcome);
	} else {
		why = arena_printf(c->arena, "Too many wrong passwords from "
		    "this address: wait %d seconds", wait_s);
	}
	return outcome == GUESS_RIGHT ? 0 : account_refuse(c, user, why);
}

int
account_hash(struct call *c, const char *password, char *hash_out)
{
	const char *problem = password_problem(password ? password : "");

	if (problem)
		return err_change_password_rejected(c, arena_printf(c->arena,
		    "the new password is refused: %s", problem));
	if (secret_make(password, hash_out))
		return err_internal_error(c, "cannot hash the password");
	return 0;
}
