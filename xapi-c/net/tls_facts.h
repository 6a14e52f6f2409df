/*
 * What is told of a certificate without showing it.  Plain data.
 */
#ifndef NET_TLS_FACTS_H
#define NET_TLS_FACTS_H

#include <stdint.h>

#define TLS_FINGERPRINT_LEN 95		/* "AB:CD:..." of SHA-256 */

struct tls_facts {
	int64_t not_before, not_after;	/* seconds since 1970 */
	char sha1[60];			/* "AB:CD:..." */
	char sha256[TLS_FINGERPRINT_LEN + 1];
};

#endif
