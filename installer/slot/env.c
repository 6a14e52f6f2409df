#include "env.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"

#define HEAD "# GRUB Environment Block\n"
#define VALUE_SIZE 16

/* Of the line name=value; "" if there is none, or a longer one than ours. */
static void
value_of(const char *text, const char *name, char out[static VALUE_SIZE])
{
	size_t n = strlen(name);

	out[0] = '\0';
	for (const char *p = text; p; p = strchr(p, '\n')) {
		size_t len;

		p += *p == '\n';
		if (strncmp(p, name, n) || p[n] != '=')
			continue;
		len = strcspn(p + n + 1, "\n");
		if (len < VALUE_SIZE) {
			memcpy(out, p + n + 1, len);
			out[len] = '\0';
		}
		return;
	}
}

static char
slot_of(const char *value)
{
	return !strcmp(value, "a") || !strcmp(value, "b") ? *value : 0;
}

static unsigned
limit_of(const char *value)
{
	unsigned long n = strtoul(value, NULL, 10);

	return n >= TRIAL_LIMIT_MIN_S && n <= TRIAL_LIMIT_MAX_S ?
	    (unsigned)n : TRIAL_LIMIT_S;
}

int
env_parse(const char block[static ENV_SIZE], struct env *out)
{
	char text[ENV_SIZE + 1], value[VALUE_SIZE];

	memcpy(text, block, ENV_SIZE);
	text[ENV_SIZE] = '\0';
	memset(out, 0, sizeof *out);
	if (strncmp(text, HEAD, sizeof HEAD - 1))
		return -EINVAL;
	value_of(text, "slot", value);
	out->good = slot_of(value);
	value_of(text, "trial", value);
	out->trial = slot_of(value);
	value_of(text, "left", value);
	out->left = out->trial && !strcmp(value, "1");
	value_of(text, "limit", value);
	out->limit_s = limit_of(value);
	return out->good ? 0 : -EINVAL;
}

void
env_format(const struct env *e, char out[static ENV_SIZE])
{
	char text[ENV_SECTOR];
	int n = snprintf(text, sizeof text, HEAD "slot=%c\n", e->good);

	if (e->trial)
		n += snprintf(text + n, sizeof text - (size_t)n,
		    "trial=%c\nleft=%d\nlimit=%u\n", e->trial, e->left,
		    e->limit_s);
	memset(out, '#', ENV_SIZE);
	memcpy(out, text, (size_t)n);
}

int
env_read(const char *path, struct env *out)
{
	char block[ENV_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	int rc = fd == -1 ? -errno : fdio_read_all(fd, block, sizeof block);

	fdio_close(&fd);
	return rc ? rc : env_parse(block, out);
}

int
env_write(const char *path, const struct env *e)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	char block[ENV_SIZE];
	struct stat st;
	int rc = 0;

	env_format(e, block);
	if (fd == -1 || fstat(fd, &st) == -1)
		rc = -errno;
	else if (!S_ISREG(st.st_mode) || st.st_size != ENV_SIZE)
		rc = -EINVAL;
	if (rc == 0)
		rc = fdio_write_at(fd, block, sizeof block, 0);
	if (rc == 0 && fsync(fd) == -1)
		rc = -errno;
	fdio_close(&fd);
	return rc;
}
