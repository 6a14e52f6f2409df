/*
 * What a certificate is for: a host's name and its addresses, as texts, the
 * caller's.
 */
#ifndef NET_TLS_NAMES_H
#define NET_TLS_NAMES_H

struct tls_names {
	const char *host;
	const char *const *addresses;
	int n;
};

#endif
