#include "poold/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HOST_MAX 46

static bool
parse_port(const char *text, in_port_t *out)
{
	char *end;
	long v;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	v = strtol(text, &end, 10);
	*out = htons((uint16_t)v);
	return !errno && !*end && v > 0 && v <= UINT16_MAX;
}

static bool
parse_host(const char *host, struct sockaddr_storage *out, socklen_t *len,
    in_port_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	memset(out, 0, sizeof(*out));
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = port;
		*len = sizeof(*in);
		return true;
	}
	if (inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		return false;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = port;
	*len = sizeof(*in6);
	return true;
}

bool
address_parse(const char *text, struct sockaddr_storage *out,
    socklen_t *len_out)
{
	const char *colon = strrchr(text, ':'), *end = colon;
	char host[HOST_MAX];
	in_port_t port;

	if (!colon || !parse_port(colon + 1, &port))
		return false;
	if (*text == '[' && end[-1] == ']') {
		text++;
		end--;
	}
	if (end - text >= HOST_MAX)
		return false;
	memcpy(host, text, (size_t)(end - text));
	host[end - text] = '\0';
	return parse_host(host, out, len_out, port);
}
