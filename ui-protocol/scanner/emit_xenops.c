#include <string.h>

#include "emit.h"

#define SOURCE "ui-protocol/xenops.xml"

static const char *
no_flags(const struct field *fd, const void *arg)
{
	(void)fd;
	(void)arg;
	return "0";
}

static void
emit_record_h(FILE *f, const struct record *r)
{
	if (!r->fields.n)
		return;
	emit_struct(f, r, "");
	fprintf(f, "extern const struct record_type %s;\n\n", r->table);
}

static void
emit_messages_h(FILE *f, const struct protocol *p)
{
	for (int i = 0; i < p->messages.n; i++) {
		struct message *msg = p->messages.v[i];

		msg->args.doc = msg->doc;
		emit_record_h(f, &msg->args);
		emit_record_h(f, &msg->results);
	}
	fputs("enum xenops_message {\n", f);
	for (int i = 0; i < p->messages.n; i++)
		fprintf(f, "\tXENOPS_%s,\n",
		    upper(((struct message *)p->messages.v[i])->name));
	fputs("\tXENOPS_N\n};\n\n"
	    "struct xenops_message_type {\n\tconst char *name;\n"
	    "\tbool worker;\t/* runs in a process of its own */\n"
	    "\tbool event;\n"
	    "\tconst struct record_type *args;\t\t/* NULL: none */\n"
	    "\tconst struct record_type *result;\t/* NULL: none */\n};\n"
	    "extern const struct xenops_message_type "
	    "xenops_messages[XENOPS_N];\n\n", f);
}

void
emit_xenops_h(FILE *f, const struct model *m)
{
	const struct protocol *p = m->protocol;

	emit_banner(f, SOURCE, "The messages between xapi and xenopsd.");
	fputs("#ifndef GEN_XENOPS_H\n#define GEN_XENOPS_H\n\n"
	    "#include \"base/type.h\"\n\n", f);
	fprintf(f, "#define XENOPS_VERSION %d\n\n", p->version);
	for (int i = 0; i < p->enums.n; i++)
		emit_enum(f, p->enums.v[i]);
	for (int i = 0; i < p->records.n; i++)
		emit_record_h(f, p->records.v[i]);
	emit_messages_h(f, p);
	fputs("#endif\n", f);
}

static void
emit_record_c(FILE *f, const struct record *r)
{
	if (!r->fields.n)
		return;
	emit_fields(f, r, no_flags, NULL);
	fprintf(f, "const struct record_type %s =\n\t%s;\n\n", r->table,
	    record_initialiser(r));
}

static const char *
table_of(const struct record *r)
{
	return r->fields.n ? fmt("&%s", r->table) : "NULL";
}

static void
emit_message_table(FILE *f, const struct protocol *p)
{
	fputs("const struct xenops_message_type xenops_messages[XENOPS_N] = "
	    "{\n", f);
	for (int i = 0; i < p->messages.n; i++) {
		const struct message *msg = p->messages.v[i];

		fprintf(f, "\t[XENOPS_%s] = { \"%s\", %s, %s,\n\t    %s, "
		    "%s },\n", upper(msg->name), msg->name,
		    msg->worker ? "true" : "false",
		    msg->event ? "true" : "false", table_of(&msg->args),
		    table_of(&msg->results));
	}
	fputs("};\n", f);
}

void
emit_xenops_c(FILE *f, const struct model *m)
{
	const struct protocol *p = m->protocol;
	struct list types = { 0 };

	emit_banner(f, SOURCE, "");
	fputs("#include \"gen/xenops.h\"\n\n", f);
	for (int i = 0; i < p->enums.n; i++)
		emit_enum_table(f, p->enums.v[i]);
	for (int i = 0; i < p->records.n; i++)
		collect_record(&types, p->records.v[i]);
	for (int i = 0; i < p->messages.n; i++) {
		const struct message *msg = p->messages.v[i];

		collect_record(&types, &msg->args);
		collect_record(&types, &msg->results);
	}
	for (int i = 0; i < types.n; i++)
		emit_type(f, types.v[i], "static ");
	fputc('\n', f);
	for (int i = 0; i < p->records.n; i++)
		emit_record_c(f, p->records.v[i]);
	for (int i = 0; i < p->messages.n; i++) {
		const struct message *msg = p->messages.v[i];

		emit_record_c(f, &msg->args);
		emit_record_c(f, &msg->results);
	}
	emit_message_table(f, p);
}

void
emit_ops_stubs_h(FILE *f, const struct model *m)
{
	const struct protocol *p = m->protocol;

	emit_banner(f, SOURCE, "Requests to xenopsd as typed calls.");
	fputs("#ifndef GEN_OPS_STUBS_H\n#define GEN_OPS_STUBS_H\n\n"
	    "#include \"ops/ops.h\"\n#include \"gen/xenops.h\"\n\n", f);
	for (int i = 0; i < p->messages.n; i++) {
		const struct message *msg = p->messages.v[i];
		bool a = msg->args.fields.n, r = msg->results.fields.n;

		if (msg->event)
			continue;
		emit_comment(f, "", msg->doc);
		fprintf(f, "static inline int\nops_%s(struct ops *o, struct "
		    "ops_call *k", lower(msg->name));
		if (a)
			fprintf(f, ",\n    const struct %s *a", msg->args.c);
		if (r)
			fprintf(f, ",\n    struct %s *result", msg->results.c);
		fprintf(f, ")\n{\n\treturn ops_do(o, k, XENOPS_%s, %s, %s);\n"
		    "}\n\n", upper(msg->name), a ? "a" : "NULL",
		    r ? "result" : "NULL");
	}
	fputs("#endif\n", f);
}
