#include "net/signature.h"

#include <openssl/evp.h>

bool
signature_is_of(const uint8_t key[static SIGNATURE_KEY_LEN], const void *data,
    size_t len, const uint8_t sig[static SIGNATURE_LEN])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key,
	    SIGNATURE_KEY_LEN);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = k && ctx &&
	    EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k) == 1 &&
	    EVP_DigestVerify(ctx, sig, SIGNATURE_LEN, data, len) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return ok;
}

bool
digest_sha256(const void *data, size_t len, uint8_t out[static DIGEST_LEN])
{
	unsigned n = 0;

	return EVP_Digest(data, len, out, &n, EVP_sha256(), NULL) == 1 &&
	    n == DIGEST_LEN;
}
