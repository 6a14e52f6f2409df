/* What dom0's kernel counts, from copies of /proc and /sys. */
#include <string.h>
#include <sys/stat.h>

#include "scratch.h"
#include "unit.h"
#include "xenopsd/machine/sample.h"

static void
make(const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *f;

	snprintf(full, sizeof(full), "%s%s", scratch_dir(), path);
	for (char *p = full + strlen(scratch_dir()) + 1; (p = strchr(p, '/'));
	    p++) {
		*p = '\0';
		mkdir(full, 0700);
		*p = '/';
	}
	f = fopen(full, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

#define VBD "/sys/bus/xen-backend/devices/"

START_TEST(devices_go_to_their_domains)
{
	struct xenops_domain_sample d[3] = { { .domid = 0 }, { .domid = 3 },
		{ .domid = 12 } };
	struct xenops_samples_get_result s = { .domains = { d, 3 } };
	struct arena *a = arena_new();
	const struct xenops_nic_sample *n;
	const struct xenops_disk_sample *k;

	make("/proc/loadavg", "0.25 0.10 0.05 1/90 777\n");
	make("/proc/net/dev",
	    "Inter-|   Receive                |  Transmit\n"
	    " face |bytes    packets errs drop fifo frame compressed multicast"
	    "|bytes    packets errs drop fifo colls carrier compressed\n"
	    "    lo: 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n"
	    "vif12.1: 5 1 6 0 0 0 0 0 7 1 8 0 0 0 0 0\n"
	    "  eth0: 1000 10 1 0 0 0 0 0 2000 20 2 0 0 0 0 0\n"
	    "vif12.0:1 1 2 0 0 0 0 0 3 1 4 0 0 0 0 0\n"
	    "xenbr0: 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n"
	    "vif4.0: 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9 9\n"
	    "broken: 1\n");
	/* xvda, xvdb and xvdq; a device of another kind, one that goes */
	make(VBD "vbd-3-51728/physical_device", "fd:11\n");
	make(VBD "vbd-3-51712/physical_device", "fd:3\n");
	make(VBD "vbd-12-268439552/physical_device", "7:0\n");
	make(VBD "vbd-12-51712/nothing", "");
	make(VBD "vif-12-0/physical_device", "fd:3\n");
	make("/sys/dev/block/253:3/stat",
	    "  10 1 16 20 30 2 8 40 5 60 70 0 0 0 0 0 0\n");
	make("/sys/dev/block/253:17/stat", "1 1 1 1 1 1 1 1 1 1 1\n");
	make("/sys/dev/block/7:0/stat", "2 2 2 2 2 2 2 2 2 2 2\n");

	sample_kernel(a, scratch_dir(), &s);
	ck_assert(s.host.load == 0.25);
	ck_assert_int_eq(s.host.nics.n, 1);
	n = s.host.nics.v;
	ck_assert_str_eq(n->device, "eth0");
	ck_assert_int_eq(n->rx, 1000);
	ck_assert_int_eq(n->rx_errors, 1);
	ck_assert_int_eq(n->tx, 2000);
	ck_assert_int_eq(n->tx_errors, 2);
	ck_assert_int_eq(d[1].nics.n, 0);
	ck_assert_int_eq(d[2].nics.n, 2);
	n = d[2].nics.v;
	ck_assert_str_eq(n[0].device, "0");
	ck_assert_str_eq(n[1].device, "1");
	ck_assert_int_eq(n[1].rx, 5);
	ck_assert_int_eq(n[1].tx_errors, 8);
	ck_assert_int_eq(d[1].disks.n, 2);
	k = d[1].disks.v;
	ck_assert_int_eq(k[0].device, 0);
	ck_assert_int_eq(k[1].device, 1);
	ck_assert_int_eq(k[0].reads, 10);
	ck_assert_int_eq(k[0].read_bytes, 16 * 512);
	ck_assert_int_eq(k[0].read_ms, 20);
	ck_assert_int_eq(k[0].writes, 30);
	ck_assert_int_eq(k[0].write_bytes, 8 * 512);
	ck_assert_int_eq(k[0].write_ms, 40);
	ck_assert_int_eq(k[0].inflight, 5);
	ck_assert_int_eq(k[0].busy_ms, 60);
	ck_assert_int_eq(k[0].queue_ms, 70);
	ck_assert_int_eq(d[2].disks.n, 1);
	k = d[2].disks.v;
	ck_assert_int_eq(k[0].device, 16);
	arena_free(a);
}
END_TEST

START_TEST(a_machine_without_anything_has_no_samples)
{
	struct xenops_domain_sample d = { .domid = 1 };
	struct xenops_samples_get_result s = { .domains = { &d, 1 } };
	struct arena *a = arena_new();

	sample_kernel(a, scratch_dir(), &s);
	ck_assert_int_eq(s.host.nics.n + d.nics.n + d.disks.n, 0);
	arena_free(a);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("sample", devices_go_to_their_domains,
	    a_machine_without_anything_has_no_samples);
}
