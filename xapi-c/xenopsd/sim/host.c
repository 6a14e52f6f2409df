/* The simulated machine: two sockets, 64 GiB, two NICs, three disks. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/hostname.h"
#include "base/log.h"
#include "base/mem.h"
#include "xenopsd/core/server.h"
#include "xenopsd/domains/kept.h"
#include "xenopsd/machine/crashes.h"
#include "xenopsd/machine/cstate.h"
#include "xenopsd/machine/logs.h"
#include "xenopsd/machine/secret_change.h"
#include "xenopsd/machine/update.h"
#include "xenopsd/machine/vlan.h"
#include "xenopsd/sim/sim.h"
#include "xenopsd/storage/books.h"

#define GIB ((int64_t)1 << 30)
#define DOM0_MEMORY (GIB / 4)
#define POWER_MS 100		/* for the answer to get out */
#define NICS 2
#define DISKS 3

struct sim_bridge {
	struct sim_bridge *next;
	char name[16];
	char port[16];			/* "" if it has none */
	int64_t vlan;			/* of port, which it has instead; 0 */
	int64_t mtu;
};

static struct sim_bridge *
bridge_find(struct sim *m, const char *name)
{
	struct sim_bridge *b = m->bridges;

	while (b && strcmp(b->name, name ? name : ""))
		b = b->next;
	return b;
}

bool
sim_bridge_exists(struct sim *m, const char *name)
{
	return bridge_find(m, name) != NULL;
}

static struct sim_bridge *
bridge_add(struct sim *m, const char *name, const char *port, int64_t mtu)
{
	struct sim_bridge *b = mem_zalloc(sizeof(*b));

	snprintf(b->name, sizeof(b->name), "%s", name);
	snprintf(b->port, sizeof(b->port), "%s", port ? port : "");
	b->mtu = mtu > 0 ? mtu : 1500;
	b->next = m->bridges;
	m->bridges = b;
	return b;
}

/* Reads the file name of the state folder, or writes what text holds. */
static int
keep(struct sim *m, const char *name, char *text, size_t size)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/%s", m->cfg.state_dir, name);
	struct buf b = { 0 };
	int rc = file_read(path, SMALL_FILE, &b);

	if (rc == 0 && b.len > 1)
		snprintf(text, size, "%s", b.data);
	else
		rc = file_write(path, text, strlen(text), true);
	buf_release(&b);
	arena_free(a);
	return rc;
}

/* Of the world's zones a few; the file "ntp.news" is what ntpd would say. */
static int
keep_time(struct sim *m)
{
	static const char zones[] = "America/New_York EST5EDT,M3.2.0,M11.1.0\n"
	    "Asia/Kolkata IST-5:30\n"
	    "Europe/Berlin CET-1CEST,M3.5.0,M10.5.0/3\n"
	    "UTC UTC0\n";
	const char *dir = m->cfg.state_dir;

	if (snprintf(m->zones, sizeof(m->zones), "%s/timezones", dir) >=
	    (int)sizeof(m->zones) || snprintf(m->ntp_news,
	    sizeof(m->ntp_news), "%s/ntp.news", dir) >=
	    (int)sizeof(m->ntp_news) || snprintf(m->clock,
	    sizeof(m->clock), "%s/clock", dir) >= (int)sizeof(m->clock))
		return -ENAMETOOLONG;
	m->cstate.cstate = m->cstate.csubstate = -1;
	m->time = (struct timekeeper){ .state_dir = dir, .zones = m->zones,
		.ntp_news = m->ntp_news, .clock = m->clock };
	m->ssh = (struct ssh){ .dir = dir };
	return file_write(m->zones, zones, sizeof(zones) - 1, true);
}

int
sim_host_init(struct sim *m)
{
	int rc;

	m->boot_time = clock_wall_s();
	uuid_random(m->boot_id);
	snprintf(m->hostname, sizeof(m->hostname), "sim%d", m->cfg.number);
	uuid_random(m->uuid);
	uuid_random(m->dom0_uuid);
	rc = keep(m, "hostname", m->hostname, sizeof(m->hostname));
	if (rc == 0)
		rc = keep(m, "uuid", m->uuid, sizeof(m->uuid));
	if (rc == 0)
		rc = keep(m, "dom0_uuid", m->dom0_uuid, sizeof(m->dom0_uuid));
	if (rc == 0)
		rc = keep_time(m);
	bridge_add(m, "xenbr0", "eth0", 1500);
	bridge_add(m, "xenbr1", "eth1", 1500);
	return rc;
}

void
sim_host_release(struct sim *m)
{
	while (m->bridges) {
		struct sim_bridge *b = m->bridges;

		m->bridges = b->next;
		free(b);
	}
}

static void
fill_cpu(struct xenops_cpu_info *c)
{
	c->count = 16;
	c->sockets = 2;
	c->threads_per_core = 2;
	c->nr_nodes = 2;
	c->vendor = "GenuineIntel";
	c->modelname = "Simulated Xeon CPU @ 2.40GHz";
	c->family = 6;
	c->model = 85;
	c->stepping = 7;
	c->mhz = 2400.0;
	c->flags = "fpu de tsc msr pae mce cx8 apic sep mca cmov pat clflush "
	    "mmx fxsr sse sse2 ht syscall nx lm constant_tsc pni ssse3 cx16 "
	    "sse4_1 sse4_2 popcnt aes hypervisor lahf_lm";
	c->features_pv = "1fc9cbf5-f6f83203-2991cbf5-00000023-00000001";
	c->features_hvm = "1fcbfbff-f7fa3223-2d93fbff-00000423-00000001";
	c->features_host = "1fcbfbff-f7fa3223-2d93fbff-00000423-00000001";
}

static uint32_t
count_vlans(const struct sim *m)
{
	uint32_t n = 0;

	for (const struct sim_bridge *b = m->bridges; b; b = b->next)
		n += b->vlan != 0;
	return n;
}

/* Each is its NIC again, but for its bridge and what management is. */
static struct vec
with_vlans(const struct sim *m, struct arena *a,
    struct xenops_nic_info *v, uint32_t nics)
{
	uint32_t n = nics;

	for (const struct sim_bridge *b = m->bridges; b; b = b->next) {
		for (uint32_t i = 0; b->vlan && i < nics; i++) {
			if (strcmp(v[i].device, b->port))
				continue;
			v[n] = v[i];
			v[n].vlan = b->vlan;
			v[n].mtu = b->mtu;
			v[n].bridge = arena_strdup(a, b->name);
			v[n].management = v[n].dhcp = false;
			v[n].ip = v[n].netmask = v[n].gateway = v[n].dns = "";
			n++;
		}
	}
	return (struct vec){ v, n };
}

static void
fill_nic(struct sim *m, struct arena *a, int i, struct xenops_nic_info *n)
{
	*n = *(const struct xenops_nic_info *)xenops_nic_info_type.dflt;
	n->device = arena_printf(a, "eth%d", i);
	n->mac = arena_printf(a, "52:54:00:%02x:00:%02x", m->cfg.number & 255,
	    i);
	n->mtu = 1500;
	n->carrier = true;
	n->speed = 10000;
	n->duplex = true;
	n->vendor_id = "8086";
	n->device_id = "1572";
	n->vendor_name = "Intel Corporation";
	n->device_name = "Ethernet Controller X710 for 10GbE SFP+";
	n->pci_path = arena_printf(a, "0000:3b:00.%d", i);
	for (struct sim_bridge *b = m->bridges; b; b = b->next)
		if (!b->vlan && !strcmp(b->port, n->device))
			n->bridge = arena_strdup(a, b->name);
}

static void
fill_management(struct sim *m, struct xenops_nic_info *n)
{
	n->management = true;
	n->ip = m->cfg.address;
	n->netmask = "255.255.255.0";
	n->gateway = "192.0.2.1";
	n->dns = "192.0.2.1";
	n->dhcp = true;
}

/* The first is always there. */
static struct vec
nics(struct sim *m, struct arena *a)
{
	struct xenops_nic_info *v = arena_alloc(a, sizeof(*v) *
	    (NICS + count_vlans(m)));
	uint32_t n = 1;

	fill_nic(m, a, 0, v);
	fill_management(m, v);
	for (int i = 1; i < NICS; i++) {
		fill_nic(m, a, i, &v[n]);
		n += sim_bus_has(m, a, v[n].pci_path);
	}
	return with_vlans(m, a, v, n);
}

static struct vec
disks(struct sim *m, struct arena *a)
{
	struct xenops_disk_info *v = arena_alloc(a, sizeof(*v) * DISKS);

	for (int i = 0; i < DISKS; i++) {
		v[i] = *(const struct xenops_disk_info *)
		    xenops_disk_info_type.dflt;
		v[i].device = arena_printf(a, "/dev/sd%c", 'a' + i);
		v[i].size = (i ? 1024 : 64) * GIB;
		v[i].model = i ? "SIM HDD 1T" : "SIM SSD 64G";
		v[i].serial = arena_printf(a, "SIM%04d%02d", m->cfg.number, i);
		v[i].in_use = i == 0 ||
		    storage_owns_device(&m->storage, v[i].device);
	}
	return (struct vec){ v, DISKS };
}

const char *
sim_own_partition(const struct storage_env *env, struct arena *a)
{
	const char *path = arena_printf(a, "%s/installed", env->run_dir);
	const char *device = NULL;
	struct buf b = { 0 };

	if (file_read(path, SMALL_FILE, &b) == 0)
		device = arena_strndup(a, b.data, strcspn(b.data, "\n"));
	buf_release(&b);
	return device;
}

static struct vec
capabilities(struct arena *a)
{
	struct vec v = { 0 };

	v = vec_add_string(a, v, "xen-3.0-x86_64");
	v = vec_add_string(a, v, "hvm-3.0-x86_32");
	v = vec_add_string(a, v, "hvm-3.0-x86_32p");
	return vec_add_string(a, v, "hvm-3.0-x86_64");
}

static struct vec
bios(struct sim *m, struct arena *a)
{
	struct vec v = { 0 };

	v = map_set(a, v, "bios-vendor", "Bedplate");
	v = map_set(a, v, "bios-version", "1.0");
	v = map_set(a, v, "system-manufacturer", "Bedplate");
	v = map_set(a, v, "system-product-name", "Simulator");
	v = map_set(a, v, "system-version", "1");
	return map_set(a, v, "system-serial-number",
	    arena_printf(a, "SIM%04d", m->cfg.number));
}

static const char *
crashes_dir(const struct sim *m, struct arena *a)
{
	return arena_printf(a, "%s/crash", m->cfg.state_dir);
}

void
sim_host_fill(struct sim *m, struct arena *a, struct xenops_host_info *out)
{
	struct utsname un;

	*out = *(const struct xenops_host_info *)xenops_host_info_type.dflt;
	out->hostname = arena_strdup(a, m->hostname);
	out->uuid = m->uuid;
	out->dom0_uuid = m->dom0_uuid;
	fill_cpu(&out->cpu);
	out->memory_total = SIM_MEMORY;
	out->memory_free = SIM_MEMORY - SIM_OWN_MEMORY -
	    sim_machine_memory(m->machine);
	out->dom0_memory = DOM0_MEMORY;
	out->dom0_vcpus = 2;
	out->xen_version = "4.20.2";
	out->xen_caps = capabilities(a);
	out->xen_cmdline = "dom0_mem=256M,max:256M console=com1";
	out->kernel_version = uname(&un) == 0 ?
	    arena_strdup(a, un.release) : "";
	out->bios_strings = bios(m, a);
	out->boot_time = m->boot_time;
	out->boot_id = m->boot_id;
	out->address = m->cfg.address;
	out->nics = nics(m, a);
	out->disks = disks(m, a);
	out->chipset_iommu = true;
	sim_bus_fill(m, a, out);
	crashes_fill(a, crashes_dir(m, a), out);
	timekeeper_fill(a, &m->time, out);
	out->ssh_until = ssh_until(a, &m->ssh);
}

void
sim_host_changed(struct sim *m)
{
	struct xenops_host_changed ev;
	struct arena *a = arena_new();

	sim_host_fill(m, a, &ev.host);
	server_event(m->d.server, XENOPS_HOST_CHANGED, &ev);
	arena_free(a);
}

int
sim_host_get(struct request *rq, const void *args, void *result)
{
	struct xenops_host_get_result *r = result;

	(void)args;
	sim_host_fill(rq->daemon, rq->arena, &r->host);
	return 0;
}

int
sim_host_set_hostname(struct request *rq, const void *args, void *result)
{
	const struct xenops_host_set_hostname_args *a = args;
	struct sim *m = rq->daemon;
	const char *path = arena_printf(rq->arena, "%s/hostname",
	    m->cfg.state_dir);
	const char *problem = hostname_problem(a->hostname ? a->hostname : "");
	int rc;

	(void)result;
	if (problem)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "bad host name: %s", problem);
	rc = file_write(path, a->hostname, strlen(a->hostname), true);
	if (rc)
		return request_fail(rq, XENOPS_CODE_IO,
		    "cannot keep hostname: %s", strerror(-rc));
	snprintf(m->hostname, sizeof(m->hostname), "%s", a->hostname);
	sim_host_changed(m);
	return 0;
}

/* A setting was kept, or was not: rc. */
static int
set(struct sim *m, int rc)
{
	if (rc == 0)
		sim_host_changed(m);
	return rc;
}

int
sim_host_set_ntp_mode(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	(void)result;
	return set(m, timekeeper_set_mode(rq, &m->time, args));
}

int
sim_host_set_ntp_servers(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	(void)result;
	return set(m, timekeeper_set_servers(rq, &m->time, args));
}

int
sim_host_set_timezone(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	(void)result;
	return set(m, timekeeper_set_timezone(rq, &m->time, args));
}

int
sim_host_set_time(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	(void)result;
	return timekeeper_set_time(rq, &m->time, args);
}

int
sim_host_time_get(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	(void)args;
	timekeeper_get(rq->arena, &m->time, result);
	return 0;
}

/* The folder "log" is what svlogd would keep. */
int
sim_log_read(struct request *rq, const void *args, void *result)
{
	struct xenops_log_read_result *r = result;
	struct sim *m = rq->daemon;

	(void)args;
	return logs_read(rq, arena_printf(rq->arena, "%s/log",
	    m->cfg.state_dir), &r->text);
}

static const char *
ring_path(struct request *rq)
{
	return arena_printf(rq->arena, "%s/xen.log",
	    ((struct sim *)rq->daemon)->cfg.state_dir);
}

int
sim_set_max_cstate(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	(void)result;
	if (max_cstate_check(rq, args))
		return -1;
	m->cstate = *(const struct xenops_host_set_max_cstate_args *)args;
	return 0;
}

/* As Xen's console, of the key c. */
static void
say_cstate(FILE *f, const struct sim *m)
{
	if (m->cstate.cstate == -1)
		fprintf(f, "(XEN) max state: unlimited\n");
	else if (m->cstate.csubstate == -1)
		fprintf(f, "(XEN) max state: C%d\n"
		    "(XEN) max sub-state: unlimited\n", (int)m->cstate.cstate);
	else
		fprintf(f, "(XEN) max state: C%d\n(XEN) max sub-state: %d\n",
		    (int)m->cstate.cstate, (int)m->cstate.csubstate);
}

/* Of other keys the hypervisor has nothing more to say. */
int
sim_debug_keys(struct request *rq, const void *args, void *result)
{
	const struct xenops_debug_keys_args *a = args;
	const struct sim *m = rq->daemon;
	FILE *f;

	(void)result;
	if (!logs_are_keys(a->keys))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "not up to %d printable characters", LOGS_KEYS_MAX);
	f = fopen(ring_path(rq), "ae");
	if (f && fprintf(f, "(XEN) keys '%s' pressed\n", a->keys) > 0 &&
	    strchr(a->keys, 'c'))
		say_cstate(f, m);
	if (!f || fflush(f))
		request_fail(rq, XENOPS_CODE_IO, "cannot write the ring");
	return f && fclose(f) == 0 ? 0 : -1;
}

/* The file "xen.log" is the hypervisor's ring. */
int
sim_xen_log_read(struct request *rq, const void *args, void *result)
{
	const struct xenops_xen_log_read_args *a = args;
	struct xenops_xen_log_read_result *r = result;
	const char *path = ring_path(rq);
	struct buf b = { 0 };
	int rc = file_read(path, SMALL_FILE, &b);

	r->text = logs_text(rq->arena, &b);
	if (rc == -ENOENT)
		return 0;
	if (rc == 0 && a->clear)
		rc = file_write(path, "", 0, false);
	return rc == 0 ? 0 : request_fail(rq, XENOPS_CODE_IO,
	    "cannot read the hypervisor's log: %s", strerror(-rc));
}

int
sim_syslog_set(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	(void)result;
	return logs_set_server(rq, m->time.state_dir, args);
}

int
sim_ssh_set(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	(void)result;
	return set(m, ssh_set(rq, &m->ssh, args));
}

int
sim_crash_destroy(struct request *rq, const void *args, void *result)
{
	(void)result;
	return crashes_destroy(rq, crashes_dir(rq->daemon, rq->arena), args);
}

static void
power_now(void *arg)
{
	struct sim *m = arg;

	loop_stop(m->d.loop);
}

static void
count(void *arg, const char *uuid)
{
	(void)uuid;
	++*(int *)arg;
}

/* Off: the process ends.  Reboot: it starts over, and everybody reconnects. */
int
sim_host_power(struct request *rq, const void *args, void *result)
{
	const struct xenops_host_power_args *a = args;
	struct sim *m = rq->daemon;
	int guests = 0;

	(void)result;
	kept_each(m->d.kept_dir, count, &guests);
	if (guests > 0)
		return request_fail(rq, XENOPS_CODE_BAD_STATE,
		    "%d guests are running", guests);
	m->powered = a->power == XENOPS_POWER_REBOOT ? SIM_REBOOT : SIM_OFF;
	loop_timer(m->d.loop, clock_mono_ms() + POWER_MS, power_now, m);
	return 0;
}

/* A program in place of the host's own, if one was named. */
static int
open_program(struct request *rq, const char *program, const char *what,
    const char *option)
{
	return program ? update_open(rq, program, option) :
	    request_fail(rq, XENOPS_CODE_NOT_SUPPORTED, "no program for %s",
	    what);
}

int
sim_update_open(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	(void)args, (void)result;
	return open_program(rq, m->cfg.update, "updates", NULL);
}

int
sim_pack_open(struct request *rq, const void *args, void *result)
{
	const struct xenops_pack_open_args *a = args;
	struct sim *m = rq->daemon;

	(void)result;
	return open_program(rq, m->cfg.pack, "packs",
	    a->look ? "--look" : NULL);
}

int
sim_backup_open(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;

	(void)args, (void)result;
	return open_program(rq, m->cfg.backup, "backups", NULL);
}

int
sim_restore_open(struct request *rq, const void *args, void *result)
{
	const struct xenops_restore_open_args *a = args;
	struct sim *m = rq->daemon;

	(void)result;
	return open_program(rq, m->cfg.restore, "backups",
	    a->take_identity ? "--take-identity" : NULL);
}

int
sim_secret_set(struct request *rq, const void *args, void *result)
{
	struct sim *m = rq->daemon;
	int rc;

	(void)result;
	if (!m->cfg.secret_path)
		return request_fail(rq, XENOPS_CODE_NOT_SUPPORTED,
		    "no secret file was named");
	if (secret_change_admit(rq, m->d.secret_guard, NULL))
		return -1;
	rc = secret_change(rq, m->cfg.secret_path, 0, args);
	secret_change_ended(m->d.secret_guard, rc == 0);
	return rc;
}

static int
add_vlan(struct request *rq, struct sim *m, struct sim_bridge *b,
    const struct xenops_bridge_create_args *a)
{
	if (!a->port || (strcmp(a->port, "eth0") && strcmp(a->port, "eth1")))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DEVICE,
		    "no NIC '%.80s'", a->port ? a->port : "");
	if (!vlan_tag_ok(a->vlan))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "bad VLAN %lld", (long long)a->vlan);
	if (*b->port && (b->vlan != a->vlan || strcmp(b->port, a->port)))
		return request_fail(rq, XENOPS_CODE_IN_USE,
		    "bridge '%s' has a NIC", b->name);
	snprintf(b->port, sizeof(b->port), "%s", a->port);
	b->vlan = a->vlan;
	sim_host_changed(m);
	return 0;
}

int
sim_vlan_destroy(struct request *rq, const void *args, void *result)
{
	const struct xenops_vlan_destroy_args *a = args;
	struct sim *m = rq->daemon;

	(void)result;
	for (struct sim_bridge *b = m->bridges; b; b = b->next) {
		if (!a->vlan || b->vlan != a->vlan ||
		    strcmp(b->port, a->device ? a->device : ""))
			continue;
		b->vlan = 0;
		b->port[0] = '\0';
		sim_host_changed(m);
	}
	return 0;
}

int
sim_bridge_create(struct request *rq, const void *args, void *result)
{
	const struct xenops_bridge_create_args *a = args;
	struct sim *m = rq->daemon;
	struct sim_bridge *b = bridge_find(m, a->bridge);
	size_t len = a->bridge ? strlen(a->bridge) : 0;

	(void)result;
	if (len == 0 || len >= sizeof(b->name))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "bad name of a bridge");
	if (!b)
		b = bridge_add(m, a->bridge, a->vlan ? "" : a->port, a->mtu);
	b->mtu = a->mtu > 0 ? a->mtu : b->mtu;
	return a->vlan ? add_vlan(rq, m, b, a) : 0;
}

int
sim_bridge_destroy(struct request *rq, const void *args, void *result)
{
	const struct xenops_bridge_destroy_args *a = args;
	struct sim *m = rq->daemon;
	struct sim_bridge *b = bridge_find(m, a->bridge);
	struct sim_bridge **at = &m->bridges;

	(void)result;
	if (!b)
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DEVICE,
		    "no bridge '%s'", a->bridge);
	if (*b->port || sim_machine_uses_bridge(m->machine, a->bridge))
		return request_fail(rq, XENOPS_CODE_IN_USE,
		    "bridge '%s' has ports", a->bridge);
	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	free(b);
	return 0;
}

int
sim_bridge_find(struct request *rq, const void *args, void *result)
{
	const struct xenops_bridge_find_args *a = args;

	(void)result;
	return sim_bridge_exists(rq->daemon, a->bridge) ? 0 :
	    request_fail(rq, XENOPS_CODE_NO_SUCH_BRIDGE, "%s", a->bridge);
}
