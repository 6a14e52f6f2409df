/*
 * TLS of the server: OpenSSL, 1.2 and 1.3, records in the kernel (kTLS) where
 * it can.  Owns the server's certificate, self-signed (RSA 2048: some clients
 * offer no ECDSA suites), made at first start in one file with its key.  A
 * struct tls is shared by all threads.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/tls_conn.h"
#include "net/tls_facts.h"
#include "net/tls_names.h"
#include "net/tls_pem.h"

struct arena;
struct tls;

/*
 * Loads dir/server.pem, or makes it (mode 0600, atomically) with the name as
 * its subject.  0 or -errno; *why is then a static text.
 */
int tls_new(const char *dir, const char *name, struct tls **tls_out,
    const char **why);
void tls_free(struct tls *tls);			/* NULL is allowed */
/*
 * The certificate is to be for these names and no others.  If dir/server.pem
 * is one that tls_new made for others, a new one takes its place, with the same
 * key; one that an operator installed is left alone.  Connections that are
 * there go on.  0 or -errno.  Any thread.
 */
int tls_rename(struct tls *tls, const struct tls_names *names,
    bool *renewed_out);
/*
 * Puts it in the place of dir/server.pem and shows it to whoever connects from
 * now on.  -EBADMSG: it has the flaw; another -errno: it could not be stored.
 * Both change nothing.  Any thread.
 */
int tls_install(struct tls *tls, const struct tls_pem *pem, int64_t now,
    struct tls_verdict *flaw_out);
/* A new one of the host's own, with a new key, likewise. */
int tls_reset(struct tls *tls, const struct tls_names *names);

/* What is shown now. */
void tls_about(struct tls *tls, struct tls_facts *out);
/* SHA-256 of the certificate, upper-case hex with colons. */
void tls_fingerprint(struct tls *tls, char out[static TLS_FINGERPRINT_LEN + 1]);
/* The certificate, without its key, as PEM text. */
const char *tls_certificate(struct tls *tls, struct arena *a);

/* The server's end on a connected, non-blocking socket, which stays the
 * caller's.  NULL if OpenSSL has no memory. */
struct tls_conn *tls_accept(struct tls *tls, int fd);

/* SHA-1, for the handshake of WebSockets. */
void tls_sha1(const void *data, size_t len, uint8_t out[static 20]);
/* Compares secrets in a time that does not depend on them. */
bool tls_equal(const void *a, const void *b, size_t len);

#endif
