#include "api/access/session.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "api/xapi.h"
#include "base/clock.h"
#include "base/guesses.h"
#include "base/log.h"
#include "base/secret.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

#define ORIGINATOR_MAX 128

/* -- checking -- */

/* The wall clock may be set: it is for people, and ages are told by the
 * other. */
static void
set_active(struct session *s)
{
	s->last_active = clock_wall_s();
	s->active_mono_ms = clock_mono_ms();
}

bool
session_is_fresh(const struct session *s)
{
	return clock_mono_ms() - s->active_mono_ms < SESSION_TOUCH_S * 1000;
}

static int
touch_in(struct db_txn *t, void *arg)
{
	struct session *s = session_txn_edit(t, arg);

	if (s)
		set_active(s);
	return 0;
}

int
session_check(struct call *c, const struct ref *session)
{
	struct db_root *root = db_root_get(c->x->db);
	const struct session *s = session_find(root, session);
	struct ref ref = *session;
	bool stale;

	if (!s) {
		db_root_put(root);
		return err_session_invalid(c, call_ref_text(c, session));
	}
	c->session = ref;
	c->superuser = s->is_local_superuser || s->pool;
	stale = !session_is_fresh(s);
	db_root_put(root);
	if (stale)
		db_write(c->x->db, touch_in, &ref);
	return 0;
}

int
session_allow(struct call *c, const char *permission)
{
	struct db_root *root;
	const struct session *s;
	bool ok;

	if (c->superuser)
		return 0;
	root = db_root_get(c->x->db);
	s = session_find(root, &c->session);
	ok = s && set_has_string(s->rbac_permissions, permission);
	db_root_put(root);
	if (ok)
		return 0;
	return err_rbac_permission_denied(c, permission,
	    "the user's roles do not include this permission");
}

/* -- passwords -- */

#define SECRET_REPORT_MS 60000

/* Nobody can log in until it is mended: the log says why, but strangers do not
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

static enum guess
judge(struct xapi *x, const char *user, const char *password)
{
	char hash[SECRET_SIZE];
	int rc = secret_read(x->cfg.secret_path, hash);
	bool ok;

	if (rc) {
		if (rc != -ENOENT)	/* that is: none was set yet */
			tell_bad_secret(x, rc);
		return GUESS_VOID;
	}
	/* The hash is made for any user: the time tells nothing. */
	ok = secret_matches(password, hash);
	return ok && strcmp(user, "root") == 0 ? GUESS_RIGHT : GUESS_WRONG;
}

/* -1 with SESSION_AUTHENTICATION_FAILED. */
static int
authenticate(struct call *c, const char *user, const char *password)
{
	struct guesses *g = c->x->guesses;
	const char *why = "Authentication failure";
	enum guess outcome = GUESS_WRONG;
	int wait_s;

	/* Root may become whoever knows it all the same. */
	if (c->local_root)
		return 0;
	if (guess_begin(g, &c->from, user, &wait_s)) {
		outcome = judge(c->x, user, password);
		guess_end(g, &c->from, user, outcome);
	} else {
		why = arena_printf(c->arena, "Too many wrong passwords from "
		    "this address: wait %d seconds", wait_s);
	}
	return outcome == GUESS_RIGHT ? 0 :
	    call_error(c, "SESSION_AUTHENTICATION_FAILED",
	    (const char *const[]){ user, why }, 2);
}

/* -- making and ending -- */

struct login {
	struct call *c;
	const char *originator;
	const char *user;
	struct ref ref;
	/* while counting: */
	bool by_user;
	int n;
	struct ref oldest;
	int64_t oldest_mono_ms;
};

static bool
counts_with(const struct session *s, const struct login *l)
{
	const char *theirs = l->by_user ? s->auth_user_name : s->originator;

	return !s->pool && strcmp(theirs ? theirs : "",
	    l->by_user ? l->user : l->originator) == 0;
}

static int
login_count(const void *obj, void *arg)
{
	const struct session *s = obj;
	struct login *l = arg;

	if (!counts_with(s, l))
		return 0;
	if (!l->n++ || s->active_mono_ms < l->oldest_mono_ms) {
		l->oldest = s->obj.ref;
		l->oldest_mono_ms = s->active_mono_ms;
	}
	return 0;
}

/* The oldest of the user's or originator's sessions goes if they are max. */
static void
make_room(struct db_txn *t, struct login *l, bool by_user, int max)
{
	l->by_user = by_user;
	l->n = 0;
	txn_each(t, CLASS_SESSION, login_count, l);
	if (l->n >= max)
		txn_delete(t, CLASS_SESSION, &l->oldest);
}

static int
login_in(struct db_txn *t, void *arg)
{
	struct login *l = arg;
	struct session *s;

	make_room(t, l, false, *l->originator ? SESSION_MAX_ORIGINATOR :
	    SESSION_MAX_ANONYMOUS);
	make_room(t, l, true, SESSION_MAX_USER);
	s = session_txn_new(t);
	l->ref = s->obj.ref;
	s->this_host = l->c->x->host;
	set_active(s);
	s->validation_time = s->last_active;
	s->is_local_superuser = true;
	s->auth_user_name = l->user;
	s->originator = l->originator;
	return 0;
}

static int
login(struct call *c, const char *user, const char *password,
    const char *originator, struct ref *session_out)
{
	struct login l = { .c = c, .originator = originator,
	    .user = c->local_root ? "root" : user };

	if (authenticate(c, user, password) || call_write(c, login_in, &l))
		return -1;
	*session_out = l.ref;
	return 0;
}

int
session_login(struct call *c, const char *user, const char *password,
    struct ref *session_out)
{
	return login(c, user, password, "http", session_out);
}

static int
end_in(struct db_txn *t, void *arg)
{
	txn_delete(t, CLASS_SESSION, arg);
	return 0;
}

void
session_end(struct call *c, const struct ref *session)
{
	struct ref ref = *session;

	db_write(c->x->db, end_in, &ref);
}

/* -- collecting -- */

struct gc {
	struct db_txn *t;
	int64_t now_mono_ms;
	int n;
	struct ref idle[64];
};

static bool
owns_work(struct db_txn *t, const struct session *s)
{
	const struct ref *tasks = s->tasks.v;

	for (uint32_t i = 0; i < s->tasks.n; i++) {
		const struct task *task = txn_get(t, CLASS_TASK, &tasks[i]);

		if (task && task->status == TASK_STATUS_TYPE_PENDING)
			return true;
	}
	return false;
}

static int
gc_look(const void *obj, void *arg)
{
	const struct session *s = obj;
	struct gc *g = arg;

	if (g->now_mono_ms - s->active_mono_ms > SESSION_IDLE_S * 1000LL &&
	    !owns_work(g->t, s))
		g->idle[g->n++] = s->obj.ref;
	return g->n == (int)(sizeof(g->idle) / sizeof(g->idle[0]));
}

static int
gc_in(struct db_txn *t, void *arg)
{
	struct gc *g = arg;

	g->t = t;
	g->n = 0;
	txn_each(t, CLASS_SESSION, gc_look, g);
	for (int i = 0; i < g->n; i++)
		txn_delete(t, CLASS_SESSION, &g->idle[i]);
	return 0;
}

void
session_gc(struct xapi *x)
{
	struct gc g = { .now_mono_ms = clock_mono_ms() };

	db_write(x->db, gc_in, &g);
}

/* -- messages of class session -- */

int
api_session_login_with_password(struct call *c,
    const struct session_login_with_password_args *a, struct ref *result)
{
	const char *originator = a->originator ? a->originator : "";

	if (strlen(originator) > ORIGINATOR_MAX)
		originator = arena_strndup(c->arena, originator,
		    ORIGINATOR_MAX);
	return login(c, a->uname ? a->uname : "", a->pwd ? a->pwd : "",
	    originator, result);
}

int
api_session_logout(struct call *c)
{
	session_end(c, &c->session);
	return 0;
}

/* Only root can log in: there are no subjects of a directory. */
int
api_session_get_all_subject_identifiers(struct call *c, struct vec *result)
{
	(void)c;
	*result = (struct vec){ 0 };
	return 0;
}
