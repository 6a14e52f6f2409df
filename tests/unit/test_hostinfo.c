/* The machine as /sys and /proc of a copy below a folder tell it. */
#include "xenopsd/machine/hostinfo.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"
#include "unit.h"

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
	    only_disks_are_listed, this_machine_is_read_without_harm);
}
