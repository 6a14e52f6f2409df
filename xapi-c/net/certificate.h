/*
 * The certificate that a host makes for itself, and whether one is such: it
 * is signed by its own key and says so in a comment, so that one that an
 * operator installed is never taken for it.  For net/tls.c and net/trusted.c; no
 * state.
 */
#ifndef NET_CERTIFICATE_H
#define NET_CERTIFICATE_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/tls_facts.h"
#include "net/tls_names.h"
#include "net/tls_pem.h"

#define CERTIFICATE_TEXT_MAX (64u << 10)	/* bytes of one PEM text */

/* Key and certificate as PEM text; the caller clears and frees it.  NULL if
 * OpenSSL cannot. */
char *certificate_make(EVP_PKEY *key, const struct tls_names *names,
    size_t *len_out);
bool certificate_is_own(X509 *cert);
/* Is it for these names, and for no others? */
bool certificate_is_for(X509 *cert, const struct tls_names *names);
/* Could pem be shown from the time now on?  Its key, certificate and chain as one
 * text as by certificate_make; NULL: flaw_out says why not. */
char *certificate_check(const struct tls_pem *pem, int64_t now,
    struct tls_verdict *flaw_out, size_t *len_out);
/* Seconds since 1970; 0 if it is none. */
int64_t certificate_time(const ASN1_TIME *t);
void certificate_about(const X509 *cert, struct tls_facts *out);
/* To read a text from (NULL is an empty one); NULL if it is too long. */
BIO *certificate_open(const char *text);
/* For OpenSSL's readers: nobody is there to type one. */
int certificate_no_passphrase(char *buf, int size, int writing, void *arg);
/* A BIO's content, to be freed. */
char *certificate_text(BIO *bio, size_t *len_out);

#endif
