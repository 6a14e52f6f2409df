#include "image/job.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"

#define LINE_SIZE (JOB_WHY_SIZE + 2)

int
job_fail(struct job *j, const char *fmt, ...)
{
	va_list ap;

	if (*j->why)
		return -1;
	va_start(ap, fmt);
	vsnprintf(j->why, sizeof(j->why), fmt, ap);
	va_end(ap);
	return -1;
}

int
job_disk(struct job *j, int rc)
{
	return rc ? job_fail(j, "the disk failed: %s", strerror(-rc)) : 0;
}

int
job_ended_early(struct job *j)
{
	return job_fail(j, "the image ended early, at byte %lld",
	    (long long)j->at);
}

ssize_t
job_read_some(struct job *j, void *data, size_t len)
{
	ssize_t r;

	do
		r = read(j->stream, data, len);
	while (r == -1 && errno == EINTR);
	if (r == -1)
		return job_fail(j, "the stream failed: %s", strerror(errno));
	j->at += r;
	return r;
}

int
job_read(struct job *j, void *data, size_t len)
{
	char *p = data;

	while (len > 0) {
		ssize_t r = job_read_some(j, p, len);

		if (r == 0)
			return job_ended_early(j);
		if (r < 0)
			return -1;
		p += r;
		len -= (size_t)r;
	}
	return 0;
}

int
job_skip_to(struct job *j, int64_t at)
{
	char waste[4096];

	while (j->at < at) {
		int64_t left = at - j->at;

		if (job_read(j, waste, left < (int64_t)sizeof(waste) ?
		    (size_t)left : sizeof(waste)))
			return -1;
	}
	return 0;
}

int
job_write(struct job *j, const void *data, size_t len)
{
	int rc = fdio_write_all(j->stream, data, len);

	if (rc)
		return job_fail(j, "nobody takes the image: %s", strerror(-rc));
	j->at += (int64_t)len;
	return 0;
}

int
job_is_wanted(struct job *j)
{
	struct pollfd p = { .fd = j->stream, .events = POLLRDHUP };

	return poll(&p, 1, 0) == 1 && p.revents ? job_fail(j,
	    "nobody wants the image") : 0;
}

/* Who does not listen any more will see the end. */
static void
say(const struct job *j, const char *text)
{
	char line[LINE_SIZE];
	int n = snprintf(line, sizeof(line), "%s\n", text);

	(void)fdio_write_all(j->stream, line, (size_t)n);
}

void
job_progress(struct job *j, int64_t done, int64_t whole)
{
	int percent = whole > 0 ? (int)(done * 100 / whole) : 0;
	char text[16];

	if (percent <= j->percent)
		return;
	j->percent = percent;
	snprintf(text, sizeof(text), "%d %%", percent);
	say(j, text);
}

void
job_begin(struct job *j, int64_t length)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)length);
	say(j, text);
	j->began = true;
}

void
job_end(struct job *j, int rc, bool in)
{
	if (rc && !j->began)
		say(j, j->why);
	else if (in)
		say(j, "done");
}
