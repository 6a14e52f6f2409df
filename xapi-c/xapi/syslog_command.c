#include "xapi/syslog_command.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/syslog.h"

#define LOOK_S 1
#define RETRY_MS 5000
#define REFUSAL_MS 300			/* of a server on the same network */
#define TAILS_MAX 64
#define TAIL_NAME 48
#define LINE_SIZE 4096			/* what is longer is cut */

/* One service's log, read up to a place in it. */
struct tail {
	char name[TAIL_NAME];
	int fd;
	char buf[LINE_SIZE];		/* what is not sent yet */
	size_t len;
	bool skips;			/* up to the end of a line that was cut */
};

struct sender {
	const char *config, *logs;
	char text[SYSLOG_HOST_SIZE + SYSLOG_PORT_SIZE + 4];	/* of config */
	struct syslog_destination to;
	bool wanted;
	int sock;			/* -1: not connected */
	int64_t retry_ms;		/* monotonic: not before */
	bool away;			/* and it was said */
	bool tried;			/* it took a line since the last pause */
	struct tail tails[TAILS_MAX];
	int n;
};

bool
syslog_command_is_meant(int argc, char **argv, int *skip)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	*skip = strcmp(name, "bedplate-syslog") ? 1 : 0;
	return !*skip || (argc > 1 && !strcmp(argv[1], "syslog"));
}

/* -- the server -- */

static bool
fail(struct sender *s, const char *why)
{
	if (!s->away)
		log_warn("the server of logs '%s' is away: %s", s->text, why);
	s->away = true;
	fdio_close(&s->sock);
	s->tried = false;
	s->retry_ms = clock_mono_ms() + RETRY_MS;
	return false;
}

static bool
connect_to(struct sender *s)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
	struct addrinfo *list = NULL;
	int r;

	if (clock_mono_ms() < s->retry_ms)
		return false;
	r = getaddrinfo(s->to.host, s->to.port, &hints, &list);
	if (r)
		return fail(s, gai_strerror(r));
	for (struct addrinfo *a = list; a && s->sock == -1; a = a->ai_next) {
		s->sock = socket(a->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (s->sock != -1 &&
		    connect(s->sock, a->ai_addr, a->ai_addrlen) == -1)
			fdio_close(&s->sock);
	}
	r = errno;
	freeaddrinfo(list);
	return s->sock != -1 || fail(s, strerror(r));
}

/* The first line after a pause waits for a refusal, which comes only when it is
 * lost. */
static bool
was_refused(const struct sender *s, int *error)
{
	struct pollfd p = { .fd = s->sock };
	socklen_t len = sizeof(*error);

	*error = 0;
	return poll(&p, 1, REFUSAL_MS) == 1 && getsockopt(s->sock, SOL_SOCKET,
	    SO_ERROR, error, &len) == 0 && *error;
}

static bool
send_line(struct sender *s, const char *service, const char *line, size_t len)
{
	char message[SYSLOG_MESSAGE_MAX], host[64] = "";
	size_t n;
	int error;

	if (s->sock == -1 && !connect_to(s))
		return false;
	gethostname(host, sizeof(host) - 1);
	n = syslog_message(host, service, line, len, message);
	if (send(s->sock, message, n, MSG_DONTWAIT | MSG_NOSIGNAL) == -1)
		return errno == EAGAIN || errno == ENOBUFS ? false :
		    fail(s, strerror(errno));
	if (!s->tried && was_refused(s, &error))
		return fail(s, strerror(error));
	s->tried = true;
	if (s->away)
		log_info("the server of logs '%s' is there", s->text);
	s->away = false;
	return true;
}

/* -- the logs -- */

/* Sends the whole lines of t; false: the server does not take them now. */
static bool
send_lines(struct sender *s, struct tail *t)
{
	size_t at = 0;
	bool ok = true;

	while (at < t->len) {
		const char *line = t->buf + at;
		const char *end = memchr(line, '\n', t->len - at);
		bool cut = !end && at == 0 && t->len == sizeof(t->buf);
		size_t len = end ? (size_t)(end - line) : t->len;

		if (!end && !cut)
			break;
		if (!t->skips && len && !send_line(s, t->name, line, len)) {
			ok = false;
			break;
		}
		t->skips = cut;
		at += end ? len + 1 : len;
	}
	memmove(t->buf, t->buf + at, t->len - at);
	t->len -= at;
	return ok;
}

/* False at the end of what there is, or if the server does not take more. */
static bool
read_more(struct sender *s, struct tail *t)
{
	ssize_t n;

	if (!send_lines(s, t))
		return false;
	n = read(t->fd, t->buf + t->len, sizeof(t->buf) - t->len);
	if (n <= 0)
		return false;
	t->len += (size_t)n;
	return true;
}

static int
open_current(const struct sender *s, const char *name)
{
	char path[512];

	if (snprintf(path, sizeof(path), "%s/%s/current", s->logs, name) >=
	    (int)sizeof(path))
		return -1;
	return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
}

/* svlogd writes to a new file, no more to this one, and all of it is sent. */
static bool
is_over(const struct tail *t, int fd)
{
	struct stat a, b;

	return t->len < sizeof(t->buf) && !memchr(t->buf, '\n', t->len) &&
	    fstat(t->fd, &a) == 0 && fstat(fd, &b) == 0 &&
	    a.st_ino != b.st_ino;
}

static void
follow(struct sender *s, struct tail *t)
{
	int next = open_current(s, t->name);

	while (read_more(s, t))
		;
	if (next != -1 && is_over(t, next)) {
		fdio_close(&t->fd);
		t->fd = next;
		next = -1;
		while (read_more(s, t))
			;
	}
	fdio_close(&next);
}

static struct tail *
tail_of(struct sender *s, const char *name)
{
	size_t len = strlen(name);
	struct tail *t;

	for (int i = 0; i < s->n; i++)
		if (!strcmp(s->tails[i].name, name))
			return &s->tails[i];
	if (s->n == TAILS_MAX || len >= TAIL_NAME)
		return NULL;
	t = &s->tails[s->n];
	t->fd = open_current(s, name);
	if (t->fd == -1)
		return NULL;
	t->len = 0;
	t->skips = false;
	memcpy(t->name, name, len + 1);
	s->n++;
	return t;
}

/* A folder that comes later is of a service that began to log: from its start.
 * Those that are there at first: from their end. */
static void
look_at_logs(struct sender *s, bool from_end)
{
	DIR *d = opendir(s->logs);
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		struct tail *t = *e->d_name == '.' ? NULL :
		    tail_of(s, e->d_name);

		if (t && from_end)
			lseek(t->fd, 0, SEEK_END);
		else if (t)
			follow(s, t);
	}
	if (d)
		closedir(d);
}

static void
forget(struct sender *s)
{
	while (s->n > 0)
		fdio_close(&s->tails[--s->n].fd);
	fdio_close(&s->sock);
	s->away = false;
	s->retry_ms = 0;
}

/* -- what is wanted -- */

static void
look_at_config(struct sender *s)
{
	FILE *f = fopen(s->config, "re");
	char text[sizeof(s->text)] = "";
	const char *problem;

	if (f && !fgets(text, sizeof(text), f))
		*text = '\0';
	if (f)
		fclose(f);
	text[strcspn(text, "\n")] = '\0';
	if (!strcmp(text, s->text))
		return;
	memcpy(s->text, text, sizeof(text));
	fdio_close(&s->sock);
	s->away = false;
	s->retry_ms = 0;
	problem = *text ? syslog_destination_parse(text, &s->to) : NULL;
	if (problem)
		log_error("bad server of logs '%s': %s", text, problem);
	if (*text && !problem && !s->wanted)
		look_at_logs(s, true);
	s->wanted = *text && !problem;
	if (!s->wanted)
		forget(s);
}

int
syslog_command(int argc, char **argv)
{
	struct sender *s;
	const struct timespec pause = { .tv_sec = LOOK_S };

	if (argc != 3) {
		fprintf(stderr, "usage: bedplate-syslog FILE LOGS\n");
		return 2;
	}
	s = mem_zalloc(sizeof(*s));
	s->sock = -1;
	s->config = argv[1];
	s->logs = argv[2];
	for (;;) {
		look_at_config(s);
		if (s->wanted)
			look_at_logs(s, false);
		s->tried = false;
		nanosleep(&pause, NULL);
	}
}
