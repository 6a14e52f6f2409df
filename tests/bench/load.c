/*
 * A load of HTTP clients, each on one connection that stays open:
 *     load PORT CLIENTS SECONDS PATH BODY-FILE [plain]
 * over TLS or plain TCP posts the body over and over (an empty file: GET) and prints
 *     requests/s  median-us  p99-us  bytes-per-reply
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define SAMPLES (1u << 20)

struct load {
	SSL_CTX *ctx;			/* NULL: plain */
	int port;
	double seconds;
	char *request;
	size_t request_len;
	atomic_uint n;			/* samples taken */
	unsigned *us;
	atomic_llong bytes;
	atomic_int failed;
};

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct conn {
	int fd;
	SSL *ssl;			/* NULL: plain */
};

static int
conn_read(struct conn *c, void *p, size_t n)
{
	return c->ssl ? SSL_read(c->ssl, p, (int)n) : (int)read(c->fd, p, n);
}

static int
conn_write(struct conn *c, const void *p, size_t n)
{
	return c->ssl ? SSL_write(c->ssl, p, (int)n) :
	    (int)write(c->fd, p, n);
}

static bool
dial(const struct load *l, struct conn *c)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)l->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	c->ssl = NULL;
	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd == -1 ||
	    connect(c->fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		return false;
	if (!l->ctx)
		return true;
	c->ssl = SSL_new(l->ctx);
	SSL_set_fd(c->ssl, c->fd);
	return SSL_connect(c->ssl) == 1;
}

/* Reads one reply; its body's length, or -1. */
static long
read_reply(struct conn *c, char *buf, size_t size)
{
	size_t have = 0, head;
	long length, left;
	char *end = NULL, *p;

	while (!end) {
		int r = conn_read(c, buf + have, size - 1 - have);

		if (r <= 0)
			return -1;
		have += (size_t)r;
		buf[have] = '\0';
		end = strstr(buf, "\r\n\r\n");
	}
	p = strcasestr(buf, "\ncontent-length:");
	if (!p || p > end || strncmp(buf, "HTTP/1.1 200", 12) != 0)
		return -1;
	length = strtol(p + 16, NULL, 10);
	head = (size_t)(end + 4 - buf);
	for (left = length - (long)(have - head); left > 0;) {
		int r = conn_read(c, buf, size);

		if (r <= 0)
			return -1;
		left -= r;
	}
	return length;
}

static void *
client(void *arg)
{
	struct load *l = arg;
	size_t size = 1 << 20;
	char *buf = malloc(size);
	struct conn c;
	bool up = dial(l, &c);
	double end = now_s() + l->seconds;

	while (up && buf && now_s() < end) {
		double start = now_s();
		unsigned i;
		long n;

		if (conn_write(&c, l->request, l->request_len) <= 0)
			break;
		n = read_reply(&c, buf, size);
		if (n < 0)
			break;
		i = atomic_fetch_add(&l->n, 1);
		if (i < SAMPLES)
			l->us[i] = (unsigned)((now_s() - start) * 1e6);
		l->bytes += n;
	}
	if (!up || now_s() < end)
		l->failed++;
	free(buf);
	return NULL;
}

static int
by_value(const void *a, const void *b)
{
	unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

	return (x > y) - (x < y);
}

static int
make_request(struct load *l, const char *path, const char *file)
{
	FILE *f = fopen(file, "r");
	char *body = malloc(1 << 20);
	size_t n = f && body ? fread(body, 1, 1 << 20, f) : 0;
	int len;

	if (!f || !body)
		return -1;
	fclose(f);
	len = asprintf(&l->request, n ?
	    "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
	    "application/json\r\nContent-Length: %zu\r\n\r\n%.*s" :
	    "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path, n, (int)n,
	    body);
	l->request_len = (size_t)len;
	free(body);
	return len < 0 ? -1 : 0;
}

static void
run(struct load *l, int clients)
{
	pthread_t *t = calloc((size_t)clients, sizeof(*t));
	double start = now_s(), took;
	unsigned n;

	for (int i = 0; i < clients; i++)
		pthread_create(&t[i], NULL, client, l);
	for (int i = 0; i < clients; i++)
		pthread_join(t[i], NULL);
	took = now_s() - start;
	n = l->n < SAMPLES ? l->n : SAMPLES;
	qsort(l->us, n, sizeof(*l->us), by_value);
	if (n)
		printf("%.1f %u %u %lld\n", l->n / took, l->us[n / 2],
		    l->us[n * 99 / 100], (long long)l->bytes / l->n);
	free(t);
}

int
main(int argc, char **argv)
{
	struct load l = { 0 };
	bool plain = argc == 7 && !strcmp(argv[6], "plain");

	if ((argc != 6 && !plain) || make_request(&l, argv[4], argv[5])) {
		fprintf(stderr, "usage: load PORT CLIENTS SECONDS PATH BODY "
		    "[plain]\n");
		return 2;
	}
	if (!plain)
		l.ctx = SSL_CTX_new(TLS_client_method());
	l.us = calloc(SAMPLES, sizeof(*l.us));
	l.port = (int)strtol(argv[1], NULL, 10);
	l.seconds = strtod(argv[3], NULL);
	if ((!plain && !l.ctx) || !l.us)
		return 2;
	run(&l, (int)strtol(argv[2], NULL, 10));
	if (l.failed)
		fprintf(stderr, "%d clients failed\n", (int)l.failed);
	return l.failed ? 1 : 0;
}
