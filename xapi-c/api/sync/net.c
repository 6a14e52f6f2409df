/* PIFs and their networks, from the NICs that xenopsd sees. */
#include <stdio.h>
#include <string.h>

#include "api/ops_error.h"
#include "api/sync/parts.h"
#include "api/xapi.h"
#include "base/log.h"
#include "gen/ops_stubs.h"
#include "gen/store.h"

struct net_sync {
	struct call *c;
	struct vec nics;
	bool only_new;			/* PIFs that are there stay as they are */
	bool of_vlans;			/* which bridges are made */
};

static const char *
text(const char *s)
{
	return s ? s : "";
}

/* -- finding what is there -- */

struct find {
	const struct xapi *x;
	const char *key;
	int64_t tag;			/* of a VLAN; -1: the NIC itself */
	struct ref ref;
};

/* A NIC is its MAC: names may swap from boot to boot.  A VLAN is that and its
 * tag. */
static int
look_pif(const void *obj, void *arg)
{
	const struct pif *pif = obj;
	struct find *f = arg;

	if (pif->physical != (f->tag == -1) || pif->VLAN != f->tag ||
	    !ref_equal(&pif->host, &f->x->host) ||
	    strcmp(text(pif->MAC), f->key))
		return 0;
	f->ref = pif->obj.ref;
	return 1;
}

static int
look_bridge(const void *obj, void *arg)
{
	const struct network *n = obj;
	struct find *f = arg;

	if (strcmp(text(n->bridge), f->key))
		return 0;
	f->ref = n->obj.ref;
	return 1;
}

/* -- making what is missing -- */

static const char *
bridge_name(struct arena *a, const struct xenops_nic_info *nic)
{
	unsigned n;
	char end;

	if (*text(nic->bridge))
		return nic->bridge;
	if (sscanf(nic->device, "eth%u%c", &n, &end) == 1)
		return arena_printf(a, "xenbr%u", n);
	return arena_printf(a, "br%.12s", nic->device);
}

static const char *
label_for(struct arena *a, const struct xenops_nic_info *nic)
{
	const char *label = arena_printf(a,
	    "Pool-wide network associated with %s", nic->device);

	return nic->vlan ? arena_printf(a, "%s on VLAN %d", label,
	    (int)nic->vlan) : label;
}

static struct ref
network_for(struct db_txn *t, const struct net_sync *s,
    const struct xenops_nic_info *nic)
{
	struct find f = {
		.x = s->c->x, .key = bridge_name(txn_arena(t), nic),
	};
	struct network *n;

	if (txn_each(t, CLASS_NETWORK, look_bridge, &f))
		return f.ref;
	n = network_txn_new(t);
	n->name_label = label_for(txn_arena(t), nic);
	n->bridge = f.key;
	n->MTU = nic->mtu > 0 ? nic->mtu : 1500;
	n->managed = true;
	return n->obj.ref;
}

static void
fill_pif(struct pif *pif, const struct xenops_nic_info *nic)
{
	bool has_ip = *text(nic->ip);

	pif->device = nic->device;
	pif->MTU = nic->mtu;
	pif->management = nic->management;
	pif->currently_attached = true;
	pif->disallow_unplug = nic->management;
	pif->IP = text(nic->ip);
	pif->netmask = text(nic->netmask);
	pif->gateway = text(nic->gateway);
	pif->DNS = text(nic->dns);
	pif->IPv6 = nic->ipv6;
	if (nic->dhcp)
		pif->ip_configuration_mode = IP_CONFIGURATION_MODE_DHCP;
	else
		pif->ip_configuration_mode = has_ip ?
		    IP_CONFIGURATION_MODE_STATIC : IP_CONFIGURATION_MODE_NONE;
	pif->ipv6_configuration_mode = nic->ipv6.n ?
	    IPV6_CONFIGURATION_MODE_AUTOCONF : IPV6_CONFIGURATION_MODE_NONE;
}

static int64_t
tag_of(const struct xenops_nic_info *nic)
{
	return nic->vlan ? nic->vlan : -1;
}

/* Its traffic is tagged on the NIC, whose PIF came before. */
static void
add_vlan(struct db_txn *t, const struct net_sync *s, struct pif *pif)
{
	struct find f = { .x = s->c->x, .key = pif->MAC, .tag = -1 };
	struct vlan *vlan = vlan_txn_new(t);

	if (txn_each(t, CLASS_PIF, look_pif, &f))
		vlan->tagged_PIF = f.ref;
	vlan->untagged_PIF = pif->obj.ref;
	vlan->tag = pif->VLAN;
	pif->VLAN_master_of = vlan->obj.ref;
}

static struct pif *
add_pif(struct db_txn *t, const struct net_sync *s,
    const struct xenops_nic_info *nic)
{
	struct pif *pif = pif_txn_new(t);

	pif->MAC = nic->mac;
	pif->VLAN = tag_of(nic);
	pif->physical = pif->VLAN == -1;
	pif->managed = true;
	pif->host = s->c->x->host;
	pif->network = network_for(t, s, nic);
	if (!pif->physical)
		add_vlan(t, s, pif);
	return pif;
}

static int
look_pci(const void *obj, void *arg)
{
	const struct pci *pci = obj;
	struct find *f = arg;

	if (!ref_equal(&pci->host, &f->x->host) ||
	    strcmp(text(pci->pci_id), f->key))
		return 0;
	f->ref = pci->obj.ref;
	return 1;
}

/* The device that the NIC is, or is a port of; null: on no PCI. */
static struct ref
pci_of(struct db_txn *t, const struct net_sync *s,
    const struct xenops_nic_info *nic)
{
	struct find f = { .x = s->c->x, .key = text(nic->pci_path) };

	return *f.key && txn_each(t, CLASS_PCI, look_pci, &f) ? f.ref :
	    REF_NULL;
}

static void
sync_nic(struct db_txn *t, const struct net_sync *s,
    const struct xenops_nic_info *nic)
{
	struct find f = {
		.x = s->c->x, .key = text(nic->mac), .tag = tag_of(nic),
	};
	struct pif *pif;

	if (!*text(nic->device) || !*f.key)
		return;
	if (txn_each(t, CLASS_PIF, look_pif, &f)) {
		if (s->only_new)
			return;
		pif = pif_txn_edit(t, &f.ref);
	} else if (!nic->vlan || nic->management)
		pif = add_pif(t, s, nic);
	else
		return;		/* just destroyed, or nobody's */
	fill_pif(pif, nic);
	pif->PCI = pif->physical ? pci_of(t, s, nic) : REF_NULL;
}

struct gone {
	struct db_txn *t;
	const struct net_sync *s;
};

static bool
is_of(const struct xenops_nic_info *nic, const struct pif *pif)
{
	return tag_of(nic) == pif->VLAN &&
	    strcmp(text(nic->mac), text(pif->MAC)) == 0;
}

static int
mark_gone(const void *obj, void *arg)
{
	const struct pif *pif = obj;
	const struct gone *g = arg;
	const struct xenops_nic_info *nics = g->s->nics.v;
	struct pif *edited;

	if (!pif->currently_attached ||
	    !ref_equal(&pif->host, &g->s->c->x->host))
		return 0;
	for (uint32_t i = 0; i < g->s->nics.n; i++)
		if (is_of(&nics[i], pif))
			return 0;
	edited = pif_txn_edit(g->t, &pif->obj.ref);
	edited->currently_attached = false;
	edited->management = false;
	edited->PCI = REF_NULL;
	return 0;
}

static int
pifs_in(struct db_txn *t, void *arg)
{
	const struct net_sync *s = arg;
	const struct xenops_nic_info *nics = s->nics.v;
	struct gone g = { .t = t, .s = s };

	if (!s->only_new)
		txn_each(t, CLASS_PIF, mark_gone, &g);
	for (uint32_t i = 0; i < s->nics.n; i++)
		sync_nic(t, s, &nics[i]);
	return 0;
}

/* Link-local addresses mean nothing without a link. */
static void
add_addresses(struct arena *a, struct presence *p, const char *ip,
    struct vec ipv6)
{
	const char *const *six = ipv6.v;

	if (*text(ip))
		p->addresses = vec_add_string(a, p->addresses, ip);
	for (uint32_t i = 0; i < ipv6.n; i++)
		if (strncasecmp(six[i], "fe80:", 5) != 0)
			p->addresses = vec_add_string(a, p->addresses, six[i]);
}

void
sync_presence(struct xapi *x, const struct xenops_host_info *h)
{
	struct presence p = { .hostname = text(h->hostname) };
	const struct xenops_nic_info *nics = h->nics.v;
	struct arena *a = arena_new();

	for (uint32_t i = 0; i < h->nics.n; i++)
		if (nics[i].management)
			add_addresses(a, &p, nics[i].ip, nics[i].ipv6);
	if (x->presence)
		x->presence(x->presence_arg, &p);
	arena_free(a);
}

struct known {
	struct arena *arena;
	struct presence p;
};

static int
add_known(const void *obj, void *arg)
{
	const struct pif *pif = obj;
	struct known *k = arg;

	if (pif->management && pif->currently_attached)
		add_addresses(k->arena, &k->p, pif->IP, pif->IPv6);
	return 0;
}

void
sync_presence_known(struct call *c)
{
	const struct host *host = host_find(c->root, &c->x->host);
	struct known k = { .arena = c->arena };

	k.p.hostname = host ? text(host->hostname) : "";
	db_each(c->root, CLASS_PIF, add_known, &k);
	if (c->x->presence)
		c->x->presence(c->x->presence_arg, &k.p);
}

int
sync_pifs(struct call *c, const struct xenops_host_info *h)
{
	struct net_sync s = { .c = c, .nics = h->nics };

	return call_write(c, pifs_in, &s);
}

/* -- bridges -- */

/* The NIC that a VLAN is on, if the VLAN is not there yet. */
static const char *
nic_below(const struct pif *pif, struct vec nics)
{
	const struct xenops_nic_info *nic = nics.v;
	const char *found = "";

	for (uint32_t i = 0; pif->VLAN != -1 && i < nics.n; i++) {
		if (is_of(&nic[i], pif))
			return "";
		if (!nic[i].vlan && !strcmp(text(nic[i].mac), text(pif->MAC)))
			found = text(nic[i].device);
	}
	return found;
}

/*
 * The NIC to add to a network's bridge, or its VLAN: none if xenopsd says that
 * it is in one already, or carries the management address without one (moving
 * that is the network set-up's business, not ours).
 */
static const char *
port_of(struct call *c, const struct network *n, struct vec nics,
    int64_t *vlan_out)
{
	const struct xenops_nic_info *nic = nics.v;
	const struct ref *refs = n->PIFs.v;

	for (uint32_t i = 0; i < n->PIFs.n; i++) {
		const struct pif *pif = pif_find(c->root, &refs[i]);
		const char *below;

		for (uint32_t j = 0; pif && j < nics.n; j++)
			if (is_of(&nic[j], pif) && !*text(nic[j].bridge) &&
			    !nic[j].management)
				return nic[j].device;
		below = pif && ref_equal(&pif->host, &c->x->host) ?
		    nic_below(pif, nics) : "";
		if (*below) {
			*vlan_out = pif->VLAN;
			return below;
		}
	}
	return "";
}

static bool
is_of_vlan(struct call *c, const struct network *n)
{
	const struct ref *refs = n->PIFs.v;

	for (uint32_t i = 0; i < n->PIFs.n; i++) {
		const struct pif *pif = pif_find(c->root, &refs[i]);

		if (pif && pif->VLAN != -1)
			return true;
	}
	return false;
}

/* Does somebody still have that VLAN in the network? */
static bool
has_vlan(struct call *c, const struct network *n, int64_t tag)
{
	struct db_root *root = db_root_get(c->x->db);
	const struct network *now = network_find(root, &n->obj.ref);
	const struct ref *refs = now ? now->PIFs.v : NULL;
	bool found = false;

	for (uint32_t i = 0; now && i < now->PIFs.n; i++) {
		const struct pif *pif = pif_find(root, &refs[i]);

		found |= pif && pif->VLAN == tag;
	}
	db_root_put(root);
	return found;
}

/* It was destroyed before it was made. */
static void
drop_vlan(struct call *c, const struct xenops_bridge_create_args *made)
{
	const struct xenops_vlan_destroy_args args = { .device = made->port,
		.vlan = made->vlan };
	struct ops_call k;

	ops_prepare(c, &k);
	if (ops_vlan_destroy(c->x->ops, &k, &args))
		log_warn("cannot take a VLAN off '%s': %s", made->port,
		    k.err.text);
}

static int
make_bridge(const void *obj, void *arg)
{
	const struct network *n = obj;
	struct net_sync *s = arg;
	struct xenops_bridge_create_args args = {
		.bridge = n->bridge, .mtu = n->MTU,
	};
	struct ops_call k;

	if (!n->managed || !*text(n->bridge) ||
	    is_of_vlan(s->c, n) != s->of_vlans)
		return 0;
	args.port = port_of(s->c, n, s->nics, &args.vlan);
	ops_prepare(s->c, &k);
	if (ops_bridge_create(s->c->x->ops, &k, &args))
		log_warn("cannot make bridge '%s': %s", n->bridge,
		    k.err.text);
	else if (args.vlan && !has_vlan(s->c, n, args.vlan))
		drop_vlan(s->c, &args);
	return 0;
}

/* A VLAN's MTU can be no larger than its NIC's, which comes first with the
 * bridge of that. */
static int
make_bridges(struct net_sync *s)
{
	call_refresh(s->c);
	s->of_vlans = false;
	db_each(s->c->root, CLASS_NETWORK, make_bridge, s);
	s->of_vlans = true;
	return db_each(s->c->root, CLASS_NETWORK, make_bridge, s);
}

int
sync_networks(struct call *c, const struct xenops_host_info *h)
{
	struct net_sync s = { .c = c, .nics = h->nics };

	return sync_pifs(c, h) ? -1 : make_bridges(&s);
}

int
sync_new_nics(struct call *c, const struct xenops_host_info *h)
{
	struct net_sync s = { .c = c, .nics = h->nics, .only_new = true };

	return call_write(c, pifs_in, &s) ? -1 : make_bridges(&s);
}
