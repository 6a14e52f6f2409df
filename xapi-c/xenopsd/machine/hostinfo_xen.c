/* What the hypervisor tells of the machine; the handler of host_get; events. */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/core/server.h"
#include "xenopsd/domains/xl.h"
#include "xenopsd/machine/crashes.h"
#include "xenopsd/machine/hostinfo.h"
#include "xenopsd/machine/ssh.h"
#include "xenopsd/machine/timekeeper.h"

#define STATE_DIR "/state/xenopsd"
/* what the service of xenstored writes when that has died */
#define FAILURE_DIR "/run/bedplate"
#define FAILURE_FILE FAILURE_DIR "/disabled"
#define PAGE 4096
#define SETTLE_MS 300
#define UEVENTS 1		/* the kernel's group, not udev's */
#define LOOK_GAP_MS 10000	/* disks change by themselves, too */

struct hostwatch {
	struct daemon *d;
	struct watch *watch, *failure_watch, *device_watch;
	struct timer *timer;
	int fd;				/* netlink; -1: none */
	int device_fd;			/* netlink: what is plugged; likewise */
	int failure_fd;			/* inotify of FAILURE_DIR; -1: none */
	bool looking;			/* a worker asks the disks */
	int64_t look_due;		/* when to ask them again */
};

static struct vec
words(struct arena *a, const char *text)
{
	struct vec v = { 0 };

	while (text && *text) {
		size_t n = strcspn(text, " ");

		if (n)
			v = vec_add_string(a, v, arena_strndup(a, text, n));
		text += n + strspn(text + n, " ");
	}
	return v;
}

static void
fill_version(struct xl *xl, struct arena *a, struct xenops_host_info *h)
{
	const libxl_version_info *v = libxl_get_version_info(xl->ctx);

	if (!v)
		return;
	h->xen_version = arena_printf(a, "%d.%d%s", v->xen_version_major,
	    v->xen_version_minor,
	    v->xen_version_extra ? v->xen_version_extra : "");
	h->xen_caps = words(a, v->capabilities);
	h->xen_cmdline = arena_strdup(a, v->commandline ? v->commandline : "");
}

static void
fill_physical(struct xl *xl, struct arena *a, struct xenops_host_info *h)
{
	libxl_physinfo p;
	uint32_t per_socket;

	libxl_physinfo_init(&p);
	if (libxl_get_physinfo(xl->ctx, &p) == 0) {
		per_socket = p.cores_per_socket * p.threads_per_core;
		h->cpu.count = p.nr_cpus;
		h->cpu.threads_per_core = p.threads_per_core;
		h->cpu.sockets = per_socket && p.nr_cpus > per_socket ?
		    p.nr_cpus / per_socket : 1;
		h->cpu.nr_nodes = p.nr_nodes;
		h->cpu.mhz = (double)p.cpu_khz / 1000;
		h->cpu.features_host = arena_printf(a,
		    "%08x-%08x-%08x-%08x-%08x-%08x-%08x-%08x", p.hw_cap[0],
		    p.hw_cap[1], p.hw_cap[2], p.hw_cap[3], p.hw_cap[4],
		    p.hw_cap[5], p.hw_cap[6], p.hw_cap[7]);
		h->memory_total = (int64_t)p.total_pages * PAGE;
		h->memory_free = (int64_t)(p.free_pages + p.scrub_pages) *
		    PAGE;
		h->chipset_iommu = p.cap_hvm_directio;
	} else {
		log_error("cannot ask the hypervisor about the machine");
	}
	libxl_physinfo_dispose(&p);
}

static void
fill_dom0(struct xl *xl, struct xenops_host_info *h)
{
	libxl_dominfo d;

	libxl_dominfo_init(&d);
	if (libxl_domain_info(xl->ctx, &d, 0) == 0) {
		h->dom0_memory = (int64_t)(d.current_memkb +
		    d.outstanding_memkb) * 1024;
		h->dom0_vcpus = d.vcpu_online;
	}
	libxl_dominfo_dispose(&d);
}

static void
fill(struct daemon *d, struct arena *a, struct xenops_host_info *h)
{
	hostinfo_fill(a, "", STATE_DIR, &storage_real, h);
	timekeeper_fill(a, &timekeeper_real, h);
	fill_version(d->xl, a, h);
	fill_physical(d->xl, a, h);
	fill_dom0(d->xl, h);
	h->failure = hostinfo_line(a, "", FAILURE_FILE);
	crashes_fill(a, CRASHES_DIR, h);
	h->ssh_until = ssh_until(a, &ssh_real);
}

int
hostinfo_get(struct request *rq, const void *args, void *result)
{
	struct xenops_host_get_result *r = result;

	(void)args;
	fill(rq->daemon, rq->arena, &r->host);
	return 0;
}

static void
looked(void *arg, bool ok)
{
	struct hostwatch *w = arg;

	if (!ok)
		log_warn("cannot ask the disks");
	w->looking = false;
	hostwatch_poke(w);
}

/* Has a worker ask the disks, for what is told next. */
static void
look(struct hostwatch *w)
{
	int64_t now = clock_mono_ms();

	if (w->looking || now < w->look_due || !w->d->server)
		return;
	w->looking = true;
	w->look_due = now + LOOK_GAP_MS;
	server_submit(w->d->server, XENOPS_DISKS_LOOK, NULL, looked, w);
}

static void
tell(void *arg)
{
	struct xenops_host_changed ev;
	struct hostwatch *w = arg;
	struct arena *a = arena_new();

	w->timer = NULL;
	fill(w->d, a, &ev.host);
	if (w->d->server)
		server_event(w->d->server, XENOPS_HOST_CHANGED, &ev);
	arena_free(a);
	look(w);
}

void
hostwatch_poke(struct hostwatch *w)
{
	if (w && !w->timer)
		w->timer = loop_timer(w->d->loop, clock_mono_ms() + SETTLE_MS,
		    tell, w);
}

void
hostwatch_poke_disks(struct hostwatch *w)
{
	if (w)
		w->look_due = 0;
	hostwatch_poke(w);
}

/* What changed does not matter: everything is read again. */
static void
network_changed(void *arg, uint32_t events)
{
	struct hostwatch *w = arg;
	char bytes[8192];

	(void)events;
	while (recv(w->fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	hostwatch_poke(w);
}

/* The kernel tells of everything: of guests' devices nothing is wanted here. */
static bool
is_of_a_bus(const char *text, size_t len)
{
	return memmem(text, len, "SUBSYSTEM=usb", 14) ||
	    memmem(text, len, "SUBSYSTEM=pci", 14);
}

static void
devices_changed(void *arg, uint32_t events)
{
	struct hostwatch *w = arg;
	char text[8192];
	ssize_t n;

	(void)events;
	while ((n = recv(w->device_fd, text, sizeof(text), MSG_DONTWAIT)) > 0)
		if (is_of_a_bus(text, (size_t)n))
			hostwatch_poke(w);
}

static void
failure_changed(void *arg, uint32_t events)
{
	struct hostwatch *w = arg;
	char bytes[4096];

	(void)events;
	while (read(w->failure_fd, bytes, sizeof(bytes)) > 0)
		;
	hostwatch_poke(w);
}

static void
watch_failure(struct hostwatch *w)
{
	w->failure_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->failure_fd == -1 || inotify_add_watch(w->failure_fd,
	    FAILURE_DIR, IN_MOVED_TO) == -1)
		log_error("cannot watch '" FAILURE_DIR "'");
	else
		w->failure_watch = loop_watch(w->d->loop, w->failure_fd,
		    EPOLLIN, failure_changed, w);
}

/* What the kernel tells these groups; -1, and a line of the log about what. */
static int
netlink_open(int protocol, uint32_t groups, const char *what)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK,
		.nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    protocol);

	if (fd != -1 && bind(fd, (struct sockaddr *)&nl, sizeof(nl)) == -1) {
		close(fd);
		fd = -1;
	}
	if (fd == -1)
		log_error("cannot watch the %s", what);
	return fd;
}

struct hostwatch *
hostwatch_new(struct daemon *d)
{
	struct hostwatch *w = mem_zalloc(sizeof(*w));

	w->d = d;
	w->fd = netlink_open(NETLINK_ROUTE, RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
	    RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR, "network");
	if (w->fd != -1)
		w->watch = loop_watch(d->loop, w->fd, EPOLLIN,
		    network_changed, w);
	w->device_fd = netlink_open(NETLINK_KOBJECT_UEVENT, UEVENTS,
	    "devices");
	if (w->device_fd != -1)
		w->device_watch = loop_watch(d->loop, w->device_fd, EPOLLIN,
		    devices_changed, w);
	watch_failure(w);
	hostwatch_poke_disks(w);
	return w;
}

void
hostwatch_free(struct hostwatch *w)
{
	if (!w)
		return;
	timer_cancel(w->timer);
	watch_free(w->watch);
	watch_free(w->failure_watch);
	watch_free(w->device_watch);
	if (w->fd != -1)
		close(w->fd);
	if (w->device_fd != -1)
		close(w->device_fd);
	if (w->failure_fd != -1)
		close(w->failure_fd);
	free(w);
}
