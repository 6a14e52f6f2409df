/* What an operator brings: is it good to be shown? */
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "net/certificate.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 4096
#define CHAIN_MAX 16

struct pair {
	EVP_PKEY *key;
	X509 *cert;
};

int
certificate_no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

BIO *
certificate_open(const char *text)
{
	size_t len = text ? strnlen(text, CERTIFICATE_TEXT_MAX + 1) : 0;

	return len <= CERTIFICATE_TEXT_MAX ? BIO_new_mem_buf(text ? text : "",
	    (int)len) : NULL;
}

static bool
fail(struct tls_verdict *v, enum tls_flaw flaw, int64_t number)
{
	v->flaw = flaw;
	v->number = number;
	return false;
}

static bool
check_key(struct pair *p, const char *text, struct tls_verdict *v)
{
	BIO *bio = certificate_open(text);
	int bits;

	p->key = bio ? PEM_read_bio_PrivateKey(bio, NULL,
	    certificate_no_passphrase, NULL) : NULL;
	BIO_free(bio);
	if (!p->key)
		return fail(v, TLS_KEY_UNREADABLE, 0);
	if (EVP_PKEY_get_base_id(p->key) != EVP_PKEY_RSA) {
		OBJ_obj2txt(v->text, sizeof(v->text),
		    OBJ_nid2obj(EVP_PKEY_get_base_id(p->key)), 1);
		return fail(v, TLS_KEY_NOT_RSA, 0);
	}
	bits = EVP_PKEY_get_bits(p->key);
	if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
		return fail(v, TLS_KEY_LENGTH, bits);
	return true;
}

int64_t
certificate_time(const ASN1_TIME *t)
{
	ASN1_TIME *zero = ASN1_TIME_set(NULL, 0);
	int days = 0, seconds = 0;

	if (!zero || ASN1_TIME_diff(&days, &seconds, zero, t) != 1)
		days = seconds = 0;
	ASN1_TIME_free(zero);
	return (int64_t)days * 86400 + seconds;
}

static bool
is_signed_well(X509 *cert)
{
	int digest = NID_undef;

	return OBJ_find_sigid_algs(X509_get_signature_nid(cert), &digest,
	    NULL) == 1 && (digest == NID_sha256 || digest == NID_sha384 ||
	    digest == NID_sha512);
}

static bool
check_certificate(struct pair *p, const char *text, int64_t now,
    struct tls_verdict *v)
{
	BIO *bio = certificate_open(text);
	int64_t since, until;

	p->cert = bio ? PEM_read_bio_X509(bio, NULL, certificate_no_passphrase,
	    NULL) : NULL;
	BIO_free(bio);
	if (!p->cert)
		return fail(v, TLS_CERTIFICATE_UNREADABLE, 0);
	if (X509_check_private_key(p->cert, p->key) != 1)
		return fail(v, TLS_KEY_OF_ANOTHER, 0);
	since = certificate_time(X509_get0_notBefore(p->cert));
	until = certificate_time(X509_get0_notAfter(p->cert));
	if (now < since)
		return fail(v, TLS_NOT_YET_VALID, since);
	if (now > until)
		return fail(v, TLS_EXPIRED, until);
	return is_signed_well(p->cert) || fail(v, TLS_SIGNATURE, 0);
}

/* Appends what is in text to out: nothing, or certificates alone. */
static bool
add_chain(BIO *out, const char *text)
{
	BIO *bio = certificate_open(text);
	X509 *cert;
	int n = 0;
	bool ok = bio != NULL;

	ERR_clear_error();
	while (ok && (cert = PEM_read_bio_X509(bio, NULL,
	    certificate_no_passphrase, NULL))) {
		ok = ++n <= CHAIN_MAX && PEM_write_bio_X509(out, cert) == 1;
		X509_free(cert);
	}
	/* that there is no other one is all that may have stopped it */
	ok = ok && ERR_GET_REASON(ERR_peek_last_error()) ==
	    PEM_R_NO_START_LINE && (n > 0 || !text || !*text);
	BIO_free(bio);
	return ok;
}

char *
certificate_check(const struct tls_pem *pem, int64_t now,
    struct tls_verdict *v, size_t *len_out)
{
	struct pair p = { .key = NULL };
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	*v = (struct tls_verdict){ .flaw = TLS_CERTIFICATE_UNREADABLE };
	if (!bio || !check_key(&p, pem->key, v) ||
	    !check_certificate(&p, pem->certificate, now, v))
		goto out;
	if (PEM_write_bio_PrivateKey(bio, p.key, NULL, NULL, 0, NULL, NULL) !=
	    1 || PEM_write_bio_X509(bio, p.cert) != 1)
		goto out;
	if (add_chain(bio, pem->chain))
		text = certificate_text(bio, len_out);
	else
		fail(v, TLS_CHAIN_UNREADABLE, 0);
out:
	BIO_free(bio);
	X509_free(p.cert);
	EVP_PKEY_free(p.key);
	return text;
}
