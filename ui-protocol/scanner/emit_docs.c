#include <string.h>

#include "emit.h"

static void
doc_later(FILE *f, const struct later *l)
{
	fputs(". **Not yet**", f);
	if (l->key)
		fprintf(f, ", key `%s`", l->key);
	if (l->values)
		fprintf(f, ", values `%s`", l->values);
	if (l->works)
		fprintf(f, ", but `%s` works", l->works);
	fprintf(f, ": %s", l->why);
}

static void
doc_life(FILE *f, const char *since, const char *deprecated,
    const char *removed, bool prototype)
{
	fprintf(f, "since %s", since);
	if (deprecated)
		fprintf(f, "; deprecated since %s", deprecated);
	if (removed)
		fprintf(f, "; removed in %s", removed);
	if (prototype)
		fputs("; a prototype", f);
}

static void
doc_fields(FILE *f, const struct class *c)
{
	fputs("| field | type | access | kept | notes |\n"
	    "|---|---|---|---|---|\n", f);
	for (int i = 0; i < c->rec.fields.n; i++) {
		const struct field *fd = c->rec.fields.v[i];

		if (fd->internal)
			continue;
		fprintf(f, "| `%s` | %s | %s%s | %s | ", fd->name,
		    fd->type->text, fd->qualifier, fd->write_role ?
		    fmt(", %s", fd->write_role) : "",
		    fd->near ? "derived" : fd->persist ? fd->persist :
		    c->persist);
		doc_life(f, fd->since, fd->deprecated, fd->removed,
		    fd->prototype);
		if (fd->read_role)
			fprintf(f, "; read by %s", fd->read_role);
		if (fd->dflt)
			fprintf(f, "; default `%s`", fd->dflt);
		if (fd->far || fd->near)
			fprintf(f, "; other end `%s.%s`",
			    fd->other_class->name, fd->other->name);
		if (fd->cascade)
			fputs("; deleted with the object", f);
		for (int j = 0; j < fd->key_roles.n; j++) {
			const struct key_role *k = fd->key_roles.v[j];

			fprintf(f, "; key `%s`: %s", k->key, k->role);
		}
		for (int j = 0; j < fd->later.n; j++)
			doc_later(f, fd->later.v[j]);
		fprintf(f, "%s%s |\n", fd->doc ? ". " : "",
		    fd->doc ? fd->doc : "");
	}
}

/* What a message without a handler answers. */
static void
doc_state(FILE *f, const struct message *msg)
{
	if (msg->removed)
		fputs("- **removed**: answers `MESSAGE_REMOVED`\n", f);
	if (msg->later)
		fprintf(f, "- **not yet** (%s): answers `NOT_IMPLEMENTED`\n",
		    msg->later);
	if (msg->refused)
		fprintf(f, "- **refused** with `%s`: %s\n",
		    msg->refused->error, msg->refused->why);
}

static void
doc_message(FILE *f, const struct class *c, const struct message *msg)
{
	fprintf(f, "\n### %s.%s\n\n%s\n\n- call: `%s.%s(%s", c->name,
	    msg->name, msg->doc, c->name, msg->name,
	    msg->no_session ? "" : "session");
	for (int i = 0; i < msg->args.fields.n; i++) {
		const struct field *fd = msg->args.fields.v[i];

		fprintf(f, "%s%s", i || !msg->no_session ? ", " : "",
		    fd->name);
	}
	fprintf(f, ")` → %s%s%s\n", msg->result->text,
	    msg->result_doc ? ": " : "",
	    msg->result_doc ? msg->result_doc : "");
	for (int i = 0; i < msg->args.fields.n; i++) {
		const struct field *fd = msg->args.fields.v[i];

		fprintf(f, "- `%s`: %s", fd->name, fd->type->text);
		if (fd->dflt)
			fprintf(f, ", default `%s`", fd->dflt);
		fprintf(f, "%s%s\n", fd->doc ? ". " : "",
		    fd->doc ? fd->doc : "");
	}
	fprintf(f, "- role %s; ", msg->role);
	doc_life(f, msg->since, msg->deprecated, msg->removed, msg->prototype);
	fprintf(f, "%s%s\n", msg->async ? "; also `Async.`" : "",
	    msg->hidden ? "; not listed" : "");
	doc_state(f, msg);
	for (int i = 0; i < msg->errors.n; i++)
		fprintf(f, "%s%s%s", i ? ", " : "- errors: ",
		    (char *)msg->errors.v[i],
		    i + 1 < msg->errors.n ? "" : "\n");
}

static void
doc_class(FILE *f, const struct class *c)
{
	fprintf(f, "\n## %s\n\n%s\n\nIn XenAPI ", c->name, c->rec.doc);
	doc_life(f, c->since, c->deprecated, c->removed, c->prototype);
	fprintf(f, ". Objects are %s%s.\n\n", c->persist,
	    c->events ? "; changes are events" : "");
	if (c->rec.fields.n)
		doc_fields(f, c);
	for (int i = 0; i < c->enums.n; i++) {
		const struct enum_def *e = c->enums.v[i];

		fprintf(f, "\n`enum %s`:", e->name);
		for (int j = 0; j < e->values.n; j++)
			fprintf(f, "%s `%s`", j ? "," : "",
			    (char *)e->values.v[j]);
		fprintf(f, "%s%s\n", e->doc ? ". " : "",
		    e->doc ? e->doc : "");
	}
	for (int i = 0; i < c->messages.n; i++)
		doc_message(f, c, c->messages.v[i]);
}

void
emit_docs(FILE *f, const struct model *m)
{
	fputs("# API reference\n\nGenerated from `ui-protocol/xenapi/`. Every "
	    "class with fields also has the usual accessors: `get_`FIELD, "
	    "`set_`FIELD, `add_to_`FIELD and `remove_from_`FIELD of maps, "
	    "`get_all`, `get_all_records`, `get_record`, `get_by_uuid`, "
	    "`get_by_name_label`.\n\nA field marked \"not yet\" accepts "
	    "its default, what it has already and what is said to work; other "
	    "values are refused with `VALUE_NOT_SUPPORTED` [CLASS.FIELD, value, "
	    "reason].\n\n## Roles\n\n", f);
	for (int i = 0; i < m->roles.n; i++) {
		const struct role_def *r = m->roles.v[i];

		fprintf(f, "- %s: %s\n", r->name, r->doc);
	}
	for (int i = 0; i < m->classes.n; i++)
		doc_class(f, m->classes.v[i]);
	fputs("\n## Errors\n\n", f);
	for (int i = 0; i < m->errors.n; i++) {
		const struct error_def *e = m->errors.v[i];

		fprintf(f, "- `%s` [", e->name);
		for (int j = 0; j < e->params.n; j++)
			fprintf(f, "%s%s", j ? ", " : "",
			    (char *)e->params.v[j]);
		fprintf(f, "]: %s\n", e->doc);
	}
}
