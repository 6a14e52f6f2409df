#include "xenopsd/storage/books.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/below.h"
#include "base/fdio.h"

int
storage_fail(struct storage *s, enum xenops_code code, const char *fmt, ...)
{
	va_list ap;

	if (s->text)
		return -1;
	va_start(ap, fmt);
	s->text = arena_vprintf(s->arena, fmt, ap);
	va_end(ap);
	s->code = code;
	return -1;
}

int
storage_fail_errno(struct storage *s, int err, const char *fmt, ...)
{
	enum xenops_code code = XENOPS_CODE_IO;
	const char *what;
	va_list ap;

	va_start(ap, fmt);
	what = arena_vprintf(s->arena, fmt, ap);
	va_end(ap);
	if (err == ENOSPC || err == EDQUOT || err == EFBIG)
		code = XENOPS_CODE_NO_SPACE;
	else if (err == ENOMEM)
		code = XENOPS_CODE_NO_MEMORY;
	return storage_fail(s, code, "%s: %s", what, strerror(err));
}

int
file_write(const char *path, const void *data, size_t len, bool sync)
{
	const struct atomic_file how = { .mode = 0600, .fleeting = !sync };

	return atomic_file_write(path, data, len, &how);
}

int
file_read(const char *path, size_t max, struct buf *b)
{
	struct stat st;
	int fd, rc = below_open(path, O_RDONLY, 0, &fd);

	if (rc)
		return rc;
	if (fstat(fd, &st) == -1)
		rc = -errno;
	else if ((size_t)st.st_size > max)
		rc = -EFBIG;
	if (rc == 0) {
		rc = fdio_read_all(fd, buf_reserve(b, (size_t)st.st_size + 1),
		    (size_t)st.st_size);
		if (rc == 0) {
			b->len += (size_t)st.st_size;
			b->data[b->len] = '\0';
		}
	}
	fdio_close(&fd);
	return rc;
}

int
sysfs_read(const char *path, struct buf *b)
{
	size_t room = 4096;
	ssize_t r;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	r = read(fd, buf_reserve(b, room), room);
	if (r >= 0) {
		b->len += (size_t)r;
		while (b->len && b->data[b->len - 1] == '\n')
			b->len--;
		b->data[b->len] = '\0';
	}
	fdio_close(&fd);
	return r < 0 ? -EIO : 0;
}

bool
file_value(const char *text, const char *key, char *out, size_t size)
{
	size_t n = strlen(key);

	while (text && *text) {
		const char *end = strchr(text, '\n');
		size_t len = end ? (size_t)(end - text) : strlen(text);

		if (len > n && !strncmp(text, key, n) && text[n] == '=') {
			if (len - n - 1 >= size)
				return false;
			memcpy(out, text + n + 1, len - n - 1);
			out[len - n - 1] = '\0';
			return true;
		}
		text = end ? end + 1 : NULL;
	}
	return false;
}

static int
lock(struct storage *s, struct sr *sr, int how)
{
	const char *path = arena_printf(s->arena, "%s/sr/%s.lock",
	    s->env->run_dir, sr->uuid);

	sr->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (sr->lock_fd == -1)
		return storage_fail_errno(s, errno, "cannot open '%s'", path);
	while (flock(sr->lock_fd, how) == -1)
		if (errno != EINTR)
			return storage_fail_errno(s, errno,
			    "cannot lock '%s'", path);
	return 0;
}

int
storage_lock(struct storage *s, struct sr *sr)
{
	return lock(s, sr, LOCK_EX);
}

bool
storage_try_lock(struct storage *s, struct sr *sr)
{
	struct storage op = { .env = s->env, .arena = s->arena };

	if (lock(&op, sr, LOCK_EX | LOCK_NB) == 0)
		return true;
	storage_unlock(sr);
	return false;
}

void
storage_unlock(struct sr *sr)
{
	fdio_close(&sr->lock_fd);
}

static const char *
sr_file(struct storage *s, const struct sr *sr)
{
	return arena_printf(s->arena, "%s/sr/%s.sr", s->env->run_dir,
	    sr->uuid);
}

int
sr_remember(struct storage *s, const struct sr *sr)
{
	const char *text = arena_printf(s->arena,
	    "type=%d\ndevice=%s\nstate=%s\n", sr->type, sr->device,
	    sr->creating ? "creating" : "attached");
	int rc = file_write(sr_file(s, sr), text, strlen(text), false);

	return rc ? storage_fail_errno(s, -rc, "cannot keep '%s'",
	    sr_file(s, sr)) : 0;
}

bool
sr_read(struct storage *s, struct sr *sr)
{
	struct buf b = { 0 };
	char type[8], state[16];
	bool ok = false;

	if (file_read(sr_file(s, sr), SMALL_FILE, &b))
		goto out;
	if (!file_value(b.data, "type", type, sizeof(type)) ||
	    !file_value(b.data, "device", sr->device, sizeof(sr->device)) ||
	    !file_value(b.data, "state", state, sizeof(state)))
		goto out;
	sr->creating = !strcmp(state, "creating");
	sr->type = (int)strtol(type, NULL, 10);
	if (sr->type < 0 || sr->type >= STORAGE_SR_TYPES)
		goto out;
	sr->drv = s->env->drivers[sr->type];
	ok = true;
out:
	buf_release(&b);
	return ok;
}

void
sr_forget(struct storage *s, const struct sr *sr)
{
	unlink(sr_file(s, sr));
}

bool
storage_device_owner(struct storage *s, const char *device, struct sr *sr_out)
{
	const char *path = arena_printf(s->arena, "%s/sr", s->env->run_dir);
	DIR *d = opendir(path);
	struct dirent *e;
	bool owned = false;

	while (d && !owned && (e = readdir(d))) {
		struct sr sr = { .lock_fd = -1 };

		if (strlen(e->d_name) != UUID_TEXT_LEN + 3 ||
		    strcmp(e->d_name + UUID_TEXT_LEN, ".sr"))
			continue;
		memcpy(sr.uuid, e->d_name, UUID_TEXT_LEN);
		owned = sr_read(s, &sr) && !strcmp(sr.device, device);
		*sr_out = sr;
	}
	if (d)
		closedir(d);
	return owned;
}

bool
storage_owns_device(const struct storage_env *env, const char *device)
{
	struct storage s = { .env = env, .arena = arena_new() };
	struct sr sr;
	bool owns = storage_device_owner(&s, device, &sr);

	arena_free(s.arena);
	return owns;
}

static const char *
use_path(struct storage *s, const char *vdi, const char *user)
{
	return arena_printf(s->arena, "%s/use/%s.%s", s->env->run_dir, vdi,
	    user);
}

int
use_write(struct storage *s, const struct use *u)
{
	const char *path = use_path(s, u->vdi, u->user);
	const char *text = arena_printf(s->arena,
	    "sr=%s\nwritable=%d\ndevice=%s\n", u->sr, u->writable, u->device);
	int rc = file_write(path, text, strlen(text), false);

	return rc ? storage_fail_errno(s, -rc, "cannot keep '%s'", path) : 0;
}

bool
use_read(struct storage *s, const char *vdi, const char *user,
    struct use *u_out)
{
	struct buf b = { 0 };
	char writable[4];
	bool ok = false;

	memset(u_out, 0, sizeof(*u_out));
	if (file_read(use_path(s, vdi, user), SMALL_FILE, &b) == 0 &&
	    file_value(b.data, "sr", u_out->sr, sizeof(u_out->sr)) &&
	    file_value(b.data, "writable", writable, sizeof(writable)) &&
	    file_value(b.data, "device", u_out->device,
	    sizeof(u_out->device))) {
		u_out->writable = writable[0] == '1';
		snprintf(u_out->vdi, sizeof(u_out->vdi), "%s", vdi);
		snprintf(u_out->user, sizeof(u_out->user), "%s", user);
		ok = true;
	}
	buf_release(&b);
	return ok;
}

void
use_remove(struct storage *s, const char *vdi, const char *user)
{
	unlink(use_path(s, vdi, user));
}

int
use_list(struct storage *s, const char *sr, struct use **uses_out)
{
	const char *path = arena_printf(s->arena, "%s/use", s->env->run_dir);
	struct buf found = { 0 };
	struct dirent *e;
	DIR *d;
	int n = 0;

	*uses_out = NULL;
	d = opendir(path);
	if (!d)
		return 0;
	while ((e = readdir(d))) {
		char vdi[UUID_TEXT_LEN + 1] = "";
		const char *dot = strrchr(e->d_name, '.');
		struct use u;

		if (!dot || dot - e->d_name != UUID_TEXT_LEN ||
		    !strcmp(dot, ATOMIC_FILE_SUFFIX))
			continue;
		memcpy(vdi, e->d_name, UUID_TEXT_LEN);
		if (!use_read(s, vdi, dot + 1, &u) || (sr && strcmp(u.sr, sr)))
			continue;
		buf_add(&found, &u, sizeof(u));
		n++;
	}
	closedir(d);
	if (n)
		*uses_out = arena_memdup(s->arena, found.data, found.len);
	buf_release(&found);
	return n;
}
