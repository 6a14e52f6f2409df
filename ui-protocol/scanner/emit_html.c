/*
 * The reference as pages for a browser: one of all classes, one of all errors,
 * one for each class.  reference.css lies a folder above them.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"

static void
put_escaped(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '&':
			fputs("&amp;", f);
			break;
		default:
			putc(*s, f);
		}
	}
}

/* Text: what looks like markup in it is none. */
static void __attribute__((format(printf, 2, 3)))
text(FILE *f, const char *format, ...)
{
	char *s = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&s, format, ap) == -1)
		abort();
	va_end(ap);
	put_escaped(f, s);
	free(s);
}

static void
put_head(FILE *f, const char *title)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\">\n<title>", f);
	text(f, "%s", title);
	fputs("</title>\n<link rel=\"stylesheet\" href=\"../reference.css\">\n"
	    "</head>\n<body>\n<nav><a href=\"../\">Host</a> "
	    "<a href=\"./\">Classes</a> <a href=\"errors.html\">Errors</a>"
	    "</nav>\n<h1>", f);
	text(f, "%s", title);
	fputs("</h1>\n", f);
}

static void
put_tail(FILE *f)
{
	fputs("</body>\n</html>\n", f);
}

/* A type, where it names a class with a link. */
static void
put_type(FILE *f, const struct type *t)
{
	const struct type *part = t->kind == KIND_SET ? t->elem : t;

	if (part->cls)
		fprintf(f, "<a href=\"%s.html\">", part->cls->name);
	text(f, "%s", t->text);
	if (part->cls)
		fputs("</a>", f);
}

static void
put_life(FILE *f, const char *since, const char *deprecated,
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
put_later(FILE *f, const struct later *l)
{
	fputs(" <b>Not yet</b>", f);
	if (l->key)
		fprintf(f, ", key <code>%s</code>", l->key);
	if (l->values)
		fprintf(f, ", values <code>%s</code>", l->values);
	if (l->works)
		fprintf(f, ", but <code>%s</code> works", l->works);
	text(f, ": %s.", l->why);
}

static const char *
kept(const struct class *c, const struct field *fd)
{
	if (fd->near)
		return "derived";
	return fd->persist ? fd->persist : c->persist;
}

static void
put_notes(FILE *f, const struct field *fd)
{
	if (fd->doc)
		text(f, "%s ", fd->doc);
	put_life(f, fd->since, fd->deprecated, fd->removed, fd->prototype);
	if (fd->read_role)
		fprintf(f, "; read by %s", fd->read_role);
	if (fd->dflt && *fd->dflt) {
		fputs("; default <code>", f);
		text(f, "%s", fd->dflt);
		fputs("</code>", f);
	} else if (fd->dflt) {
		fputs("; default empty", f);
	}
	if (fd->far || fd->near)
		fprintf(f, "; other end <a href=\"%s.html#f-%s\">%s.%s</a>",
		    fd->other_class->name, fd->other->name,
		    fd->other_class->name, fd->other->name);
	if (fd->cascade)
		fputs("; deleted with the object", f);
	for (int i = 0; i < fd->key_roles.n; i++) {
		const struct key_role *k = fd->key_roles.v[i];

		fprintf(f, "; key <code>%s</code>: %s", k->key, k->role);
	}
	fputs(".", f);
	for (int i = 0; i < fd->later.n; i++)
		put_later(f, fd->later.v[i]);
}

static void
put_field(FILE *f, const struct class *c, const struct field *fd)
{
	fprintf(f, "<tr id=\"f-%s\"><td><code>%s</code></td><td>", fd->name,
	    fd->name);
	put_type(f, fd->type);
	fprintf(f, "</td><td>%s%s%s</td><td>%s</td><td>", fd->qualifier,
	    fd->write_role ? ", " : "", fd->write_role ? fd->write_role : "",
	    kept(c, fd));
	put_notes(f, fd);
	fputs("</td></tr>\n", f);
}

static void
put_fields(FILE *f, const struct class *c)
{
	if (!c->rec.fields.n)
		return;
	fputs("<h2>Fields</h2>\n<table>\n<tr><th>Field</th><th>Type</th>"
	    "<th>Access</th><th>Kept</th><th>Notes</th></tr>\n", f);
	for (int i = 0; i < c->rec.fields.n; i++) {
		const struct field *fd = c->rec.fields.v[i];

		if (!fd->internal)
			put_field(f, c, fd);
	}
	fputs("</table>\n", f);
}

static void
put_enums(FILE *f, const struct class *c)
{
	if (!c->enums.n)
		return;
	fputs("<h2>Values</h2>\n<dl>\n", f);
	for (int i = 0; i < c->enums.n; i++) {
		const struct enum_def *e = c->enums.v[i];

		fprintf(f, "<dt><code>%s</code></dt><dd>", e->name);
		text(f, "%s", e->doc ? e->doc : "");
		for (int j = 0; j < e->values.n; j++)
			fprintf(f, "%s<code>%s</code>", j ? ", " : " ",
			    (char *)e->values.v[j]);
		fputs("</dd>\n", f);
	}
	fputs("</dl>\n", f);
}

/* What a message without a handler answers. */
static void
put_state(FILE *f, const struct message *msg)
{
	if (msg->removed)
		fputs("<p><b>Removed</b>: answers "
		    "<code>MESSAGE_REMOVED</code>.</p>\n", f);
	if (msg->later)
		fprintf(f, "<p><b>Not yet</b> (%s): answers "
		    "<code>NOT_IMPLEMENTED</code>.</p>\n", msg->later);
	if (!msg->refused)
		return;
	fprintf(f, "<p><b>Refused</b> with <a href=\"errors.html#%s\">"
	    "<code>%s</code></a>: ", msg->refused->error, msg->refused->error);
	text(f, "%s.", msg->refused->why);
	fputs("</p>\n", f);
}

static void
put_call(FILE *f, const struct class *c, const struct message *msg)
{
	fprintf(f, "<pre>%s.%s(%s", c->name, msg->name,
	    msg->no_session ? "" : "session");
	for (int i = 0; i < msg->args.fields.n; i++) {
		const struct field *fd = msg->args.fields.v[i];

		fprintf(f, "%s%s", i || !msg->no_session ? ", " : "",
		    fd->name);
	}
	text(f, ") → %s", msg->result->text);
	fputs("</pre>\n", f);
}

static void
put_arguments(FILE *f, const struct message *msg)
{
	if (!msg->args.fields.n)
		return;
	fputs("<ul>\n", f);
	for (int i = 0; i < msg->args.fields.n; i++) {
		const struct field *fd = msg->args.fields.v[i];

		fprintf(f, "<li><code>%s</code>: ", fd->name);
		put_type(f, fd->type);
		if (fd->dflt)
			text(f, ", default %s", *fd->dflt ? fd->dflt : "empty");
		if (fd->doc)
			text(f, ". %s", fd->doc);
		fputs("</li>\n", f);
	}
	fputs("</ul>\n", f);
}

static void
put_errors(FILE *f, const struct message *msg)
{
	for (int i = 0; i < msg->errors.n; i++) {
		const char *name = msg->errors.v[i];

		fprintf(f, "%s<a href=\"errors.html#%s\"><code>%s</code></a>",
		    i ? ", " : "<p>Errors: ", name, name);
	}
	if (msg->errors.n)
		fputs("</p>\n", f);
}

static void
put_message(FILE *f, const struct class *c, const struct message *msg)
{
	fprintf(f, "<h3 id=\"m-%s\">%s</h3>\n<p>", msg->name, msg->name);
	text(f, "%s", msg->doc);
	fputs("</p>\n", f);
	put_call(f, c, msg);
	put_arguments(f, msg);
	if (msg->result_doc) {
		fputs("<p>Result: ", f);
		text(f, "%s", msg->result_doc);
		fputs("</p>\n", f);
	}
	fprintf(f, "<p>Role %s; ", msg->role);
	put_life(f, msg->since, msg->deprecated, msg->removed, msg->prototype);
	fprintf(f, "%s%s.</p>\n", msg->async ? "; also <code>Async.</code>" :
	    "", msg->hidden ? "; not listed" : "");
	put_state(f, msg);
	put_errors(f, msg);
}

void
emit_html_class(FILE *f, const struct class *c)
{
	put_head(f, c->name);
	fputs("<p>", f);
	text(f, "%s", c->rec.doc);
	fputs("</p>\n<p>In XenAPI ", f);
	put_life(f, c->since, c->deprecated, c->removed, c->prototype);
	fprintf(f, ". Objects are %s%s.</p>\n", c->persist,
	    c->events ? "; changes are events" : "");
	put_fields(f, c);
	put_enums(f, c);
	if (c->messages.n)
		fputs("<h2>Messages</h2>\n", f);
	for (int i = 0; i < c->messages.n; i++)
		put_message(f, c, c->messages.v[i]);
	put_tail(f);
}

void
emit_html_errors(FILE *f, const struct model *m)
{
	put_head(f, "Errors");
	fputs("<dl>\n", f);
	for (int i = 0; i < m->errors.n; i++) {
		const struct error_def *e = m->errors.v[i];

		fprintf(f, "<dt id=\"%s\"><code>%s</code> [", e->name, e->name);
		for (int j = 0; j < e->params.n; j++)
			text(f, "%s%s", j ? ", " : "",
			    (char *)e->params.v[j]);
		fputs("]</dt><dd>", f);
		text(f, "%s", e->doc);
		fputs("</dd>\n", f);
	}
	fputs("</dl>\n", f);
	put_tail(f);
}

static void
put_classes(FILE *f, const struct model *m)
{
	fputs("<h2>Classes</h2>\n<table>\n", f);
	for (int i = 0; i < m->classes.n; i++) {
		const struct class *c = m->classes.v[i];

		fprintf(f, "<tr><td><a href=\"%s.html\">%s</a></td><td>",
		    c->name, c->name);
		text(f, "%s", c->rec.doc);
		fputs("</td></tr>\n", f);
	}
	fputs("</table>\n", f);
}

void
emit_html_index(FILE *f, const struct model *m)
{
	put_head(f, "XenAPI of this host");
	fputs("<p>Calls go to <code>/</code> as XML-RPC or to "
	    "<code>/jsonrpc</code> as JSON-RPC. Every class with fields has "
	    "the usual accessors beside its messages: "
	    "<code>get_FIELD</code>, <code>set_FIELD</code>, of maps "
	    "<code>add_to_FIELD</code> and <code>remove_from_FIELD</code>, "
	    "<code>get_all</code>, <code>get_all_records</code>, "
	    "<code>get_record</code>, <code>get_by_uuid</code>, "
	    "<code>get_by_name_label</code>. The types for TypeScript are in "
	    "<a href=\"xenapi.d.ts\">xenapi.d.ts</a>.</p>\n"
	    "<p>A field marked \"not yet\" accepts its default, what it has "
	    "already and what is said to work; other values are refused with "
	    "<a href=\"errors.html#VALUE_NOT_SUPPORTED\">"
	    "<code>VALUE_NOT_SUPPORTED</code></a>.</p>\n"
	    "<h2>Roles</h2>\n<table>\n", f);
	for (int i = 0; i < m->roles.n; i++) {
		const struct role_def *r = m->roles.v[i];

		fprintf(f, "<tr><td>%s</td><td>", r->name);
		text(f, "%s", r->doc);
		fputs("</td></tr>\n", f);
	}
	fputs("</table>\n", f);
	put_classes(f, m);
	put_tail(f);
}
