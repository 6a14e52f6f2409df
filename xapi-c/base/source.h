/*
 * Who is counted as one client by limits: an IPv4 address, or the /64 of an
 * IPv6 one, since whoever has one address of that has them all.  Plain data.
 */
#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr_storage;

/* As an IPv6 address (IPv4: ::ffff:a.b.c.d); all zero: no client, this host. */
struct source {
	uint8_t b[16];
};

#define SOURCE_TEXT 64

struct source source_of(const struct sockaddr_storage *sa);
bool source_equal(const struct source *a, const struct source *b);
/* "192.0.2.1", "2001:db8:0:1::/64", "this host"; returns buf. */
char *source_text(const struct source *s, char buf[static SOURCE_TEXT]);

#endif
