#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "default.h"

static struct enum_def *
enum_in(const struct list *l, const char *name)
{
	for (int i = 0; i < l->n; i++) {
		struct enum_def *e = l->v[i];

		if (!strcmp(e->name, name))
			return e;
	}
	return NULL;
}

static struct enum_def *
find_enum(struct model *m, bool protocol, const char *name)
{
	struct enum_def *e = NULL;

	if (protocol)
		return enum_in(&m->protocol->enums, name);
	for (int i = 0; i < m->classes.n && !e; i++)
		e = enum_in(&((struct class *)m->classes.v[i])->enums, name);
	return e;
}

static struct record *
find_record(struct model *m, bool protocol, const char *name)
{
	struct class *c;

	if (!protocol) {
		c = model_class(m, name);
		return c ? &c->rec : NULL;
	}
	for (int i = 0; i < m->protocol->records.n; i++) {
		struct record *r = m->protocol->records.v[i];

		if (!strcmp(r->name, name))
			return r;
	}
	return NULL;
}

static void
resolve_named(struct model *m, struct type *t, bool protocol)
{
	const char *what = NULL;

	if (t->kind == KIND_ENUM) {
		t->en = find_enum(m, protocol, t->name);
		what = t->en ? NULL : "enum";
	} else if (t->kind == KIND_RECORD) {
		t->rec = find_record(m, protocol, t->name);
		what = t->rec ? NULL : "record";
	} else if (t->kind == KIND_REF) {
		t->cls = model_class(m, t->name);
		what = t->cls ? NULL : "class";
	}
	if (what)
		complain(m, t->at, "unknown %s '%s'", what, t->name);
}

static void
resolve(struct model *m, struct type *t, bool protocol)
{
	static const char *const plain[] = { "void", "string", "int", "float",
		"bool", "datetime", "blob" };

	if (t->key)
		resolve(m, t->key, protocol);
	if (t->elem)
		resolve(m, t->elem, protocol);
	resolve_named(m, t, protocol);
	switch (t->kind) {
	case KIND_ENUM:
		t->id = fmt("%s_enum", t->en ? t->en->c : t->name);
		break;
	case KIND_REF:
		t->id = fmt("%s_ref", lower(t->name));
		break;
	case KIND_RECORD:
		t->id = fmt("%s_record", t->rec ? t->rec->c : t->name);
		break;
	case KIND_SET:
		t->id = fmt("%s_set", t->elem->id);
		break;
	case KIND_MAP:
		t->id = t->key->kind == KIND_STRING &&
		    t->elem->kind == KIND_STRING ? "string_map" :
		    fmt("%s_to_%s_map", t->key->id, t->elem->id);
		break;
	default:
		t->id = plain[t->kind];
	}
}

static void
check_record(struct model *m, struct record *r, bool protocol)
{
	for (int i = 0; i < r->fields.n; i++) {
		struct field *f = r->fields.v[i];

		f->index = i;
		resolve(m, f->type, protocol);
		if (f->type->kind == KIND_VOID)
			complain(m, f->at, "'%s' cannot be void", f->name);
		if (f->dflt && !default_valid(f->type, f->dflt))
			complain(m, f->at, "'%s' is no default for '%s'",
			    f->dflt, f->name);
		if (f->type->kind == KIND_RECORD && protocol &&
		    f->type->rec && f->type->rec->at.line >= r->at.line)
			complain(m, f->at, "record '%s' is used before it is "
			    "defined", f->type->name);
		for (int j = 0; j < i; j++) {
			struct field *g = r->fields.v[j];

			if (!strcmp(f->name, g->name))
				complain(m, f->at, "'%s' is there twice",
				    f->name);
			if (f->tag && f->tag == g->tag)
				complain(m, f->at, "tag %d is that of '%s'",
				    f->tag, g->name);
		}
	}
}

static void
check_relation(struct model *m, struct class *c, struct field *f)
{
	bool single = f->far != NULL;
	struct type *t = f->type->kind == KIND_SET ? f->type->elem : f->type;
	const char *name = single ? f->far : f->near, *back;

	if (t->kind != KIND_REF || !t->cls ||
	    (!single && f->type->kind != KIND_SET)) {
		complain(m, f->at, "'%s' is no %s of a class", f->name,
		    single ? "ref or ref set" : "ref set");
		return;
	}
	f->other_class = t->cls;
	f->other = record_find(&t->cls->rec, name);
	if (!f->other) {
		complain(m, f->at, "unknown field '%s.%s'", t->name, name);
		return;
	}
	back = single ? f->other->near : f->other->far;
	if (!back || strcmp(back, f->name))
		complain(m, f->at, "'%s.%s' does not name '%s.%s' as its "
		    "other end", t->name, name, c->name, f->name);
}

/* Whoever is at the many's end of a relation owns nothing at the other. */
static void
check_cascade(struct model *m, const struct field *f)
{
	const struct type *t = f->type->kind == KIND_SET ? f->type->elem :
	    f->type;

	if (f->far || t->kind != KIND_REF || !t->cls)
		complain(m, f->at, "'%s' cannot cascade: it has nothing that "
		    "is the object's own", f->name);
}

static void
check_role(struct model *m, struct loc at, const char *name)
{
	if (!model_role(m, name))
		complain(m, at, "unknown role '%s'", name);
}

/* Every setter of a field is generated, or every one is a message. */
static void
check_setters(struct model *m, struct class *c, struct field *f)
{
	static const char *const verbs[] = { "set", "add_to", "remove_from" };
	bool map = f->type->kind == KIND_MAP;

	for (int i = 0; i < (map ? 3 : 1); i++) {
		const char *name = fmt("%s_%s", verbs[i], f->name);
		struct message *msg = class_message(c, name);

		if (f->custom_setter && !msg)
			complain(m, f->at, "'%s' has a custom setter but there "
			    "is no message '%s'", f->name, name);
		if (!f->custom_setter && msg)
			complain(m, msg->at, "'%s' is generated; the field "
			    "lacks custom_setter", name);
	}
	if (map && !f->custom_setter && (f->type->key->kind != KIND_STRING ||
	    f->type->elem->kind != KIND_STRING))
		complain(m, f->at, "'%s' is no map of strings: it needs "
		    "custom_setter", f->name);
}

/* Can a client give the field a value? */
static bool
is_input(const struct class *c, const struct field *f)
{
	if (f->internal)
		return false;
	if (!strcmp(f->qualifier, "RW") ||
	    class_message(c, fmt("set_%s", f->name)))
		return true;
	for (int i = 0; i < c->messages.n; i++)
		if (((struct message *)c->messages.v[i])->ctor)
			return strcmp(f->qualifier, "DynamicRO") != 0;
	return false;
}

static void
check_words(struct model *m, const struct later *l, const struct field *f,
    const char *words)
{
	char *save, *copy = fmt("%s", words ? words : "");

	for (char *w = strtok_r(copy, " ", &save); w;
	    w = strtok_r(NULL, " ", &save))
		if (!default_valid(f->type, w))
			complain(m, l->at, "'%s' is no value of '%s'", w,
			    f->name);
}

static void
check_later(struct model *m, const struct class *c, const struct field *f)
{
	const struct type *t = f->type;
	bool map = t->kind == KIND_MAP && t->key->kind == KIND_STRING &&
	    t->elem->kind == KIND_STRING;

	for (int i = 0; i < f->later.n; i++) {
		const struct later *l = f->later.v[i];

		if (!is_input(c, f))
			complain(m, l->at, "no client can set '%s'", f->name);
		if (l->key && !map)
			complain(m, l->at, "'%s' is no map of strings",
			    f->name);
		if (l->values && l->works)
			complain(m, l->at, "either values or works");
		check_words(m, l, f, l->values);
		check_words(m, l, f, l->key ? NULL : l->works);
	}
}

static void
check_field(struct model *m, struct class *c, struct field *f)
{
	bool rw = !strcmp(f->qualifier, "RW");

	if (f->far || f->near)
		check_relation(m, c, f);
	if (f->cascade)
		check_cascade(m, f);
	if (rw && !f->write_role)
		complain(m, f->at, "'%s' is RW without write_role", f->name);
	if (f->write_role)
		check_role(m, f->at, f->write_role);
	if (f->read_role)
		check_role(m, f->at, f->read_role);
	for (int i = 0; i < f->key_roles.n; i++) {
		struct key_role *k = f->key_roles.v[i];

		check_role(m, k->at, k->role);
	}
	if (f->custom_setter || (rw && !f->internal))
		check_setters(m, c, f);
	check_later(m, c, f);
}

static const struct error_def *
find_error(const struct model *m, const char *name)
{
	for (int i = 0; i < m->errors.n; i++) {
		const struct error_def *e = m->errors.v[i];

		if (!strcmp(e->name, name))
			return e;
	}
	return NULL;
}

static bool
is_reason(const struct error_def *e)
{
	return strcmp(e->params.v[0], "reason") == 0;
}

/* What a message without a handler answers must be clear; the reason that an
 * error wants, and nothing else, is why it is refused. */
static void
check_unbuilt(struct model *m, const struct message *msg)
{
	const struct refusal *r = msg->refused;
	const struct error_def *e;

	if ((msg->later != NULL) + (msg->removed != NULL) + (r != NULL) +
	    msg->in_rpc > 1)
		complain(m, msg->at, "'%s' is more than one of later, removed, "
		    "refused and answered by the dispatcher", msg->name);
	if (!r)
		return;
	e = find_error(m, r->error);
	if (e && e->params.n == 1 && r->with.n == 0 && is_reason(e))
		list_add(&msg->refused->with, fmt("%s", r->why));
	if (!e)
		complain(m, r->at, "unknown error '%s'", r->error);
	else if (e->params.n != r->with.n)
		complain(m, r->at, "'%s' has %d parameters", r->error,
		    e->params.n);
}

static void
check_message(struct model *m, struct class *c, struct message *msg)
{
	struct message *twin = class_message(c, msg->name);

	if (twin != msg)
		complain(m, msg->at, "'%s' is there twice", msg->name);
	check_role(m, msg->at, msg->role);
	check_record(m, &msg->args, false);
	resolve(m, msg->result, false);
	check_unbuilt(m, msg);
	for (int i = 0; i < msg->errors.n; i++)
		if (!find_error(m, msg->errors.v[i]))
			complain(m, *(struct loc *)msg->error_at.v[i],
			    "unknown error '%s'", (char *)msg->errors.v[i]);
	for (int i = 1; i < msg->args.fields.n; i++) {
		struct field *f = msg->args.fields.v[i];
		struct field *before = msg->args.fields.v[i - 1];

		if (before->dflt && !f->dflt)
			complain(m, f->at, "'%s' needs a default like the "
			    "argument before it", f->name);
	}
	if (msg->ctor && (msg->args.fields.n != 1 ||
	    ((struct field *)msg->args.fields.v[0])->type->rec != &c->rec))
		complain(m, msg->at, "constructor '%s' must take one '%s "
		    "record'", msg->name, c->name);
}

static void
check_enums(struct model *m, struct list *enums, bool protocol)
{
	for (int i = 0; i < enums->n; i++) {
		struct enum_def *e = enums->v[i];

		if (find_enum(m, protocol, e->name) != e)
			complain(m, e->at, "enum '%s' is there twice",
			    e->name);
		for (int j = 0; j < e->values.n; j++)
			for (int k = 0; k < j; k++)
				if (!strcasecmp(e->values.v[j],
				    e->values.v[k]))
					complain(m, e->at, "value '%s' is "
					    "there twice",
					    (char *)e->values.v[j]);
	}
}

static void
check_class(struct model *m, struct class *c)
{
	if (model_class(m, c->name) != c)
		complain(m, c->at, "class '%s' is there twice", c->name);
	if (c->read_role)
		check_role(m, c->at, c->read_role);
	check_enums(m, &c->enums, false);
	check_record(m, &c->rec, false);
	for (int i = 0; i < c->rec.fields.n; i++)
		check_field(m, c, c->rec.fields.v[i]);
	for (int i = 0; i < c->messages.n; i++)
		check_message(m, c, c->messages.v[i]);
}

static void
check_protocol(struct model *m, struct protocol *p)
{
	check_enums(m, &p->enums, true);
	for (int i = 0; i < p->records.n; i++)
		check_record(m, p->records.v[i], true);
	for (int i = 0; i < p->messages.n; i++) {
		struct message *msg = p->messages.v[i];

		check_record(m, &msg->args, true);
		check_record(m, &msg->results, true);
		for (int j = 0; j < i; j++)
			if (!strcmp(((struct message *)p->messages.v[j])->name,
			    msg->name))
				complain(m, msg->at, "'%s' is there twice",
				    msg->name);
	}
}

static int
by_tag(const void *a, const void *b)
{
	const struct class *ca = *(void *const *)a, *cb = *(void *const *)b;

	return ca->tag - cb->tag;
}

void
model_check(struct model *m)
{
	qsort(m->classes.v, (size_t)m->classes.n, sizeof(void *), by_tag);
	for (int i = 0; i < m->classes.n; i++) {
		struct class *c = m->classes.v[i];

		c->id = i;
		if (c->tag != i + 1)
			complain(m, c->at, "class tag %d, but %d is the next: "
			    "tags count from 1 without gaps", c->tag, i + 1);
	}
	for (int i = 0; i < m->classes.n; i++)
		check_class(m, m->classes.v[i]);
	for (int i = 0; i < m->errors.n; i++) {
		struct error_def *e = m->errors.v[i];

		for (int j = 0; j < i; j++)
			if (!strcmp(((struct error_def *)m->errors.v[j])->name,
			    e->name))
				complain(m, e->at, "error '%s' is there twice",
				    e->name);
	}
	if (m->protocol)
		check_protocol(m, m->protocol);
}
