#include "rpc/rpc.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "api/access/role.h"
#include "api/access/session.h"
#include "api/task_run.h"
#include "api/trial.h"
#include "api/xapi.h"
#include "base/mem.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "rpc/accessors.h"
#include "rpc/audited.h"
#include "rpc/bounds.h"
#include "rpc/later.h"
#include "rpc/system.h"
#include "wire/emit.h"
#include "wire/json.h"
#include "wire/xmlrpc.h"

/* Of a class whose objects may be listed on the epoll thread. */
#define QUICK_OBJECTS 16
/* Between two tries of a call whose session has its share of them. */
#define LATER_MS 200

/* One request on its way. */
struct rpc {
	const struct rpc_request *q;
	struct call c;
	struct envelope env;
	struct request req;
	struct decoder dec;
	bool async;
	const struct method *m;
	const struct value *params;	/* without the session */
	uint32_t n_params;
	void *args;			/* of an explicit message */
	struct accessor_args accessor;
	struct answer answer;
	struct event_wait *wait;
	bool slow;			/* not done, though it was to be quick */
	bool later;			/* not done: the session has its share */
};

static void
tell_known(const struct rpc *p)
{
	if (p->q->known)
		p->q->known(p->q->known_arg);
}

static bool
strip(const char **name, const char *prefix)
{
	size_t n = strlen(prefix);

	if (strncmp(*name, prefix, n) != 0)
		return false;
	*name += n;
	return true;
}

static bool
is_accessor(const struct method *m)
{
	return m->kind != METHOD_EXPLICIT && m->kind != METHOD_CTOR;
}

/* Class_message, where both may contain underscores. */
static const struct method *
find_alias(struct rpc *p, const char *name)
{
	char *dotted = arena_strdup(p->c.arena, name), *s;
	const struct method *m = NULL;

	for (s = strchr(dotted, '_'); s && !m; s = strchr(s + 1, '_')) {
		*s = '.';
		m = method_find(dotted);
		*s = '_';
	}
	return m;
}

static const struct method *
find_method(struct rpc *p)
{
	const char *name = p->req.method;
	const struct method *m;

	p->async = strip(&name, "Async.") || strip(&name, "InternalAsync.");
	m = method_find(name);
	if (!m && !p->async)
		m = find_alias(p, name);
	return m;
}

/* Sets c->session by the first parameter. */
static int
check_session(struct rpc *p)
{
	const struct value *v = &p->req.params[0];
	struct ref ref;

	if (v->kind != VALUE_STRING)
		return err_internal_error(&p->c,
		    "the first parameter must be a session");
	if (!ref_parse(v->s, &ref) || ref_is_null(&ref))
		return err_session_invalid(&p->c, v->s);
	if (session_check(&p->c, &ref))
		return -1;
	tell_known(p);
	return 0;
}

static int
unknown_method(struct rpc *p)
{
	if (p->req.n_params > 0 && check_session(p))
		return -1;
	return err_message_method_unknown(&p->c, p->req.method);
}

static int
removed_method(struct rpc *p)
{
	if (p->req.n_params > 0 && check_session(p))
		return -1;
	return call_error(&p->c, "MESSAGE_REMOVED", NULL, 0);
}

static int
decode_failure(struct rpc *p)
{
	const struct decode_error *e = &p->dec.err;

	switch (e->fault) {
	case DECODE_UTF8:
		return err_invalid_value(&p->c,
		    "Invalid UTF-8 string in parameter",
		    p->m->flags & METHOD_SECRET ? "" : e->text);
	case DECODE_REF:
		return err_handle_invalid(&p->c, e->cls, e->text);
	case DECODE_TYPE:
		break;
	}
	return err_internal_error(&p->c, e->text);
}

/* Splits off the session and checks the number of the others. */
static int
count_params(struct rpc *p)
{
	bool session = !(p->m->flags & METHOD_NO_SESSION);
	int received = (int)p->req.n_params - session;
	int least = p->m->min_args, most = p->m->n_args;

	if (is_accessor(p->m))
		least = most = accessor_arity(p->m);
	/* Surplus is ignored where some may be left out. */
	if (received >= least && (received <= most || least < most)) {
		p->params = p->req.params + session;
		p->n_params = (uint32_t)received;
		return 0;
	}
	return err_message_parameter_count_mismatch(&p->c, p->m->name,
	    arena_printf(p->c.arena, "%d", least),
	    arena_printf(p->c.arena, "%d", received));
}

static int
decode_explicit(struct rpc *p)
{
	const struct record_type *rt = p->m->args;
	const struct field *f;
	uint16_t i;
	void *at;

	if (!rt)
		return 0;
	p->args = arena_alloc(p->c.arena, rt->size + 1u);
	if (rt->dflt)
		memcpy(p->args, rt->dflt, rt->size);
	for (i = 0; i < rt->n && i < p->n_params; i++) {
		f = &rt->fields[i];
		at = (char *)p->args + f->offset;
		if (p->m->kind == METHOD_CTOR &&
		    f->type->kind == KIND_RECORD ?
		    value_decode_ctor(&p->dec, f->type->rec, &p->params[i],
			at) :
		    value_decode(&p->dec, f->type, &p->params[i], at))
			return -1;
	}
	return 0;
}

static int
decode_args(struct rpc *p)
{
	p->dec.arena = p->c.arena;
	p->dec.check_utf8 = p->req.bad_utf8;
	if (is_accessor(p->m))
		return accessor_decode(&p->dec, p->m, p->params,
		    &p->accessor);
	return decode_explicit(p);
}

static const char *
permission(struct rpc *p)
{
	const struct method *m = p->m;

	return m->kind == METHOD_ADD_TO || m->kind == METHOD_REMOVE_FROM ?
	    role_key_permission(p->c.arena, m, p->accessor.text) :
	    role_permission(p->c.arena, m->name);
}

static int
check_role(struct rpc *p)
{
	const struct session *s;

	if (p->m->flags & METHOD_POOL_INTERNAL) {
		s = session_find(p->c.root, &p->c.session);
		if (!s || !s->pool)
			return err_internal_error(&p->c, arena_printf(
			    p->c.arena, "%s is for pool sessions only",
			    p->m->name));
	}
	if (p->c.superuser || (p->m->flags & METHOD_NO_SESSION))
		return 0;
	return session_allow(&p->c, permission(p));
}

/* The maps of a new object are no way around the keys' own permissions. */
static int
check_new_keys(struct rpc *p)
{
	const struct record_type *args = p->m->args, *rt;
	const char *at;

	if (p->m->kind != METHOD_CTOR)
		return 0;
	for (int i = 0; i < args->n; i++) {
		rt = args->fields[i].type->rec;
		at = (const char *)p->args + args->fields[i].offset;
		if (!rt || rt != &classes[p->m->class_id]->rec)
			continue;
		for (int j = 0; j < rt->n; j++)
			if (role_check_map(&p->c, p->m->class_id, j, NULL,
			    at + rt->fields[j].offset))
				return -1;
	}
	return 0;
}

static bool
is_unbuilt(const struct method *m)
{
	return m->flags & METHOD_LATER || m->refused;
}

/* A caller who names what is not there is told so, whatever else is refused. */
static int
check_refs(struct rpc *p)
{
	const struct record_type *rt = p->m->args;
	const struct ref *ref;
	const struct type *t;

	for (int i = 0; rt && i < rt->n; i++) {
		t = rt->fields[i].type;
		ref = (const void *)((char *)p->args + rt->fields[i].offset);
		if (t->kind == KIND_REF && !ref_is_null(ref) &&
		    !call_find(&p->c, call_class(t->cls), ref))
			return -1;
	}
	return 0;
}

static int
run_unbuilt(struct rpc *p)
{
	const struct refusal *r = p->m->refused;

	if (!r)
		return err_not_implemented(&p->c, p->m->name);
	return check_refs(p) ? -1 :
	    call_error(&p->c, r->code, r->params, r->n);
}

/* What a task needs to know. */
struct work {
	const struct method *m;
	const void *args;
	struct accessor_args accessor;
};

/* What no handler needs to look at again. */
static int
check_args(struct call *c, const struct method *m, const void *args)
{
	return later_check_args(c, m, args) || bounds_check_args(c, m, args) ?
	    -1 : 0;
}

/* Accessors with an Async. form change something and return nothing. */
static int
run_work(struct call *c, const struct work *w, void *result)
{
	struct answer nothing = { 0 };

	if (is_accessor(w->m))
		return accessor_run(c, w->m, &w->accessor, &nothing);
	return check_args(c, w->m, w->args) ? -1 :
	    w->m->run(c, w->args, result);
}

static int
run_task(struct call *c, const void *args, void *result)
{
	const struct work *w = args;
	struct audit_line l;
	int rc;

	if (!audit_wants(w->m))
		return run_work(c, w, result);
	audited_begin(c, w->m, w->args, &w->accessor, &l);
	rc = run_work(c, w, result);
	audit_end(c, &l, rc);
	return rc;
}

static int
run_async(struct rpc *p)
{
	static const struct type ref_type = { .kind = KIND_REF,
		.size = sizeof(struct ref), .cls = "task" };
	struct call *c = &p->c;
	const struct work work = { .m = p->m, .args = p->args,
	    .accessor = p->accessor };
	struct arena *mine = arena_new();
	struct ref *task = arena_alloc(mine, sizeof(*task));

	if (task_start(c, p->m, permission(p), run_task,
	    arena_memdup(c->arena, &work, sizeof(work)), task)) {
		arena_free(mine);
		return -1;
	}
	/* The task has taken the arena of the request. */
	c->arena = mine;
	p->answer.type = &ref_type;
	p->answer.value = task;
	return 0;
}

static int
run_event_from(struct rpc *p)
{
	const struct event_from_args *a = p->args;

	return events_wait_new(&p->c, &p->env, a->classes, a->token,
	    a->timeout, &p->wait);
}

/* A message with a handler, which may take long. */
static int
run_handler(struct rpc *p)
{
	const struct method *m = p->m;
	const struct ref session = p->c.session;
	const struct type *t = m->result ? m->result : &type_void;
	void *result = arena_alloc(p->c.arena, t->size + 1u);
	int rc;

	p->answer.type = t;
	p->answer.value = result;
	if (m->flags & METHOD_NO_SESSION) {
		rc = m->run(&p->c, p->args, result);
		/* Whoever logged in is no stranger. */
		if (rc == 0)
			tell_known(p);
		return rc;
	}
	p->later = !tasks_enter(p->c.x->tasks, &session);
	if (p->later)
		return 0;
	rc = m->flags & METHOD_ASYNC ?
	    task_run_sync(&p->c, m, p->args, result) :
	    m->run(&p->c, p->args, result);
	tasks_leave(p->c.x->tasks, &session);
	return rc;
}

static int
run(struct rpc *p)
{
	const struct method *m = p->m;

	if (is_unbuilt(m))
		return run_unbuilt(p);
	if (p->async)
		return run_async(p);
	if (is_accessor(m))
		return accessor_run(&p->c, m, &p->accessor, &p->answer);
	if (strcmp(m->name, "event.from") == 0)
		return run_event_from(p);
	if (strcmp(m->name, "event.next") == 0)
		return events_next_new(&p->c, &p->env, &p->wait);
	return check_args(&p->c, m, p->args) ? -1 : run_handler(p);
}

static int
check_and_run(struct rpc *p)
{
	/* a task checks its role when its turn comes */
	bool task = p->async && !is_unbuilt(p->m);

	return (!task && check_role(p)) || check_new_keys(p) ||
	    trial_allow(&p->c, p->m) ? -1 : run(p);
}

/* A refusal is in the audit log too.  A task tells of itself. */
static int
run_audited(struct rpc *p)
{
	struct audit_line l;
	int rc;

	if (p->async || is_unbuilt(p->m) || !audit_wants(p->m))
		return check_and_run(p);
	audited_begin(&p->c, p->m, p->args, &p->accessor, &l);
	rc = check_and_run(p);
	if (p->later)
		audit_drop(&l);
	else
		audit_end(&p->c, &l, rc);
	return rc;
}

/* A session that the check would only look at. */
static bool
is_fresh_session(const struct rpc *p)
{
	const struct value *v = &p->req.params[0];
	const struct session *s;
	struct ref ref;

	if (p->req.n_params == 0 || v->kind != VALUE_STRING ||
	    !ref_parse(v->s, &ref))
		return false;
	s = session_find(p->c.root, &ref);
	return s && session_is_fresh(s);
}

static bool
is_quick(const struct rpc *p)
{
	if (!p->m || p->async || !is_fresh_session(p))
		return false;
	switch (p->m->kind) {
	case METHOD_GET:
	case METHOD_GET_RECORD:
	case METHOD_GET_BY_UUID:
		return true;
	case METHOD_GET_ALL:
	case METHOD_GET_ALL_RECORDS:
		return db_count(p->c.root, p->m->class_id) <= QUICK_OBJECTS;
	default:
		return false;
	}
}

static int
dispatch(struct rpc *p)
{
	int decoded, rc;

	p->m = find_method(p);
	if (p->q->quick) {
		p->slow = !is_quick(p);
		if (p->slow)
			return 0;
	}
	if (system_handles(p->req.method)) {
		p->env.bare = true;
		return system_run(&p->c, &p->req, &p->answer);
	}
	if (!p->m)
		return unknown_method(p);
	if (p->m->flags & METHOD_REMOVED)
		return removed_method(p);
	if (p->async && !(p->m->flags & METHOD_ASYNC))
		return call_error(&p->c, "Fault", (const char *[]) {
		    arena_printf(p->c.arena, "No async mode for this "
			"operation (rpc: %s)", p->req.method) }, 1);
	if (count_params(p))
		return -1;
	decoded = decode_args(p);
	/* A reference of no known form is no worse than an unknown one. */
	if (decoded && p->dec.err.fault != DECODE_REF)
		return decode_failure(p);
	if (!(p->m->flags & METHOD_NO_SESSION) && check_session(p))
		return -1;
	if (decoded)
		return decode_failure(p);
	rc = run_audited(p);
	if (p->c.x->calls && !p->later)
		atomic_fetch_add_explicit(&p->c.x->calls[p->m - methods], 1,
		    memory_order_relaxed);
	return rc;
}

static int
parse(struct rpc *p)
{
	const struct rpc_request *q = p->q;
	struct json_request j;

	p->env.format = q->format;
	if (q->format == RPC_XML)
		return xmlrpc_parse(p->c.arena, q->body, q->len, &p->req);
	if (json_parse(p->c.arena, q->body, q->len, &j))
		return -1;
	p->req = j.call;
	p->env.v2 = j.v2;
	p->env.id = mem_strdup(j.id);
	return 0;
}

enum rpc_outcome
rpc_handle(struct xapi *x, const struct rpc_request *q, struct reply *r,
    struct event_wait **wait_out)
{
	struct rpc p = { .q = q, .c = { .x = x, .from = q->from,
	    .local_root = q->local_root } };
	enum rpc_outcome outcome = RPC_DONE;

	*wait_out = NULL;
	p.c.arena = arena_new();
	p.c.root = db_root_get(x->db);
	if (parse(&p)) {
		outcome = RPC_BAD;
	} else if (dispatch(&p)) {
		envelope_failure(&p.env, r, &p.c.err);
	} else if (p.slow) {
		outcome = RPC_SLOW;
	} else if (p.later) {
		outcome = RPC_LATER;
	} else if (p.wait) {
		*wait_out = p.wait;
		outcome = RPC_WAIT;
	} else {
		envelope_answer(&p.env, r, &p.answer);
	}
	envelope_release(&p.env);
	call_close(&p.c);
	arena_free(p.c.arena);
	return outcome;
}

/* With the session of c before the parameters, if the message wants one. */
static void
inner_request(struct rpc *p, const struct call *c, const char *method,
    const struct value *params, uint32_t n)
{
	struct value *all = arena_alloc(p->c.arena, (n + 1) * sizeof(*all));

	p->req.method = method;
	p->req.params = all;
	if (!ref_is_null(&c->session))
		all[p->req.n_params++] = (struct value){
			.kind = VALUE_STRING,
			.s = call_ref_text(&p->c, &c->session),
		};
	if (n)
		memcpy(all + p->req.n_params, params, n * sizeof(*params));
	p->req.n_params += n;
}

static int
inner_answer(struct rpc *p, struct call *c, struct answer *out)
{
	const struct answer *a = &p->answer;
	void *value;

	if (p->wait || !a->type)
		return err_internal_error(c, "no message for commands");
	value = arena_alloc(c->arena, a->type->size + 1u);
	type_copy(a->type, value, a->value, c->arena);
	*out = (struct answer){ .type = a->type, .value = value };
	return 0;
}

int
rpc_call(struct call *c, const char *method, const struct value *params,
    uint32_t n, struct answer *out)
{
	static const struct rpc_request q;
	const struct timespec pause = { .tv_nsec = LATER_MS * 1000000L };
	struct rpc p = { .q = &q, .c = { .x = c->x, .from = c->from,
	    .local_root = c->local_root } };
	int rc;

	p.c.arena = arena_new();
	p.c.root = db_root_get(c->x->db);
	inner_request(&p, c, method, params, n);
	while ((rc = dispatch(&p)) == 0 && p.later)
		nanosleep(&pause, NULL);
	if (rc)
		call_error(c, p.c.err.code, p.c.err.params, p.c.err.n);
	else
		rc = inner_answer(&p, c, out);
	events_wait_free(p.wait);
	envelope_release(&p.env);
	call_close(&p.c);
	arena_free(p.c.arena);
	return rc;
}
