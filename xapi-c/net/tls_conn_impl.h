/* What makes connections; net/ only. */
#ifndef NET_TLS_CONN_IMPL_H
#define NET_TLS_CONN_IMPL_H

#include <openssl/ssl.h>

#include "net/tls_conn.h"

/* Takes over ssl, whose end is chosen.  NULL if it is, or there is no memory. */
struct tls_conn *tls_conn_new(SSL *ssl, int fd);
SSL *tls_conn_ssl(const struct tls_conn *c);

#endif
