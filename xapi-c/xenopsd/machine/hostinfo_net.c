/* The machine's NICs and its address. */
#include <arpa/inet.h>
#include <dirent.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xenopsd/machine/hostinfo.h"
#include "xenopsd/machine/vlan.h"

static const char *
link_name(struct arena *a, const char *root, const char *nic,
    const char *link)
{
	return hostinfo_link(a, root, "/sys/class/net/%s/%s", nic, link);
}

/* A NIC of the machine: on a bus of its own, no guest's end of a VIF. */
static bool
is_physical(struct arena *a, const char *root, const char *nic)
{
	const char *bus = link_name(a, root, nic, "device/subsystem");

	return *bus && strcmp(bus, "xen-backend") && strcmp(bus, "xen") &&
	    strncmp(bus, "vif", 3);
}

/* The few names that PCI ids of NICs in servers mostly have. */
static const char *
vendor_name(const char *id)
{
	static const char *const names[][2] = {
		{ "8086", "Intel Corporation" },
		{ "14e4", "Broadcom Inc." },
		{ "15b3", "Mellanox Technologies" },
		{ "10ec", "Realtek Semiconductor Co., Ltd." },
		{ "1077", "QLogic Corp." },
		{ "177d", "Cavium, Inc." },
		{ "1d6a", "Aquantia Corp." },
		{ "15ad", "VMware" },
		{ "1af4", "Red Hat, Inc." },
		{ "1022", "Advanced Micro Devices, Inc." },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i][0], id))
			return names[i][1];
	return "";
}

static const char *
pci_id(struct arena *a, const char *root, const char *nic, const char *which)
{
	const char *id = hostinfo_line(a, root, "/sys/class/net/%s/device/%s",
	    nic, which);

	return strncmp(id, "0x", 2) ? id : id + 2;
}

static int64_t
mtu_of(struct arena *a, const char *root, const char *name)
{
	return strtol(hostinfo_line(a, root, "/sys/class/net/%s/mtu", name),
	    NULL, 10);
}

static void
fill_nic(struct arena *a, const char *root, const char *name,
    struct xenops_nic_info *n)
{
	const char *driver = link_name(a, root, name, "device/driver");
	int64_t speed;

	*n = *(const struct xenops_nic_info *)xenops_nic_info_type.dflt;
	n->device = arena_strdup(a, name);
	n->mac = hostinfo_line(a, root, "/sys/class/net/%s/address", name);
	n->mtu = mtu_of(a, root, name);
	n->carrier = !strcmp(hostinfo_line(a, root,
	    "/sys/class/net/%s/carrier", name), "1");
	speed = strtol(hostinfo_line(a, root, "/sys/class/net/%s/speed", name),
	    NULL, 10);
	n->speed = n->carrier && speed > 0 ? speed : 0;
	n->duplex = n->carrier && !strcmp(hostinfo_line(a, root,
	    "/sys/class/net/%s/duplex", name), "full");
	n->vendor_id = pci_id(a, root, name, "vendor");
	n->device_id = pci_id(a, root, name, "device");
	n->vendor_name = vendor_name(n->vendor_id);
	n->device_name = *driver ? arena_printf(a, "Ethernet (%s)", driver) :
	    "Ethernet";
	n->pci_path = link_name(a, root, name, "device");
	n->bridge = link_name(a, root, name, "brport/bridge");
}

static int
by_bus(const void *x, const void *y)
{
	const struct xenops_nic_info *a = x, *b = y;
	int order = strcmp(a->pci_path ? a->pci_path : "",
	    b->pci_path ? b->pci_path : "");

	return order ? order : strverscmp(a->device, b->device);
}

static struct vec
list_nics(struct arena *a, const char *root)
{
	DIR *dir = opendir(arena_printf(a, "%s/sys/class/net", root));
	struct buf found = { 0 };
	struct vec v = { 0 };
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		struct xenops_nic_info n;

		if (e->d_name[0] == '.' || !is_physical(a, root, e->d_name))
			continue;
		fill_nic(a, root, e->d_name, &n);
		buf_add(&found, &n, sizeof(n));
		v.n++;
	}
	if (dir)
		closedir(dir);
	if (v.n) {
		qsort(found.data, v.n, sizeof(struct xenops_nic_info), by_bus);
		v.v = arena_memdup(a, found.data, found.len);
	}
	buf_release(&found);
	return v;
}

/*
 * VLANs of a NIC that are in a bridge come after the NICs: what they are about
 * is the VLAN's bridge, what they tell of a device the NIC's, but for the MTU.
 */
static void
add_vlan(struct arena *a, const char *root, const char *line, struct buf *nics)
{
	const struct xenops_nic_info *all = (const void *)nics->data;
	size_t n = nics->len / sizeof *all;
	struct vlan_line vlan;
	struct xenops_nic_info v;
	const char *bridge;

	if (!vlan_parse(line, &vlan))
		return;
	bridge = link_name(a, root, vlan.name, "brport/bridge");
	for (size_t i = 0; *bridge && i < n; i++) {
		if (all[i].vlan || strcmp(all[i].device, vlan.device))
			continue;
		v = all[i];
		v.vlan = vlan.tag;
		v.mtu = mtu_of(a, root, vlan.name);
		v.bridge = bridge;
		buf_add(nics, &v, sizeof v);
		return;
	}
}

static struct vec
with_vlans(struct arena *a, const char *root, struct vec nics)
{
	FILE *f = fopen(arena_printf(a, "%s" VLAN_LIST, root), "re");
	struct buf all = { 0 };
	char line[256];

	if (!f)
		return nics;
	buf_add(&all, nics.v, nics.n * sizeof(struct xenops_nic_info));
	while (fgets(line, sizeof line, f))
		add_vlan(a, root, line, &all);
	fclose(f);
	nics.n = (uint32_t)(all.len / sizeof(struct xenops_nic_info));
	nics.v = all.len ? arena_memdup(a, all.data, all.len) : NULL;
	buf_release(&all);
	return nics;
}

/* Gateway and interface of the default route; "" without one. */
static void
default_route(struct arena *a, const char *root, const char **gateway,
    char dev[static IF_NAMESIZE])
{
	FILE *f = fopen(arena_printf(a, "%s/proc/net/route", root), "re");
	char line[256], name[IF_NAMESIZE];
	unsigned int to, via, mask;

	*gateway = "";
	dev[0] = '\0';
	while (f && !dev[0] && fgets(line, sizeof(line), f)) {
		struct in_addr in;
		char text[INET_ADDRSTRLEN];

		if (sscanf(line, "%15s %x %x %*x %*d %*d %*d %x", name, &to,
		    &via, &mask) != 4 || to || mask)
			continue;
		in.s_addr = via;	/* as it lies in memory */
		snprintf(dev, IF_NAMESIZE, "%s", name);
		if (via && inet_ntop(AF_INET, &in, text, sizeof(text)))
			*gateway = arena_strdup(a, text);
	}
	if (f)
		fclose(f);
}

static const char *
name_servers(struct arena *a, const char *root)
{
	FILE *f = fopen(arena_printf(a, "%s/etc/resolv.conf", root), "re");
	char line[256], server[64];
	const char *all = "";

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "nameserver %63s", server) == 1)
			all = *all ? arena_printf(a, "%s,%s", all, server) :
			    arena_strdup(a, server);
	if (f)
		fclose(f);
	return all;
}

static const char *
address_text(struct arena *a, const struct sockaddr *sa)
{
	char text[INET6_ADDRSTRLEN];
	const void *bytes = sa->sa_family == AF_INET ?
	    (const void *)&((const struct sockaddr_in *)sa)->sin_addr :
	    (const void *)&((const struct sockaddr_in6 *)sa)->sin6_addr;

	return inet_ntop(sa->sa_family, bytes, text, sizeof(text)) ?
	    arena_strdup(a, text) : "";
}

/* The addresses of interface dev (a bridge or the NIC itself), into n. */
static void
fill_addresses(struct arena *a, const struct ifaddrs *all, const char *dev,
    struct xenops_nic_info *n)
{
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		int family = i->ifa_addr ? i->ifa_addr->sa_family : AF_UNSPEC;

		if (strcmp(i->ifa_name, dev))
			continue;
		if (family == AF_INET && (!n->ip || !*n->ip)) {
			n->ip = address_text(a, i->ifa_addr);
			n->netmask = address_text(a, i->ifa_netmask);
		} else if (family == AF_INET6) {
			n->ipv6 = vec_add_string(a, n->ipv6,
			    address_text(a, i->ifa_addr));
		}
	}
}

/* DHCP is the default of the network service; see its network.conf. */
static bool
uses_dhcp(struct arena *a, const char *root)
{
	FILE *f = fopen(arena_printf(a, "%s/state/network.conf", root), "re");
	char line[256];
	bool dhcp = true;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "mode=static", 11))
			dhcp = false;
	if (f)
		fclose(f);
	return dhcp;
}

/* The management interface: what has the default route, else the first that
 * has an address. */
static void
find_management(struct arena *a, const char *root,
    struct xenops_nic_info *nics, uint32_t n, struct xenops_host_info *h)
{
	char dev[IF_NAMESIZE];
	const char *gateway;
	struct xenops_nic_info *m = NULL;

	default_route(a, root, &gateway, dev);
	for (uint32_t i = 0; i < n; i++) {
		const char *own = *nics[i].bridge ? nics[i].bridge :
		    nics[i].device;

		if (*dev && !strcmp(own, dev))
			m = &nics[i];
	}
	for (uint32_t i = 0; !m && i < n; i++)
		if (nics[i].ip && *nics[i].ip)
			m = &nics[i];
	if (!m)
		return;
	m->management = true;
	m->gateway = gateway;
	m->dns = name_servers(a, root);
	m->dhcp = uses_dhcp(a, root);
	h->address = m->ip;
}

void
hostinfo_fill_net(struct arena *a, const char *root,
    struct xenops_host_info *h)
{
	struct ifaddrs *all = NULL;
	struct xenops_nic_info *nics;

	h->nics = with_vlans(a, root, list_nics(a, root));
	nics = (struct xenops_nic_info *)(uintptr_t)h->nics.v;
	if (getifaddrs(&all) == -1)
		all = NULL;
	for (uint32_t i = 0; i < h->nics.n; i++)
		fill_addresses(a, all, *nics[i].bridge ? nics[i].bridge :
		    nics[i].device, &nics[i]);
	if (all)
		freeifaddrs(all);
	find_management(a, root, nics, h->nics.n, h);
}
