#include <string.h>

#include "emit.h"

static void
lock_enum(FILE *f, const struct enum_def *e)
{
	fprintf(f, "enum %s%s:", e->c, e->exact ? " exact" : "");
	for (int i = 0; i < e->values.n; i++)
		fprintf(f, " %s", (char *)e->values.v[i]);
	fputc('\n', f);
}

static void
lock_args(FILE *f, const struct record *r)
{
	fputc('(', f);
	for (int i = 0; i < r->fields.n; i++) {
		const struct field *fd = r->fields.v[i];

		fprintf(f, "%s%s: %s", i ? ", " : "", fd->name,
		    fd->type->text);
		if (fd->dflt)
			fprintf(f, " = '%s'", fd->dflt);
	}
	fputc(')', f);
}

static void
lock_field(FILE *f, const struct class *c, const struct field *fd)
{
	fprintf(f, "field %s.%s %d %s %s %s", c->name, fd->name, fd->tag,
	    fd->type->text, fd->qualifier,
	    fd->near ? "derived" : fd->persist ? fd->persist : c->persist);
	if (fd->dflt)
		fprintf(f, " = '%s'", fd->dflt);
	if (fd->write_role)
		fprintf(f, " %s", fd->write_role);
	if (fd->internal)
		fputs(" internal", f);
	if (fd->far)
		fprintf(f, " far %s", fd->far);
	if (fd->near)
		fprintf(f, " near %s", fd->near);
	if (fd->cascade)
		fputs(" cascade", f);
	for (int i = 0; i < fd->key_roles.n; i++) {
		const struct key_role *k = fd->key_roles.v[i];

		fprintf(f, " [%s]=%s", k->key, k->role);
	}
	for (int i = 0; i < fd->later.n; i++) {
		const struct later *l = fd->later.v[i];

		fprintf(f, " later(%s%s;%s;%s)", l->key ? "key=" : "",
		    l->key ? l->key : "", l->values ? l->values : "",
		    l->works ? l->works : "");
	}
	fputc('\n', f);
}

static void
lock_message(FILE *f, const struct class *c, const struct message *msg)
{
	fprintf(f, "message %s.%s", c->name, msg->name);
	lock_args(f, &msg->args);
	fprintf(f, " -> %s %s%s%s%s%s%s%s%s", msg->result->text, msg->role,
	    msg->async ? " async" : "", msg->no_session ? " session=no" : "",
	    msg->hidden ? " hidden" : "", msg->secret ? " secret" : "",
	    msg->pool_internal ? " pool_internal" : "",
	    msg->client_cert ? " client" : "", msg->ctor ? " ctor" : "");
	if (msg->later)
		fprintf(f, " later=%s", msg->later);
	if (msg->refused)
		fprintf(f, " refused=%s", msg->refused->error);
	fputs(msg->removed ? " removed\n" : "\n", f);
}

static void
lock_class(FILE *f, const struct class *c)
{
	struct list acc = accessors_of(c);

	fprintf(f, "class %s %d %s%s\n", c->name, c->tag, c->persist,
	    c->events ? " events" : "");
	for (int i = 0; i < c->enums.n; i++)
		lock_enum(f, c->enums.v[i]);
	for (int i = 0; i < c->rec.fields.n; i++)
		lock_field(f, c, c->rec.fields.v[i]);
	for (int i = 0; i < c->messages.n; i++)
		lock_message(f, c, c->messages.v[i]);
	for (int i = 0; i < acc.n; i++) {
		const struct accessor *a = acc.v[i];

		fprintf(f, "accessor %s.%s/%d -> %s %s%s%s%s\n", c->name,
		    a->name, a->n_args, a->result_text, a->role,
		    a->hidden ? " hidden" : "", a->async ? " async" : "",
		    a->removed ? " removed" : "");
	}
}

static void
lock_record(FILE *f, const char *kind, const struct record *r)
{
	for (int i = 0; i < r->fields.n; i++) {
		const struct field *fd = r->fields.v[i];

		fprintf(f, "%s %s.%s %d %s\n", kind, r->name, fd->name,
		    fd->tag, fd->type->text);
	}
}

static void
lock_protocol(FILE *f, const struct protocol *p)
{
	fprintf(f, "protocol %s %d\n", p->name, p->version);
	for (int i = 0; i < p->enums.n; i++)
		lock_enum(f, p->enums.v[i]);
	for (int i = 0; i < p->records.n; i++)
		lock_record(f, "record", p->records.v[i]);
	for (int i = 0; i < p->messages.n; i++) {
		const struct message *msg = p->messages.v[i];

		fprintf(f, "%s %s %d%s\n", msg->event ? "event" : "request",
		    msg->name, i, msg->worker ? " worker" : "");
		lock_record(f, "argument", &msg->args);
		lock_record(f, "result", &msg->results);
	}
}

void
emit_lock(FILE *f, const struct model *m)
{
	fputs("# The wire, line by line: a change here is a change for "
	    "clients or peers.\n# Written by `make wire-lock`.\n", f);
	for (int i = 0; i < m->roles.n; i++)
		fprintf(f, "role %s\n",
		    ((struct role_def *)m->roles.v[i])->name);
	for (int i = 0; i < m->classes.n; i++)
		lock_class(f, m->classes.v[i]);
	for (int i = 0; i < m->errors.n; i++) {
		const struct error_def *e = m->errors.v[i];

		fprintf(f, "error %s(", e->name);
		for (int j = 0; j < e->params.n; j++)
			fprintf(f, "%s%s", j ? ", " : "",
			    (char *)e->params.v[j]);
		fputs(")\n", f);
	}
	if (m->protocol)
		lock_protocol(f, m->protocol);
}
