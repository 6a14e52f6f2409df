/* The real sample_xen.c over a hypervisor of the test's making. */
#include <errno.h>
#include <xenctrl.h>

#include "unit.h"
#include "xenopsd/machine/sample.h"

#define DOMAINS 3

static struct {
	xc_domaininfo_t domains[DOMAINS];
	bool fails;
	int asked;			/* vCPUs that were asked for */
} fake;

xc_interface *
xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
    unsigned int flags)
{
	(void)logger;
	(void)dombuild_logger;
	(void)flags;
	return (xc_interface *)&fake;
}

int
xc_physinfo(xc_interface *xc, xc_physinfo_t *info)
{
	(void)xc;
	info->total_pages = 1000;
	info->free_pages = 90;
	info->scrub_pages = 10;
	errno = EACCES;
	return fake.fails ? -1 : 0;
}

int
xc_getcpuinfo(xc_interface *xc, int max_cpus, xc_cpuinfo_t *info, int *n)
{
	(void)xc;
	(void)max_cpus;
	info[0].idletime = 7;
	info[1].idletime = 8;
	*n = 2;
	return 0;
}

int
xc_domain_getinfolist(xc_interface *xc, uint32_t first, unsigned int max,
    xc_domaininfo_t *info)
{
	int n = 0;

	(void)xc;
	(void)max;
	for (int i = 0; i < DOMAINS; i++) {
		if (fake.domains[i].domain >= first)
			info[n++] = fake.domains[i];
	}
	return n;
}

int
xc_vcpu_getinfo(xc_interface *xc, uint32_t domid, uint32_t vcpu,
    xc_vcpuinfo_t *info)
{
	(void)xc;
	fake.asked++;
	*info = (xc_vcpuinfo_t){ .vcpu = vcpu, .online = vcpu < 2,
		.cpu_time = domid * 100 + vcpu };
	return 0;
}

static void
rig(void)
{
	memset(&fake, 0, sizeof(fake));
	for (uint32_t i = 0; i < DOMAINS; i++) {
		fake.domains[i].domain = (domid_t)i;
		fake.domains[i].tot_pages = i;
		fake.domains[i].max_vcpu_id = i;
	}
}

/* What it takes, and how that ends. */
static int
take(struct arena *a, struct xenops_samples_get_result *s)
{
	struct sample_xen *x = sample_xen_new();
	int rc;

	memset(s, 0, sizeof(*s));
	rc = sample_xen_take(x, a, s);
	free(x);
	return rc;
}

START_TEST(domains_have_their_memory_and_vcpus)
{
	struct xenops_samples_get_result s;
	const struct xenops_domain_sample *d;
	struct arena *a = arena_new();

	rig();
	fake.domains[1].flags = XEN_DOMINF_dying;
	ck_assert_int_eq(take(a, &s), 0);
	ck_assert_int_eq(s.host.memory_free, 100 * 4096);
	ck_assert_int_eq(((int64_t *)s.host.idle.v)[1], 8);
	ck_assert_int_eq(s.domains.n, 2);
	d = s.domains.v;
	ck_assert_int_eq(d[1].domid, 2);
	ck_assert_int_eq(d[1].memory, 2 * 4096);
	/* the third is off */
	ck_assert_int_eq(d[1].cpus.n, 2);
	ck_assert_int_eq(((int64_t *)d[1].cpus.v)[1], 201);
	arena_free(a);
}
END_TEST

/* The hypervisor says ~0 of it. */
START_TEST(a_domain_that_is_being_made_has_no_vcpus)
{
	struct xenops_samples_get_result s;
	const struct xenops_domain_sample *d;
	struct arena *a = arena_new();

	rig();
	fake.domains[2].max_vcpu_id = ~0u;
	ck_assert_int_eq(take(a, &s), 0);
	ck_assert_int_eq(s.domains.n, 3);
	d = s.domains.v;
	ck_assert_int_eq(d[2].cpus.n, 0);
	ck_assert_int_eq(fake.asked, 1 + 2);
	arena_free(a);
}
END_TEST

START_TEST(a_hypervisor_that_refuses_is_told)
{
	struct xenops_samples_get_result s;
	struct arena *a = arena_new();

	rig();
	fake.fails = true;
	ck_assert_int_eq(take(a, &s), -EACCES);
	arena_free(a);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("sample_xen", domains_have_their_memory_and_vcpus,
	    a_domain_that_is_being_made_has_no_vcpus,
	    a_hypervisor_that_refuses_is_told);
}
