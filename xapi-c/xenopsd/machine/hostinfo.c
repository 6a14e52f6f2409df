#include "xenopsd/machine/hostinfo.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "xenopsd/storage/books.h"
#include "xenopsd/storage/disk.h"
#include "xenopsd/storage/look.h"

const char *
hostinfo_line(struct arena *a, const char *root, const char *fmt, ...)
{
	struct buf b = { 0 };
	const char *path, *text = "";
	size_t start = 0, end;
	va_list ap;

	va_start(ap, fmt);
	path = arena_vprintf(a, fmt, ap);
	va_end(ap);
	if (sysfs_read(arena_printf(a, "%s%s", root, path), &b) == 0) {
		end = strcspn(b.data, "\n");
		while (start < end && isspace((unsigned char)b.data[start]))
			start++;
		while (end > start && isspace((unsigned char)b.data[end - 1]))
			end--;
		text = arena_strndup(a, b.data + start, end - start);
	}
	buf_release(&b);
	return text;
}

const char *
hostinfo_link(struct arena *a, const char *root, const char *fmt, ...)
{
	const char *path, *slash;
	char to[512];
	va_list ap;
	ssize_t n;

	va_start(ap, fmt);
	path = arena_vprintf(a, fmt, ap);
	va_end(ap);
	n = readlink(arena_printf(a, "%s%s", root, path), to, sizeof(to) - 1);
	if (n <= 0)
		return "";
	to[n] = '\0';
	slash = strrchr(to, '/');
	return arena_strdup(a, slash ? slash + 1 : to);
}

/* A uuid that is made once and kept. */
static const char *
kept_uuid(struct arena *a, const char *state_dir, const char *name)
{
	const char *path = arena_printf(a, "%s/%s", state_dir, name);
	char uuid[UUID_TEXT_LEN + 1];
	const char *text = hostinfo_line(a, "", "%s", path);
	uint8_t b[16];
	int rc;

	if (uuid_from_text(text, b))
		return text;
	uuid_random(uuid);
	rc = mkdir(state_dir, 0700) == -1 && errno != EEXIST ? -errno :
	    file_write(path, uuid, UUID_TEXT_LEN, true);
	if (rc)
		log_error("cannot keep '%s': %s", path, strerror(-rc));
	return arena_strdup(a, uuid);
}

/* The value of "key : value" of the first processor; "" if absent. */
static const char *
cpuinfo_value(struct arena *a, const char *text, const char *key)
{
	size_t n = strlen(key);

	while (*text && *text != '\n') {
		size_t len = strcspn(text, "\n");
		const char *colon = memchr(text, ':', len);

		if (colon && !strncmp(text, key, n) &&
		    (text[n] == ' ' || text[n] == '\t' || text[n] == ':')) {
			colon++;
			while (*colon == ' ')
				colon++;
			return arena_strndup(a, colon,
			    len - (size_t)(colon - text));
		}
		text += len + (text[len] == '\n');
	}
	return "";
}

static void
fill_cpu(struct arena *a, const char *root, struct xenops_cpu_info *c)
{
	const char *path = arena_printf(a, "%s/proc/cpuinfo", root);
	char text[16384] = "";
	FILE *f = fopen(path, "re");

	if (f) {
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		fclose(f);
	}
	c->vendor = cpuinfo_value(a, text, "vendor_id");
	c->modelname = cpuinfo_value(a, text, "model name");
	c->family = strtol(cpuinfo_value(a, text, "cpu family"), NULL, 10);
	c->model = strtol(cpuinfo_value(a, text, "model"), NULL, 10);
	c->stepping = strtol(cpuinfo_value(a, text, "stepping"), NULL, 10);
	c->mhz = strtod(cpuinfo_value(a, text, "cpu MHz"), NULL);
	c->flags = cpuinfo_value(a, text, "flags");
}

static int64_t
boot_time(const char *root)
{
	char path[256], line[512];
	int64_t when = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/stat", root);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "btime ", 6))
			when = strtoll(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return when ? when : clock_wall_s();
}

static struct vec
bios_strings(struct arena *a, const char *root)
{
	static const char *const names[][2] = {
		{ "bios-vendor", "bios_vendor" },
		{ "bios-version", "bios_version" },
		{ "system-manufacturer", "sys_vendor" },
		{ "system-product-name", "product_name" },
		{ "system-version", "product_version" },
		{ "system-serial-number", "product_serial" },
		{ "baseboard-manufacturer", "board_vendor" },
		{ "baseboard-product-name", "board_name" },
		{ "baseboard-version", "board_version" },
		{ "baseboard-serial-number", "board_serial" },
		{ "chassis-asset-tag", "chassis_asset_tag" },
	};
	struct vec v = { 0 };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		v = map_set(a, v, names[i][0], hostinfo_line(a, root,
		    "/sys/class/dmi/id/%s", names[i][1]));
	return v;
}

/* Of NVMe a file, of SCSI and SATA a page of vital product data. */
static const char *
disk_serial(struct arena *a, const char *root, const char *name)
{
	const char *text = hostinfo_line(a, root,
	    "/sys/block/%s/device/serial", name);
	struct buf b = { 0 };

	if (*text)
		return text;
	if (sysfs_read(arena_printf(a, "%s/sys/block/%s/device/vpd_pg80", root,
	    name), &b) == 0 && b.len > 4) {
		char *p = arena_strndup(a, b.data + 4, b.len - 4);
		char *to = p;

		for (const char *from = p; *from; from++)
			if (isgraph((unsigned char)*from))
				*to++ = *from;
		*to = '\0';
		text = p;
	}
	buf_release(&b);
	return text;
}

static void
fill_disk(struct arena *a, const char *root, const struct storage_env *env,
    const char *name, struct xenops_disk_info *d)
{
	const char *vendor = hostinfo_line(a, root,
	    "/sys/block/%s/device/vendor", name);
	const char *model = hostinfo_line(a, root,
	    "/sys/block/%s/device/model", name);

	*d = *(const struct xenops_disk_info *)xenops_disk_info_type.dflt;
	d->device = arena_printf(a, "/dev/%s", name);
	d->size = 512 * strtoll(hostinfo_line(a, root, "/sys/block/%s/size",
	    name), NULL, 10);
	/* "ATA" and a PCI number are no vendors */
	if (*vendor && strcmp(vendor, "ATA") && strncmp(vendor, "0x", 2))
		model = arena_printf(a, "%s %s", vendor, model);
	d->model = model;
	d->serial = disk_serial(a, root, name);
	/* what asks the disk itself is done aside */
	d->in_use = !disk_noted_unused(env, a, d->device) ||
	    disk_is_taken(env, a, d->device);
}

static int
by_device(const void *x, const void *y)
{
	const struct xenops_disk_info *a = x, *b = y;

	return strverscmp(a->device, b->device);
}

static struct vec
disks(struct arena *a, const char *root, const struct storage_env *env)
{
	DIR *dir = opendir(arena_printf(a, "%s/sys/block", root));
	struct buf found = { 0 };
	struct vec v = { 0 };
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		struct xenops_disk_info d;

		if (e->d_name[0] == '.' || !disk_is_disk(env, e->d_name))
			continue;
		fill_disk(a, root, env, e->d_name, &d);
		if (d.size == 0)
			continue;	/* a card reader without a card */
		buf_add(&found, &d, sizeof(d));
		v.n++;
	}
	if (dir)
		closedir(dir);
	if (v.n) {
		qsort(found.data, v.n, sizeof(struct xenops_disk_info),
		    by_device);
		v.v = arena_memdup(a, found.data, found.len);
	}
	buf_release(&found);
	return v;
}

void
hostinfo_fill(struct arena *a, const char *root, const char *state_dir,
    const struct storage_env *env, struct xenops_host_info *h)
{
	char name[256] = "";
	struct utsname un;

	*h = *(const struct xenops_host_info *)xenops_host_info_type.dflt;
	if (gethostname(name, sizeof(name) - 1) == 0)
		h->hostname = arena_strdup(a, name);
	h->uuid = kept_uuid(a, state_dir, "host.uuid");
	h->dom0_uuid = kept_uuid(a, state_dir, "dom0.uuid");
	fill_cpu(a, root, &h->cpu);
	if (uname(&un) == 0)
		h->kernel_version = arena_strdup(a, un.release);
	h->bios_strings = bios_strings(a, root);
	h->boot_time = boot_time(root);
	h->boot_id = hostinfo_line(a, root, "/proc/sys/kernel/random/boot_id");
	h->disks = disks(a, root, env);
	hostinfo_fill_net(a, root, h);
	hostinfo_fill_buses(a, root, h);
}
