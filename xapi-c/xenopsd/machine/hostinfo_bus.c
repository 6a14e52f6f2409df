/*
 * What is on the machine's PCI and USB.  Each device's "uevent" says most of it in
 * one file.  What a USB device tells of itself is not to be trusted: it becomes
 * text, of a bounded length.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "xenopsd/machine/hostinfo.h"
#include "xenopsd/machine/ids.h"
#include "xenopsd/storage/books.h"

#define PCIS_MAX 1024
#define USBS_MAX 128
#define TEXT_MAX 128		/* bytes of what a device tells */
#define CLASS_DISPLAY 0x03
#define CLASS_HUB 0x09

struct bus {
	struct arena *a;
	const char *root;
	struct ids ids;
	struct buf found;		/* of records */
	uint32_t n;
};

/* -- what a device's files say -- */

/* Its uevent, lines KEY=VALUE; "" if it went meanwhile. */
static const char *
uevent(struct bus *b, const char *bus, const char *name)
{
	struct buf text = { 0 };
	const char *s = "";

	if (sysfs_read(arena_printf(b->a, "%s/sys/bus/%s/devices/%s/uevent",
	    b->root, bus, name), &text) == 0)
		s = arena_strndup(b->a, text.data, text.len);
	buf_release(&text);
	return s;
}

static const char *
value(struct bus *b, const char *text, const char *key)
{
	char out[TEXT_MAX];

	return file_value(text, key, out, sizeof(out)) ?
	    arena_strdup(b->a, out) : "";
}

static const char *
usb_text(struct bus *b, const char *name, const char *key)
{
	const char *text = hostinfo_line(b->a, b->root,
	    "/sys/bus/usb/devices/%s/%s", name, key);
	size_t len = strnlen(text, TEXT_MAX);
	bool bad;

	text = utf8_repair(b->a, text, &len, &bad);
	return arena_strndup(b->a, text, len);
}

static const char *
hex4(struct bus *b, unsigned int n)
{
	return arena_printf(b->a, "%04x", n & 0xffff);
}

/* -- PCI -- */

static void
name_pci(struct bus *b, struct xenops_pci_info *p)
{
	p->class_name = ids_find(b->a, &b->ids, "pci_class:%s", p->class_id);
	p->vendor_name = ids_find(b->a, &b->ids, "pci:%s", p->vendor_id);
	p->device_name = ids_find(b->a, &b->ids, "pci:%s:%s", p->vendor_id,
	    p->device_id);
	p->subsystem_vendor_name = ids_find(b->a, &b->ids, "pci:%s",
	    p->subsystem_vendor_id);
	p->subsystem_device_name = ids_find(b->a, &b->ids, "pci:%s:%s:%s:%s",
	    p->vendor_id, p->device_id, p->subsystem_vendor_id,
	    p->subsystem_device_id);
}

static void
add_pci(struct bus *b, const char *name)
{
	const char *text = uevent(b, "pci", name);
	unsigned int cls, vendor, device, sub_vendor = 0, sub_device = 0;
	struct xenops_pci_info p = *(const struct xenops_pci_info *)
	    xenops_pci_info_type.dflt;

	if (sscanf(value(b, text, "PCI_CLASS"), "%x", &cls) != 1 ||
	    sscanf(value(b, text, "PCI_ID"), "%x:%x", &vendor, &device) != 2)
		return;
	sscanf(value(b, text, "PCI_SUBSYS_ID"), "%x:%x", &sub_vendor,
	    &sub_device);
	p.address = arena_strdup(b->a, name);
	p.class_id = hex4(b, cls >> 8);
	p.vendor_id = hex4(b, vendor);
	p.device_id = hex4(b, device);
	p.subsystem_vendor_id = hex4(b, sub_vendor);
	p.subsystem_device_id = hex4(b, sub_device);
	p.driver = value(b, text, "DRIVER");
	p.physical_function = hostinfo_link(b->a, b->root,
	    "/sys/bus/pci/devices/%s/physfn", name);
	p.boot_vga = cls >> 16 == CLASS_DISPLAY && !strcmp(hostinfo_line(b->a,
	    b->root, "/sys/bus/pci/devices/%s/boot_vga", name), "1");
	name_pci(b, &p);
	buf_add(&b->found, &p, sizeof(p));
	b->n++;
}

/* -- USB -- */

static bool
is_usb_device(struct bus *b, const char *name, const char *text)
{
	return !strcmp(value(b, text, "DEVTYPE"), "usb_device") &&
	    strtol(usb_text(b, name, "bDeviceClass"), NULL, 16) != CLASS_HUB;
}

static double
usb_speed(struct bus *b, const char *name)
{
	double speed = strtod(usb_text(b, name, "speed"), NULL);

	return speed > 0 ? speed : -1;
}

static void
add_usb(struct bus *b, const char *name)
{
	const char *text = uevent(b, "usb", name);
	struct xenops_usb_info u = *(const struct xenops_usb_info *)
	    xenops_usb_info_type.dflt;
	unsigned int vendor, product;

	if (!is_usb_device(b, name, text) || sscanf(value(b, text, "PRODUCT"),
	    "%x/%x", &vendor, &product) != 2)
		return;
	u.path = arena_strdup(b->a, name);
	u.vendor_id = hex4(b, vendor);
	u.product_id = hex4(b, product);
	u.vendor_desc = ids_find(b->a, &b->ids, "usb:%s", u.vendor_id);
	if (!*u.vendor_desc)
		u.vendor_desc = usb_text(b, name, "manufacturer");
	u.product_desc = ids_find(b->a, &b->ids, "usb:%s:%s", u.vendor_id,
	    u.product_id);
	if (!*u.product_desc)
		u.product_desc = usb_text(b, name, "product");
	u.serial = usb_text(b, name, "serial");
	u.version = usb_text(b, name, "version");
	u.speed = usb_speed(b, name);
	buf_add(&b->found, &u, sizeof(u));
	b->n++;
}

/* -- a bus -- */

static int
by_address(const void *x, const void *y)
{
	const struct xenops_pci_info *a = x, *b = y;

	return strcmp(a->address, b->address);
}

static int
by_path(const void *x, const void *y)
{
	const struct xenops_usb_info *a = x, *b = y;

	return strcmp(a->path, b->path);
}

static void
each_device(struct bus *b, const char *bus, const char *ids, uint32_t max,
    void (*add)(struct bus *b, const char *name))
{
	DIR *dir = opendir(arena_printf(b->a, "%s/sys/bus/%s/devices",
	    b->root, bus));
	struct dirent *e;

	b->n = 0;
	buf_release(&b->found);
	ids_open(&b->ids, arena_printf(b->a, "%s%s", b->root, ids));
	while (dir && b->n < max && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			add(b, e->d_name);
	ids_close(&b->ids);
	if (dir)
		closedir(dir);
}

static struct vec
sorted(struct bus *b, size_t size,
    int (*order)(const void *x, const void *y))
{
	if (!b->n)
		return (struct vec){ 0 };
	qsort(b->found.data, b->n, size, order);
	return (struct vec){ arena_memdup(b->a, b->found.data, b->found.len),
		b->n };
}

void
hostinfo_fill_buses(struct arena *a, const char *root,
    struct xenops_host_info *h)
{
	struct bus b = { .a = a, .root = root };

	each_device(&b, "pci", IDS_PCI, PCIS_MAX, add_pci);
	h->pcis = sorted(&b, sizeof(struct xenops_pci_info), by_address);
	each_device(&b, "usb", IDS_USB, USBS_MAX, add_usb);
	h->usbs = sorted(&b, sizeof(struct xenops_usb_info), by_path);
	buf_release(&b.found);
}
