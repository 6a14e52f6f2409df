/* The machine as /sys and /proc of a copy below a folder tell it. */
#include "xenopsd/machine/hostinfo.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "scratch.h"
#include "unit.h"
#include "xenopsd/machine/crashes.h"
#include "xenopsd/machine/ids.h"

static char root[64];

/* Writes a file, making its folders. */
static void
put(const char *path, const char *text)
{
	char full[512];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *p = full + strlen(root) + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	f = fopen(full, "we");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
put_link(const char *path, const char *to)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", root, path);
	ck_assert_int_eq(symlink(to, full), 0);
}

static void
setup(void)
{
	snprintf(root, sizeof(root), "/tmp/test_hostinfo.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(root));
}

static void
teardown(void)
{
	scratch_remove_tree(root);
}

static void
fill(struct arena *a, struct xenops_host_info *h)
{
	char state[128];

	snprintf(state, sizeof(state), "%s/state", root);
	hostinfo_fill(a, root, state, &storage_real, h);
}

static void
put_nic(const char *name, const char *bus, const char *slot)
{
	char path[256];

	snprintf(path, sizeof(path), "/bus/%s/vendor", slot);
	put(path, "0x8086\n");
	snprintf(path, sizeof(path), "/sys/class/net/%s/mtu", name);
	put(path, "1500\n");
	snprintf(path, sizeof(path), "/sys/class/net/%s/address", name);
	put(path, "52:54:00:00:00:01\n");
	snprintf(path, sizeof(path), "/sys/class/net/%s/device", name);
	{
		char to[256];

		snprintf(to, sizeof(to), "../../../../bus/%s", slot);
		put_link(path, to);
	}
	snprintf(path, sizeof(path), "/bus/%s/subsystem", slot);
	put_link(path, bus);
}

START_TEST(the_processor_and_the_board_have_names)
{
	struct arena *a = arena_new();
	struct xenops_host_info h;

	setup();
	put("/proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\n"
	    "cpu family\t: 23\nmodel\t\t: 49\nmodel name\t: AMD EPYC 7R32\n"
	    "stepping\t: 0\ncpu MHz\t\t: 2800.5\nflags\t\t: fpu vme de\n\n"
	    "processor\t: 1\nvendor_id\t: Other\n");
	put("/proc/stat", "cpu 1 2 3\nbtime 1700000000\n");
	put("/proc/sys/kernel/random/boot_id",
	    "34c8254f-0a9d-4ba9-b1f9-3ad4db3a0a77\n");
	put("/sys/class/dmi/id/sys_vendor", "  Some Vendor \n");
	fill(a, &h);
	ck_assert_str_eq(h.cpu.vendor, "AuthenticAMD");
	ck_assert_str_eq(h.cpu.modelname, "AMD EPYC 7R32");
	ck_assert_int_eq(h.cpu.family, 23);
	ck_assert_int_eq(h.cpu.model, 49);
	ck_assert(h.cpu.mhz > 2800 && h.cpu.mhz < 2801);
	ck_assert_str_eq(h.cpu.flags, "fpu vme de");
	ck_assert_int_eq(h.boot_time, 1700000000);
	ck_assert_str_eq(h.boot_id, "34c8254f-0a9d-4ba9-b1f9-3ad4db3a0a77");
	ck_assert_str_eq(map_get(h.bios_strings, "system-manufacturer"),
	    "Some Vendor");
	ck_assert_str_eq(map_get(h.bios_strings, "bios-vendor"), "");
	teardown();
	arena_free(a);
}
END_TEST

START_TEST(the_host_keeps_its_uuids)
{
	struct arena *a = arena_new();
	struct xenops_host_info h, again;

	setup();
	fill(a, &h);
	fill(a, &again);
	ck_assert_uint_eq(strlen(h.uuid), UUID_TEXT_LEN);
	ck_assert_str_eq(h.uuid, again.uuid);
	ck_assert_str_eq(h.dom0_uuid, again.dom0_uuid);
	ck_assert_str_ne(h.uuid, h.dom0_uuid);
	teardown();
	arena_free(a);
}
END_TEST

START_TEST(guests_ends_of_vifs_are_no_nics)
{
	struct arena *a = arena_new();
	const struct xenops_nic_info *n;
	struct xenops_host_info h;

	setup();
	put_nic("testnic1", "/sys/bus/pci", "0000:00:05.0");
	put_nic("testnic0", "/sys/bus/pci", "0000:00:03.0");
	put_nic("vif3.0", "/sys/bus/xen-backend", "vif-3-0");
	put("/sys/class/net/lo/mtu", "65536\n");
	put("/sys/class/net/testnic0/carrier", "1\n");
	put("/sys/class/net/testnic0/speed", "1000\n");
	put("/sys/class/net/testnic1/speed", "-1\n");
	fill(a, &h);
	ck_assert_uint_eq(h.nics.n, 2);
	n = h.nics.v;
	ck_assert_str_eq(n[0].device, "testnic0");
	ck_assert_str_eq(n[0].pci_path, "0000:00:03.0");
	ck_assert_str_eq(n[0].vendor_id, "8086");
	ck_assert(n[0].carrier);
	ck_assert_int_eq(n[0].speed, 1000);
	ck_assert(!n[1].carrier);
	ck_assert_int_eq(n[1].speed, 0);
	teardown();
	arena_free(a);
}
END_TEST

START_TEST(vlans_in_a_bridge_come_after_their_nics)
{
	struct arena *a = arena_new();
	const struct xenops_nic_info *n;
	struct xenops_host_info h;

	setup();
	put_nic("testnic0", "/sys/bus/pci", "0000:00:03.0");
	put("/proc/net/vlan/config",
	    "VLAN Dev name    | VLAN ID\n"
	    "Name-Type: VLAN_NAME_TYPE_RAW_PLUS_VID_NO_PAD\n"
	    "testnic0.100   | 100  | testnic0\n"
	    "testnic0.200   | 200  | testnic0\n"
	    "other.300      | 300  | other\n");
	put("/sys/class/net/testnic0.100/brport/state", "3\n");
	put("/sys/class/net/testnic0.100/mtu", "1400\n");
	put("/sys/class/net/other.300/brport/state", "3\n");
	put_link("/sys/class/net/testnic0.100/brport/bridge",
	    "../../xenbr0.100");
	put_link("/sys/class/net/other.300/brport/bridge", "../../br300");
	put("/proc/net/route", "Iface\tDestination\tGateway\n"
	    "xenbr0.100\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\n");
	fill(a, &h);
	ck_assert_uint_eq(h.nics.n, 2);
	n = h.nics.v;
	ck_assert_int_eq(n[0].vlan, 0);
	ck_assert(!n[0].management);
	ck_assert_int_eq(n[1].vlan, 100);
	ck_assert_int_eq(n[0].mtu, 1500);
	ck_assert_int_eq(n[1].mtu, 1400);
	ck_assert_str_eq(n[1].device, "testnic0");
	ck_assert_str_eq(n[1].bridge, "xenbr0.100");
	ck_assert(n[1].management);
	ck_assert_str_eq(n[1].gateway, "192.0.2.1");
	teardown();
	arena_free(a);
}
END_TEST

START_TEST(only_disks_are_listed)
{
	struct arena *a = arena_new();
	const struct xenops_disk_info *d;
	struct xenops_host_info h;

	setup();
	put("/sys/block/sdzz/size", "2048\n");
	put("/sys/block/sdzz/device/vendor", "ATA     \n");
	put("/sys/block/sdzz/device/model", "Spinning Rust  \n");
	put("/sys/block/sdzz/device/vpd_pg80", "xxxx  SER 1\n");
	put("/sys/block/sdzy/size", "0\n");
	put("/sys/block/loop7/size", "2048\n");
	put("/sys/block/sr0/size", "2048\n");
	put("/sys/block/dm-0/size", "2048\n");
	fill(a, &h);
	ck_assert_uint_eq(h.disks.n, 1);
	d = h.disks.v;
	ck_assert_str_eq(d->device, "/dev/sdzz");
	ck_assert_int_eq(d->size, 1 << 20);
	ck_assert_str_eq(d->model, "Spinning Rust");
	ck_assert_str_eq(d->serial, "SER1");
	ck_assert(d->in_use);		/* it cannot be opened */
	teardown();
	arena_free(a);
}
END_TEST

static void
put_device(const char *bus, const char *name, const char *key,
    const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s/%s", bus, name,
	    key);
	put(path, text);
}

static void
put_ids(void)
{
	put(IDS_PCI, "pci:1234 A maker\npci:1234:1111 A card\n"
	    "pci:1234:1111:1af4:1100 A board\npci:1af4 Another\n"
	    "pci_class:0300 Display\n");
	put(IDS_USB, "usb:0627 Sticks\n");
}

START_TEST(devices_on_the_pci_have_numbers_and_names)
{
	struct arena *a = arena_new();
	const struct xenops_pci_info *p;
	struct xenops_host_info h;

	setup();
	put_ids();
	put_device("pci", "0000:00:02.0", "uevent", "DRIVER=bochs\n"
	    "PCI_CLASS=30000\nPCI_ID=1234:1111\nPCI_SUBSYS_ID=1AF4:1100\n");
	put_device("pci", "0000:00:02.0", "boot_vga", "1\n");
	put_device("pci", "0000:00:01.0", "uevent",
	    "PCI_CLASS=C0330\nPCI_ID=8086:A1AF\n");
	put_device("pci", "0000:00:01.0", "boot_vga", "1\n");
	put_device("pci", "0000:00:03.0", "uevent", "PCI_CLASS=\n");
	put_device("pci", "0000:00:04.0", "other", "");
	put_link("/sys/bus/pci/devices/0000:00:01.0/physfn",
	    "../0000:00:02.0");
	fill(a, &h);
	ck_assert_uint_eq(h.pcis.n, 2);
	p = h.pcis.v;
	ck_assert_str_eq(p[0].address, "0000:00:01.0");
	ck_assert_str_eq(p[0].class_id, "0c03");
	ck_assert_str_eq(p[0].device_id, "a1af");
	ck_assert_str_eq(p[0].vendor_name, "");
	ck_assert_str_eq(p[0].driver, "");
	ck_assert_str_eq(p[0].physical_function, "0000:00:02.0");
	ck_assert(!p[0].boot_vga);
	ck_assert_str_eq(p[1].class_name, "Display");
	ck_assert_str_eq(p[1].vendor_name, "A maker");
	ck_assert_str_eq(p[1].device_name, "A card");
	ck_assert_str_eq(p[1].subsystem_vendor_name, "Another");
	ck_assert_str_eq(p[1].subsystem_device_name, "A board");
	ck_assert_str_eq(p[1].driver, "bochs");
	ck_assert(p[1].boot_vga);
	teardown();
	arena_free(a);
}
END_TEST

START_TEST(what_usb_devices_say_is_bounded_text)
{
	struct arena *a = arena_new();
	const struct xenops_usb_info *u;
	struct xenops_host_info h;
	char lies[3001];

	setup();
	put_ids();
	memset(lies, 'x', sizeof(lies) - 1);
	lies[sizeof(lies) - 1] = '\0';
	memcpy(lies, "\x01\xff<b>", 5);
	put_device("usb", "1-2", "uevent",
	    "DEVTYPE=usb_device\nPRODUCT=627/1/0\n");
	put_device("usb", "1-2", "bDeviceClass", "00\n");
	put_device("usb", "1-2", "manufacturer", "Unheard\n");
	put_device("usb", "1-2", "product", lies);
	put_device("usb", "1-2", "version", " 2.00\n");
	put_device("usb", "1-2", "speed", "1.5\n");
	put_device("usb", "1-2:1.0", "uevent",
	    "DEVTYPE=usb_interface\nPRODUCT=627/1/0\n");
	put_device("usb", "usb1", "uevent",
	    "DEVTYPE=usb_device\nPRODUCT=1d6b/2/600\n");
	put_device("usb", "usb1", "bDeviceClass", "09\n");
	fill(a, &h);
	ck_assert_uint_eq(h.usbs.n, 1);
	u = h.usbs.v;
	ck_assert_str_eq(u->path, "1-2");
	ck_assert_str_eq(u->vendor_id, "0627");
	ck_assert_str_eq(u->product_id, "0001");
	ck_assert_str_eq(u->vendor_desc, "Sticks");
	ck_assert(!strncmp(u->product_desc,
	    UTF8_REPLACEMENT UTF8_REPLACEMENT "<b>", 9));
	ck_assert_uint_le(strlen(u->product_desc), 128 + 2 * 2);
	ck_assert_str_eq(u->serial, "");
	ck_assert_str_eq(u->version, "2.00");
	ck_assert(u->speed > 1.4 && u->speed < 1.6);
	teardown();
	arena_free(a);
}
END_TEST

static const char *
ids_name(struct arena *a, const char *text, const char *key)
{
	char path[128];
	const char *name;
	struct ids ids;

	put("/ids", text);
	snprintf(path, sizeof(path), "%s/ids", root);
	ids_open(&ids, path);
	name = ids_find(a, &ids, "%s", key);
	ids_close(&ids);
	return name;
}

START_TEST(every_name_is_found_and_no_other)
{
	static const char all[] = "a One\na:b Two\na:b:c Three\nab Four\n"
	    "b Five and more\nc Six";
	struct arena *a = arena_new();

	setup();
	ck_assert_str_eq(ids_name(a, all, "a"), "One");
	ck_assert_str_eq(ids_name(a, all, "a:b"), "Two");
	ck_assert_str_eq(ids_name(a, all, "a:b:c"), "Three");
	ck_assert_str_eq(ids_name(a, all, "ab"), "Four");
	ck_assert_str_eq(ids_name(a, all, "b"), "Five and more");
	ck_assert_str_eq(ids_name(a, all, "c"), "Six");
	ck_assert_str_eq(ids_name(a, all, "d"), "");
	ck_assert_str_eq(ids_name(a, all, "a:"), "");
	ck_assert_str_eq(ids_name(a, all, "0"), "");
	ck_assert_str_eq(ids_name(a, "", "a"), "");
	ck_assert_str_eq(ids_name(a, "\n\n\n", "a"), "");
	ck_assert_str_eq(ids_name(a, "a", "a"), "");
	ck_assert_str_eq(ids_name(a, "a\nb", "b"), "");
	teardown();
	arena_free(a);
}
END_TEST

/* A long text: what a person has to read stands far from its end. */
START_TEST(a_crash_is_told_from_where_the_kernel_gave_up)
{
	static char text[9000];
	struct arena *a = arena_new();
	struct xenops_host_info h = { 0 };
	char path[256];
	int n = snprintf(text, sizeof(text), "7\n<4> before\n"
	    "<0>[ 1.5] Kernel panic - not syncing: why\n");

	setup();
	memset(text + n, 'x', sizeof(text) - (size_t)n - 1);
	put("/crash/00000000-0000-4000-8000-000000000001", text);
	snprintf(path, sizeof(path), "%s/crash", root);
	crashes_fill(a, path, &h);
	ck_assert_uint_eq(h.crashes.n, 1);
	ck_assert(!strncmp(
	    ((const struct xenops_crash_info *)h.crashes.v)->end,
	    "<0>[ 1.5] Kernel panic - not syncing: why\nxxx", 45));
	teardown();
	arena_free(a);
}
END_TEST

START_TEST(the_newest_crashes_are_told)
{
	struct arena *a = arena_new();
	const struct xenops_crash_info *c;
	struct xenops_host_info h = { 0 };
	char path[256], text[64];

	setup();
	for (int i = 0; i < 12; i++) {
		snprintf(path, sizeof(path),
		    "/crash/00000000-0000-4000-8000-0000000000%02d", i);
		snprintf(text, sizeof(text), "%d\npanic %d\n", 1000 + i, i);
		put(path, text);
	}
	put("/crash/00000000-0000-4000-8000-000000000099", "99");
	put("/crash/00000000-0000-4000-8000-000000000098", "-5\nx");
	put("/crash/current", "5000\nx");
	snprintf(path, sizeof(path), "%s/crash", root);
	crashes_fill(a, path, &h);
	ck_assert_uint_eq(h.crashes.n, 8);
	c = h.crashes.v;
	ck_assert_int_eq(c[0].time, 1011);
	ck_assert_int_eq(c[7].time, 1004);
	ck_assert_int_eq(c[0].size, 9);
	ck_assert_str_eq(c[0].end, "panic 11\n");
	snprintf(path, sizeof(path), "%s/none", root);
	h.crashes.n = 0;
	crashes_fill(a, path, &h);
	ck_assert_uint_eq(h.crashes.n, 0);
	teardown();
	arena_free(a);
}
END_TEST

START_TEST(this_machine_is_read_without_harm)
{
	struct arena *a = arena_new();
	struct xenops_host_info h;
	char state[128];

	setup();
	snprintf(state, sizeof(state), "%s/state", root);
	hostinfo_fill(a, "", state, &storage_real, &h);
	ck_assert_str_ne(h.kernel_version, "");
	ck_assert_int_gt(h.boot_time, 0);
	teardown();
	arena_free(a);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("hostinfo", the_processor_and_the_board_have_names,
	    the_host_keeps_its_uuids, guests_ends_of_vifs_are_no_nics,
	    vlans_in_a_bridge_come_after_their_nics,
	    only_disks_are_listed,
	    devices_on_the_pci_have_numbers_and_names,
	    what_usb_devices_say_is_bounded_text,
	    every_name_is_found_and_no_other, the_newest_crashes_are_told,
	    a_crash_is_told_from_where_the_kernel_gave_up,
	    this_machine_is_read_without_harm);
}
