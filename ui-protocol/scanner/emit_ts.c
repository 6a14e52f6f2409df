/* The API's types for TypeScript, as they come by JSON-RPC. */
#include <string.h>

#include "emit.h"

static void
put_ts(FILE *f, const struct type *t)
{
	switch (t->kind) {
	case KIND_INT:
	case KIND_FLOAT:
		fputs("number", f);
		break;
	case KIND_BOOL:
		fputs("boolean", f);
		break;
	case KIND_VOID:
		fputs("\"\"", f);
		break;
	case KIND_ENUM:
		fputs(t->en->c, f);
		break;
	case KIND_REF:
		fprintf(f, "Ref<\"%s\">", t->name);
		break;
	case KIND_RECORD:
		fputs(t->name, f);
		break;
	case KIND_SET:
		fputs("Array<", f);
		put_ts(f, t->elem);
		fputc('>', f);
		break;
	case KIND_MAP:
		fputs("Record<string, ", f);
		put_ts(f, t->elem);
		fputc('>', f);
		break;
	case KIND_STRING:
	case KIND_DATETIME:
	case KIND_BLOB:
		fputs("string", f);
		break;
	}
}

static void
put_enum(FILE *f, const struct enum_def *e)
{
	fprintf(f, "export type %s =", e->c);
	for (int i = 0; i < e->values.n; i++)
		fprintf(f, "%s \"%s\"", i ? " |" : "",
		    (char *)e->values.v[i]);
	fputs(";\n", f);
}

static void
put_record(FILE *f, const struct class *c)
{
	for (int i = 0; i < c->enums.n; i++)
		put_enum(f, c->enums.v[i]);
	fprintf(f, "/** %s */\nexport interface %s {\n", c->rec.doc, c->name);
	for (int i = 0; i < c->rec.fields.n; i++) {
		const struct field *fd = c->rec.fields.v[i];

		if (fd->internal)
			continue;
		if (fd->doc)
			fprintf(f, "  /** %s */\n", fd->doc);
		fprintf(f, "  %s: ", fd->name);
		put_ts(f, fd->type);
		fputs(";\n", f);
	}
	fputs("}\n", f);
}

/* What an accessor takes after the session. */
static const struct {
	const char *kind;
	const char *more;	/* after the object, if it takes one */
	bool self;
	bool value;		/* of the field's type, last */
} takes[] = {
	{ "GET", "", true, false },
	{ "SET", "", true, true },
	{ "ADD_TO", ", key: string, value: string", true, false },
	{ "REMOVE_FROM", ", key: string", true, false },
	{ "ADD", ", value: string", true, false },
	{ "REMOVE", ", value: string", true, false },
	{ "GET_ALL", "", false, false },
	{ "GET_ALL_RECORDS", "", false, false },
	{ "GET_ALL_WHERE", ", query: string", false, false },
	{ "GET_ALL_RECORDS_WHERE", ", query: string", false, false },
	{ "GET_RECORD", "", true, false },
	{ "GET_BY_UUID", ", uuid: string", false, false },
	{ "GET_BY_NAME_LABEL", ", label: string", false, false },
};

/* What one of a whole class's accessors returns. */
static const char *
whole_result(const struct class *c, const char *kind)
{
	if (!strcmp(kind, "GET_RECORD"))
		return c->name;
	if (!strcmp(kind, "GET_BY_UUID"))
		return fmt("Ref<\"%s\">", c->name);
	if (!strncmp(kind, "GET_ALL_RECORDS", strlen("GET_ALL_RECORDS")))
		return fmt("Record<string, %s>", c->name);
	return fmt("Array<Ref<\"%s\">>", c->name);
}

static void
put_params(FILE *f, const struct class *c, const struct accessor *a)
{
	for (unsigned i = 0; i < sizeof(takes) / sizeof(*takes); i++) {
		if (strcmp(takes[i].kind, a->kind))
			continue;
		if (takes[i].self)
			fprintf(f, ", self: Ref<\"%s\">", c->name);
		fputs(takes[i].more, f);
		if (!takes[i].value)
			return;
		fputs(", value: ", f);
		put_ts(f, a->field->type);
	}
}

static void
put_accessor(FILE *f, const struct class *c, const struct accessor *a)
{
	fprintf(f, "  \"%s.%s\": { params: [session: string", c->name,
	    a->name);
	put_params(f, c, a);
	fputs("]; result: ", f);
	if (!a->field)
		fputs(whole_result(c, a->kind), f);
	else if (!strcmp(a->kind, "GET"))
		put_ts(f, a->field->type);
	else
		fputs("\"\"", f);
	fputs(" };\n", f);
}

/* A label of a tuple must not be one of the language's words. */
static const char *
label(const char *name)
{
	static const char *const words[] = { "class", "default", "delete",
		"enum", "export", "function", "import", "new", "switch" };

	for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcmp(name, words[i]))
			return fmt("%s_", name);
	return name;
}

/* The model gives event.from's result by the type of its events. */
static void
put_result(FILE *f, const struct class *c, const struct message *msg)
{
	if (strcmp(c->name, "event") || strcmp(msg->name, "from")) {
		put_ts(f, msg->result);
		return;
	}
	fputs("{ events: ", f);
	put_ts(f, msg->result);
	fputs("; valid_ref_counts: Record<string, number>; token: string }",
	    f);
}

static void
put_message(FILE *f, const struct class *c, const struct message *msg,
    bool async)
{
	const char *sep = msg->no_session ? "" : "session: string";

	fprintf(f, "  \"%s%s.%s\": { params: [%s", async ? "Async." : "",
	    c->name, msg->name, sep);
	for (int i = 0; i < msg->args.fields.n; i++) {
		const struct field *fd = msg->args.fields.v[i];
		bool part = msg->ctor && fd->type->kind == KIND_RECORD;

		fprintf(f, "%s%s: %s", *sep ? ", " : "", label(fd->name),
		    part ? "Partial<" : "");
		put_ts(f, fd->type);
		fputs(part ? ">" : "", f);
		sep = ", ";
	}
	fputs("]; result: ", f);
	if (async)
		fputs("Ref<\"task\">", f);
	else
		put_result(f, c, msg);
	fputs(" };\n", f);
}

static void
put_class(FILE *f, const struct class *c)
{
	struct list accessors = accessors_of(c);

	for (int i = 0; i < accessors.n; i++) {
		const struct accessor *a = accessors.v[i];

		if (!a->hidden && !a->removed)
			put_accessor(f, c, a);
	}
	for (int i = 0; i < c->messages.n; i++) {
		const struct message *msg = c->messages.v[i];

		if (msg->hidden || msg->removed)
			continue;
		put_message(f, c, msg, false);
		if (msg->async)
			put_message(f, c, msg, true);
	}
}

void
emit_ts(FILE *f, const struct model *m)
{
	emit_banner(f, "ui-protocol/xenapi",
	    "The XenAPI as it comes by JSON-RPC.");
	fputs("export type Ref<Class extends string> = string & "
	    "{ readonly class?: Class };\n\n", f);
	for (int i = 0; i < m->classes.n; i++)
		put_record(f, m->classes.v[i]);
	fputs("\nexport interface Messages {\n", f);
	for (int i = 0; i < m->classes.n; i++)
		put_class(f, m->classes.v[i]);
	fputs("}\n\nexport type ErrorCode =\n", f);
	for (int i = 0; i < m->errors.n; i++) {
		const struct error_def *e = m->errors.v[i];

		fprintf(f, "  | \"%s\"\n", e->name);
	}
	fputs("  ;\n", f);
}
