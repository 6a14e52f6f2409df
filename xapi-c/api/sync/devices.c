/*
 * The devices of this host, from what xenopsd says: PCI by address, graphics
 * cards and their groups by PCI and kind, USB by path.  What is gone goes, and
 * with it a group that nothing is left of.
 */
#include <stdlib.h>
#include <string.h>

#include "api/sync/parts.h"
#include "api/xapi.h"
#include "gen/store.h"

#define PCIS_MAX 1024
#define USBS_MAX 128
#define FUNCTIONS_MAX 8		/* of a device */
#define CLASS_DISPLAY "03"

struct devices {
	struct call *c;
	struct db_txn *t;
	const struct xenops_pci_info *pcis;
	const struct xenops_usb_info *usbs;
	struct ref *pci_refs;		/* of pcis; null: no record yet */
	struct ref *usb_refs;
	uint32_t n_pcis, n_usbs;
};

static const char *
text(const char *s)
{
	return s ? s : "";
}

static bool
is_display(const struct xenops_pci_info *p)
{
	return strncmp(text(p->class_id), CLASS_DISPLAY, 2) == 0;
}

static int
pci_order(const void *key, const void *info)
{
	return strcmp(key, text(((const struct xenops_pci_info *)info)->address));
}

/* Where in pcis; -1: there is none of that address. */
static int64_t
pci_index(const struct devices *d, const char *address)
{
	const struct xenops_pci_info *p = d->n_pcis && *text(address) ?
	    bsearch(address, d->pcis, d->n_pcis, sizeof(*p), pci_order) : NULL;

	return p ? p - d->pcis : -1;
}

static struct ref
pci_ref(const struct devices *d, const char *address)
{
	int64_t i = pci_index(d, address);

	return i == -1 ? REF_NULL : d->pci_refs[i];
}

/* -- PCI -- */

/* Known ones into pci_refs, others away. */
static void
find_pcis(struct devices *d, const struct host *host)
{
	const struct vec old = host->PCIs;
	const struct ref *refs = old.v;

	for (uint32_t i = 0; i < old.n; i++) {
		const struct pci *pci = pci_txn_get(d->t, &refs[i]);
		int64_t at = pci ? pci_index(d, pci->pci_id) : -1;

		if (at == -1 || !ref_is_null(&d->pci_refs[at]))
			txn_delete(d->t, CLASS_PCI, &refs[i]);
		else
			d->pci_refs[at] = refs[i];
	}
	for (uint32_t i = 0; i < d->n_pcis; i++)
		if (ref_is_null(&d->pci_refs[i]))
			d->pci_refs[i] = pci_txn_new(d->t)->obj.ref;
}

/* The other functions of the device, which go where it goes; not its virtual
 * ones, of which there may be hundreds. */
static struct vec
dependencies(const struct devices *d, uint32_t self)
{
	const char *address = text(d->pcis[self].address);
	size_t slot = strcspn(address, ".");
	struct vec v = { 0 };
	uint32_t i = self;

	if (!*address)
		return v;
	while (i > 0 && !strncmp(text(d->pcis[i - 1].address), address,
	    slot + 1))
		i--;
	for (; i < d->n_pcis && v.n < FUNCTIONS_MAX &&
	    !strncmp(text(d->pcis[i].address), address, slot + 1); i++)
		if (i != self && !*text(d->pcis[i].physical_function))
			v = vec_add_ref(txn_arena(d->t), v, &d->pci_refs[i]);
	return v;
}

static void
fill_pci(const struct devices *d, uint32_t i)
{
	const struct xenops_pci_info *p = &d->pcis[i];
	struct pci *pci = pci_txn_edit(d->t, &d->pci_refs[i]);

	pci->host = d->c->x->host;
	pci->pci_id = text(p->address);
	pci->class_id = text(p->class_id);
	pci->class_name = text(p->class_name);
	pci->vendor_id = text(p->vendor_id);
	pci->vendor_name = text(p->vendor_name);
	pci->device_id = text(p->device_id);
	pci->device_name = text(p->device_name);
	pci->subsystem_vendor_id = text(p->subsystem_vendor_id);
	pci->subsystem_vendor_name = text(p->subsystem_vendor_name);
	pci->subsystem_device_id = text(p->subsystem_device_id);
	pci->subsystem_device_name = text(p->subsystem_device_name);
	pci->driver_name = text(p->driver);
	pci->physical_function = pci_ref(d, p->physical_function);
	pci->dependencies = *text(p->physical_function) ?
	    (struct vec){ 0 } : dependencies(d, i);
}

/* -- graphics cards -- */

struct find_group {
	const char *kind;
	struct ref ref;
};

static int
look_gpu_group(const void *obj, void *arg)
{
	const struct gpu_group *g = obj;
	struct find_group *f = arg;
	const char *const *kinds = g->GPU_types.v;

	for (uint32_t i = 0; i < g->GPU_types.n; i++) {
		if (strcmp(kinds[i], f->kind))
			continue;
		f->ref = g->obj.ref;
		return 1;
	}
	return 0;
}

static struct ref
gpu_group_for(const struct devices *d, const struct xenops_pci_info *p)
{
	struct arena *a = txn_arena(d->t);
	struct find_group f = {
		.kind = arena_printf(a, "%s/%s", text(p->vendor_id),
		    text(p->device_id)),
	};
	struct gpu_group *g;

	if (txn_each(d->t, CLASS_GPU_GROUP, look_gpu_group, &f))
		return f.ref;
	g = gpu_group_txn_new(d->t);
	g->name_label = arena_printf(a, "Group of %s %s GPUs",
	    text(p->vendor_name), text(p->device_name));
	g->GPU_types = vec_add_string(a, g->GPU_types, f.kind);
	return g->obj.ref;
}

static struct pgpu *
pgpu_of(const struct devices *d, const struct host *host,
    const struct ref *pci)
{
	const struct ref *refs = host->PGPUs.v;

	for (uint32_t i = 0; i < host->PGPUs.n; i++) {
		const struct pgpu *g = pgpu_txn_get(d->t, &refs[i]);

		if (g && ref_equal(&g->PCI, pci))
			return pgpu_txn_edit(d->t, &refs[i]);
	}
	return pgpu_txn_new(d->t);
}

static void
sync_pgpus(const struct devices *d, const struct host *host)
{
	const struct vec old = host->PGPUs;
	const struct ref *refs = old.v;

	for (uint32_t i = 0; i < d->n_pcis; i++) {
		struct pgpu *g;

		if (!is_display(&d->pcis[i]))
			continue;
		g = pgpu_of(d, host, &d->pci_refs[i]);
		g->PCI = d->pci_refs[i];
		g->host = d->c->x->host;
		g->GPU_group = gpu_group_for(d, &d->pcis[i]);
		g->is_system_display_device = d->pcis[i].boot_vga;
	}
	for (uint32_t i = 0; i < old.n; i++) {
		const struct pgpu *g = pgpu_txn_get(d->t, &refs[i]);
		const struct pci *pci = g ? pci_txn_get(d->t, &g->PCI) : NULL;

		if (g && (!pci || strncmp(pci->class_id, CLASS_DISPLAY, 2)))
			txn_delete(d->t, CLASS_PGPU, &refs[i]);
	}
}

/* -- USB -- */

static int
usb_order(const void *key, const void *info)
{
	return strcmp(key, text(((const struct xenops_usb_info *)info)->path));
}

/* At the same path the same kind: another device is another record. */
static int64_t
usb_index(const struct devices *d, const struct pusb *p)
{
	const struct xenops_usb_info *u = d->n_usbs ? bsearch(text(p->path),
	    d->usbs, d->n_usbs, sizeof(*u), usb_order) : NULL;

	return u && !strcmp(text(u->vendor_id), text(p->vendor_id)) &&
	    !strcmp(text(u->product_id), text(p->product_id)) &&
	    !strcmp(text(u->serial), text(p->serial)) ? u - d->usbs : -1;
}

static void
forget_pusb(const struct devices *d, const struct pusb *p)
{
	const struct ref group = p->USB_group, self = p->obj.ref;

	txn_delete(d->t, CLASS_PUSB, &self);
	if (usb_group_txn_get(d->t, &group))
		txn_delete(d->t, CLASS_USB_GROUP, &group);
}

static void
find_usbs(struct devices *d, const struct host *host)
{
	const struct vec old = host->PUSBs;
	const struct ref *refs = old.v;

	for (uint32_t i = 0; i < old.n; i++) {
		const struct pusb *p = pusb_txn_get(d->t, &refs[i]);
		int64_t at = p ? usb_index(d, p) : -1;

		if (p && (at == -1 || !ref_is_null(&d->usb_refs[at])))
			forget_pusb(d, p);
		else if (p)
			d->usb_refs[at] = refs[i];
	}
}

static const char *
usb_name(const struct devices *d, const struct xenops_usb_info *u)
{
	return arena_printf(txn_arena(d->t), "%s %s", *text(u->vendor_desc) ?
	    u->vendor_desc : text(u->vendor_id), *text(u->product_desc) ?
	    u->product_desc : text(u->product_id));
}

/* Each has a group of its own, as with XenServer. */
static struct pusb *
add_usb(const struct devices *d, const struct xenops_usb_info *u)
{
	struct usb_group *g = usb_group_txn_new(d->t);
	struct pusb *p = pusb_txn_new(d->t);

	g->name_label = arena_printf(txn_arena(d->t), "Group of %s USBs",
	    usb_name(d, u));
	p->USB_group = g->obj.ref;
	p->host = d->c->x->host;
	return p;
}

static void
fill_usb(const struct devices *d, uint32_t i)
{
	const struct xenops_usb_info *u = &d->usbs[i];
	struct pusb *p = ref_is_null(&d->usb_refs[i]) ? add_usb(d, u) :
	    pusb_txn_edit(d->t, &d->usb_refs[i]);

	p->path = text(u->path);
	p->vendor_id = text(u->vendor_id);
	p->vendor_desc = text(u->vendor_desc);
	p->product_id = text(u->product_id);
	p->product_desc = text(u->product_desc);
	p->serial = text(u->serial);
	p->version = text(u->version);
	p->description = usb_name(d, u);
	p->speed = u->speed;
}

/* -- all of it -- */

struct empty {
	struct db_txn *t;
	struct vec groups;
};

static int
note_empty(const void *obj, void *arg)
{
	const struct gpu_group *g = obj;
	struct empty *e = arg;

	if (g->PGPUs.n == 0 && g->VGPUs.n == 0)
		e->groups = vec_add_ref(txn_arena(e->t), e->groups,
		    &g->obj.ref);
	return 0;
}

/* Those that an earlier write left without a card. */
static void
drop_empty_groups(struct db_txn *t)
{
	struct empty e = { .t = t };
	const struct ref *refs;

	txn_each(t, CLASS_GPU_GROUP, note_empty, &e);
	refs = e.groups.v;
	for (uint32_t i = 0; i < e.groups.n; i++)
		txn_delete(t, CLASS_GPU_GROUP, &refs[i]);
}

static int
devices_in(struct db_txn *t, void *arg)
{
	struct devices *d = arg;
	const struct host *host = host_txn_get(t, &d->c->x->host);

	d->t = t;
	memset(d->pci_refs, 0, d->n_pcis * sizeof(*d->pci_refs));
	memset(d->usb_refs, 0, d->n_usbs * sizeof(*d->usb_refs));
	drop_empty_groups(t);
	find_pcis(d, host);
	for (uint32_t i = 0; i < d->n_pcis; i++)
		fill_pci(d, i);
	sync_pgpus(d, host);
	find_usbs(d, host);
	for (uint32_t i = 0; i < d->n_usbs; i++)
		fill_usb(d, i);
	return 0;
}

static uint32_t
at_most(uint32_t n, uint32_t max)
{
	return n < max ? n : max;
}

int
sync_devices(struct call *c, const struct xenops_host_info *h)
{
	struct devices d = {
		.c = c, .pcis = h->pcis.v, .usbs = h->usbs.v,
		.n_pcis = at_most(h->pcis.n, PCIS_MAX),
		.n_usbs = at_most(h->usbs.n, USBS_MAX),
	};

	d.pci_refs = arena_alloc(c->arena,
	    (d.n_pcis + 1) * sizeof(*d.pci_refs));
	d.usb_refs = arena_alloc(c->arena,
	    (d.n_usbs + 1) * sizeof(*d.usb_refs));
	return call_write(c, devices_in, &d);
}
