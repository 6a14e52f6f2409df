/*
 * Certificates and revocation lists of others, which an operator says are to be
 * trusted: PEM texts, read with OpenSSL, in a form that holds nothing else.  No
 * state, any thread.
 */
#ifndef NET_TRUSTED_H
#define NET_TRUSTED_H

#include "net/tls_facts.h"

/* The first certificate in the text, alone, to be freed; NULL: there is none, or
 * the text has more than 64 KiB (NULL is an empty one). */
char *trusted_certificate(const char *text, struct tls_facts *about_out);
/* The first revocation list in it, likewise. */
char *trusted_crl(const char *text);

#endif
