/*
 * A libxl and a xenstore of the test's making under the real hv_xl.c, config.c
 * and xl.c.  fake.log has one line for each call that changes something, and
 * what a domain was to be made of; fake.fails names the one that fails, after
 * telling the errors in fake.errors.  The dispose functions free what libxl's
 * own would, so that the sanitizer finds what nobody disposes of.
 */
#ifndef UNIT_FAKE_XL_H
#define UNIT_FAKE_XL_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <xenctrl.h>

#include "xenopsd/domains/xl.h"

#define FAKE_DOMAINS 8
#define FAKE_ENTRIES 512

static struct {
	xentoollog_logger *logger;
	char log[4096];
	const char *fails;		/* name of a call, without libxl_ */
	int fails_with;			/* what it returns */
	const char *errors[3];
	uint64_t need_kib, free_kib;
	libxl_dominfo domains[FAKE_DOMAINS];
	int ndomains;
	struct {
		char path[80];
		const char *value;
	} store[FAKE_ENTRIES];
	int entries;
	const char *event;		/* token of the next one */
	int contexts, handles;		/* open ones */
	int fd;				/* of watches */
} fake;

static void __attribute__((format(printf, 1, 2)))
fake_log(const char *fmt, ...)
{
	size_t n = strlen(fake.log);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(fake.log + n, sizeof(fake.log) - n, fmt, ap);
	va_end(ap);
}

static void __attribute__((format(printf, 1, 2)))
fake_tell(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fake.logger->vmessage(fake.logger, XTL_ERROR, -1, "libxl", fmt, ap);
	va_end(ap);
}

/* What the call returns: 0, or as the test wants it. */
static int
fake_call(const char *name)
{
	if (!fake.fails || strcmp(fake.fails, name))
		return 0;
	for (int i = 0; i < 3 && fake.errors[i]; i++)
		fake_tell("%s", fake.errors[i]);
	errno = EACCES;
	return fake.fails_with ? fake.fails_with : ERROR_FAIL;
}

/* -- libxl's types -------------------------------------------------------- */

int
libxl_ctx_alloc(libxl_ctx **ctx, int version, unsigned flags,
    xentoollog_logger *lg)
{
	(void)version;
	(void)flags;
	fake.logger = lg;
	if (fake_call("ctx_alloc"))
		return ERROR_FAIL;
	fake.contexts++;
	*ctx = (libxl_ctx *)&fake;
	return 0;
}

int
libxl_ctx_free(libxl_ctx *ctx)
{
	(void)ctx;
	fake.contexts--;
	return 0;
}

void
libxl_dominfo_init(libxl_dominfo *p)
{
	memset(p, 0, sizeof(*p));
}

void
libxl_dominfo_dispose(libxl_dominfo *p)
{
	free(p->ssid_label);
	p->ssid_label = NULL;
}

void
libxl_dominfo_list_free(libxl_dominfo *list, int n)
{
	for (int i = 0; i < n; i++)
		libxl_dominfo_dispose(&list[i]);
	free(list);
}

void
libxl_device_disk_init(libxl_device_disk *p)
{
	memset(p, 0, sizeof(*p));
}

void
libxl_device_disk_dispose(libxl_device_disk *p)
{
	free(p->pdev_path);
	free(p->vdev);
	free(p->script);
	memset(p, 0, sizeof(*p));
}

void
libxl_defbool_set(libxl_defbool *d, bool b)
{
	d->val = b ? 1 : -1;
}

void
libxl_device_nic_init(libxl_device_nic *p)
{
	memset(p, 0, sizeof(*p));
	p->devid = -1;
}

void
libxl_device_nic_dispose(libxl_device_nic *p)
{
	free(p->bridge);
	free(p->script);
	free(p->model);
	memset(p, 0, sizeof(*p));
}

void
libxl_domain_config_init(libxl_domain_config *p)
{
	memset(p, 0, sizeof(*p));
}

void
libxl_domain_config_dispose(libxl_domain_config *p)
{
	free(p->c_info.name);
	free(p->b_info.avail_vcpus.map);
	free(p->b_info.kernel);
	free(p->b_info.ramdisk);
	free(p->b_info.cmdline);
	if (p->b_info.type == LIBXL_DOMAIN_TYPE_HVM) {
		free(p->b_info.device_model);
		free(p->b_info.u.hvm.boot);
		free(p->b_info.u.hvm.serial);
		free(p->b_info.u.hvm.system_firmware);
		free(p->b_info.u.hvm.usbdevice);
		free(p->b_info.u.hvm.vnc.listen);
	}
	for (int i = 0; i < p->num_disks; i++)
		libxl_device_disk_dispose(&p->disks[i]);
	for (int i = 0; i < p->num_nics; i++)
		libxl_device_nic_dispose(&p->nics[i]);
	free(p->disks);
	free(p->nics);
	memset(p, 0, sizeof(*p));
}

void
libxl_domain_build_info_init_type(libxl_domain_build_info *p,
    libxl_domain_type type)
{
	p->type = type;
}

int
libxl_cpu_bitmap_alloc(libxl_ctx *ctx, libxl_bitmap *map, int n)
{
	(void)ctx;
	if (fake_call("cpu_bitmap_alloc"))
		return ERROR_NOMEM;
	map->size = (uint32_t)(n + 7) / 8;
	map->map = calloc(map->size, 1);
	return 0;
}

void
libxl_bitmap_set(libxl_bitmap *map, int bit)
{
	map->map[bit / 8] |= (uint8_t)(1 << bit % 8);
}

/* -- libxl's calls -------------------------------------------------------- */

libxl_dominfo *
libxl_list_domain(libxl_ctx *ctx, int *n_out)
{
	libxl_dominfo *v;

	(void)ctx;
	if (fake_call("list_domain"))
		return NULL;
	v = calloc(FAKE_DOMAINS, sizeof(*v));
	for (int i = 0; i < fake.ndomains; i++) {
		v[i] = fake.domains[i];
		v[i].ssid_label = strdup("label");
	}
	*n_out = fake.ndomains;
	return v;
}

int
libxl_domain_info(libxl_ctx *ctx, libxl_dominfo *out, uint32_t domid)
{
	(void)ctx;
	for (int i = 0; i < fake.ndomains; i++) {
		if (fake.domains[i].domid != domid)
			continue;
		*out = fake.domains[i];
		out->ssid_label = strdup("label");
		return 0;
	}
	return ERROR_DOMAIN_NOTFOUND;
}

int
libxl_domain_need_memory(libxl_ctx *ctx, libxl_domain_config *cfg,
    uint32_t domid, uint64_t *kib)
{
	(void)ctx;
	(void)cfg;
	(void)domid;
	*kib = fake.need_kib;
	return fake_call("domain_need_memory");
}

int
libxl_get_free_memory(libxl_ctx *ctx, uint64_t *kib)
{
	(void)ctx;
	*kib = fake.free_kib;
	return fake_call("get_free_memory");
}

int
libxl_set_memory_target(libxl_ctx *ctx, uint32_t domid, int64_t kib,
    int relative, int enforce)
{
	(void)ctx;
	fake_log("memory %u %lld KiB %d %d\n", domid, (long long)kib,
	    relative, enforce);
	return fake_call("set_memory_target");
}

static void
fake_log_disk(const libxl_device_disk *d)
{
	if (d->backend == LIBXL_DISK_BACKEND_QDISK)
		fake_log("drive %s %s%s\n", d->vdev,
		    d->format == LIBXL_DISK_FORMAT_EMPTY ? "empty" :
		    d->pdev_path, d->readwrite || d->script ? " ?" : "");
	else
		fake_log("%s %s %s %s %s\n", d->is_cdrom ? "cd" : "disk",
		    d->vdev, d->pdev_path, d->readwrite ? "rw" : "ro",
		    d->script);
}

static void
fake_log_nic(const libxl_device_nic *n)
{
	fake_log("nic %d %s %02x:%02x:%02x:%02x:%02x:%02x mtu %d%s%s\n",
	    n->devid, n->bridge, n->mac[0], n->mac[1], n->mac[2], n->mac[3],
	    n->mac[4], n->mac[5], n->mtu,
	    n->nictype == LIBXL_NIC_TYPE_VIF_IOEMU ? " and " : "",
	    n->model ? n->model : "");
}

static void
fake_log_hvm(const libxl_domain_build_info *b)
{
	fake_log("hvm %s%s order %s vga %d %llu KiB time %d serial %s %s\n"
	    "acpi %d apic %d pae %d nx %d viridian %d hpet %d vkb %d\n"
	    "vnc %d unused %d %s\n",
	    b->device_model, b->dm_restrict.val > 0 ? " restricted" : "",
	    b->u.hvm.boot, b->u.hvm.vga.kind,
	    (unsigned long long)b->video_memkb, (int)b->rtc_timeoffset,
	    b->u.hvm.serial ? b->u.hvm.serial : "-",
	    b->u.hvm.usbdevice ? b->u.hvm.usbdevice : "-", b->acpi.val,
	    b->apic.val, b->u.hvm.pae.val, b->u.hvm.nx.val,
	    b->u.hvm.viridian.val, b->u.hvm.hpet.val,
	    b->u.hvm.vkb_device.val, b->u.hvm.vnc.enable.val,
	    b->u.hvm.vnc.findunused.val, b->u.hvm.vnc.listen ?
	    b->u.hvm.vnc.listen : "-");
	fake_log("bios %s %s\n", b->u.hvm.bios == LIBXL_BIOS_TYPE_OVMF ?
	    "ovmf" : "seabios",
	    b->u.hvm.system_firmware ? b->u.hvm.system_firmware : "-");
}

int
libxl_domain_create_new(libxl_ctx *ctx, libxl_domain_config *cfg,
    uint32_t *domid, const libxl_asyncop_how *how,
    const libxl_asyncprogress_how *console)
{
	const libxl_domain_build_info *b = &cfg->b_info;

	(void)ctx;
	(void)how;
	(void)console;
	fake_log("create %s %s vcpus %d of %d mask %02x, %llu of %llu KiB, "
	    "weight %d cap %d\nboot %s %s %s\n",
	    b->type == LIBXL_DOMAIN_TYPE_PV ? "pv" :
	    b->type == LIBXL_DOMAIN_TYPE_PVH ? "pvh" : "hvm",
	    cfg->c_info.name,
	    __builtin_popcount(b->avail_vcpus.map[0]), b->max_vcpus,
	    b->avail_vcpus.map[0], (unsigned long long)b->target_memkb,
	    (unsigned long long)b->max_memkb, b->sched_params.weight,
	    b->sched_params.cap, b->kernel ? b->kernel : "-",
	    b->ramdisk ? b->ramdisk : "-", b->cmdline ? b->cmdline : "-");
	if (b->type == LIBXL_DOMAIN_TYPE_HVM)
		fake_log_hvm(b);
	for (int i = 0; i < cfg->num_disks; i++)
		fake_log_disk(&cfg->disks[i]);
	for (int i = 0; i < cfg->num_nics; i++)
		fake_log_nic(&cfg->nics[i]);
	*domid = 7;
	return fake_call("domain_create_new");
}

void
libxl_domain_restore_params_init(libxl_domain_restore_params *p)
{
	memset(p, 0, sizeof(*p));
}

void
libxl_domain_restore_params_dispose(libxl_domain_restore_params *p)
{
	memset(p, 0, sizeof(*p));
}

int
libxl_domain_create_restore(libxl_ctx *ctx, libxl_domain_config *cfg,
    uint32_t *domid, int fd, int back,
    const libxl_domain_restore_params *params, const libxl_asyncop_how *how,
    const libxl_asyncprogress_how *console)
{
	fake_log("restore by %d, %d, version %d\n", fd, back,
	    (int)params->stream_version);
	return libxl_domain_create_new(ctx, cfg, domid, how, console);
}

int
libxl_domain_suspend(libxl_ctx *ctx, uint32_t domid, int fd, int flags,
    const libxl_asyncop_how *how)
{
	(void)ctx;
	(void)how;
	fake_log("suspend %u to %d, %d\n", domid, fd, flags);
	return fake_call("domain_suspend");
}

int
libxl_domain_resume(libxl_ctx *ctx, uint32_t domid, int cancel,
    const libxl_asyncop_how *how)
{
	(void)ctx;
	(void)how;
	fake_log("resume %u %d\n", domid, cancel);
	return fake_call("domain_resume");
}

#define FAKE_DOMAIN_CALL(name) \
int \
libxl_##name(libxl_ctx *ctx, uint32_t domid, const libxl_asyncop_how *how) \
{ \
	(void)ctx; \
	(void)how; \
	fake_log(#name " %u\n", domid); \
	return fake_call(#name); \
}
FAKE_DOMAIN_CALL(domain_destroy)
FAKE_DOMAIN_CALL(domain_pause)
FAKE_DOMAIN_CALL(domain_unpause)

int
libxl_send_sysrq(libxl_ctx *ctx, uint32_t domid, char key)
{
	(void)ctx;
	fake_log("sysrq %u %c\n", domid, key);
	return fake_call("send_sysrq");
}

int
libxl_send_trigger(libxl_ctx *ctx, uint32_t domid, libxl_trigger trigger,
    uint32_t vcpu, const libxl_asyncop_how *how)
{
	(void)ctx;
	(void)how;
	fake_log("trigger %u %d %u\n", domid, (int)trigger, vcpu);
	return fake_call("send_trigger");
}

#define FAKE_DEVICE_CALL(name, kind, log) \
int \
libxl_##name(libxl_ctx *ctx, uint32_t domid, libxl_device_##kind *dev, \
    const libxl_asyncop_how *how) \
{ \
	(void)ctx; \
	(void)how; \
	fake_log(#name " %u ", domid); \
	log(dev); \
	return fake_call(#name); \
}
FAKE_DEVICE_CALL(device_disk_add, disk, fake_log_disk)
FAKE_DEVICE_CALL(device_disk_destroy, disk, fake_log_disk)
FAKE_DEVICE_CALL(device_disk_safe_remove, disk, fake_log_disk)
FAKE_DEVICE_CALL(cdrom_insert, disk, fake_log_disk)
FAKE_DEVICE_CALL(device_nic_add, nic, fake_log_nic)
FAKE_DEVICE_CALL(device_nic_destroy, nic, fake_log_nic)
FAKE_DEVICE_CALL(device_nic_remove, nic, fake_log_nic)

int
libxl_vdev_to_device_disk(libxl_ctx *ctx, uint32_t domid, const char *vdev,
    libxl_device_disk *d)
{
	(void)ctx;
	(void)domid;
	d->vdev = strdup(vdev);
	d->pdev_path = strdup("/dev/there");
	d->script = strdup("-");
	return fake_call("vdev_to_device_disk");
}

int
libxl_devid_to_device_nic(libxl_ctx *ctx, uint32_t domid, int devid,
    libxl_device_nic *n)
{
	(void)ctx;
	(void)domid;
	n->devid = devid;
	n->bridge = strdup("xenbr0");
	return fake_call("devid_to_device_nic");
}

/* -- the hypervisor ------------------------------------------------------- */

xc_interface *
xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dom,
    unsigned flags)
{
	(void)logger;
	(void)dom;
	(void)flags;
	if (fake_call("xc_interface_open"))
		return NULL;
	fake.handles++;
	return (xc_interface *)&fake;
}

int
xc_interface_close(xc_interface *xc)
{
	(void)xc;
	fake.handles--;
	return 0;
}

int
xc_domain_shutdown(xc_interface *xc, uint32_t domid, int reason)
{
	(void)xc;
	fake_log("xc_domain_shutdown %u %d\n", domid, reason);
	return fake_call("xc_domain_shutdown") ? -1 : 0;
}

/* -- xenstore ------------------------------------------------------------- */

struct xs_handle *
xs_open(unsigned long flags)
{
	(void)flags;
	if (fake_call("xs_open"))
		return NULL;
	fake.handles++;
	fake.fd = eventfd(0, EFD_CLOEXEC);
	return (struct xs_handle *)&fake;
}

void
xs_close(struct xs_handle *h)
{
	(void)h;
	fake.handles--;
	close(fake.fd);
}

static void
fake_store(const char *path, const char *value)
{
	snprintf(fake.store[fake.entries].path, sizeof(fake.store[0].path),
	    "%s", path);
	fake.store[fake.entries++].value = value;
}

void *
xs_read(struct xs_handle *h, xs_transaction_t t, const char *path,
    unsigned int *len)
{
	(void)h;
	(void)t;
	for (int i = 0; i < fake.entries; i++) {
		if (strcmp(fake.store[i].path, path))
			continue;
		*len = (unsigned int)strlen(fake.store[i].value);
		return strdup(fake.store[i].value);
	}
	return NULL;
}

/* Names below path that a test stored as entries of their own. */
char **
xs_directory(struct xs_handle *h, xs_transaction_t t, const char *path,
    unsigned int *num)
{
	size_t n = strlen(path), room = FAKE_ENTRIES * sizeof(char *);
	char **names = calloc(1, room + sizeof(fake.store));
	char *text = (char *)names + room;

	(void)h;
	(void)t;
	*num = 0;
	for (int i = 0; i < fake.entries; i++) {
		const char *p = fake.store[i].path;

		if (strncmp(p, path, n) || p[n] != '/' || strchr(p + n + 1, '/'))
			continue;
		names[(*num)++] = text;
		text = stpcpy(text, p + n + 1) + 1;
	}
	return names;
}

bool
xs_write(struct xs_handle *h, xs_transaction_t t, const char *path,
    const void *data, unsigned int len)
{
	(void)h;
	(void)t;
	fake_log("write %s=%.*s\n", path, (int)len, (const char *)data);
	return !fake_call("xs_write");
}

bool
xs_set_permissions(struct xs_handle *h, xs_transaction_t t, const char *path,
    struct xs_permissions *perms, unsigned int n)
{
	(void)h;
	(void)t;
	fake_log("owner %s=%u (%u)\n", path, perms->id, n);
	return !fake_call("xs_set_permissions");
}

bool
xs_watch(struct xs_handle *h, const char *path, const char *token)
{
	(void)h;
	fake_log("watch %s %s\n", path, token);
	return !fake_call("xs_watch");
}

bool
xs_unwatch(struct xs_handle *h, const char *path, const char *token)
{
	(void)h;
	fake_log("unwatch %s %s\n", path, token);
	return true;
}

int
xs_fileno(struct xs_handle *h)
{
	(void)h;
	return fake.fd;
}

char **
xs_check_watch(struct xs_handle *h)
{
	char **v;
	char *text;

	(void)h;
	if (!fake.event)
		return NULL;
	v = calloc(1, 2 * sizeof(*v) + 2 * 64);
	text = (char *)(v + 2);
	v[0] = text;
	v[XS_WATCH_TOKEN] = text + 64;
	snprintf(text + 64, 64, "%s", fake.event);
	fake.event = NULL;
	return v;
}

#endif
