#include <string.h>

#include "emit.h"

#define SOURCE "ui-protocol/xenapi/"

/* All types of fields, arguments and results. */
static struct list
all_types(const struct model *m)
{
	struct list l = { 0 };

	for (int i = 0; i < m->classes.n; i++) {
		const struct class *c = m->classes.v[i];
		struct type *t = xalloc(sizeof(*t)), *set = xalloc(sizeof(*t));
		struct type *rec = xalloc(sizeof(*t));
		struct type *map = xalloc(sizeof(*t));

		*t = (struct type){ .kind = KIND_REF, .name = c->name,
			.id = fmt("%s_ref", c->c) };
		*set = (struct type){ .kind = KIND_SET, .elem = t,
			.id = fmt("%s_ref_set", c->c) };
		*rec = (struct type){ .kind = KIND_RECORD,
			.rec = (struct record *)&c->rec,
			.id = fmt("%s_record", c->rec.c) };
		*map = (struct type){ .kind = KIND_MAP, .key = t, .elem = rec,
			.id = fmt("%s_to_%s_map", t->id, rec->id) };
		collect_type(&l, set);
		collect_type(&l, map);
	}
	for (int i = 0; i < m->classes.n; i++) {
		const struct class *c = m->classes.v[i];

		collect_record(&l, &c->rec);
		for (int j = 0; j < c->messages.n; j++) {
			const struct message *msg = c->messages.v[j];

			collect_record(&l, &msg->args);
			collect_type(&l, msg->result);
		}
	}
	return l;
}

static void
emit_roles_h(FILE *f, const struct model *m)
{
	fputs("/* Least first: a role may do all that the ones before it may. "
	    "*/\nenum role_id {\n", f);
	for (int i = 0; i < m->roles.n; i++)
		fprintf(f, "\tROLE_%s,\n",
		    upper(((struct role_def *)m->roles.v[i])->name));
	fputs("\tROLE_N\n};\nstruct role_type {\n\tconst char *name;\n"
	    "\tconst char *description;\n"
	    "\tbool internal;\t/* no object of class role */\n};\n"
	    "extern const struct role_type role_types[ROLE_N];\n\n", f);
}

static void
emit_class_h(FILE *f, const struct class *c)
{
	emit_struct(f, &c->rec, "\tstruct object obj;\n");
	fputs("enum {\n", f);
	for (int i = 0; i < c->rec.fields.n; i++) {
		const struct field *fd = c->rec.fields.v[i];

		fprintf(f, "\t%s_FIELD_%s,\n", upper(c->name),
		    upper(fd->name));
	}
	fprintf(f, "\t%s_FIELD_N\n};\nextern const struct class_type "
	    "class_%s;\n\n", upper(c->name), c->c);
}

/* A struct for the pair of each map that base/type.h has none for. */
static void
emit_pairs(FILE *f, const struct list *types)
{
	for (int i = 0; i < types->n; i++) {
		const struct type *t = types->v[i];
		const char *key, *value;

		if (t->kind != KIND_MAP || t->elem->kind == KIND_RECORD ||
		    (t->key->kind == KIND_STRING &&
		    t->elem->kind == KIND_ENUM))
			continue;
		key = declare(t->key, "key");
		value = declare(t->elem, "value");
		fprintf(f, "struct %s_pair {\n\t%s;\n\t_Alignas(8) %s;\n};\n",
		    t->id, key, value);
	}
	fputc('\n', f);
}

void
emit_types_h(FILE *f, const struct model *m)
{
	struct list types = all_types(m);

	emit_banner(f, SOURCE, "Classes, enums and roles of XenAPI.");
	fputs("#ifndef GEN_TYPES_H\n#define GEN_TYPES_H\n\n"
	    "#include \"base/object.h\"\n\n", f);
	emit_roles_h(f, m);
	fputs("enum class_id {\n", f);
	for (int i = 0; i < m->classes.n; i++)
		fprintf(f, "\tCLASS_%s,\n",
		    upper(((struct class *)m->classes.v[i])->name));
	fputs("\tCLASS_N\n};\nextern const struct class_type *const "
	    "classes[CLASS_N];\n\n", f);
	for (int i = 0; i < m->classes.n; i++) {
		const struct class *c = m->classes.v[i];

		for (int j = 0; j < c->enums.n; j++)
			emit_enum(f, c->enums.v[j]);
	}
	emit_pairs(f, &types);
	for (int i = 0; i < m->classes.n; i++)
		emit_class_h(f, m->classes.v[i]);
	for (int i = 0; i < types.n; i++)
		fprintf(f, "extern const struct type %s;\n",
		    type_name(types.v[i]));
	fputs("\n#endif\n", f);
}

static const char *
class_flags(const struct field *fd, const void *arg)
{
	const struct class *c = arg;
	const char *s = "";
	bool ctor = false, rw = !strcmp(fd->qualifier, "RW");

	for (int i = 0; i < c->messages.n; i++)
		ctor |= ((struct message *)c->messages.v[i])->ctor;
	if (fd->near)
		s = "FIELD_DERIVED";
	else
		s = fmt("FIELD_%s", upper(fd->persist ? fd->persist :
		    c->persist));
	if (fd->cascade)
		s = fmt("%s | FIELD_CASCADE", s);
	if (fd->secret)
		s = fmt("%s | FIELD_SECRET", s);
	if (fd->internal)
		s = fmt("%s | FIELD_INTERNAL", s);
	if (rw && !fd->internal)
		s = fmt("%s | FIELD_RW", s);
	if (ctor && !fd->internal && strcmp(fd->qualifier, "DynamicRO"))
		s = fmt("%s | FIELD_CTOR%s", s,
		    fd->dflt ? "" : " | FIELD_REQUIRED");
	if (fd->custom_setter)
		s = fmt("%s | FIELD_CUSTOM_SET", s);
	if (fd->optional)
		s = fmt("%s | FIELD_OPTIONAL", s);
	return s;
}

static int
field_index(const struct class *c, const char *name)
{
	const struct field *fd = record_find(&c->rec, name);

	return fd ? fd->index : -1;
}

static void
emit_class_c(FILE *f, const struct class *c)
{
	emit_fields(f, &c->rec, class_flags, c);
	fprintf(f, "const struct class_type class_%s = {\n"
	    "\t.rec = %s,\n\t.event_name = \"%s\",\n\t.id = CLASS_%s,\n"
	    "\t.tag = %d,\n\t.flags = CLASS_%s%s,\n\t.uuid_field = %d,\n"
	    "\t.name_field = %d,\n};\n\n", c->c, record_initialiser(&c->rec),
	    c->c, upper(c->name), c->tag, upper(c->persist),
	    c->events ? " | CLASS_EVENTS" : "", field_index(c, "uuid"),
	    c->by_name ? field_index(c, "name_label") : -1);
}

static void
emit_roles_c(FILE *f, const struct model *m)
{
	fputs("const struct role_type role_types[ROLE_N] = {\n", f);
	for (int i = 0; i < m->roles.n; i++) {
		const struct role_def *r = m->roles.v[i];

		fprintf(f, "\t{ \"%s\",\n\t    \"%s\", %s },\n", r->name,
		    r->doc, r->internal ? "true" : "false");
	}
	fputs("};\n\n", f);
}

void
emit_types_c(FILE *f, const struct model *m)
{
	struct list types = all_types(m);

	emit_banner(f, SOURCE, "");
	fputs("#include \"gen/types.h\"\n\n", f);
	emit_roles_c(f, m);
	for (int i = 0; i < m->classes.n; i++) {
		const struct class *c = m->classes.v[i];

		for (int j = 0; j < c->enums.n; j++)
			emit_enum_table(f, c->enums.v[j]);
	}
	for (int i = 0; i < types.n; i++)
		emit_type(f, types.v[i], "");
	fputc('\n', f);
	for (int i = 0; i < m->classes.n; i++)
		emit_class_c(f, m->classes.v[i]);
	fputs("const struct class_type *const classes[CLASS_N] = {\n", f);
	for (int i = 0; i < m->classes.n; i++)
		fprintf(f, "\t&class_%s,\n",
		    ((struct class *)m->classes.v[i])->c);
	fputs("};\n", f);
}

static void
emit_store_class(FILE *f, const struct class *c)
{
	const char *t = c->rec.c, *id = upper(c->name);

	fprintf(f, "/* %s */\n"
	    "static inline const struct %s *\n%s_find(const struct db_root "
	    "*r, const struct ref *ref)\n{\n"
	    "\treturn db_find(r, CLASS_%s, ref);\n}\n\n",
	    c->name, t, c->c, id);
	fprintf(f, "static inline const struct %s *\n%s_find_uuid(const "
	    "struct db_root *r, const char *uuid)\n{\n"
	    "\treturn db_find_uuid(r, CLASS_%s, uuid);\n}\n\n", t, c->c, id);
	fprintf(f, "static inline const struct %s *\n%s_txn_get(struct db_txn "
	    "*t, const struct ref *ref)\n{\n"
	    "\treturn txn_get(t, CLASS_%s, ref);\n}\n\n", t, c->c, id);
	fprintf(f, "static inline struct %s *\n%s_txn_edit(struct db_txn *t, "
	    "const struct ref *ref)\n{\n"
	    "\treturn txn_edit(t, CLASS_%s, ref);\n}\n\n", t, c->c, id);
	fprintf(f, "static inline struct %s *\n%s_txn_new(struct db_txn *t)\n"
	    "{\n\treturn txn_new(t, CLASS_%s, NULL);\n}\n\n", t, c->c, id);
	fprintf(f, "static inline bool\n%s_txn_delete(struct db_txn *t, const "
	    "struct ref *ref)\n{\n"
	    "\treturn txn_delete(t, CLASS_%s, ref);\n}\n\n", c->c, id);
}

void
emit_store_h(FILE *f, const struct model *m)
{
	emit_banner(f, SOURCE, "The object store (db/db.h) with types.");
	fputs("#ifndef GEN_STORE_H\n#define GEN_STORE_H\n\n"
	    "#include \"db/db.h\"\n#include \"gen/types.h\"\n\n", f);
	for (int i = 0; i < m->classes.n; i++) {
		const struct class *c = m->classes.v[i];

		if (record_find(&c->rec, "uuid"))
			emit_store_class(f, c);
	}
	fputs("#endif\n", f);
}
