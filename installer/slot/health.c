#include "health.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fdio.h"

#define XENSTORED "/run/xenstored/socket"
#define XENOPSD "/run/xenopsd/xapi.sock"
#define NETWORK_UP "/run/network/up"
#define API_PORT 80		/* of 127.0.0.1: no certificate is needed */
#define LIMIT_S 2
#define REPLY_MAX 4096

static int
socket_of(int family)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd != -1) {
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	}
	return fd;
}

static bool
takes_connections(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket_of(AF_UNIX);
	bool ok;

	snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
	ok = fd != -1 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0;
	fdio_close(&fd);
	return ok;
}

static bool
xenstored(void)
{
	return takes_connections(XENSTORED);
}

static bool
xenopsd(void)
{
	return takes_connections(XENOPSD);
}

/* All of the reply that comes in time, as text. */
static bool
ask(const char *request, char reply[static REPLY_MAX])
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(API_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket_of(AF_INET);
	size_t len = 0;
	ssize_t n = 1;
	bool ok = fd != -1 &&
	    connect(fd, (struct sockaddr *)&to, sizeof to) == 0 &&
	    fdio_write_all(fd, request, strlen(request)) == 0;

	while (ok && n > 0 && len < REPLY_MAX - 1) {
		n = read(fd, reply + len, REPLY_MAX - 1 - len);
		if (n > 0)
			len += (size_t)n;
	}
	reply[len] = '\0';
	fdio_close(&fd);
	return ok;
}

/* xapi listens once its database is open, and one of its workers answers; that
 * it refuses calls without TLS is an answer, too. */
static bool
api(void)
{
	static const char request[] = "GET / HTTP/1.1\r\n"
	    "Host: localhost\r\nConnection: close\r\n\r\n";
	char reply[REPLY_MAX];

	return ask(request, reply) && !strncmp(reply, "HTTP/1.", 7);
}

static bool
address(void)
{
	return access(NETWORK_UP, F_OK) == 0;
}

static const struct {
	bool (*ok)(void);
	const char *problem;
} checks[] = {
	{ xenstored, "xenstored takes no connections" },
	{ xenopsd, "xenopsd takes no connections" },
	{ api, "the API does not answer" },
	{ address, "there is no management address" },
};

const char *
health_problem(void)
{
	for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++)
		if (!checks[i].ok())
			return checks[i].problem;
	return NULL;
}
