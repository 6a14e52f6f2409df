#include "rpc/audited.h"

#include <string.h>

/* -- explicit messages -- */

/* Who tried a password is no secret. */
static bool
is_open(const char *name)
{
	return strcmp(name, "uname") == 0 || strcmp(name, "originator") == 0;
}

static void
add_args(struct call *c, const struct method *m, const void *args,
    struct audit_line *l)
{
	bool secret = (m->flags & METHOD_SECRET) || audit_is_secret(m->name);
	const struct record_type *rt = m->args;

	for (int i = 0; rt && i < rt->n; i++)
		audit_param(c, l, rt->fields[i].name, rt->fields[i].type,
		    (const char *)args + rt->fields[i].offset,
		    secret && !is_open(rt->fields[i].name));
}

/* -- accessors -- */

static void
add_self(struct call *c, const struct method *m,
    const struct accessor_args *a, struct audit_line *l)
{
	const struct type self = { .kind = KIND_REF, .size = sizeof(a->self),
	    .cls = classes[m->class_id]->rec.name };

	audit_param(c, l, "self", &self, &a->self, false);
}

static void
add_accessor(struct call *c, const struct method *m,
    const struct accessor_args *a, struct audit_line *l)
{
	const struct field *f = &classes[m->class_id]->rec.fields[m->field];
	bool secret = (f->flags & FIELD_SECRET) || audit_is_secret(m->name) ||
	    (a->text && audit_is_secret(a->text));
	const struct type *t = m->kind == METHOD_SET ? f->type : f->type->elem;

	add_self(c, m, a, l);
	if (a->text)
		audit_param(c, l, "key", &type_string, &a->text, false);
	if (a->value)
		audit_param(c, l, "value", t, a->value, secret);
}

void
audited_begin(struct call *c, const struct method *m, const void *args,
    const struct accessor_args *accessor, struct audit_line *l)
{
	audit_begin(c, "API", m->name, l);
	if (m->kind == METHOD_EXPLICIT || m->kind == METHOD_CTOR)
		add_args(c, m, args, l);
	else
		add_accessor(c, m, accessor, l);
}
