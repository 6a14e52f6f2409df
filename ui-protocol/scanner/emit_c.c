#include <string.h>

#include "default.h"
#include "emit.h"

void
emit_banner(FILE *f, const char *source, const char *what)
{
	fprintf(f, "/*\n * Generated from %s by the scanner; do not edit.\n",
	    source);
	if (*what)
		fprintf(f, " * %s\n", what);
	fputs(" */\n", f);
}

static void
emit_wrapped(FILE *f, const char *lead, const char *text, int room)
{
	int col = 0;

	for (const char *p = text; *p;) {
		size_t n = strcspn(p, " ");

		if (col && col + 1 + (int)n > room) {
			fprintf(f, "\n%s", lead);
			col = 0;
		}
		fprintf(f, "%s%.*s", col ? " " : "", (int)n, p);
		col += (int)n + (col ? 1 : 0);
		p += n;
		p += strspn(p, " ");
	}
}

void
emit_comment(FILE *f, const char *indent, const char *text)
{
	int room = *indent ? 66 : 74;

	if (!text || !*text)
		return;
	if ((int)strlen(text) <= room) {
		fprintf(f, "%s/* %s */\n", indent, text);
		return;
	}
	fprintf(f, "%s/*\n%s * ", indent, indent);
	emit_wrapped(f, fmt("%s * ", indent), text, room);
	fprintf(f, "\n%s */\n", indent);
}

void
emit_enum(FILE *f, const struct enum_def *e)
{
	int col = 0;

	emit_comment(f, "", e->doc);
	fprintf(f, "enum %s {", e->c);
	for (int i = 0; i <= e->values.n; i++) {
		const char *s = i < e->values.n ?
		    fmt("%s_%s,", upper(e->c), upper(e->values.v[i])) :
		    fmt("%s_N", upper(e->c));
		int n = (int)strlen(s);

		if (!col || col + 1 + n > 80) {
			fprintf(f, "\n\t%s", s);
			col = 8 + n;
		} else {
			fprintf(f, " %s", s);
			col += 1 + n;
		}
	}
	fprintf(f, "\n};\nextern const struct enum_type enum_%s;\n\n", e->c);
}

void
emit_enum_table(FILE *f, const struct enum_def *e)
{
	int col = 0;

	fprintf(f, "static const char *const %s_names[] = {", e->c);
	for (int i = 0; i < e->values.n; i++) {
		const char *s = fmt("\"%s\",", (char *)e->values.v[i]);
		int n = (int)strlen(s);

		if (!col || col + 1 + n > 80) {
			fprintf(f, "\n\t%s", s);
			col = 8 + n;
		} else {
			fprintf(f, " %s", s);
			col += 1 + n;
		}
	}
	fprintf(f, "\n};\nconst struct enum_type enum_%s = {\n"
	    "\t\"%s\", %s_names, %d, %s\n};\n\n", e->c, e->name, e->c,
	    e->values.n, e->exact ? "true" : "false");
}

char *
declare(const struct type *t, const char *name)
{
	switch (t->kind) {
	case KIND_STRING:
		return fmt("const char *%s", name);
	case KIND_INT:
	case KIND_DATETIME:
		return fmt("int64_t %s", name);
	case KIND_FLOAT:
		return fmt("double %s", name);
	case KIND_BOOL:
		return fmt("bool %s", name);
	case KIND_BLOB:
		return fmt("struct blob %s", name);
	case KIND_ENUM:
		return fmt("int %s", name);
	case KIND_REF:
		return fmt("struct ref %s", name);
	case KIND_RECORD:
		return fmt("struct %s %s", t->rec->c, name);
	case KIND_SET:
	case KIND_MAP:
		return fmt("struct vec %s", name);
	default:
		return fmt("void %s", name);
	}
}

/* What the C type does not say. */
static const char *
remark(const struct type *t)
{
	if (t->kind == KIND_ENUM)
		return fmt("enum %s", t->en->c);
	if (t->kind == KIND_REF || is_set_or_map(t) ||
	    t->kind == KIND_DATETIME)
		return t->text;
	return NULL;
}

void
emit_struct(FILE *f, const struct record *r, const char *first)
{
	emit_comment(f, "", r->doc);
	fprintf(f, "struct %s {\n%s", r->c, first);
	for (int i = 0; i < r->fields.n; i++) {
		const struct field *fd = r->fields.v[i];
		const char *what = remark(fd->type);

		emit_comment(f, "\t", fd->doc);
		fprintf(f, "\t%s;", declare(fd->type, fd->c));
		if (what)
			fprintf(f, "\t/* %s */", what);
		fputc('\n', f);
	}
	fputs("};\n", f);
}

void
emit_fields(FILE *f, const struct record *r,
    const char *(*flags)(const struct field *fd, const void *arg),
    const void *arg)
{
	default_emit(f, r);
	fprintf(f, "static const struct field %s_fields[] = {\n", r->c);
	for (int i = 0; i < r->fields.n; i++) {
		const struct field *fd = r->fields.v[i];
		const char *far = "-1, -1", *role = "0", *fl;

		if (fd->other)
			far = fmt("CLASS_%s, %s_FIELD_%s",
			    upper(fd->other_class->name),
			    upper(fd->other_class->name),
			    upper(fd->other->name));
		if (fd->write_role)
			role = fmt("ROLE_%s", upper(fd->write_role));
		else if (fd->qualifier)
			role = "ROLE_LOCAL_ROOT_ONLY";
		fl = flags(fd, arg);
		fprintf(f, "\t{ \"%s\", &%s, %d,\n\t    offsetof(struct %s, "
		    "%s),\n\t    %s,%s%s, %s },\n", fd->name,
		    type_name(fd->type), fd->tag, r->c, fd->c, fl,
		    strlen(fl) + strlen(role) + strlen(far) > 60 ?
		    "\n\t    " : " ", role, far);
	}
	fputs("};\n", f);
}

char *
record_initialiser(const struct record *r)
{
	return fmt("{ \"%s\",\n\t    %s_fields, %d,\n"
	    "\t    sizeof(struct %s),\n\t    &%s_default }", r->name, r->c,
	    r->fields.n, r->c, r->c);
}

char *
type_name(const struct type *t)
{
	return fmt("type_%s", t->id);
}

bool
type_is_builtin(const struct type *t)
{
	return t->kind < KIND_BLOB || !strcmp(t->id, "string_set") ||
	    !strcmp(t->id, "string_map");
}

void
collect_type(struct list *l, const struct type *t)
{
	if (t->key)
		collect_type(l, t->key);
	if (t->elem)
		collect_type(l, t->elem);
	if (type_is_builtin(t))
		return;
	for (int i = 0; i < l->n; i++)
		if (!strcmp(((struct type *)l->v[i])->id, t->id))
			return;
	list_add(l, (void *)t);
}

void
collect_record(struct list *l, const struct record *r)
{
	for (int i = 0; i < r->fields.n; i++)
		collect_type(l, ((struct field *)r->fields.v[i])->type);
}

void
emit_type(FILE *f, const struct type *t, const char *storage)
{
	static const char *const kinds[] = { "VOID", "STRING", "INT", "FLOAT",
		"BOOL", "DATETIME", "BLOB", "ENUM", "REF", "RECORD", "SET",
		"MAP" };
	char *size = declare(t, "");

	size[strlen(size) - 1] = 0;
	fprintf(f, "%sconst struct type %s = {\n\t.kind = KIND_%s, "
	    ".size = sizeof(%s),\n", storage, type_name(t), kinds[t->kind],
	    size);
	if (t->kind == KIND_ENUM)
		fprintf(f, "\t.en = &enum_%s,\n", t->en->c);
	if (t->kind == KIND_REF)
		fprintf(f, "\t.cls = \"%s\",\n", t->name);
	if (t->kind == KIND_RECORD)
		fprintf(f, "\t.rec = &%s,\n", t->rec->table);
	if (t->key)
		fprintf(f, "\t.key = &%s,\n", type_name(t->key));
	if (t->elem)
		fprintf(f, "\t.elem = &%s,\n", type_name(t->elem));
	fputs("};\n", f);
}
