/*
 * load_libvirt URI CLIENTS SECONDS: virDomainGetInfo over and over, each client
 * on a connection of its own; prints calls per second.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <libvirt/libvirt.h>

#define CLIENTS_MAX 256

struct load {
	const char *uri;
	double seconds;
	atomic_long calls;
};

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *
client(void *arg)
{
	struct load *l = arg;
	virConnectPtr conn = virConnectOpen(l->uri);
	virDomainPtr domain = conn ? virDomainLookupByID(conn, 1) : NULL;
	double end = now_s() + l->seconds;
	virDomainInfo info;

	while (domain && now_s() < end && virDomainGetInfo(domain, &info) == 0)
		l->calls++;
	if (domain)
		virDomainFree(domain);
	if (conn)
		virConnectClose(conn);
	return NULL;
}

int
main(int argc, char **argv)
{
	struct load l = { 0 };
	pthread_t t[CLIENTS_MAX];
	int n = argc == 4 ? (int)strtol(argv[2], NULL, 10) : 0;

	if (n < 1 || n > CLIENTS_MAX)
		return 2;
	l.uri = argv[1];
	l.seconds = strtod(argv[3], NULL);
	for (int i = 0; i < n; i++)
		pthread_create(&t[i], NULL, client, &l);
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
	printf("%.1f\n", (double)l.calls / l.seconds);
	return l.calls ? 0 : 1;
}
