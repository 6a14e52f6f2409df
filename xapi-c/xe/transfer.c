#include "xe/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "xe/connect.h"

#define HEAD_MAX 16384
#define PIECE 65536
#define ESCAPE 0x1d			/* Ctrl-] */

/* The answer's head, byte by byte, so that nothing of what follows is lost. */
static int
read_head(struct dial *d)
{
	char head[HEAD_MAX];
	size_t n = 0;

	while (n < sizeof(head) - 1 && dial_read(d, head + n, 1) == 1) {
		head[++n] = '\0';
		if (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0)
			continue;
		if (strncmp(head, "HTTP/1.", 7) == 0 &&
		    strncmp(head + 8, " 200", 4) == 0)
			return 0;
		head[strcspn(head, "\r")] = '\0';
		fprintf(stderr, "Server said: %s\n", head);
		return -1;
	}
	fputs("Lost connection to the server.\n", stderr);
	return -1;
}

static struct dial *
ask(const struct xe_transfer *t, const char *method, long long length)
{
	char why[DIAL_WHY];
	struct dial *d = xe_connect(t->o, why);
	struct buf b = { 0 };
	int rc;

	if (!d) {
		fprintf(stderr, "Error: %s\n", why);
		return NULL;
	}
	buf_addf(&b, "%s %s HTTP/1.0\r\n", method, t->path);
	if (length >= 0)
		buf_addf(&b, "Content-Length: %lld\r\n", length);
	buf_adds(&b, "\r\n");
	rc = dial_write(d, b.data, b.len);
	buf_release(&b);
	if (rc == 0 && read_head(d) == 0)
		return d;
	dial_free(d);
	return NULL;
}

static void
beat(const struct xe_transfer *t, time_t *last)
{
	time_t now = time(NULL);

	if (now - *last < XE_BEAT_S)
		return;
	*last = now;
	t->beat(t->arg);
}

int
xe_put(const struct xe_transfer *t)
{
	time_t last = time(NULL);
	int fd = open(t->file, O_RDONLY | O_CLOEXEC), rc = 0;
	struct dial *d = NULL;
	struct stat st;
	char piece[PIECE];
	ssize_t r = -1;

	if (fd == -1 || fstat(fd, &st) == -1) {
		fprintf(stderr, "Operation failed. Error: file '%s': %s\n",
		    t->file, strerror(errno));
		goto out;
	}
	d = ask(t, "PUT", S_ISREG(st.st_mode) ? (long long)st.st_size : -1);
	while (d && rc == 0 && (r = read(fd, piece, sizeof(piece))) > 0) {
		rc = dial_write(d, piece, (size_t)r);
		beat(t, &last);
	}
	if (d && rc == 0)
		dial_end(d);
	/* It closes when it has all, or says why not in its task. */
	while (d && rc == 0 && dial_read(d, piece, sizeof(piece)) > 0)
		;
out:
	dial_free(d);
	if (fd != -1)
		close(fd);
	return r == 0 && rc == 0 ? 0 : -1;
}

static int
write_all(int fd, const char *p, size_t len)
{
	ssize_t r;

	for (; len > 0; p += r, len -= (size_t)r) {
		r = write(fd, p, len);
		if (r == -1 && errno == EINTR)
			r = 0;
		if (r == -1)
			return -1;
	}
	return 0;
}

int
xe_get(const struct xe_transfer *t)
{
	time_t last = time(NULL);
	int fd = *t->file ? open(t->file, O_WRONLY | O_CREAT | O_EXCL |
	    O_CLOEXEC, 0600) : dup(STDOUT_FILENO);
	struct dial *d = NULL;
	char piece[PIECE];
	ssize_t r = -1;
	int rc = -1;

	if (fd == -1) {
		fprintf(stderr, "Operation failed. Error: file '%s': %s\n",
		    t->file, strerror(errno));
		return -1;
	}
	d = ask(t, "GET", -1);
	if (d)
		rc = 0;
	while (rc == 0 && (r = dial_read(d, piece, sizeof(piece))) > 0) {
		rc = write_all(fd, piece, (size_t)r);
		beat(t, &last);
	}
	dial_free(d);
	if (close(fd) == -1 || r != 0)
		rc = -1;
	/* it was not there before */
	if (rc && *t->file)
		unlink(t->file);
	return rc;
}

/* -- consoles -- */

/* What was typed; 1: enough. */
static int
from_terminal(struct dial *d)
{
	char piece[4096], *stop;
	ssize_t r = read(STDIN_FILENO, piece, sizeof(piece));

	if (r <= 0)
		return r == -1 && errno == EINTR ? 0 : 1;
	stop = memchr(piece, ESCAPE, (size_t)r);
	if (stop)
		r = stop - piece;
	return (r && dial_write(d, piece, (size_t)r)) || stop ? 1 : 0;
}

static int
from_console(struct dial *d)
{
	char piece[PIECE];
	ssize_t r = dial_read(d, piece, sizeof(piece));

	return r <= 0 || write_all(STDOUT_FILENO, piece, (size_t)r) ? 1 : 0;
}

static void
relay(const struct xe_transfer *t, struct dial *d)
{
	struct pollfd p[2] = { { .fd = dial_fd(d), .events = POLLIN },
		{ .fd = STDIN_FILENO, .events = POLLIN } };
	time_t last = time(NULL);
	int over = 0;

	while (!over) {
		if (poll(p, 2, dial_pending(d) ? 0 : XE_BEAT_S * 1000) == -1 &&
		    errno != EINTR)
			return;
		if (p[0].revents || dial_pending(d))
			over = from_console(d);
		if (!over && p[1].revents)
			over = from_terminal(d);
		beat(t, &last);
	}
}

int
xe_console(const struct xe_transfer *t)
{
	struct dial *d = ask(t, "CONNECT", -1);
	bool terminal = isatty(STDIN_FILENO);
	struct termios was, raw;

	if (!d)
		return -1;
	if (terminal && tcgetattr(STDIN_FILENO, &was) == 0) {
		raw = was;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	relay(t, d);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &was);
	puts("");
	dial_free(d);
	return 0;
}
