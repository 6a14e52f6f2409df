#include "xenopsd/domains/kept.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/codec.h"
#include "base/fdio.h"
#include "base/log.h"

#define KEPT_MAX (1u << 20)

static const struct type type_spec = { .kind = KIND_RECORD,
	.size = sizeof(struct xenops_vm_spec), .rec = &xenops_vm_spec_type };

static const struct field kept_fields[] = {
	{ .name = "phase", .type = &type_int, .tag = 1,
	    .offset = offsetof(struct kept, phase) },
	{ .name = "started", .type = &type_int, .tag = 2,
	    .offset = offsetof(struct kept, started) },
	{ .name = "spec", .type = &type_spec, .tag = 3,
	    .offset = offsetof(struct kept, spec) },
	{ .name = "image_sr", .type = &type_string, .tag = 4,
	    .offset = offsetof(struct kept, image_sr) },
	{ .name = "image_vdi", .type = &type_string, .tag = 5,
	    .offset = offsetof(struct kept, image_vdi) },
	{ .name = "memory_target", .type = &type_int, .tag = 6,
	    .offset = offsetof(struct kept, memory_target) },
};

static const struct kept kept_default = { .image_sr = "", .image_vdi = "" };

static const struct record_type kept_type = { .name = "kept",
	.fields = kept_fields, .n = 6, .size = sizeof(struct kept),
	.dflt = &kept_default };

int
kept_write(const char *dir, const struct kept *k)
{
	const struct atomic_file how = { .mode = 0600, .fleeting = true };
	char path[PATH_MAX];
	struct buf b = { 0 };
	int rc;

	snprintf(path, sizeof(path), "%s/%s", dir, k->spec.uuid);
	codec_encode(&b, &kept_type, k, 0);
	rc = atomic_file_write(path, b.data, b.len, &how);
	buf_release(&b);
	return rc;
}

int
kept_read(const char *dir, const char *uuid, struct arena *a,
    struct kept *k_out)
{
	char path[PATH_MAX];
	struct stat st;
	void *data;
	int fd, rc;

	snprintf(path, sizeof(path), "%s/%s", dir, uuid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	rc = -EBADMSG;
	if (fstat(fd, &st) == -1 || st.st_size > KEPT_MAX)
		goto out;
	data = arena_alloc(a, (size_t)st.st_size + 1);
	rc = fdio_read_all(fd, data, (size_t)st.st_size);
	if (rc)
		goto out;
	memcpy(k_out, kept_type.dflt, sizeof(*k_out));
	memcpy(&k_out->spec, xenops_vm_spec_type.dflt, sizeof(k_out->spec));
	rc = codec_decode(a, &kept_type, k_out, data, (size_t)st.st_size, NULL);
out:
	close(fd);
	if (rc)
		log_error("cannot read '%s': %s", path, strerror(-rc));
	return rc;
}

void
kept_remove(const char *dir, const char *uuid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", dir, uuid);
	if (unlink(path) == -1 && errno != ENOENT)
		log_error("cannot remove '%s': %s", path, strerror(errno));
}

void
kept_each(const char *dir, void (*fn)(void *arg, const char *uuid), void *arg)
{
	uint8_t bytes[16];
	struct dirent *e;
	DIR *d = opendir(dir);

	if (!d)
		return;
	while ((e = readdir(d))) {
		if (uuid_from_text(e->d_name, bytes))
			fn(arg, e->d_name);
	}
	closedir(d);
}
