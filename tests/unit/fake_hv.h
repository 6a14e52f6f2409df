/*
 * A hypervisor of the test's making (hv.h): domains in a table, a count of
 * what was asked, and failures on demand.  What happened to domains is in
 * log, one word each.
 */
#ifndef UNIT_FAKE_HV_H
#define UNIT_FAKE_HV_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xenopsd/domains/hv.h"

#define FAKE_DOMAINS 512
#define FAKE_DEVICES 8

struct fake_domain {
	bool used, dying;
	struct hv_domain d;
	int64_t disks[FAKE_DEVICES], nics[FAKE_DEVICES];
	uint32_t n_disks, n_nics;
	bool watched;
	int pending;			/* events to be fetched */
	int reads;			/* of guest_data */
	char asked[16];
};

struct fake_hv {
	struct hv hv;			/* first */
	struct fake_domain dom[FAKE_DOMAINS];
	uint32_t next_domid;
	int lists, reads, events;	/* asked for so far */
	bool changed;			/* an HV_EVENT_DOMAINS waits */
	int pipe[2];
	const char *fail;		/* what fails, once; NULL: nothing */
	bool fails_late;		/* a removal, when it is done */
	const char *asked_does;		/* what a guest does when asked */
	int suspend_fails_with;		/* at once */
	int64_t free;			/* memory, bytes */
	int read;			/* of an image, bytes */
	int cleared;			/* locks of nics */
	const char *tty;
	char log[1024];
};

static struct fake_hv *
fake_of(struct hv *hv)
{
	return (struct fake_hv *)hv;
}

/* Notes what is done to a domain; false: it is to fail. */
static bool
fake_do(struct fake_hv *f, const char *what)
{
	size_t n = strlen(f->log);

	snprintf(f->log + n, sizeof(f->log) - n, "%s%s", n ? " " : "", what);
	if (!f->fail || strcmp(f->fail, what) != 0)
		return true;
	f->fail = NULL;
	return false;
}

static struct fake_domain *
fake_find(struct fake_hv *f, uint32_t domid)
{
	for (int i = 0; i < FAKE_DOMAINS; i++) {
		if (f->dom[i].used && f->dom[i].d.domid == domid)
			return &f->dom[i];
	}
	return NULL;
}

static struct fake_domain *
fake_by_uuid(struct fake_hv *f, const char *uuid)
{
	for (int i = 0; i < FAKE_DOMAINS; i++) {
		if (f->dom[i].used && !strcmp(f->dom[i].d.uuid, uuid))
			return &f->dom[i];
	}
	return NULL;
}

static void
fake_wake(struct fake_hv *f)
{
	(void)!write(f->pipe[1], "x", 1);
}

static void
fake_changed(struct fake_hv *f)
{
	f->changed = true;
	fake_wake(f);
}

static struct fake_domain *
fake_add(struct fake_hv *f, const char *uuid)
{
	struct fake_domain *d = f->dom;

	while (d->used)
		d++;
	*d = (struct fake_domain){ .used = true, .d = {
		.domid = ++f->next_domid, .vcpus = 1, .memory = 1 << 27 } };
	snprintf(d->d.uuid, sizeof(d->d.uuid), "%s", uuid);
	fake_changed(f);
	return d;
}

/* The guest writes to its part of xenstore. */
static inline void
fake_guest_writes(struct fake_hv *f, struct fake_domain *d, int times)
{
	if (!d->watched)
		return;
	d->pending += times;
	fake_wake(f);
}

static inline void
fake_guest_ends(struct fake_hv *f, struct fake_domain *d, enum hv_end end)
{
	d->d.shutdown = true;
	d->d.end = end;
	fake_changed(f);
}

static int
fake_list(struct hv *hv, struct arena *a, struct hv_domain **v_out,
    uint32_t *n_out)
{
	struct fake_hv *f = fake_of(hv);
	uint32_t n = 0;

	f->lists++;
	*v_out = arena_alloc(a, FAKE_DOMAINS * sizeof(**v_out));
	for (int i = 0; i < FAKE_DOMAINS; i++) {
		if (f->dom[i].used && !f->dom[i].dying)
			(*v_out)[n++] = f->dom[i].d;
	}
	*n_out = n;
	return 0;
}

static int
fake_get(struct hv *hv, uint32_t domid, struct hv_domain *d_out)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	if (!d || d->dying)
		return -ENOENT;
	*d_out = d->d;
	return 0;
}

static bool
fake_find_uuid(struct hv *hv, const char *uuid, bool dying,
    uint32_t *domid_out)
{
	struct fake_domain *d = fake_by_uuid(fake_of(hv), uuid);

	if (!d || (d->dying && !dying))
		return false;
	*domid_out = d->d.domid;
	return true;
}

static struct vec
fake_guest_data(struct hv *hv, struct arena *a, uint32_t domid)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	fake_of(hv)->reads++;
	if (d)
		d->reads++;
	return map_set(a, (struct vec){ 0 }, "control/feature-shutdown", "1");
}

static bool
fake_has(const int64_t *v, uint32_t n, int64_t device)
{
	for (uint32_t i = 0; i < n; i++) {
		if (v[i] == device)
			return true;
	}
	return false;
}

static bool
fake_has_disk(struct hv *hv, uint32_t domid, int64_t device)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	return d && fake_has(d->disks, d->n_disks, device);
}

static bool
fake_has_nic(struct hv *hv, uint32_t domid, int64_t device)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	return d && fake_has(d->nics, d->n_nics, device);
}

static const char *
fake_console(struct hv *hv, struct arena *a, uint32_t domid)
{
	(void)a;
	(void)domid;
	return fake_of(hv)->tty;
}

static int
fake_screen(struct hv *hv, const struct hv_domain *d)
{
	(void)hv;
	(void)d;
	return -ENOENT;
}

static bool
fake_has_bridge(struct hv *hv, const char *name)
{
	(void)hv;
	return strcmp(name, "xenbr0") == 0;
}

static int
fake_event_fd(struct hv *hv)
{
	return fake_of(hv)->pipe[0];
}

static bool
fake_event(struct hv *hv, struct hv_event *e_out)
{
	struct fake_hv *f = fake_of(hv);
	char bytes[4096];

	*e_out = (struct hv_event){ .kind = HV_EVENT_DOMAINS };
	f->events++;
	if (f->changed) {
		f->changed = false;
		return true;
	}
	for (int i = 0; i < FAKE_DOMAINS; i++) {
		struct fake_domain *d = &f->dom[i];

		if (!d->used || !d->pending)
			continue;
		d->pending--;
		e_out->kind = HV_EVENT_GUEST;
		memcpy(e_out->uuid, d->d.uuid, sizeof(e_out->uuid));
		return true;
	}
	f->events--;
	while (read(f->pipe[0], bytes, sizeof(bytes)) > 0)
		;
	return false;
}

static void
fake_watch_guest(struct hv *hv, uint32_t domid, const char *uuid, bool on)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	(void)uuid;
	if (!d)
		return;
	d->watched = on;
	if (on)
		fake_guest_writes(fake_of(hv), d, 1);
}

static int
fake_pause(struct hv *hv, uint32_t domid, bool on)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	if (!fake_do(fake_of(hv), on ? "pause" : "unpause") || !d)
		return -EIO;
	d->d.paused = on;
	return 0;
}

static int
fake_free_memory(struct hv *hv, int64_t *bytes_out)
{
	*bytes_out = fake_of(hv)->free;
	return 0;
}

static int
fake_set_memory(struct hv *hv, uint32_t domid, int64_t bytes)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	if (!fake_do(fake_of(hv), "memory") || !d)
		return -EIO;
	d->d.memory = bytes;
	return 0;
}

static int
fake_sysrq(struct hv *hv, uint32_t domid, char key)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	if (!fake_do(fake_of(hv), "sysrq") || !d)
		return -EIO;
	snprintf(d->asked, sizeof(d->asked), "sysrq %c", key);
	return 0;
}

static int
fake_trigger(struct hv *hv, uint32_t domid, enum xenops_trigger which)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	if (!fake_do(fake_of(hv), "trigger") || !d)
		return -EIO;
	snprintf(d->asked, sizeof(d->asked), "trigger %d", (int)which);
	return 0;
}

/* What suspend wrote: a memory of FAKE_MEMORY bytes. */
#define FAKE_MEMORY ((3 << 20) + 5)

static bool
fake_reads(struct fake_hv *f, int image)
{
	uint8_t buf[4096];
	bool right = true;
	ssize_t r;

	f->read = 0;
	while ((r = read(image, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < r; i++)
			right &= buf[i] == (uint8_t)(f->read++ >> 8);
	return right && f->read == FAKE_MEMORY;
}

static int
fake_suspend(struct hv *hv, uint32_t domid, int image)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);
	uint8_t *memory = malloc(FAKE_MEMORY);
	bool ok = fake_do(fake_of(hv), "suspend");
	ssize_t n = 0;

	if (!d || fake_of(hv)->suspend_fails_with) {
		free(memory);
		return fake_of(hv)->suspend_fails_with;
	}
	for (int i = 0; i < FAKE_MEMORY; i++)
		memory[i] = (uint8_t)(i >> 8);
	for (size_t at = 0; at < FAKE_MEMORY && n != -1; at += (size_t)n)
		n = write(image, memory + at, FAKE_MEMORY - at);
	free(memory);
	fake_guest_ends(fake_of(hv), d, HV_END_SUSPEND);
	return ok && n != -1 ? 0 : -EIO;
}

static int
fake_wake_guest(struct hv *hv, uint32_t domid)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	if (!fake_do(fake_of(hv), "wake") || !d || !d->d.shutdown)
		return -EIO;
	d->d.shutdown = false;
	return 0;
}

static int
fake_create(struct hv *hv, struct request *rq, const struct xenops_vm_spec *vm,
    const char *const *devices, int image, uint32_t *domid_out)
{
	const struct xenops_disk_spec *disks = vm->disks.v;
	const struct xenops_nic_spec *nics = vm->nics.v;
	struct fake_domain *d;

	if (image != -1 && !fake_reads(fake_of(hv), image))
		return request_fail(rq, XENOPS_CODE_BOOT_FAILED,
		    "the image ended early");
	if (!fake_do(fake_of(hv), "create"))
		return request_fail(rq, XENOPS_CODE_NO_MEMORY, "told to fail");
	d = fake_add(fake_of(hv), vm->uuid);
	for (uint32_t i = 0; i < vm->disks.n; i++) {
		if (devices[i])
			d->disks[d->n_disks++] = disks[i].device;
	}
	for (uint32_t i = 0; i < vm->nics.n; i++)
		d->nics[d->n_nics++] = nics[i].device;
	d->d.paused = true;
	d->d.memory = vm->memory_target;
	*domid_out = d->d.domid;
	return 0;
}

static int
fake_write_data(struct hv *hv, uint32_t domid, const char *key,
    const char *value)
{
	(void)domid;
	(void)value;
	return fake_do(fake_of(hv), strncmp(key, "control/", 8) ? "write" :
	    key + 8) ? 0 : -EIO;
}

static int
fake_destroy(struct hv *hv, uint32_t domid)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	if (!fake_do(fake_of(hv), "destroy") || !d)
		return -EIO;
	d->used = false;
	fake_changed(fake_of(hv));
	return 0;
}

static int
fake_ask(struct hv *hv, uint32_t domid, const char *what)
{
	struct fake_hv *f = fake_of(hv);
	struct fake_domain *d = fake_find(f, domid);

	if (!fake_do(f, "ask") || !d)
		return -EIO;
	snprintf(d->asked, sizeof(d->asked), "%s", what);
	return 0;
}

static int
fake_wait_begin(struct hv *hv)
{
	return fake_do(fake_of(hv), "wait") ? 0 : -EIO;
}

/* No time passes: what the guest was asked, it does now or never. */
static bool
fake_wait(struct hv *hv, int64_t deadline_mono)
{
	struct fake_hv *f = fake_of(hv);

	(void)deadline_mono;
	for (int i = 0; i < FAKE_DOMAINS; i++) {
		struct fake_domain *d = &f->dom[i];

		if (!d->used || !d->asked[0] || d->d.shutdown)
			continue;
		if (!f->asked_does)
			return false;
		if (!strcmp(f->asked_does, "vanish"))
			d->used = false;
		else
			fake_guest_ends(f, d, HV_END_SHUTDOWN);
		return true;
	}
	return false;
}

static void
fake_wait_end(struct hv *hv)
{
	(void)hv;
}

static int
fake_disk_add(struct hv *hv, struct arena *a, uint32_t domid,
    const struct xenops_disk_spec *disk, const char *device)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	(void)a;
	(void)device;
	if (!fake_do(fake_of(hv), "disk_add") || !d)
		return -EIO;
	d->disks[d->n_disks++] = disk->device;
	return 0;
}

static int
fake_disk_remove(struct hv *hv, struct arena *a, uint32_t domid,
    int64_t device, bool force)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);
	bool ok = fake_do(fake_of(hv), force ? "disk_destroy" : "disk_remove");

	(void)a;
	(void)device;
	if (d && (ok || fake_of(hv)->fails_late))
		d->n_disks--;
	return ok && d ? 0 : -EIO;
}

static int
fake_disk_change(struct hv *hv, struct arena *a, uint32_t domid,
    const struct xenops_disk_spec *disk, const char *device)
{
	(void)a;
	(void)disk;
	return fake_do(fake_of(hv), device ? "disk_insert" : "disk_eject") &&
	    fake_find(fake_of(hv), domid) ? 0 : -EIO;
}

static int
fake_nic_add(struct hv *hv, uint32_t domid, const struct xenops_nic_spec *n)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);

	if (!fake_do(fake_of(hv), "nic_add") || !d)
		return -EIO;
	d->nics[d->n_nics++] = n->device;
	return 0;
}

static int
fake_nic_remove(struct hv *hv, uint32_t domid, int64_t device, bool force)
{
	struct fake_domain *d = fake_find(fake_of(hv), domid);
	bool ok = fake_do(fake_of(hv), force ? "nic_destroy" : "nic_remove");

	(void)device;
	if (d && (ok || fake_of(hv)->fails_late))
		d->n_nics--;
	return ok && d ? 0 : -EIO;
}

static int
fake_nic_set(struct hv *hv, uint32_t domid, const struct xenops_nic_spec *n)
{
	(void)n;
	return fake_do(fake_of(hv), "nic_set") &&
	    fake_find(fake_of(hv), domid) ? 0 : -EIO;
}

static void
fake_nic_clear(struct hv *hv, const struct xenops_nic_spec *n)
{
	(void)n;
	fake_of(hv)->cleared++;
}

static const char *
fake_error(struct hv *hv)
{
	(void)hv;
	return "told to fail";
}

static void
fake_forget_errors(struct hv *hv)
{
	(void)hv;
}

static const struct hv_ops fake_ops = {
	.list = fake_list,
	.get = fake_get,
	.find = fake_find_uuid,
	.guest_data = fake_guest_data,
	.has_disk = fake_has_disk,
	.has_nic = fake_has_nic,
	.console = fake_console,
	.screen = fake_screen,
	.has_bridge = fake_has_bridge,
	.event_fd = fake_event_fd,
	.event = fake_event,
	.watch_guest = fake_watch_guest,
	.pause = fake_pause,
	.free_memory = fake_free_memory,
	.set_memory = fake_set_memory,
	.sysrq = fake_sysrq,
	.trigger = fake_trigger,
	.create = fake_create,
	.suspend = fake_suspend,
	.wake = fake_wake_guest,
	.write_data = fake_write_data,
	.destroy = fake_destroy,
	.ask = fake_ask,
	.wait_begin = fake_wait_begin,
	.wait = fake_wait,
	.wait_end = fake_wait_end,
	.disk_add = fake_disk_add,
	.disk_remove = fake_disk_remove,
	.disk_change = fake_disk_change,
	.nic_add = fake_nic_add,
	.nic_remove = fake_nic_remove,
	.nic_set = fake_nic_set,
	.nic_clear = fake_nic_clear,
	.error = fake_error,
	.forget_errors = fake_forget_errors,
};

static inline void
fake_init(struct fake_hv *f)
{
	memset(f, 0, sizeof(*f));
	f->hv.ops = &fake_ops;
	f->free = (int64_t)1 << 40;
	if (pipe2(f->pipe, O_NONBLOCK | O_CLOEXEC) == -1)
		abort();
}

static inline void
fake_release(struct fake_hv *f)
{
	close(f->pipe[0]);
	close(f->pipe[1]);
}

#endif
