#include "xenopsd/machine/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for what was asked, which comes back with an error: a longer one is cut
 * behind what is read of it. */
#define ECHO_BYTES 256

struct answer {
	struct nlmsghdr head;
	struct nlmsgerr error;
	char echo[ECHO_BYTES];
};

/* A socket on which the kernel's answers come, and nobody else's. */
static int
open_to_kernel(int protocol)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int rc;

	if (fd == -1)
		return -errno;
	if (connect(fd, (struct sockaddr *)&kernel, sizeof(kernel)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static int
read_answer(int fd)
{
	struct answer a;
	ssize_t r;

	do
		r = recv(fd, &a, sizeof(a), 0);
	while (r == -1 && errno == EINTR);
	if (r == -1)
		return -errno;
	if ((size_t)r < sizeof(a.head) + sizeof(a.error) ||
	    a.head.nlmsg_type != NLMSG_ERROR || a.error.error > 0)
		return -EPROTO;
	return a.error.error;
}

static int
ask(int protocol, const void *message, size_t len)
{
	int fd = open_to_kernel(protocol);
	int rc;

	if (fd < 0)
		return fd;
	rc = send(fd, message, len, 0) == -1 ? -errno : read_answer(fd);
	close(fd);
	return rc;
}

int
netlink_ask(const void *message, size_t len)
{
	return ask(NETLINK_ROUTE, message, len);
}

int
netlink_ask_netfilter(const void *batch, size_t len)
{
	return ask(NETLINK_NETFILTER, batch, len);
}
