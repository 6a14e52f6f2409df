/*
 * echo REPLY-BYTES: the least a server can do.  Prints its port, and over plain
 * TCP answers whatever comes with the same reply, a thread for each connection.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static char *reply;
static size_t reply_len;

static void *
answer(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char request[65536];

	/* a small request over loopback arrives whole */
	while (read(fd, request, sizeof(request)) > 0) {
		if (write(fd, reply, reply_len) != (ssize_t)reply_len)
			break;
	}
	close(fd);
	return NULL;
}

static int
listen_somewhere(void)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd == -1 || bind(fd, (struct sockaddr *)&at, len) == -1 ||
	    listen(fd, 64) == -1 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) == -1)
		return -1;
	printf("%d\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

int
main(int argc, char **argv)
{
	int size = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 0;
	int len = asprintf(&reply, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
	    "\r\n%*s", size, size, "");
	int fd = listen_somewhere();
	pthread_t t;

	if (len < 0 || fd == -1)
		return 1;
	reply_len = (size_t)len;
	for (;;) {
		int conn = accept(fd, NULL, NULL);

		if (conn == -1 ||
		    pthread_create(&t, NULL, answer, (void *)(intptr_t)conn))
			return 1;
		pthread_detach(t);
	}
}
