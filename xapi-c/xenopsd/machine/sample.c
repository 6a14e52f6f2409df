#include "xenopsd/machine/sample.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE 512
#define SECTOR 512

/* A device, and before it whose it is. */
struct owned_nic {
	int64_t domid;
	struct xenops_nic_sample nic;
};
struct owned_disk {
	int64_t domid;
	struct xenops_disk_sample disk;
};

static FILE *
open_text(struct arena *a, const char *root, const char *path)
{
	return fopen(arena_printf(a, "%s%s", root, path), "re");
}

/* The array v of n, or one with room for more. */
static void *
with_room(struct arena *a, void *v, uint32_t n, uint32_t *room, size_t size)
{
	void *larger;

	if (n < *room)
		return v;
	*room = *room ? *room * 2 : 16;
	larger = arena_alloc(a, *room * size);
	if (n)
		memcpy(larger, v, n * size);
	return larger;
}

/* -- NICs -- */

/* "  eth0: bytes packets errs drop fifo frame compressed multicast bytes
 * packets errs ..." */
static bool
parse_nic(char *line, const char **name, struct xenops_nic_sample *n)
{
	char *colon = strchr(line, ':');
	long long rx, rx_errors, tx, tx_errors;

	if (!colon)
		return false;
	*colon = '\0';
	*name = line + strspn(line, " ");
	if (sscanf(colon + 1, "%lld %*d %lld %*d %*d %*d %*d %*d %lld %*d %lld",
	    &rx, &rx_errors, &tx, &tx_errors) != 4)
		return false;
	*n = (struct xenops_nic_sample){ .rx = rx, .tx = tx,
		.rx_errors = rx_errors, .tx_errors = tx_errors };
	return true;
}

/* A guest's: vif1.0; the host's: eth0. */
static bool
whose_nic(struct arena *a, const char *name, struct owned_nic *n)
{
	unsigned int domid, number;
	char end;

	if (sscanf(name, "vif%u.%u%c", &domid, &number, &end) == 2) {
		n->domid = domid;
		n->nic.device = arena_printf(a, "%u", number);
		return true;
	}
	n->domid = 0;
	n->nic.device = arena_strdup(a, name);
	return strncmp(name, "eth", 3) == 0;
}

static int
by_nic(const void *p, const void *q)
{
	const struct owned_nic *x = p, *y = q;

	if (x->domid != y->domid)
		return x->domid < y->domid ? -1 : 1;
	return strcmp(x->nic.device, y->nic.device);
}

static struct owned_nic *
read_nics(struct arena *a, const char *root, uint32_t *n_out)
{
	FILE *f = open_text(a, root, "/proc/net/dev");
	struct owned_nic *v = NULL;
	uint32_t n = 0, room = 0;
	char line[LINE];
	const char *name;

	while (f && n < SAMPLE_MAX_NICS && fgets(line, sizeof(line), f)) {
		struct owned_nic one;

		if (!parse_nic(line, &name, &one.nic) ||
		    !whose_nic(a, name, &one))
			continue;
		v = with_room(a, v, n, &room, sizeof(*v));
		v[n++] = one;
	}
	if (f)
		fclose(f);
	if (n)
		qsort(v, n, sizeof(*v), by_nic);
	*n_out = n;
	return v;
}

/* -- disks -- */

/* The number of a virtual disk device; -1: not one of xvda... */
static int64_t
disk_number(unsigned int devid)
{
	if (devid >> 28)
		return devid >> 28 == 1 ? (int64_t)(devid & 0xfffffff) >> 8 :
		    -1;
	return devid >> 8 == 202 ? (int64_t)(devid & 0xff) >> 4 : -1;
}

static bool
read_line(struct arena *a, const char *root, const char *path, char *line)
{
	FILE *f = open_text(a, root, path);
	bool ok = f && fgets(line, LINE, f);

	if (f)
		fclose(f);
	return ok;
}

/* What was done with the block device that is behind it. */
static bool
read_disk(struct arena *a, const char *root, const char *name,
    struct xenops_disk_sample *d)
{
	unsigned long long reads, read_sectors, read_ms, writes, write_sectors,
	    write_ms, inflight, busy_ms, queue_ms;
	unsigned int major, minor;
	char line[LINE];

	if (!read_line(a, root, arena_printf(a,
	    "/sys/bus/xen-backend/devices/%s/physical_device", name), line) ||
	    sscanf(line, "%x:%x", &major, &minor) != 2 ||
	    !read_line(a, root, arena_printf(a, "/sys/dev/block/%u:%u/stat",
	    major, minor), line) ||
	    sscanf(line, "%llu %*u %llu %llu %llu %*u %llu %llu %llu %llu %llu",
	    &reads, &read_sectors, &read_ms, &writes, &write_sectors,
	    &write_ms, &inflight, &busy_ms, &queue_ms) != 9)
		return false;
	d->reads = (int64_t)reads;
	d->writes = (int64_t)writes;
	d->read_bytes = (int64_t)(read_sectors * SECTOR);
	d->write_bytes = (int64_t)(write_sectors * SECTOR);
	d->read_ms = (int64_t)read_ms;
	d->write_ms = (int64_t)write_ms;
	d->inflight = (int64_t)inflight;
	d->busy_ms = (int64_t)busy_ms;
	d->queue_ms = (int64_t)queue_ms;
	return true;
}

static int
by_disk(const void *p, const void *q)
{
	const struct owned_disk *x = p, *y = q;

	if (x->domid != y->domid)
		return x->domid < y->domid ? -1 : 1;
	return (x->disk.device > y->disk.device) -
	    (x->disk.device < y->disk.device);
}

static struct owned_disk *
read_disks(struct arena *a, const char *root, uint32_t *n_out)
{
	DIR *dir = opendir(arena_printf(a, "%s/sys/bus/xen-backend/devices",
	    root));
	struct owned_disk *v = NULL;
	uint32_t n = 0, room = 0;
	struct dirent *e;

	while (dir && n < SAMPLE_MAX_DISKS && (e = readdir(dir))) {
		struct owned_disk one = { 0 };
		unsigned int domid, devid;

		if (sscanf(e->d_name, "vbd-%u-%u", &domid, &devid) != 2 ||
		    !read_disk(a, root, e->d_name, &one.disk))
			continue;
		one.domid = domid;
		one.disk.device = disk_number(devid);
		if (one.disk.device < 0)
			continue;
		v = with_room(a, v, n, &room, sizeof(*v));
		v[n++] = one;
	}
	if (dir)
		closedir(dir);
	if (n)
		qsort(v, n, sizeof(*v), by_disk);
	*n_out = n;
	return v;
}

/* -- to whom they belong; all are in the order of domids -- */

static int64_t
domid_at(const void *v, size_t size, uint32_t i)
{
	return *(const int64_t *)(const void *)((const char *)v + i * size);
}

/* How many of either kind the domain has; *at goes behind them. */
static uint32_t
run_of(const void *v, size_t size, uint32_t n, uint32_t *at, int64_t domid)
{
	uint32_t first;

	while (*at < n && domid_at(v, size, *at) < domid)
		++*at;
	for (first = *at; *at < n && domid_at(v, size, *at) == domid; ++*at)
		;
	return *at - first;
}

static struct vec
nics_of(struct arena *a, const struct owned_nic *v, uint32_t n, uint32_t *at,
    int64_t domid)
{
	struct xenops_nic_sample *out;
	uint32_t m = run_of(v, sizeof(*v), n, at, domid), first = *at - m;

	out = arena_alloc(a, (m + 1) * sizeof(*out));
	for (uint32_t i = 0; i < m; i++)
		out[i] = v[first + i].nic;
	return (struct vec){ .v = out, .n = m };
}

static struct vec
disks_of(struct arena *a, const struct owned_disk *v, uint32_t n, uint32_t *at,
    int64_t domid)
{
	struct xenops_disk_sample *out;
	uint32_t m = run_of(v, sizeof(*v), n, at, domid), first = *at - m;

	out = arena_alloc(a, (m + 1) * sizeof(*out));
	for (uint32_t i = 0; i < m; i++)
		out[i] = v[first + i].disk;
	return (struct vec){ .v = out, .n = m };
}

void
sample_kernel(struct arena *a, const char *root,
    struct xenops_samples_get_result *s)
{
	struct xenops_domain_sample *d = (void *)s->domains.v;
	uint32_t n_nics, n_disks, nic = 0, disk = 0;
	struct owned_nic *nics = read_nics(a, root, &n_nics);
	struct owned_disk *disks = read_disks(a, root, &n_disks);
	char line[LINE];

	if (read_line(a, root, "/proc/loadavg", line))
		s->host.load = strtod(line, NULL);
	s->host.nics = nics_of(a, nics, n_nics, &nic, 0);
	for (uint32_t i = 0; i < s->domains.n; i++) {
		if (!d[i].domid)
			continue;
		d[i].nics = nics_of(a, nics, n_nics, &nic, d[i].domid);
		d[i].disks = disks_of(a, disks, n_disks, &disk, d[i].domid);
	}
}
