/*
 * One end of a TLS connection on a connected, non-blocking socket, which stays
 * the caller's.  Made by net/tls.h and net/mutual.h; belongs to one thread at
 * a time.
 */
#ifndef NET_TLS_CONN_H
#define NET_TLS_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct tls_conn;

void tls_conn_free(struct tls_conn *c);		/* NULL is allowed */
/* 0 when done; -EAGAIN: wait as tls_wants_write says; other -errno: over. */
int tls_handshake(struct tls_conn *c);
/* Bytes, 0 at the end of the stream, -EAGAIN or another -errno. */
ssize_t tls_read(struct tls_conn *c, void *buf, size_t len);
ssize_t tls_write(struct tls_conn *c, const void *buf, size_t len);
/* After -EAGAIN: does it wait for the socket to become writable? */
bool tls_wants_write(const struct tls_conn *c);
/* May there be bytes to read that poll cannot see? */
bool tls_pending(const struct tls_conn *c);
/* Says goodbye; never waits. */
void tls_close(struct tls_conn *c);

#endif
