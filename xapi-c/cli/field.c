#include "cli/field.h"

#include <ctype.h>
#include <string.h>

#include "api/call.h"
#include "cli/text.h"
#include "gen/methods.h"

/* Names that are not the field's own. */
static const struct {
	const char *cls, *field, *name;
} renamed[] = {
	{ "VM", "domid", "dom-id" },
	{ "VM", "consoles", "console-uuids" },
	{ "VM", "suspend_VDI", "suspend-VDI-uuid" },
	{ "VM", "suspend_SR", "suspend-SR-uuid" },
	{ "VDI", "VBDs", "vbd-uuids" },
	{ "network", "VIFs", "VIF-uuids" },
	{ "network", "PIFs", "PIF-uuids" },
};

/* What other objects tell. */
static const struct {
	const char *cls, *name, *path;
} distant[] = {
	{ "VM", "memory-actual", "metrics.memory_actual" },
	{ "VM", "start-time", "metrics.start_time" },
	{ "VM", "install-time", "metrics.install_time" },
	{ "VM", "VCPUs-number", "metrics.VCPUs_number" },
	{ "VM", "os-version", "guest_metrics.os_version" },
	{ "VM", "PV-drivers-version", "guest_metrics.PV_drivers_version" },
	{ "VM", "networks", "guest_metrics.networks" },
	{ "VM", "live", "guest_metrics.live" },
	{ "SR", "host", "PBDs.host.name_label" },
	{ "VDI", "vm-uuids", "VBDs.VM" },
	{ "host", "memory-total", "metrics.memory_total" },
	{ "host", "memory-free", "metrics.memory_free" },
	{ "host", "host-metrics-live", "metrics.live" },
};

static char *
lower(struct arena *a, const char *s)
{
	char *low = arena_strdup(a, s);

	for (char *p = low; *p; p++)
		*p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
	return low;
}

static const char *
plain_name(struct arena *a, const struct class_type *cls,
    const struct field *f)
{
	char *name;

	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++)
		if (strcmp(renamed[i].cls, cls->rec.name) == 0 &&
		    strcmp(renamed[i].field, f->name) == 0)
			return renamed[i].name;
	name = arena_strdup(a, f->name);
	for (char *p = name; *p; p++)
		if (*p == '_')
			*p = '-';
	return name;
}

static void
add(struct cli_fields *all, const struct class_type *cls, const char *name,
    const struct field *f, const char *path)
{
	all->v[all->n++] = (struct cli_field){ name, cls, f, path };
}

/* A field that has its class's name says of what it is. */
static void
add_field(struct arena *a, struct cli_fields *all,
    const struct class_type *cls, const struct field *f)
{
	const char *name = plain_name(a, cls, f);
	int far;

	if (f->type->kind != KIND_REF || !f->type->cls ||
	    !cli_text_same(f->name, f->type->cls)) {
		add(all, cls, name, f, NULL);
		return;
	}
	name = lower(a, f->type->cls);
	add(all, cls, arena_printf(a, "%s-uuid", name), f, NULL);
	far = call_class(f->type->cls);
	if (far < CLASS_N && classes[far]->name_field >= 0)
		add(all, cls, arena_printf(a, "%s-name-label", name), f,
		    "name_label");
}

static void
add_distant(struct arena *a, struct cli_fields *all,
    const struct class_type *cls)
{
	const struct field *f;
	const char *dot;

	for (size_t i = 0; i < sizeof(distant) / sizeof(distant[0]); i++) {
		if (strcmp(distant[i].cls, cls->rec.name) != 0)
			continue;
		dot = strchr(distant[i].path, '.');
		f = record_field(&cls->rec, arena_strndup(a, distant[i].path,
		    (size_t)(dot - distant[i].path)));
		if (f)
			add(all, cls, distant[i].name, f, dot + 1);
	}
}

struct cli_fields
cli_fields_of(struct arena *a, int class_id)
{
	const struct class_type *cls = classes[class_id];
	size_t most = 2u * cls->rec.n + sizeof(distant) / sizeof(distant[0]);
	struct cli_fields all = { .v = arena_alloc(a, most *
	    sizeof(*all.v)) };

	for (int i = 0; i < cls->rec.n; i++)
		if (!(cls->rec.fields[i].flags & (FIELD_INTERNAL |
		    FIELD_SECRET)))
			add_field(a, &all, cls, &cls->rec.fields[i]);
	add_distant(a, &all, cls);
	return all;
}

const struct cli_field *
cli_field_find(const struct cli_fields *all, const char *name, size_t len)
{
	char text[128];

	if (len >= sizeof(text))
		return NULL;
	memcpy(text, name, len);
	text[len] = '\0';
	for (int i = 0; i < all->n; i++)
		if (cli_text_same(all->v[i].name, text))
			return &all->v[i];
	return NULL;
}

static void add_path(struct buf *b, const struct db_root *root,
    const struct type *t, const struct ref *refs, uint32_t n,
    const char *path);

/* The value of that field, or, where the path goes on, what is behind it. */
static void
add_step(struct buf *b, const struct db_root *root, const struct object *o,
    const struct field *f, const char *rest)
{
	const void *v = (const char *)o + f->offset;
	const struct vec *set = v;

	if (!rest)
		cli_text_add(b, root, f->type, v);
	else if (f->type->kind == KIND_REF)
		add_path(b, root, f->type, v, 1, rest);
	else if (f->type->kind == KIND_SET && f->type->elem->kind == KIND_REF)
		add_path(b, root, f->type->elem, set->v, set->n, rest);
}

static void
add_path(struct buf *b, const struct db_root *root, const struct type *t,
    const struct ref *refs, uint32_t n, const char *path)
{
	int id = call_class(t->cls);
	const char *dot = strchr(path, '.');
	size_t len = dot ? (size_t)(dot - path) : strlen(path);
	const struct object *o;
	const struct field *f;

	for (uint32_t i = 0; i < n && id < CLASS_N; i++) {
		if (i)
			buf_adds(b, "; ");
		o = db_find(root, id, &refs[i]);
		if (!o) {
			buf_adds(b, CLI_NO_OBJECT);
			continue;
		}
		for (f = classes[id]->rec.fields; strncmp(f->name, path, len) ||
		    f->name[len]; f++)
			;
		add_step(b, root, o, f, dot ? dot + 1 : NULL);
	}
}

void
cli_field_add(struct buf *b, const struct db_root *root,
    const struct object *o, const struct cli_field *f)
{
	add_step(b, root, o, f->f, f->path);
}

const struct method *
cli_field_method(struct arena *a, const struct cli_field *f, const char *verb)
{
	const struct method *m;

	if (f->path)
		return NULL;
	m = method_find(arena_printf(a, "%s.%s%s", f->cls->rec.name, verb,
	    f->f->name));
	/* add_tags is of a set, add_to_other_config of a map */
	return m && !(m->flags & (METHOD_REMOVED | METHOD_POOL_INTERNAL)) ?
	    m : NULL;
}

const char *
cli_field_label(struct arena *a, const struct cli_field *f)
{
	enum kind kind = f->path ? KIND_STRING : f->f->type->kind;
	const char *how;

	if (kind == KIND_SET)
		how = cli_field_method(a, f, "add_") ? "SRW" : "SRO";
	else if (kind == KIND_MAP)
		how = cli_field_method(a, f, "add_to_") ||
		    cli_field_method(a, f, "set_") ? "MRW" : "MRO";
	else
		how = cli_field_method(a, f, "set_") ? " RW" : " RO";
	return arena_printf(a, "%s (%s)", f->name, how);
}
