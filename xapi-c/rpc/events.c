#include "rpc/events.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/xapi.h"
#include "base/clock.h"
#include "base/mem.h"
#include "gen/errors.h"
#include "gen/store.h"
#include "wire/emit.h"

enum op { OP_ADD, OP_MOD, OP_DEL, OP_N };

struct found {
	const struct class_type *cls;
	struct db_change ch;
	enum op op;
};

struct search {
	struct event_wait *w;
	const struct class_type *cls;
	struct arena *arena;
	struct found *found;
	uint32_t n, cap;
};

_Static_assert(CLASS_N <= 8 * sizeof(class_bits), "a class has no bit");

/* 0 for a class without events. */
static class_bits
bit(int id)
{
	return classes[id]->flags & CLASS_EVENTS ? (class_bits)1 << id : 0;
}

static class_bits
all_bits(void)
{
	class_bits bits = 0;

	for (int i = 0; i < CLASS_N; i++)
		bits |= bit(i);
	return bits;
}

/* What is wanted, while it is parsed. */
struct interest {
	class_bits whole;
	struct event_sub *one;
	uint32_t n;
};

static int
parse_sub(struct call *c, const char *text, struct interest *in)
{
	struct event_sub sub;

	switch (event_sub_parse(c, text, &sub)) {
	case EVENT_SUB_BAD:
		return -1;
	case EVENT_SUB_NONE:
		break;
	case EVENT_SUB_ALL:
		in->whole = all_bits();
		break;
	case EVENT_SUB_CLASS:
		in->whole |= bit(sub.class_id);
		break;
	case EVENT_SUB_OBJECT:
		in->one[in->n++] = sub;
		break;
	}
	return 0;
}

static int
sub_compare(const void *a, const void *b)
{
	const struct event_sub *x = a, *y = b;

	if (x->class_id != y->class_id)
		return x->class_id < y->class_id ? -1 : 1;
	return memcmp(x->ref.b, y->ref.b, sizeof(x->ref.b));
}

/* Sorts, and keeps each object once unless its class is wanted anyway. */
static void
fold(struct interest *in)
{
	uint32_t i, n = 0;

	if (in->n)
		qsort(in->one, in->n, sizeof(in->one[0]), sub_compare);
	for (i = 0; i < in->n; i++) {
		if (!(bit(in->one[i].class_id) & in->whole) &&
		    (!n || sub_compare(&in->one[n - 1], &in->one[i])))
			in->one[n++] = in->one[i];
	}
	in->n = n;
}

static int
parse_subs(struct call *c, struct vec names, struct interest *in)
{
	const char *const *name = names.v;
	uint32_t i;

	in->one = arena_alloc(c->arena, names.n * sizeof(in->one[0]) + 1);
	for (i = 0; i < names.n; i++) {
		if (parse_sub(c, name[i] ? name[i] : "", in))
			return -1;
	}
	fold(in);
	if (in->n > EVENTS_MAX_OBJECTS)
		return err_invalid_value(c, "classes", arena_printf(c->arena,
		    "more than %d objects", EVENTS_MAX_OBJECTS));
	return 0;
}

/* A token that is newer than the database is of another one, or of one that
 * has lost its last writes: the client is told everything. */
static int
parse_token(struct call *c, const char *text, uint64_t *out)
{
	unsigned long long gen, messages;
	int used = 0;

	*out = 0;
	if (text[0] == '\0')
		return 0;
	if (strspn(text, "0123456789,") != strlen(text) ||
	    sscanf(text, "%20llu,%20llu%n", &gen, &messages, &used) != 2 ||
	    text[used])
		return err_event_from_token_parse_failure(c, text);
	if (gen <= db_generation(c->root))
		*out = gen;
	return 0;
}

static struct event_wait *
wait_alloc(const struct call *c, const struct interest *in)
{
	struct event_wait *w = mem_zalloc(sizeof(*w) +
	    in->n * sizeof(w->subs[0]));
	uint32_t i;

	w->x = c->x;
	w->session = c->session;
	w->whole = w->classes = in->whole;
	w->n_subs = in->n;
	for (i = 0; i < in->n; i++) {
		w->subs[i] = in->one[i];
		w->classes |= bit(in->one[i].class_id);
	}
	return w;
}

int
events_wait_new(struct call *c, struct envelope *env, struct vec names,
    const char *token, double timeout_s, struct event_wait **out)
{
	int64_t now = clock_mono_ms(), wait_ms = EVENTS_MAX_TIMEOUT_MS;
	struct interest in = { 0 };
	struct event_wait *w;
	uint64_t since;

	if (parse_subs(c, names, &in) ||
	    parse_token(c, token ? token : "", &since))
		return -1;
	w = wait_alloc(c, &in);
	w->since = w->seen = since;
	if (timeout_s >= 0 && timeout_s * 1000 < (double)wait_ms)
		wait_ms = (int64_t)(timeout_s * 1000);
	w->deadline_ms = now + wait_ms;
	w->not_before_ms = now;
	if (w->since && w->classes & ~bit(CLASS_TASK))
		w->not_before_ms += EVENTS_BATCH_MS;
	w->env = *env;
	memset(env, 0, sizeof(*env));
	*out = w;
	return 0;
}

int
events_next_new(struct call *c, struct envelope *env, struct event_wait **out)
{
	struct interest in = { 0 };
	struct event_told told;
	struct event_wait *w;
	struct vec names;

	if (event_subs_get(c, &names, &told) || parse_subs(c, names, &in))
		return -1;
	w = wait_alloc(c, &in);
	w->next = told.number;
	w->since = w->seen = told.generation;
	w->not_before_ms = clock_mono_ms() + EVENTS_BATCH_MS;
	w->deadline_ms = w->not_before_ms + EVENTS_MAX_TIMEOUT_MS;
	w->env = *env;
	memset(env, 0, sizeof(*env));
	*out = w;
	return 0;
}

void
events_wait_free(struct event_wait *w)
{
	if (!w)
		return;
	envelope_release(&w->env);
	free(w);
}

static bool
wants(const struct event_wait *w, int id, const struct ref *ref)
{
	const struct event_sub key = { id, *ref };

	return w->whole & bit(id) || (w->n_subs && bsearch(&key,
	    w->subs, w->n_subs, sizeof(key), sub_compare));
}

bool
events_due(const struct event_wait *w, const struct db_root *root)
{
	if (!session_find(root, &w->session))
		return true;
	for (int i = 0; i < CLASS_N; i++) {
		if (w->classes & bit(i) &&
		    db_class_generation(root, i) > w->seen)
			return true;
	}
	return false;
}

static int
found_fn(const struct db_change *ch, void *arg)
{
	struct search *s = arg;
	struct found *bigger, *f;
	enum op op;

	if (ch->obj)
		op = ch->created > s->w->since ? OP_ADD : OP_MOD;
	else if (ch->created <= s->w->since)
		op = OP_DEL;
	else
		return 0;
	if (!wants(s->w, s->cls->id, &ch->ref))
		return 0;
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 32;
		bigger = arena_alloc(s->arena, s->cap * sizeof(*bigger));
		if (s->n)
			memcpy(bigger, s->found, s->n * sizeof(*bigger));
		s->found = bigger;
	}
	f = &s->found[s->n++];
	f->cls = s->cls;
	f->ch = *ch;
	f->op = op;
	return 0;
}

static void
xml_event(struct reply *r, const struct found *f, const char *op)
{
	char text[REF_TEXT_LEN + 1];
	struct buf *b = &r->text;
	bool message = f->cls->id == CLASS_MESSAGE;

	buf_addf(b, "<value><struct><member><name>id</name><value>%llu</value>"
	    "</member><member><name>timestamp</name><value>0.0</value>"
	    "</member><member><name>class</name><value>%s</value></member>"
	    "<member><name>operation</name><value>%s</value></member>"
	    "<member><name>ref</name><value>%s</value></member>",
	    message ? 0ULL : (unsigned long long)f->ch.changed,
	    f->cls->event_name, op, ref_text(&f->ch.ref, text));
	if (f->ch.obj) {
		buf_adds(b, "<member><name>snapshot</name><value>");
		reply_object(r, f->ch.obj, FORM_XML);
		buf_adds(b, "</value></member>");
	}
	buf_adds(b, "</struct></value>");
}

static void
json_event(struct reply *r, const struct found *f, const char *op)
{
	char text[REF_TEXT_LEN + 1];
	struct buf *b = &r->text;
	bool message = f->cls->id == CLASS_MESSAGE;

	buf_addf(b, "{\"id\":\"%llu\",\"timestamp\":\"0.0\",\"class\":\"%s\","
	    "\"operation\":\"%s\",\"ref\":\"%s\"",
	    message ? 0ULL : (unsigned long long)f->ch.changed,
	    f->cls->event_name, op, ref_text(&f->ch.ref, text));
	if (f->ch.obj) {
		buf_adds(b, ",\"snapshot\":");
		reply_object(r, f->ch.obj, FORM_JSON);
	}
	buf_addc(b, '}');
}

/* Messages first, then by operation. */
static void
write_events(const struct search *s, struct reply *r, enum rpc_format format)
{
	static const char *const names[] = { "add", "mod", "del" };
	const char *sep = "";
	const struct found *f;
	int pass, op;
	uint32_t i;

	for (pass = 0; pass <= OP_N; pass++) {
		for (i = 0; i < s->n; i++) {
			f = &s->found[i];
			op = f->cls->id == CLASS_MESSAGE ? 0 : (int)f->op + 1;
			if (op != pass)
				continue;
			if (format == RPC_XML) {
				xml_event(r, f, names[f->op]);
				continue;
			}
			buf_adds(&r->text, sep);
			json_event(r, f, names[f->op]);
			sep = ",";
		}
	}
}

static void
write_counts(const struct db_root *root, struct buf *b, enum rpc_format format)
{
	const char *sep = "";
	int i;

	for (i = 0; i < CLASS_N; i++) {
		if (i == CLASS_EVENT)
			continue;
		if (format == RPC_XML)
			buf_addf(b, "<member><name>%s</name><value><i4>%u"
			    "</i4></value></member>", classes[i]->event_name,
			    db_count(root, i));
		else
			buf_addf(b, "%s\"%s\":%u", sep,
			    classes[i]->event_name, db_count(root, i));
		sep = ",";
	}
}

static void
write_reply(const struct event_wait *w, const struct search *s,
    const struct db_root *root, struct reply *r)
{
	unsigned long long gen = db_generation(root);
	enum rpc_format format = w->env.format;
	bool xml = format == RPC_XML;

	envelope_open(&w->env, r);
	buf_adds(&r->text, xml ? "<value><struct><member><name>events</name>"
	    "<value><array><data>" : "{\"events\":[");
	write_events(s, r, format);
	buf_adds(&r->text, xml ? "</data></array></value></member><member>"
	    "<name>valid_ref_counts</name><value><struct>" :
	    "],\"valid_ref_counts\":{");
	write_counts(root, &r->text, format);
	if (xml)
		buf_addf(&r->text, "</struct></value></member><member>"
		    "<name>token</name><value>%020llu,%020llu</value>"
		    "</member></struct></value>", gen, gen);
	else
		buf_addf(&r->text, "},\"token\":\"%020llu,%020llu\"}", gen,
		    gen);
	envelope_close(&w->env, r);
}

/* For event.next: are deletions forgotten that it has not seen? */
static bool
is_lost(const struct event_wait *w, const struct db_root *root)
{
	for (int i = 0; i < CLASS_N; i++)
		if (w->classes & bit(i) &&
		    db_class_horizon(root, i) > w->seen)
			return true;
	return false;
}

/* Its session is told: what was up to now it does not get again. */
static void
tell_session(const struct event_wait *w, const struct db_root *root)
{
	const struct event_told told = { w->next, db_generation(root) };

	event_subs_told(w->x->event_subs, &w->session, &told);
}

static void
write_lost(const struct event_wait *w, const struct db_root *root,
    struct reply *r)
{
	const struct error err = { .code = "EVENTS_LOST" };

	tell_session(w, root);
	envelope_failure(&w->env, r, &err);
}

static void
write_next(const struct event_wait *w, const struct search *s,
    const struct db_root *root, struct reply *r)
{
	enum rpc_format format = w->env.format;

	tell_session(w, root);
	envelope_open(&w->env, r);
	buf_adds(&r->text, format == RPC_XML ? "<value><array><data>" : "[");
	write_events(s, r, format);
	buf_adds(&r->text, format == RPC_XML ? "</data></array></value>" :
	    "]");
	envelope_close(&w->env, r);
}

static void
session_gone(const struct event_wait *w, struct reply *r)
{
	char text[REF_TEXT_LEN + 1];
	struct error err = { .code = "SESSION_INVALID", .n = 1 };

	err.params[0] = ref_text(&w->session, text);
	envelope_failure(&w->env, r, &err);
}

bool
events_evaluate(struct event_wait *w, struct reply *r, bool final)
{
	struct db_root *root = db_root_get(w->x->db);
	struct search s = { .w = w };
	bool done = true;

	if (!session_find(root, &w->session)) {
		session_gone(w, r);
		goto out;
	}
	if (w->next && is_lost(w, root)) {
		write_lost(w, root, r);
		goto out;
	}
	s.arena = arena_new();
	/* What it has seen did not concern it: only later changes may. */
	for (int i = 0; i < CLASS_N; i++) {
		if (!(w->classes & bit(i)))
			continue;
		s.cls = classes[i];
		db_changes(root, i, w->seen, found_fn, &s);
	}
	done = final || s.n;
	if (done && w->next)
		write_next(w, &s, root, r);
	else if (done)
		write_reply(w, &s, root, r);
	else
		w->seen = db_generation(root);
out:
	arena_free(s.arena);
	db_root_put(root);
	return done;
}
