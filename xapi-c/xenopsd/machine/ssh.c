#include "xenopsd/machine/ssh.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/log.h"

#define NUMBER_SIZE 24

const struct ssh ssh_real = {
	.dir = "/state/ssh", .control = "/run/service/ssh/control",
};

static const char *
path_of(struct arena *a, const struct ssh *s)
{
	return arena_printf(a, "%s/until", s->dir);
}

int64_t
ssh_until(struct arena *a, const struct ssh *s)
{
	FILE *f = fopen(path_of(a, s), "re");
	char line[NUMBER_SIZE] = "", *end;
	bool has_line = f && fgets(line, sizeof(line), f);
	long long until = strtoll(line, &end, 10);

	if (f)
		fclose(f);
	if (!has_line || end == line || *end != '\n' || until < 0)
		return SSH_CLOSED;
	return until == 0 || until > clock_wall_s() ? until : SSH_CLOSED;
}

/* A supervisor that is not there yet starts the service so as well. */
static void
restart(const struct ssh *s)
{
	int fd = s->control ? open(s->control,
	    O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;

	if (s->control && (fd == -1 || write(fd, "t", 1) != 1))
		log_error("cannot restart ssh: %s", strerror(errno));
	if (fd != -1)
		close(fd);
}

static int
keep(struct request *rq, const struct ssh *s, int64_t until)
{
	const struct atomic_file how = { .mode = 0644 };
	const char *path = path_of(rq->arena, s);
	const char *text = arena_printf(rq->arena, "%lld\n", (long long)until);

	if (until == SSH_CLOSED)
		return unlink(path) == -1 && errno != ENOENT ? -errno : 0;
	if (mkdir(s->dir, 0700) == -1 && errno != EEXIST)
		return -errno;
	return atomic_file_write(path, text, strlen(text), &how);
}

int
ssh_set(struct request *rq, const struct ssh *s,
    const struct xenops_ssh_set_args *a)
{
	int rc;

	if (a->until < SSH_CLOSED)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "not a time: %lld", (long long)a->until);
	rc = keep(rq, s, a->until);
	if (rc)
		return request_fail(rq, XENOPS_CODE_IO, "cannot keep ssh: %s",
		    strerror(-rc));
	restart(s);
	return 0;
}

int
host_ssh_set(struct request *rq, const void *args, void *result)
{
	(void)result;
	return ssh_set(rq, &ssh_real, args);
}
