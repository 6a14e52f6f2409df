#include <string.h>

#include "emit.h"

static struct accessor *
add(struct list *l, const char *kind, const char *name, int n_args,
    const char *result, const char *result_text)
{
	struct accessor *a = xalloc(sizeof(*a));

	a->kind = kind;
	a->name = name;
	a->role = "read-only";
	a->n_args = n_args;
	a->result = result;
	a->result_text = result_text;
	list_add(l, a);
	return a;
}

static void
add_setter(struct list *l, const char *kind, const char *verb,
    const struct field *fd, int n_args)
{
	struct accessor *a = add(l, kind, fmt("%s_%s", verb, fd->name), n_args,
	    "type_void", "void");

	a->field = fd;
	a->role = fd->write_role;
	a->async = fd->async;
	a->removed = fd->removed != NULL;
}

static void
add_field(struct list *l, const struct field *fd)
{
	bool rw = !strcmp(fd->qualifier, "RW");
	struct accessor *a;

	a = add(l, "GET", fmt("get_%s", fd->name), 1, type_name(fd->type),
	    fd->type->text);
	a->field = fd;
	a->removed = fd->removed != NULL;
	if (fd->read_role)
		a->role = fd->read_role;
	if (!rw || fd->custom_setter)
		return;
	add_setter(l, "SET", "set", fd, 2);
	if (fd->type->kind == KIND_MAP) {
		add_setter(l, "ADD_TO", "add_to", fd, 3);
		add_setter(l, "REMOVE_FROM", "remove_from", fd, 2);
	} else if (fd->type->kind == KIND_SET &&
	    fd->type->elem->kind == KIND_STRING) {
		add_setter(l, "ADD", "add", fd, 2);
		add_setter(l, "REMOVE", "remove", fd, 2);
	}
}

static void
add_all(struct list *l, const struct class *c)
{
	const char *set = fmt("type_%s_ref_set", c->c);
	const char *map = fmt("type_%s_ref_to_%s_record_map", c->c, c->rec.c);
	const char *set_text = fmt("%s ref set", c->name);
	const char *map_text = fmt("(%s ref -> %s record) map", c->name,
	    c->name);
	bool records = !strcmp(c->accessors, "records");

	add(l, "GET_ALL", "get_all", 0, set, set_text);
	add(l, "GET_ALL_RECORDS", "get_all_records", 0, map, map_text);
	if (!records)
		add(l, "GET_ALL_WHERE", "get_all_where", 1, set,
		    set_text)->hidden = true;
	add(l, "GET_ALL_RECORDS_WHERE", "get_all_records_where", 1, map,
	    map_text)->hidden = !records;
}

struct list
accessors_of(const struct class *c)
{
	struct list l = { 0 };
	bool all = !strcmp(c->accessors, "all");

	if (!strcmp(c->accessors, "none"))
		return l;
	for (int i = 0; i < c->rec.fields.n; i++) {
		const struct field *fd = c->rec.fields.v[i];

		if (!fd->internal && strcmp(c->accessors, "records"))
			add_field(&l, fd);
	}
	if (strcmp(c->accessors, "object"))
		add_all(&l, c);
	add(&l, "GET_RECORD", "get_record", 1, fmt("type_%s_record", c->rec.c),
	    fmt("%s record", c->name));
	if (record_find(&c->rec, "uuid"))
		add(&l, "GET_BY_UUID", "get_by_uuid", 1,
		    fmt("type_%s_ref", c->c), fmt("%s ref", c->name));
	if (all && c->by_name && record_find(&c->rec, "name_label"))
		add(&l, "GET_BY_NAME_LABEL", "get_by_name_label", 1,
		    fmt("type_%s_ref_set", c->c),
		    fmt("%s ref set", c->name));
	for (int i = 0; i < l.n; i++) {
		struct accessor *a = l.v[i];

		if (a->field)
			continue;
		a->removed = c->removed != NULL;
		if (c->read_role)
			a->role = c->read_role;
	}
	return l;
}
