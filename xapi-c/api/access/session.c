#include "api/access/session.h"

#include <string.h>

#include "api/access/account.h"
#include "api/access/permission.h"
#include "api/xapi.h"
#include "base/clock.h"
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

const struct session *
session_shown(struct call *c, const struct session *s)
{
	struct session *shown = arena_memdup(c->arena, s, sizeof(*s));

	if (s->level)
		shown->rbac_permissions = permission_names(c->arena, c->root,
		    s->level);
	return shown;
}

const char *
session_who(struct call *c, const struct ref *session)
{
	struct db_root *root = db_root_get(c->x->db);
	const struct session *s = session_find(root, session);
	const char *text = "one whose session has ended";

	if (s)
		text = arena_printf(c->arena, "'%s', trackid=%016llx",
		    s->auth_user_name ? s->auth_user_name : "",
		    (unsigned long long)s->track);
	db_root_put(root);
	return text;
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
	ok = s && permission_in(root, permission, s->level);
	db_root_put(root);
	if (ok)
		return 0;
	return err_rbac_permission_denied(c, permission,
	    "the user's roles do not include this permission");
}

/* -- making and ending -- */

struct login {
	struct call *c;
	const char *originator;
	const char *user;
	const struct account *account;
	struct ref ref;
	/* while counting: */
	bool anonymous;			/* only those without originator */
	int n;
	struct ref oldest;
	int64_t oldest_mono_ms;
};

static bool
counts_with(const struct session *s, const struct login *l)
{
	const char *user = s->auth_user_name ? s->auth_user_name : "";

	if (s->pool || strcmp(user, l->user) != 0)
		return false;
	return !l->anonymous || !s->originator || !*s->originator;
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

/* The oldest of the user's sessions goes if they are max.  No user's login ends
 * another's session, whatever they call themselves. */
static void
make_room(struct db_txn *t, struct login *l, bool anonymous, int max)
{
	l->anonymous = anonymous;
	l->n = 0;
	txn_each(t, CLASS_SESSION, login_count, l);
	if (l->n >= max)
		txn_delete(t, CLASS_SESSION, &l->oldest);
}

/* What was proved must still be so, and of some use. */
static int
check_subject(struct db_txn *t, const struct login *l, int64_t *level_out)
{
	const struct subject *s = subject_txn_get(t, &l->account->subject);

	if (!s || strcmp(s->secret, l->account->secret) != 0)
		return account_refuse(l->c, l->user,
		    "the user has just been changed");
	*level_out = account_level(t, s);
	return *level_out ? 0 : account_refuse(l->c, l->user,
	    "the user has no role");
}

static int64_t
random_track(void)
{
	struct ref r;
	int64_t n;

	ref_random(&r);
	memcpy(&n, r.b, sizeof(n));
	return n;
}

static int
login_in(struct db_txn *t, void *arg)
{
	struct login *l = arg;
	struct session *s;
	int64_t level = 0;
	bool root = ref_is_null(&l->account->subject);

	if (!root && check_subject(t, l, &level))
		return -1;
	if (!*l->originator)
		make_room(t, l, true, SESSION_MAX_ANONYMOUS);
	make_room(t, l, false, SESSION_MAX_USER);
	s = session_txn_new(t);
	l->ref = s->obj.ref;
	s->this_host = l->c->x->host;
	set_active(s);
	s->validation_time = s->last_active;
	s->is_local_superuser = root;
	s->subject = l->account->subject;
	s->level = level;
	s->auth_user_sid = root ? "" : l->user;
	s->auth_user_name = l->user;
	s->originator = l->originator;
	s->track = random_track();
	return 0;
}

static int
login(struct call *c, const char *user, const char *password,
    const char *originator, struct ref *session_out)
{
	struct account account;
	struct login l = {
		.c = c, .originator = originator,
		.user = c->local_root ? "root" : user, .account = &account,
	};

	if (account_prove(c, user, password, &account) ||
	    call_write(c, login_in, &l))
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

/* -- those of a subject -- */

struct kin {
	struct db_txn *t;
	const struct ref *subject;
	struct vec found;
};

static int
kin_look(const void *obj, void *arg)
{
	const struct session *s = obj;
	struct kin *k = arg;

	if (ref_equal(&s->subject, k->subject))
		k->found = vec_add_ref(txn_arena(k->t), k->found,
		    &s->obj.ref);
	return 0;
}

static struct vec
kin_of(struct db_txn *t, const struct ref *subject)
{
	struct kin k = { .t = t, .subject = subject };

	txn_each(t, CLASS_SESSION, kin_look, &k);
	return k.found;
}

void
session_end_subject(struct db_txn *t, const struct ref *subject,
    const struct ref *keep)
{
	struct vec found = kin_of(t, subject);
	const struct ref *ref = found.v;

	for (uint32_t i = 0; i < found.n; i++)
		if (!ref_equal(&ref[i], keep))
			txn_delete(t, CLASS_SESSION, &ref[i]);
}

void
session_raise_subject(struct db_txn *t, const struct ref *subject,
    int64_t level)
{
	struct vec found = kin_of(t, subject);
	const struct ref *ref = found.v;

	for (uint32_t i = 0; i < found.n; i++)
		session_txn_edit(t, &ref[i])->level = level;
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

int
api_session_slave_local_login_with_password(struct call *c,
    const struct session_slave_local_login_with_password_args *a,
    struct ref *result)
{
	const char *user = a->uname ? a->uname : "";

	if (strcmp(user, "root") != 0)
		return account_refuse(c, user, "only root may do this");
	return login(c, user, a->pwd ? a->pwd : "", "", result);
}

int
api_session_local_logout(struct call *c)
{
	session_end(c, &c->session);
	return 0;
}

struct identifiers {
	struct call *c;
	struct vec found;
};

static int
identifier_look(const void *obj, void *arg)
{
	const struct session *s = obj;
	struct identifiers *i = arg;

	if (!ref_is_null(&s->subject) &&
	    !set_has_string(i->found, s->auth_user_sid))
		i->found = vec_add_string(i->c->arena, i->found,
		    s->auth_user_sid);
	return 0;
}

int
api_session_get_all_subject_identifiers(struct call *c, struct vec *result)
{
	struct identifiers i = { .c = c };

	db_each(c->root, CLASS_SESSION, identifier_look, &i);
	*result = i.found;
	return 0;
}

struct ending {
	struct call *c;
	const char *identifier;
};

static int
end_all_in(struct db_txn *t, void *arg)
{
	const struct ending *e = arg;
	const struct subject *s = account_txn_find(t, e->identifier);

	if (s)
		session_end_subject(t, &s->obj.ref, &e->c->session);
	return 0;
}

int
api_session_logout_subject_identifier(struct call *c,
    const struct session_logout_subject_identifier_args *a)
{
	struct ending e = { c, a->subject_identifier ?
	    a->subject_identifier : "" };

	return call_write(c, end_all_in, &e);
}
