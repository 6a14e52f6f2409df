/*
 * TLS between the members of a pool: 1.3 only, both ends show a certificate,
 * and each is known by it alone (a pin: the SHA-256 of the certificate), by no
 * name, address, issuer or date.  Nothing is resumed, so who is trusted no more
 * does not come back by a ticket.  A struct mutual belongs to one thread.
 */
#ifndef NET_MUTUAL_H
#define NET_MUTUAL_H

#include <stddef.h>
#include <stdint.h>

#include "net/tls_conn.h"

#define MUTUAL_PIN 32
#define MUTUAL_PINS_MAX 256

struct mutual;

struct mutual_pin {
	uint64_t id;		/* whose it is; not 0 */
	uint8_t sha256[MUTUAL_PIN];
};

/* Loads key and certificate from path, or makes them there (mode 0600).
 * 0 or -errno; nobody is trusted at first. */
int mutual_new(const char *path, struct mutual **out);
void mutual_free(struct mutual *m);	/* NULL is allowed */
/* This end's own pin. */
void mutual_own(const struct mutual *m, uint8_t out[static MUTUAL_PIN]);
/* From now on these and no others; connections that are there go on: see
 * mutual_peer.  At most MUTUAL_PINS_MAX. */
void mutual_trust(struct mutual *m, const struct mutual_pin *pins, size_t n);
/* The ends of a connection; NULL if OpenSSL has no memory.  Neither outlives m. */
struct tls_conn *mutual_accept(struct mutual *m, int fd);
struct tls_conn *mutual_connect(struct mutual *m, int fd);
/* Who is at the other end, after the handshake; 0: nobody who is trusted now. */
uint64_t mutual_peer(const struct mutual *m, const struct tls_conn *c);

#endif
