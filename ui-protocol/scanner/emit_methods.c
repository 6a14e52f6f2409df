#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "emit.h"

#define SOURCE "ui-protocol/xenapi/"

static const char head[] =
    "#ifndef GEN_METHODS_H\n#define GEN_METHODS_H\n\n"
    "#include \"gen/types.h\"\n\n"
    "struct call;\n\n"
    "enum method_kind {\n"
    "\tMETHOD_EXPLICIT, METHOD_CTOR, METHOD_GET, METHOD_SET, "
    "METHOD_ADD_TO,\n"
    "\tMETHOD_REMOVE_FROM, METHOD_ADD, METHOD_REMOVE, METHOD_GET_ALL,\n"
    "\tMETHOD_GET_ALL_RECORDS, METHOD_GET_ALL_WHERE,\n"
    "\tMETHOD_GET_ALL_RECORDS_WHERE, METHOD_GET_RECORD, "
    "METHOD_GET_BY_UUID,\n"
    "\tMETHOD_GET_BY_NAME_LABEL,\n};\n\n"
    "enum method_flag {\n"
    "\tMETHOD_ASYNC = 1 << 0,\t\t/* has Async. forms */\n"
    "\tMETHOD_NO_SESSION = 1 << 1,\t/* takes no session */\n"
    "\tMETHOD_HIDDEN = 1 << 2,\t\t/* not in system.listMethods */\n"
    "\tMETHOD_SECRET = 1 << 3,\t\t/* arguments never in errors */\n"
    "\tMETHOD_POOL_INTERNAL = 1 << 4,\t/* sessions between hosts only */\n"
    "\tMETHOD_CLIENT_CERT = 1 << 5,\t/* allowed to client certificates "
    "*/\n"
    "\tMETHOD_LATER = 1 << 6,\t\t/* is in XenAPI, but not here yet */\n"
    "\tMETHOD_REMOVED = 1 << 7,\t/* was in XenAPI: MESSAGE_REMOVED */\n"
    "};\n\n"
    "/* The error that a message answers which this host will not have. */\n"
    "struct refusal {\n"
    "\tconst char *code;\n"
    "\tconst char *const *params;\n"
    "\tint n;\n};\n\n"
    "/*\n * One method.  An accessor (any kind but EXPLICIT and CTOR) has "
    "neither args nor\n * run: its parameters follow from the kind, self "
    "first; of SET, ADD and\n * REMOVE the value, of ADD_TO key and value, "
    "of REMOVE_FROM the key, of WHERE\n * an expression; uuid or label "
    "alone.  run is NULL too where rpc/ answers:\n"
    " * event.from, and what is later, removed or refused.\n */\n"
    "struct method {\n"
    "\tconst char *name;\t\t/* \"VM.start\" */\n"
    "\tenum method_kind kind;\n"
    "\tint class_id;\n"
    "\tint field;\t\t\t/* index in the class, or -1 */\n"
    "\tuint32_t flags;\t\t\t/* enum method_flag */\n"
    "\tuint8_t role;\t\t\t/* least enum role_id that may call it */\n"
    "\tconst struct record_type *args;\t/* NULL: none */\n"
    "\tconst struct type *result;\n"
    "\tint (*run)(struct call *c, const void *args, void *result);\n"
    "\tuint16_t min_args;\t\t/* mandatory ones, without session */\n"
    "\tuint16_t n_args;\n"
    "\tconst struct refusal *refused;\t/* NULL: it is not */\n};\n\n"
    "extern const struct method methods[];\t/* by name */\n"
    "extern const int n_methods;\n"
    "/* NULL: there is none. */\n"
    "const struct method *method_find(const char *name);\n"
    "\n"
    "/* Keys of a map that a lesser role than the field's may write (or that "
    "need a\n * greater one).  A key ending in * is a prefix. */\n"
    "struct key_role {\n\tint class_id;\n\tint field;\n"
    "\tconst char *key;\n\tuint8_t role;\n};\n"
    "extern const struct key_role key_roles[];\n"
    "extern const int n_key_roles;\n\n"
    "/*\n * What a field does not do yet.  With values: those, separated by "
    "blanks.  Else\n * all but the default and the words in works; of a map's "
    "key all but works.\n */\n"
    "struct later {\n\tint class_id;\n\tint field;\n"
    "\tconst char *key, *values, *works;\t/* NULL: none */\n"
    "\tconst char *why;\n};\n"
    "extern const struct later laters[];\n"
    "extern const int n_laters;\n\n"
    "/* What an error means, for people, and what its parameters are. */\n"
    "struct error_doc {\n"
    "\tconst char *code;\n"
    "\tconst char *text;\n"
    "\tconst char *params;\t\t/* names, separated by blanks */\n};\n"
    "extern const struct error_doc error_docs[];\n"
    "extern const int n_error_docs;\n\n";

static void
emit_prototype(FILE *f, const struct message *msg)
{
	const struct type *t = msg->result;
	const char *args = "", *result = "";

	emit_comment(f, "", msg->doc);
	if (msg->args.fields.n) {
		emit_struct(f, &msg->args, "");
		args = fmt(",\n    const struct %s *a", msg->args.c);
	}
	if (t->kind != KIND_VOID)
		result = fmt(", %s", declare(t, "*result"));
	if (!msg->in_rpc)
		fprintf(f, "int api_%s(struct call *c%s%s);\n", msg->c, args,
		    result);
	fputc('\n', f);
}

void
emit_methods_h(FILE *f, const struct model *m)
{
	emit_banner(f, SOURCE,
	    "The messages of XenAPI: arguments, handlers, table.");
	fputs(head, f);
	for (int i = 0; i < m->classes.n; i++) {
		const struct class *c = m->classes.v[i];

		for (int j = 0; j < c->messages.n; j++)
			if (message_is_built(c->messages.v[j]))
				emit_prototype(f, c->messages.v[j]);
	}
	fputs("#endif\n", f);
}

static const char *
arg_flags(const struct field *fd, const void *arg)
{
	(void)arg;
	return fd->dflt ? "0" : "FIELD_REQUIRED";
}

static bool
has_handler(const struct message *msg)
{
	return message_is_built(msg) && !msg->in_rpc;
}

static void
emit_refusal(FILE *f, const struct message *msg)
{
	const struct refusal *r = msg->refused;

	fprintf(f, "static const char *const %s_params[] = { ", msg->c);
	for (int i = 0; i < r->with.n; i++)
		fprintf(f, "\"%s\", ", (char *)r->with.v[i]);
	fprintf(f, "NULL };\nstatic const struct refusal %s_refused = {\n"
	    "\t\"%s\", %s_params, %d\n};\n", msg->c, r->error, msg->c,
	    r->with.n);
}

/* The table of the arguments, and the function that calls the handler. */
static void
emit_handler(FILE *f, const struct message *msg)
{
	bool args = msg->args.fields.n, result = msg->result->kind != KIND_VOID;

	if (msg->refused)
		emit_refusal(f, msg);
	if (args && !message_is_built(msg))
		emit_struct(f, &msg->args, "");
	if (args) {
		emit_fields(f, &msg->args, arg_flags, NULL);
		fprintf(f, "static const struct record_type %s =\n\t%s;\n",
		    msg->args.table, record_initialiser(&msg->args));
	}
	if (!has_handler(msg)) {
		fputc('\n', f);
		return;
	}
	fprintf(f, "static int\nrun_%s(struct call *c, const void *args, "
	    "void *result)\n{\n", msg->c);
	if (!args)
		fputs("\t(void)args;\n", f);
	if (!result)
		fputs("\t(void)result;\n", f);
	fprintf(f, "\treturn api_%s(c%s%s);\n}\n\n", msg->c,
	    args ? ", args" : "", result ? ", result" : "");
}

/* One line of the table, kept to be sorted. */
struct row {
	char *name;
	char *text;
};

static char *
message_flags(const struct message *msg)
{
	const struct {
		bool set;
		const char *name;
	} flags[] = { { msg->async, "ASYNC" },
		{ msg->no_session, "NO_SESSION" }, { msg->hidden, "HIDDEN" },
		{ msg->secret, "SECRET" },
		{ msg->pool_internal, "POOL_INTERNAL" },
		{ msg->client_cert, "CLIENT_CERT" },
		{ msg->later != NULL, "LATER" },
		{ msg->removed != NULL, "REMOVED" } };
	char *s = fmt("%s", "");

	for (unsigned i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (flags[i].set)
			s = fmt("%s%sMETHOD_%s", s, *s ? " | " : "",
			    flags[i].name);
	return *s ? s : fmt("0");
}

static int
mandatory(const struct record *args)
{
	int n = 0;

	for (int i = 0; i < args->fields.n; i++)
		n += !((struct field *)args->fields.v[i])->dflt;
	return n;
}

static struct row *
message_row(const struct class *c, const struct message *msg)
{
	struct row *r = xalloc(sizeof(*r));

	r->name = fmt("%s.%s", c->name, msg->name);
	r->text = fmt("\t{ \"%s\", METHOD_%s, CLASS_%s,\n"
	    "\t    -1, %s, ROLE_%s,\n\t    %s%s, &%s,\n"
	    "\t    %s%s, %d, %d, %s%s },\n", r->name,
	    msg->ctor ? "CTOR" : "EXPLICIT", upper(c->name),
	    message_flags(msg), upper(msg->role),
	    msg->args.fields.n ? "&" : "NULL",
	    msg->args.fields.n ? msg->args.table : "",
	    type_name(msg->result), has_handler(msg) ? "run_" : "NULL",
	    has_handler(msg) ? msg->c : "", mandatory(&msg->args),
	    msg->args.fields.n, msg->refused ? fmt("&%s", msg->c) : "NULL",
	    msg->refused ? "_refused" : "");
	return r;
}

static const char *
accessor_flags(const struct accessor *a)
{
	const char *s = a->hidden ? "METHOD_HIDDEN" :
	    a->async ? "METHOD_ASYNC" : NULL;

	if (!a->removed)
		return s ? s : "0";
	return s ? fmt("%s | METHOD_REMOVED", s) : "METHOD_REMOVED";
}

static struct row *
accessor_row(const struct class *c, const struct accessor *a)
{
	struct row *r = xalloc(sizeof(*r));

	r->name = fmt("%s.%s", c->name, a->name);
	r->text = fmt("\t{ \"%s\", METHOD_%s, CLASS_%s,\n"
	    "\t    %s, %s, ROLE_%s,\n\t    NULL, &%s, NULL, %d, %d,\n"
	    "\t    NULL },\n", r->name,
	    a->kind, upper(c->name), a->field ? fmt("%s_FIELD_%s",
	    upper(c->name), upper(a->field->name)) : "-1",
	    accessor_flags(a),
	    upper(a->role), a->result, a->n_args, a->n_args);
	return r;
}

static int
by_row_name(const void *a, const void *b)
{
	const struct row *const *ra = a, *const *rb = b;

	return strcmp((*ra)->name, (*rb)->name);
}

static void
emit_table(FILE *f, const struct model *m)
{
	struct list rows = { 0 };

	for (int i = 0; i < m->classes.n; i++) {
		const struct class *c = m->classes.v[i];
		struct list acc = accessors_of(c);

		for (int j = 0; j < c->messages.n; j++)
			list_add(&rows, message_row(c, c->messages.v[j]));
		for (int j = 0; j < acc.n; j++)
			list_add(&rows, accessor_row(c, acc.v[j]));
	}
	if (rows.n)
		qsort(rows.v, (size_t)rows.n, sizeof(void *), by_row_name);
	fputs("const struct method methods[] = {\n", f);
	for (int i = 0; i < rows.n; i++)
		fputs(((struct row *)rows.v[i])->text, f);
	fprintf(f, "};\nconst int n_methods = %d;\n\n", rows.n);
}

static void
emit_key_roles(FILE *f, const struct model *m)
{
	int n = 0;

	fputs("const struct key_role key_roles[] = {\n", f);
	for (int i = 0; i < m->classes.n; i++) {
		const struct class *c = m->classes.v[i];

		for (int j = 0; j < c->rec.fields.n; j++) {
			const struct field *fd = c->rec.fields.v[j];

			for (int k = 0; k < fd->key_roles.n; k++, n++) {
				struct key_role *kr = fd->key_roles.v[k];

				fprintf(f, "\t{ CLASS_%s, %s_FIELD_%s, "
				    "\"%s\", ROLE_%s },\n", upper(c->name),
				    upper(c->name), upper(fd->name), kr->key,
				    upper(kr->role));
			}
		}
	}
	fprintf(f, "\t{ -1, -1, NULL, 0 },\n};\n"
	    "const int n_key_roles = %d;\n\n", n);
}

static void
emit_text(FILE *f, const char *s)
{
	if (s)
		fprintf(f, "\"%s\"", s);
	else
		fputs("NULL", f);
}

static int
emit_later_of(FILE *f, const struct class *c, const struct field *fd)
{
	for (int i = 0; i < fd->later.n; i++) {
		const struct later *l = fd->later.v[i];

		fprintf(f, "\t{ CLASS_%s, %s_FIELD_%s, ", upper(c->name),
		    upper(c->name), upper(fd->name));
		emit_text(f, l->key);
		fputs(", ", f);
		emit_text(f, l->values);
		fputs(", ", f);
		emit_text(f, l->works);
		fputs(",\n\t    ", f);
		emit_text(f, l->why);
		fputs(" },\n", f);
	}
	return fd->later.n;
}

static void
emit_laters(FILE *f, const struct model *m)
{
	int n = 0;

	fputs("const struct later laters[] = {\n", f);
	for (int i = 0; i < m->classes.n; i++) {
		const struct class *c = m->classes.v[i];

		for (int j = 0; j < c->rec.fields.n; j++)
			n += emit_later_of(f, c, c->rec.fields.v[j]);
	}
	fprintf(f, "\t{ -1, -1, NULL, NULL, NULL, NULL },\n};\n"
	    "const int n_laters = %d;\n\n", n);
}

/* Prose as one line of C. */
static void
emit_prose(FILE *f, const char *s)
{
	bool blank = false, begun = false;

	fputc('"', f);
	for (; *s; s++) {
		if (isspace((unsigned char)*s)) {
			blank = begun;
			continue;
		}
		if (blank)
			fputc(' ', f);
		if (*s == '"' || *s == '\\')
			fputc('\\', f);
		fputc(*s, f);
		blank = false;
		begun = true;
	}
	fputc('"', f);
}

static void
emit_error_docs(FILE *f, const struct model *m)
{
	fputs("const struct error_doc error_docs[] = {\n", f);
	for (int i = 0; i < m->errors.n; i++) {
		const struct error_def *e = m->errors.v[i];

		fprintf(f, "\t{ \"%s\",\n\t    ", e->name);
		emit_prose(f, e->doc);
		fputs(",\n\t    \"", f);
		for (int j = 0; j < e->params.n; j++)
			fprintf(f, "%s%s", j ? " " : "",
			    (char *)e->params.v[j]);
		fputs("\" },\n", f);
	}
	fprintf(f, "\t{ NULL, NULL, NULL },\n};\n"
	    "const int n_error_docs = %d;\n\n", m->errors.n);
}

static const char tail[] =
    "static int\n"
    "compare_method(const void *name, const void *m)\n{\n"
    "\treturn strcmp(name, ((const struct method *)m)->name);\n}\n\n"
    "const struct method *\n"
    "method_find(const char *name)\n{\n"
    "\treturn bsearch(name, methods, (size_t)n_methods, "
    "sizeof(methods[0]),\n\t    compare_method);\n}\n";

void
emit_methods_c(FILE *f, const struct model *m)
{
	emit_banner(f, SOURCE, "");
	fputs("#include <stdlib.h>\n#include <string.h>\n\n"
	    "#include \"gen/methods.h\"\n\n", f);
	for (int i = 0; i < m->classes.n; i++) {
		const struct class *c = m->classes.v[i];

		for (int j = 0; j < c->messages.n; j++)
			emit_handler(f, c->messages.v[j]);
	}
	emit_table(f, m);
	emit_key_roles(f, m);
	emit_laters(f, m);
	emit_error_docs(f, m);
	fputs(tail, f);
}
