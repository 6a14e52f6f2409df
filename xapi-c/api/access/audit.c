#include "api/access/audit.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/xapi.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "gen/store.h"
#include "wire/emit.h"

/* Of what a line says of its call; the rest of LINES_LEN is who and when. */
#define WHAT_MAX 1024
#define HOUR_MS 3600000

#define TRACK "'trackid=%016llx' "
#define TRACK_LEN (sizeof("'trackid=0123456789abcdef' ") - 1)
#define WHO_SIZE 512			/* two texts, each byte in four */

/* Failed calls, which changed nothing, since the hour's begin. */
struct ration {
	char who[WHO_SIZE];		/* as in a line, without the trackid */
	uint64_t seen;
};

struct audit {
	struct lines *lines;		/* NULL: there is no folder */
	pthread_mutex_t lock;
	uint64_t missing;		/* lines that the disk did not take */
	int64_t hour_mono;		/* its begin */
	struct ration strangers, users[AUDIT_USERS];
	struct ration others;		/* who found no place among them */
	int n_users;
};

struct audit *
audit_new(const char *folder)
{
	struct audit *a = mem_zalloc(sizeof(*a));
	int rc = lines_open(folder, AUDIT_FILE, &a->lines);

	if (rc)
		log_error("no audit log in '%s': %s", folder, strerror(-rc));
	pthread_mutex_init(&a->lock, NULL);
	return a;
}

int
audit_each(struct audit *a, lines_fn *fn, void *arg)
{
	return a && a->lines ? lines_each(a->lines, fn, arg) : 0;
}

/* -- texts -- */

/* In quotes, cut between characters. */
static void
add_text(struct buf *b, const char *s)
{
	size_t n = s ? strlen(s) : 0, i;

	if (n > AUDIT_TEXT)
		for (n = AUDIT_TEXT; n > 0 && (s[n] & 0xc0) == 0x80;)
			n--;
	buf_addc(b, '\'');
	for (i = 0; i < n; i++) {
		if (s[i] == '\'' || s[i] == '\\')
			buf_addf(b, "\\%c", s[i]);
		else if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			buf_addf(b, "\\x%02x", (unsigned)(unsigned char)s[i]);
		else
			buf_addc(b, s[i]);
	}
	buf_adds(b, s && s[n] ? "...'" : "'");
}

bool
audit_is_secret(const char *name)
{
	static const char *const parts[] = {
		"pass", "pwd", "secret", "token", "credential", "private",
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (strcasestr(name, parts[i]))
			return true;
	return false;
}

/* -- messages -- */

static bool
begins_with_one_of(const char *text, const char *const *starts)
{
	for (; *starts; starts++)
		if (strncmp(text, *starts, strlen(*starts)) == 0)
			return true;
	return false;
}

static bool
explicit_writes(const struct method *m)
{
	static const char *const own[] = {
		"event.", "task.create", "task.destroy", "task.set_", NULL,
	};
	static const char *const reading[] = {
		"get", "assert_", "query_", "has_", "list_", "compute_",
		"retrieve_", "update_allowed_operations", NULL,
	};

	return !begins_with_one_of(m->name, own) &&
	    !begins_with_one_of(strchr(m->name, '.') + 1, reading);
}

bool
audit_wants(const struct method *m)
{
	switch (m->kind) {
	case METHOD_CTOR:
	case METHOD_SET:
	case METHOD_ADD_TO:
	case METHOD_REMOVE_FROM:
	case METHOD_ADD:
	case METHOD_REMOVE:
	case METHOD_EXPLICIT:
		return explicit_writes(m);
	default:
		return false;
	}
}

/* -- parameters -- */

static void
add_four(struct audit_line *l, const char *name, const char *label,
    const char *uuid, const char *ref)
{
	const char *const texts[] = { name, label, uuid, ref };

	if (l->cut || l->what.len > WHAT_MAX) {
		l->cut = true;
		return;
	}
	buf_adds(&l->what, l->what.data[l->what.len - 1] == '(' ? "(" : " (");
	for (int i = 0; i < 4; i++) {
		if (i)
			buf_addc(&l->what, ' ');
		add_text(&l->what, texts[i]);
	}
	buf_addc(&l->what, ')');
}

static const char *
string_of(const struct object *o, int field)
{
	return field < 0 ? "" : *(const char *const *)((const char *)o +
	    o->cls->rec.fields[field].offset);
}

static void
add_ref(struct call *c, struct audit_line *l, const char *name,
    const char *cls, const struct ref *ref)
{
	int id = call_class(cls);
	const struct object *o = id == CLASS_N ? NULL :
	    db_find(c->root, id, ref);
	/* a session's would be a credential */
	bool open = id != CLASS_SESSION;

	add_four(l, name, o ? string_of(o, o->cls->name_field) : "",
	    o && open ? string_of(o, o->cls->uuid_field) : "",
	    open ? call_ref_text(c, ref) : "");
}

static const char *
text_of(struct call *c, const struct type *t, const void *v)
{
	char when[DATETIME_TEXT_LEN];

	switch (t->kind) {
	case KIND_STRING:
		return *(const char *const *)v;
	case KIND_INT:
		return arena_printf(c->arena, "%lld",
		    (long long)*(const int64_t *)v);
	case KIND_FLOAT:
		return arena_printf(c->arena, "%g", *(const double *)v);
	case KIND_BOOL:
		return *(const bool *)v ? "true" : "false";
	case KIND_DATETIME:
		return arena_strdup(c->arena,
		    datetime_text(*(const int64_t *)v, when));
	case KIND_ENUM:
		return t->en->names[*(const int *)v];
	default:
		return "";
	}
}

static void
add_set(struct call *c, struct audit_line *l, const char *name,
    const struct type *t, const struct vec *v, bool secret)
{
	const char *at = v->v;

	for (uint32_t i = 0; i < v->n && !l->cut; i++)
		audit_param(c, l, name, t->elem, at + i * t->elem->size,
		    secret);
}

/* Each pair by its key. */
static void
add_map(struct call *c, struct audit_line *l, const char *name,
    const struct type *t, const struct vec *v, bool secret)
{
	const char *at = v->v, *key;

	for (uint32_t i = 0; i < v->n && !l->cut; i++) {
		key = text_of(c, t->key, at);
		audit_param(c, l, arena_printf(c->arena, "%s:%.*s", name,
			AUDIT_TEXT, key ? key : ""), t->elem,
		    at + type_pair_value(t), secret);
		at += type_pair_size(t);
	}
}

static void
add_record(struct call *c, struct audit_line *l, const struct record_type *rt,
    const void *v, bool secret)
{
	const struct field *f;
	const char *at, *dflt = rt->dflt;

	for (int i = 0; i < rt->n && !l->cut; i++) {
		f = &rt->fields[i];
		at = (const char *)v + f->offset;
		/* what was not said is not news */
		if (dflt && type_equal(f->type, at, dflt + f->offset))
			continue;
		audit_param(c, l, f->name, f->type, at,
		    secret || (f->flags & FIELD_SECRET));
	}
}

void
audit_param(struct call *c, struct audit_line *l, const char *name,
    const struct type *t, const void *value, bool secret)
{
	secret = secret || audit_is_secret(name);
	if (t->kind == KIND_REF)
		add_ref(c, l, name, t->cls, value);
	else if (t->kind == KIND_SET)
		add_set(c, l, name, t, value, secret);
	else if (t->kind == KIND_MAP)
		add_map(c, l, name, t, value, secret);
	else if (t->kind == KIND_RECORD)
		add_record(c, l, t->rec, value, secret);
	else
		add_four(l, name, secret ? "..." : text_of(c, t, value), "",
		    "");
}

/* -- lines -- */

static void
add_who(struct call *c, struct audit_line *l)
{
	struct db_root *root = db_root_get(c->x->db);
	const struct session *s = session_find(root, &c->session);
	struct buf *b = &l->who;

	/* one that has just ended was there when the call began */
	if (!s)
		s = session_find(c->root, &c->session);
	l->stranger = !s;
	buf_addf(b, TRACK,
	    s ? (unsigned long long)s->track : 0ull);
	add_text(b, !s ? "" : s->is_local_superuser ? "LOCAL_SUPERUSER" :
	    s->auth_user_sid);
	buf_addc(b, ' ');
	add_text(b, s ? s->auth_user_name : "");
	db_root_put(root);
}

void
audit_begin(struct call *c, const char *kind, const char *name,
    struct audit_line *l)
{
	*l = (struct audit_line){ 0 };
	add_who(c, l);
	buf_addf(&l->what, "'%s' '%s' (", kind, name);
}

void
audit_drop(struct audit_line *l)
{
	buf_release(&l->who);
	buf_release(&l->what);
}

static void
add_time(struct buf *b)
{
	int64_t now = clock_wall_ms();
	char text[DATETIME_TEXT_LEN];

	datetime_text(now / 1000, text);
	text[strlen(text) - 1] = '\0';
	buf_addf(b, "%s.%03dZ ", text, (int)(now % 1000));
}

/* Of a request that was none, a page told the client, and no error. */
static void
add_outcome(struct call *c, struct buf *b, int rc)
{
	const char *code = c->err.code ? c->err.code : "REFUSED";
	bool denied = rc && strcmp(code, "RBAC_PERMISSION_DENIED") == 0;

	buf_adds(b, denied ? " 'DENIED' " : " 'ALLOWED' ");
	if (rc)
		buf_addf(b, "'ERROR:%.64s' ", code);
	else
		buf_adds(b, "'OK' ");
}

/* Called locked; 0 or -errno. */
static int
add_count(struct audit *a, uint64_t n, const char *what, const char *who)
{
	struct buf b = { 0 };
	int rc;

	add_time(&b);
	buf_addf(&b, "(%llu lines are missing: %s%s)\n",
	    (unsigned long long)n, what, who);
	rc = lines_add(a->lines, b.data, b.len);
	buf_release(&b);
	return rc;
}

/* Called locked. */
static void
add_missing(struct audit *a)
{
	if (a->missing &&
	    !add_count(a, a->missing, "the disk took none", ""))
		a->missing = 0;
}

static void
end_ration(struct audit *a, struct ration *r, uint64_t most, const char *what)
{
	if (r->seen > most)
		(void)add_count(a, r->seen - most, what, r->who);
	r->seen = 0;
}

/* How many of an hour were not kept.  Called locked. */
static void
end_hour(struct audit *a)
{
	end_ration(a, &a->strangers, AUDIT_STRANGERS,
	    "failed calls without a session");
	for (int i = 0; i < a->n_users; i++)
		end_ration(a, &a->users[i], AUDIT_FAILED, "failed calls of ");
	end_ration(a, &a->others, AUDIT_FAILED,
	    "failed calls of further users");
	a->n_users = 0;
}

/* Called locked. */
static void
begin_hour(struct audit *a, int64_t now)
{
	if (now - a->hour_mono < HOUR_MS)
		return;
	end_hour(a);
	a->hour_mono = now;
}

/* Called locked. */
static void
add_line(struct audit *a, const struct buf *line)
{
	int rc;

	add_missing(a);
	rc = lines_add(a->lines, line->data, line->len);
	if (rc && a->missing++ == 0)
		log_warn("cannot add to the audit log: %s", strerror(-rc));
}

void
audit_sync(struct audit *a)
{
	int rc;

	if (!a || !a->lines)
		return;
	pthread_mutex_lock(&a->lock);
	begin_hour(a, clock_mono_ms());
	pthread_mutex_unlock(&a->lock);
	rc = lines_sync(a->lines);
	if (rc)
		log_warn("cannot sync the audit log: %s", strerror(-rc));
}

void
audit_free(struct audit *a)
{
	if (!a)
		return;
	if (a->lines)
		end_hour(a);
	audit_sync(a);
	lines_close(a->lines);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/* Of who made the call.  Called locked. */
static struct ration *
ration_of(struct audit *a, const struct audit_line *l)
{
	const char *who = l->who.data + TRACK_LEN;
	int i = 0;

	if (l->stranger)
		return &a->strangers;
	while (i < a->n_users && strncmp(a->users[i].who, who, WHO_SIZE - 1))
		i++;
	if (i == AUDIT_USERS)
		return &a->others;
	if (i == a->n_users) {
		snprintf(a->users[i].who, WHO_SIZE, "%s", who);
		a->n_users++;
	}
	return &a->users[i];
}

/* Called locked. */
static bool
is_worth(struct audit *a, const struct audit_line *l, int rc)
{
	struct ration *r = rc ? ration_of(a, l) : NULL;

	return !r || r->seen++ < (l->stranger ? AUDIT_STRANGERS :
	    AUDIT_FAILED);
}

static void
keep(struct audit *a, const struct buf *line, const struct audit_line *l,
    int rc)
{
	pthread_mutex_lock(&a->lock);
	begin_hour(a, clock_mono_ms());
	if (is_worth(a, l, rc))
		add_line(a, line);
	pthread_mutex_unlock(&a->lock);
}

void
audit_end(struct call *c, struct audit_line *l, int rc)
{
	struct audit *a = c->x->audit;
	struct buf line = { 0 };

	if (a && a->lines) {
		add_time(&line);
		buf_addc(&line, '(');
		buf_add(&line, l->who.data, l->who.len);
		add_outcome(c, &line, rc);
		buf_add(&line, l->what.data, l->what.len);
		buf_adds(&line, l->cut ? " ...))\n" : "))\n");
		keep(a, &line, l, rc);
	}
	buf_release(&line);
	audit_drop(l);
}
