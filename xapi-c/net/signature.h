/*
 * Signatures by Ed25519 and digests by SHA-256.  Any thread.
 */
#ifndef NET_SIGNATURE_H
#define NET_SIGNATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGNATURE_LEN 64
#define SIGNATURE_KEY_LEN 32
#define DIGEST_LEN 32

/* Has the owner of that public key signed the data? */
bool signature_is_of(const uint8_t key[static SIGNATURE_KEY_LEN],
    const void *data, size_t len, const uint8_t sig[static SIGNATURE_LEN]);
/* False if the library cannot: then out is not set. */
bool digest_sha256(const void *data, size_t len,
    uint8_t out[static DIGEST_LEN]);

#endif
