#include "cli/params.h"

#include <string.h>

#include "api/xapi.h"
#include "cli/call.h"
#include "cli/field.h"
#include "cli/select.h"
#include "cli/text.h"
#include "gen/methods.h"
#include "gen/types.h"

#define MAX_SHOWN 256			/* fields of an object */

/* A class as xe has it, with the columns of a list (NULL: a name if it has
 * one) and the conditions of it. */
struct cli_class {
	const char *name;
	int id;
	const char *columns;
	struct cli_pair only[2];
	int n_only;
};

struct cli_verb {
	const char *name;
	int (*run)(struct cli *k, const struct cli_class *cls);
	const char *words, *help;
};

#define NAMES "uuid,name-label,name-description"

static const struct cli_class known[] = {
	{ .name = "vm", .id = CLASS_VM,
	    .columns = "uuid,name-label,power-state",
	    .only = { { "is-a-template", "false" } }, .n_only = 1 },
	{ .name = "template", .id = CLASS_VM, .columns = NAMES,
	    .only = { { "is-a-template", "true" },
	    { "is-a-snapshot", "false" } }, .n_only = 2 },
	{ .name = "snapshot", .id = CLASS_VM,
	    .columns = NAMES ",snapshot-of,snapshot-time",
	    .only = { { "is-a-snapshot", "true" } }, .n_only = 1 },
	{ "pool", CLASS_POOL, NAMES ",master,default-SR", {}, 0 },
	{ "host", CLASS_HOST, NAMES, {}, 0 },
	{ "host-cpu", CLASS_HOST_CPU,
	    "uuid,number,vendor,speed,utilisation", {}, 0 },
	{ "network", CLASS_NETWORK, NAMES ",bridge", {}, 0 },
	{ "pif", CLASS_PIF, "uuid,device,VLAN,MAC,network-uuid,"
	    "currently-attached,host-uuid", {}, 0 },
	{ "bond", CLASS_BOND, "uuid,master,slaves", {}, 0 },
	{ "vlan", CLASS_VLAN, "uuid,tagged-PIF,untagged-PIF,tag", {}, 0 },
	{ "tunnel", CLASS_TUNNEL, "uuid,transport-PIF,access-PIF,status",
	    {}, 0 },
	{ "vif", CLASS_VIF, "uuid,device,vm-uuid,network-uuid", {}, 0 },
	{ "vbd", CLASS_VBD,
	    "uuid,vm-uuid,vm-name-label,vdi-uuid,device,empty", {}, 0 },
	{ "vdi", CLASS_VDI, NAMES ",virtual-size,read-only,sharable,sr-uuid",
	    {}, 0 },
	{ "sr", CLASS_SR, NAMES ",host,type,content-type", {}, 0 },
	{ "sm", CLASS_SM, "uuid,type,name-label,name-description,vendor,"
	    "copyright,configuration", {}, 0 },
	{ "pbd", CLASS_PBD, "uuid,host-uuid,sr-uuid,device-config,"
	    "currently-attached", {}, 0 },
	{ "console", CLASS_CONSOLE,
	    "uuid,vm-uuid,vm-name-label,protocol,location", {}, 0 },
	{ "task", CLASS_TASK, NAMES ",status,progress", {}, 0 },
	{ "subject", CLASS_SUBJECT,
	    "uuid,subject-identifier,other-config,roles", {}, 0 },
	{ "role", CLASS_ROLE, NAMES ",subroles", {}, 0 },
	{ "appliance", CLASS_VM_APPLIANCE, NULL, {}, 0 },
	{ "patch", CLASS_POOL_PATCH, NULL, {}, 0 },
	{ "update", CLASS_POOL_UPDATE, NULL, {}, 0 },
	{ "drtask", CLASS_DR_TASK, NULL, {}, 0 },
	{ "hostdriver", CLASS_HOST_DRIVER, NULL, {}, 0 },
	{ "hostdriver-variant", CLASS_DRIVER_VARIANT, NULL, {}, 0 },
	{ "message", CLASS_MESSAGE, "all", {}, 0 },
	{ "secret", CLASS_SECRET, "all", {}, 0 },
	{ "vmss", CLASS_VMSS, NULL, {}, 0 },
	{ "vm-group", CLASS_VM_GROUP, NULL, {}, 0 },
	{ "pgpu", CLASS_PGPU, NULL, {}, 0 },
	{ "gpu-group", CLASS_GPU_GROUP, NULL, {}, 0 },
	{ "vgpu", CLASS_VGPU, NULL, {}, 0 },
	{ "vgpu-type", CLASS_VGPU_TYPE, NULL, {}, 0 },
	{ "pci", CLASS_PCI, NULL, {}, 0 },
	{ "pusb", CLASS_PUSB, NULL, {}, 0 },
	{ "usb-group", CLASS_USB_GROUP, NULL, {}, 0 },
	{ "vusb", CLASS_VUSB, NULL, {}, 0 },
	{ "vtpm", CLASS_VTPM, NULL, {}, 0 },
	{ "feature", CLASS_FEATURE, NULL, {}, 0 },
	{ "certificate", CLASS_CERTIFICATE, NULL, {}, 0 },
	{ "blob", CLASS_BLOB, NULL, {}, 0 },
	{ "host-crashdump", CLASS_HOST_CRASHDUMP,
	    "uuid,host-uuid,timestamp,size", {}, 0 },
};

/* -- showing -- */

static bool
is_listed(const char *list, const char *name)
{
	char part[128];
	size_t len;

	for (; *list; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (len >= sizeof(part))
			continue;
		memcpy(part, list, len);
		part[len] = '\0';
		if (cli_text_same(part, name))
			return true;
	}
	return false;
}

static const char *
columns_of(struct cli *k, const struct cli_class *cls)
{
	const char *params = cli_arg(k->args, "params");

	if (params)
		return params;
	if (cls->columns)
		return cls->columns;
	return classes[cls->id]->name_field >= 0 ? NAMES : "all";
}

/* The one object, if it is still there. */
static void
show(struct cli *k, const struct cli_fields *all, const char *columns,
    const struct ref *ref)
{
	bool whole = strcmp(columns, "all") == 0;
	struct db_root *root = db_root_get(k->c->x->db);
	const struct object *o = db_find(root, all->v[0].cls->id, ref);
	struct cli_cell cells[MAX_SHOWN];
	struct buf b = { 0 };
	struct arena *a = arena_new();
	int n = 0;

	for (int i = 0; o && i < all->n && n < MAX_SHOWN; i++) {
		if (!whole && !is_listed(columns, all->v[i].name))
			continue;
		buf_reset(&b);
		cli_field_add(&b, root, o, &all->v[i]);
		cells[n++] = (struct cli_cell){
			cli_field_label(a, &all->v[i]),
			arena_strdup(a, b.data ? b.data : ""),
		};
	}
	/* A client may take its time. */
	db_root_put(root);
	if (o)
		cli_record(k, cells, n);
	buf_release(&b);
	arena_free(a);
}

static int
run_list(struct cli *k, const struct cli_class *cls)
{
	struct cli_fields all = cli_fields_of(k->c->arena, cls->id);
	const char *columns = columns_of(k, cls);
	const struct ref *refs;
	struct vec set;

	if (cli_select(k, cls->id, "params? database?", cls->only,
	    cls->n_only, &set))
		return -1;
	refs = set.v;
	for (uint32_t i = 0; i < set.n && !k->gone; i++)
		show(k, &all, columns, &refs[i]);
	return 0;
}

static int
run_param_list(struct cli *k, const struct cli_class *cls)
{
	struct cli_fields all = cli_fields_of(k->c->arena, cls->id);
	struct vec set;

	if (cli_select(k, cls->id, "", NULL, 0, &set))
		return -1;
	if (set.n != 1)
		return call_error(k->c, "UUID_INVALID", (const char *const[]){
		    classes[cls->id]->rec.name, cli_arg(k->args, "uuid") }, 2);
	show(k, &all, "all", set.v);
	return 0;
}

/* -- one field -- */

struct chosen {
	struct ref ref;
	struct cli_fields all;
	const struct cli_field *field;	/* by param-name */
};

static int
choose(struct cli *k, const struct cli_class *cls, bool field,
    struct chosen *out)
{
	const char *name = cli_arg(k->args, "param-name");

	*out = (struct chosen){ .all = cli_fields_of(k->c->arena, cls->id) };
	if (cli_find_arg(k, cls->id, "uuid", &out->ref))
		return -1;
	if (!field)
		return 0;
	out->field = cli_field_find(&out->all, name, strlen(name));
	return out->field ? 0 : cli_fail(k, "Unknown field '%s' of class %s",
	    name, classes[cls->id]->rec.name);
}

static int
show_key(struct cli *k, const struct db_root *root, const struct object *o,
    const struct cli_field *f, const char *key)
{
	const struct type *t = f->f->type;
	const struct vec *map = (const void *)((const char *)o +
	    f->f->offset);
	const char *p = map->v;
	struct buf b = { 0 };
	bool found = false;

	for (uint32_t i = 0; i < map->n && !found; i++,
	    p += type_pair_size(t)) {
		buf_reset(&b);
		cli_text_add(&b, root, t->key, p);
		found = strcmp(b.data ? b.data : "", key) == 0;
		buf_reset(&b);
		cli_text_add(&b, root, t->elem, p + type_pair_value(t));
	}
	if (found)
		cli_value_line(k, b.data ? b.data : "");
	buf_release(&b);
	return found ? 0 : cli_fail(k, "Key %s not found in map", key);
}

static int
run_param_get(struct cli *k, const struct cli_class *cls)
{
	const char *key = cli_arg(k->args, "param-key");
	struct db_root *root;
	const struct object *o;
	struct buf b = { 0 };
	struct chosen c;
	struct vec set;
	int rc = 0;

	/* reading is asked for as a list's is */
	if (choose(k, cls, true, &c) || cli_select(k, cls->id,
	    "param-name param-key?", NULL, 0, &set))
		return -1;
	root = db_root_get(k->c->x->db);
	o = db_find(root, cls->id, &c.ref);
	if (!o) {
		rc = cli_fail(k, "the object is gone");
	} else if (key && !c.field->path && c.field->f->type->kind ==
	    KIND_MAP) {
		rc = show_key(k, root, o, c.field, key);
	} else {
		cli_field_add(&b, root, o, c.field);
		cli_value_line(k, b.data ? b.data : "");
	}
	db_root_put(root);
	buf_release(&b);
	return rc;
}

/* -- changes -- */

static int
send_change(struct cli *k, const struct method *m, const struct ref *ref,
    const struct value *v, uint32_t n)
{
	struct value params[3] = { cli_ref(k, ref) };
	struct answer nothing;

	for (uint32_t i = 0; i < n; i++)
		params[i + 1] = v[i];
	return cli_call(k, m->name, params, n + 1, &nothing);
}

/* One key of a map takes another value. */
static int
set_key(struct cli *k, const struct chosen *c, const struct cli_field *f,
    const char *key, const char *text)
{
	const struct method *add = cli_field_method(k->c->arena, f, "add_to_");
	const struct method *take = cli_field_method(k->c->arena, f,
	    "remove_from_");
	struct value v[2] = { cli_text(key) };

	if (!add || !take || f->f->type->kind != KIND_MAP)
		return cli_fail(k, "Map field '%s' is read-only.", f->name);
	if (cli_convert(k, f->f->type->elem, f->name, text, &v[1]))
		return -1;
	return send_change(k, take, &c->ref, v, 1) ||
	    send_change(k, add, &c->ref, v, 2) ? -1 : 0;
}

static int
set_field(struct cli *k, const struct chosen *c, const struct cli_field *f,
    const char *text)
{
	const struct method *m = cli_field_method(k->c->arena, f, "set_");
	enum kind kind = f->path ? KIND_VOID : f->f->type->kind;
	struct value v;

	if (kind == KIND_MAP || kind == KIND_SET)
		return cli_fail(k, "Field '%s' is a map or set. use the "
		    "'name:key=value' syntax.", f->name);
	if (!m)
		return cli_fail(k, "Field '%s' is read-only.", f->name);
	if (!*text && kind == KIND_REF)
		v = cli_text("");
	else if (cli_convert(k, f->f->type, f->name, text, &v))
		return -1;
	return send_change(k, m, &c->ref, &v, 1);
}

static int
run_param_set(struct cli *k, const struct cli_class *cls)
{
	const struct cli_field *f;
	struct chosen c;
	int rc;

	if (choose(k, cls, false, &c))
		return -1;
	for (int i = 0; i < k->args->n; i++) {
		const struct cli_pair *p = &k->args->v[i];
		size_t len = strcspn(p->key, ":");

		if (cli_arg_is_standard(p->key) || strcmp(p->key, "uuid") == 0)
			continue;
		f = cli_field_find(&c.all, p->key, len);
		if (!f)
			return cli_fail(k, "Unknown field '%.*s' of class %s",
			    (int)len, p->key, classes[cls->id]->rec.name);
		rc = p->key[len] ? f->path ? cli_fail(k, "Field '%s' is "
		    "read-only.", f->name) :
		    set_key(k, &c, f, p->key + len + 1, p->value) :
		    set_field(k, &c, f, p->value);
		if (rc)
			return -1;
	}
	return 0;
}

/* Of a set or a map, by its kind. */
static const struct method *
edit_method(struct cli *k, const struct cli_field *f, const char *of_set,
    const char *of_map)
{
	if (f->path)
		return NULL;
	return f->f->type->kind == KIND_SET ?
	    cli_field_method(k->c->arena, f, of_set) :
	    f->f->type->kind == KIND_MAP ?
	    cli_field_method(k->c->arena, f, of_map) : NULL;
}

static int
add_pairs(struct cli *k, const struct method *m, const struct chosen *c)
{
	struct value v[2];

	for (int i = 0; i < k->args->n; i++) {
		const struct cli_pair *p = &k->args->v[i];

		if (cli_arg_is_standard(p->key) ||
		    strcmp(p->key, "uuid") == 0 ||
		    strncmp(p->key, "param-", 6) == 0)
			continue;
		v[0] = cli_text(p->key);
		if (cli_convert(k, c->field->f->type->elem, p->key, p->value,
		    &v[1]) || send_change(k, m, &c->ref, v, 2))
			return -1;
	}
	return 0;
}

static int
run_param_add(struct cli *k, const struct cli_class *cls)
{
	const char *key = cli_arg(k->args, "param-key");
	const struct method *m;
	struct chosen c;
	struct value v;

	if (choose(k, cls, true, &c))
		return -1;
	m = edit_method(k, c.field, "add_", "add_to_");
	if (!m)
		return cli_fail(k, "Can only add to parameters of type Set or "
		    "Map that are not read-only");
	if (c.field->f->type->kind == KIND_MAP)
		return add_pairs(k, m, &c);
	if (!key)
		return cli_fail(k, "When adding a key to a set, use the "
		    "syntax: *-param-add param-name=<name> param-key=<key>");
	return cli_convert(k, c.field->f->type->elem, "param-key", key, &v) ?
	    -1 : send_change(k, m, &c.ref, &v, 1);
}

/* Is the key (of a map) or the element there?  The value is the object's. */
static bool
has_element(const struct field *f, const struct object *o, const char *key)
{
	const struct vec *v = (const void *)((const char *)o + f->offset);

	if (f->type->kind == KIND_MAP)
		return f->type->key->kind != KIND_STRING ||
		    f->type->elem->kind != KIND_STRING || map_get(*v, key);
	return f->type->elem->kind != KIND_STRING || set_has_string(*v, key);
}

static int
run_param_remove(struct cli *k, const struct cli_class *cls)
{
	const char *key = cli_arg(k->args, "param-key");
	const struct method *m;
	const struct object *o;
	struct db_root *root;
	struct chosen c;
	struct value v;
	bool there;

	if (choose(k, cls, true, &c))
		return -1;
	m = edit_method(k, c.field, "remove_", "remove_from_");
	if (!m)
		return cli_fail(k, "Can only remove from parameters of type "
		    "Set or Map that are not read-only");
	root = db_root_get(k->c->x->db);
	o = db_find(root, cls->id, &c.ref);
	there = o && has_element(c.field->f, o, key);
	db_root_put(root);
	v = cli_text(key);
	return there ? send_change(k, m, &c.ref, &v, 1) :
	    cli_fail(k, "Key %s is not in the map or set", key);
}

static int
run_param_clear(struct cli *k, const struct cli_class *cls)
{
	const struct method *m;
	struct chosen c;
	struct value v;
	enum kind kind;

	if (choose(k, cls, true, &c))
		return -1;
	m = cli_field_method(k->c->arena, c.field, "set_");
	kind = c.field->path ? KIND_VOID : c.field->f->type->kind;
	if (m && kind == KIND_SET)
		v = (struct value){ .kind = VALUE_ARRAY };
	else if (m && kind == KIND_MAP)
		v = (struct value){ .kind = VALUE_STRUCT };
	else if (m && (kind == KIND_STRING || kind == KIND_REF))
		v = cli_text("");
	else
		return cli_fail(k, "Cannot clear this parameter");
	return send_change(k, m, &c.ref, &v, 1);
}

/* -- the commands -- */

static const struct cli_verb verbs[] = {
	{ "-list", run_list, "params?",
	    "Lists all objects of the class, filtering on the optional "
	    "arguments.  To filter on map parameters, use the syntax "
	    "'map-param:key=value', on sets 'set-param:contains=value'." },
	{ "-param-list", run_param_list, "uuid",
	    "Lists all the parameters of the object." },
	{ "-param-get", run_param_get, "uuid param-name param-key?",
	    "Shows the parameter; of a map the value of param-key." },
	{ "-param-set", run_param_set, "uuid",
	    "Sets parameters: name=value, and map-param:key=value." },
	{ "-param-add", run_param_add, "uuid param-name param-key?",
	    "Adds to a set (param-key=element) or a map (key=value)." },
	{ "-param-remove", run_param_remove, "uuid param-name param-key",
	    "Takes an element from a set, or a key from a map." },
	{ "-param-clear", run_param_clear, "uuid param-name",
	    "Makes the parameter empty." },
};

#define N_KNOWN (int)(sizeof(known) / sizeof(known[0]))
#define N_VERBS (int)(sizeof(verbs) / sizeof(verbs[0]))

bool
cli_params_find(const char *command, struct cli_params *out)
{
	size_t len;

	for (int i = 0; i < N_KNOWN; i++) {
		len = strlen(known[i].name);
		if (strncmp(command, known[i].name, len) != 0)
			continue;
		for (int j = 0; j < N_VERBS; j++) {
			if (strcmp(command + len, verbs[j].name) != 0)
				continue;
			*out = (struct cli_params){ &known[i], &verbs[j] };
			return true;
		}
	}
	return false;
}

const char *
cli_params_words(const struct cli_params *p)
{
	return p->verb->words;
}

const char *
cli_params_help(struct arena *a, const struct cli_params *p)
{
	return arena_printf(a, "%s (%s)", p->verb->help,
	    classes[p->cls->id]->rec.name);
}

int
cli_params_run(struct cli *k, const struct cli_params *p)
{
	return p->verb->run(k, p->cls);
}

void
cli_params_each(struct arena *a, void (*fn)(const char *name, void *arg),
    void *arg)
{
	for (int i = 0; i < N_KNOWN; i++)
		for (int j = 0; j < N_VERBS; j++)
			fn(arena_printf(a, "%s%s", known[i].name,
			    verbs[j].name), arg);
}
