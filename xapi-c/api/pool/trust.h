/*
 * What an operator wants hosts to trust: CA and pinned certificates (trust.c,
 * objects of class Certificate) and lists of revoked ones (crl.c, in the pool's
 * record).  Both are kept as PEM.  Nothing connects to servers by TLS yet, so
 * nothing is verified with them.
 */
#ifndef API_POOL_TRUST_H
#define API_POOL_TRUST_H

#include <stdbool.h>

#define TRUST_CERTIFICATES_MAX 128
#define TRUST_CRLS_MAX 16

/* May one be called so?  By letters, digits and . _ -, not hidden, NAME.pem. */
bool trust_is_name(const char *name);

#endif
