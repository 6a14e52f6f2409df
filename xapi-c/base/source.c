#include "base/source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define PREFIX_BYTES 8			/* of an IPv6 address */

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool
is_four(const struct source *s)
{
	return memcmp(s->b, mapped, sizeof(mapped)) == 0;
}

struct source
source_of(const struct sockaddr_storage *sa)
{
	const struct sockaddr_in *four = (const void *)sa;
	const struct sockaddr_in6 *six = (const void *)sa;
	struct source s = { 0 };

	if (sa->ss_family == AF_INET) {
		memcpy(s.b, mapped, sizeof(mapped));
		memcpy(s.b + sizeof(mapped), &four->sin_addr, 4);
	} else if (sa->ss_family == AF_INET6) {
		memcpy(s.b, &six->sin6_addr, sizeof(s.b));
		if (!is_four(&s) && !IN6_IS_ADDR_LOOPBACK(&six->sin6_addr))
			memset(s.b + PREFIX_BYTES, 0, sizeof(s.b) -
			    PREFIX_BYTES);
	}
	return s;
}

bool
source_equal(const struct source *a, const struct source *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

char *
source_text(const struct source *s, char buf[static SOURCE_TEXT])
{
	static const struct source none;

	if (source_equal(s, &none))
		snprintf(buf, SOURCE_TEXT, "this host");
	else if (is_four(s))
		inet_ntop(AF_INET, s->b + sizeof(mapped), buf, SOURCE_TEXT);
	else if (inet_ntop(AF_INET6, s->b, buf, SOURCE_TEXT) &&
	    s->b[15] == 0)
		strncat(buf, "/64", SOURCE_TEXT - strlen(buf) - 1);
	return buf;
}
