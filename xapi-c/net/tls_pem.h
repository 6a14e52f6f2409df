/*
 * A certificate that an operator brings, and what may be wrong with it.
 */
#ifndef NET_TLS_PEM_H
#define NET_TLS_PEM_H

#include <stdint.h>

/* PEM texts; chain: "" for none. */
struct tls_pem {
	const char *certificate, *key, *chain;
};

enum tls_flaw {
	TLS_KEY_UNREADABLE,		/* encrypted ones, too */
	TLS_KEY_NOT_RSA,		/* its kind: text */
	TLS_KEY_LENGTH,			/* bits: number */
	TLS_CERTIFICATE_UNREADABLE,
	TLS_KEY_OF_ANOTHER,
	TLS_NOT_YET_VALID, TLS_EXPIRED,	/* since, until: number */
	TLS_SIGNATURE,			/* not with SHA-256, -384 or -512 */
	TLS_CHAIN_UNREADABLE,
};

struct tls_verdict {
	enum tls_flaw flaw;
	int64_t number;
	char text[64];
};

#endif
