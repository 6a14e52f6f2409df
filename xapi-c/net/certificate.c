#include "net/certificate.h"

#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MARK "made by this host for itself"
#define NAME_MAX_LEN 253

static bool
add_extension(X509 *cert, int nid, const char *text)
{
	X509_EXTENSION *ext;
	X509V3_CTX ctx;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, text);
	if (!ext)
		return false;
	ok = X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool
set_serial(X509 *cert)
{
	unsigned char bytes[8];
	uint64_t serial = 0;
	size_t i;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		return false;
	for (i = 0; i < sizeof(bytes); i++)
		serial = serial << 8 | bytes[i];
	return ASN1_INTEGER_set_uint64(X509_get_serialNumber(cert),
	    serial >> 1) == 1;
}

/* Takes over value. */
static bool
add_name(GENERAL_NAMES *all, int type, ASN1_STRING *value)
{
	GENERAL_NAME *one = GENERAL_NAME_new();

	if (!one || !value) {
		GENERAL_NAME_free(one);
		ASN1_STRING_free(value);
		return false;
	}
	GENERAL_NAME_set0_value(one, type, value);
	if (sk_GENERAL_NAME_push(all, one) > 0)
		return true;
	GENERAL_NAME_free(one);
	return false;
}

static bool
add_dns(GENERAL_NAMES *all, const char *name, size_t len)
{
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	if (text && ASN1_STRING_set(text, name, (int)len) == 1)
		return add_name(all, GEN_DNS, text);
	ASN1_STRING_free(text);
	return false;
}

static int
by_text(const void *x, const void *y)
{
	return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* In a fixed order, so that equal names are equal bytes. */
static bool
add_addresses(GENERAL_NAMES *all, const struct tls_names *names)
{
	size_t n = (size_t)names->n;
	const char **sorted = mem_zalloc((n + 1) * sizeof(*sorted));
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		sorted[i] = names->addresses[i];
	qsort(sorted, n, sizeof(*sorted), by_text);
	for (size_t i = 0; i < n && ok; i++)
		ok = add_name(all, GEN_IPADD, a2i_IPADDRESS(sorted[i]));
	free(sorted);
	return ok;
}

/* The host's name, its first label, its addresses. */
static GENERAL_NAMES *
names_make(const struct tls_names *names)
{
	GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
	size_t len = strnlen(names->host, NAME_MAX_LEN);
	size_t first = strcspn(names->host, ".");
	bool ok = all && add_dns(all, names->host, len) &&
	    (first >= len || add_dns(all, names->host, first)) &&
	    add_addresses(all, names);

	if (ok)
		return all;
	GENERAL_NAMES_free(all);
	return NULL;
}

static bool
add_names(X509 *cert, const struct tls_names *names)
{
	GENERAL_NAMES *all = names_make(names);
	bool ok = all && X509_add1_ext_i2d(cert, NID_subject_alt_name, all, 0,
	    X509V3_ADD_DEFAULT) == 1;

	GENERAL_NAMES_free(all);
	return ok;
}

/* Fixed dates: the clock of a machine at its first start may be anything. */
static X509 *
make(EVP_PKEY *key, const struct tls_names *names)
{
	X509 *cert = X509_new();
	bool ok;

	if (!cert)
		return NULL;
	ok = X509_set_version(cert, X509_VERSION_3) == 1 &&
	    set_serial(cert) &&
	    ASN1_TIME_set_string(X509_getm_notBefore(cert),
		"20200101000000Z") == 1 &&
	    ASN1_TIME_set_string(X509_getm_notAfter(cert),
		"20491231235959Z") == 1 &&
	    X509_set_pubkey(cert, key) == 1 &&
	    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN",
		MBSTRING_UTF8, (const unsigned char *)names->host,
		(int)strnlen(names->host, 64), -1, 0) == 1 &&
	    X509_set_issuer_name(cert, X509_get_subject_name(cert)) == 1 &&
	    add_extension(cert, NID_basic_constraints, "CA:FALSE") &&
	    add_extension(cert, NID_key_usage,
		"digitalSignature,keyEncipherment") &&
	    add_extension(cert, NID_ext_key_usage, "serverAuth") &&
	    add_extension(cert, NID_netscape_comment, MARK) &&
	    add_names(cert, names) && X509_sign(cert, key, EVP_sha256()) > 0;
	if (ok)
		return cert;
	X509_free(cert);
	return NULL;
}

char *
certificate_text(BIO *bio, size_t *len_out)
{
	char *data, *copy;
	long n = BIO_get_mem_data(bio, &data);

	copy = mem_alloc((size_t)n + 1);
	memcpy(copy, data, (size_t)n);
	copy[n] = '\0';
	if (len_out)
		*len_out = (size_t)n;
	return copy;
}

char *
certificate_make(EVP_PKEY *key, const struct tls_names *names, size_t *len_out)
{
	X509 *cert = make(key, names);
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;

	if (cert && bio && PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0,
	    NULL, NULL) == 1 && PEM_write_bio_X509(bio, cert) == 1)
		text = certificate_text(bio, len_out);
	BIO_free(bio);
	X509_free(cert);
	return text;
}

bool
certificate_is_own(X509 *cert)
{
	ASN1_IA5STRING *mark = X509_get_ext_d2i(cert, NID_netscape_comment,
	    NULL, NULL);
	bool ok = mark && ASN1_STRING_length(mark) == (int)strlen(MARK) &&
	    memcmp(ASN1_STRING_get0_data(mark), MARK, strlen(MARK)) == 0 &&
	    X509_verify(cert, X509_get0_pubkey(cert)) == 1;

	ASN1_STRING_free(mark);
	return ok;
}

bool
certificate_is_for(X509 *cert, const struct tls_names *names)
{
	GENERAL_NAMES *has = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL,
	    NULL);
	GENERAL_NAMES *wants = names_make(names);
	unsigned char *a = NULL, *b = NULL;
	int n = has ? i2d_GENERAL_NAMES(has, &a) : -1;
	bool same = wants && n > 0 && i2d_GENERAL_NAMES(wants, &b) == n &&
	    memcmp(a, b, (size_t)n) == 0;

	OPENSSL_free(a);
	OPENSSL_free(b);
	GENERAL_NAMES_free(has);
	GENERAL_NAMES_free(wants);
	return same;
}

static void
digest_text(const X509 *cert, const EVP_MD *kind, char *out, size_t size)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;

	*out = '\0';
	if (X509_digest(cert, kind, md, &n) != 1)
		return;
	for (unsigned int i = 0; i < n && i * 3 + 3 <= size; i++)
		snprintf(out + i * 3, 4, "%02X%s", md[i], i + 1 < n ? ":" : "");
}

void
certificate_about(const X509 *cert, struct tls_facts *out)
{
	out->not_before = certificate_time(X509_get0_notBefore(cert));
	out->not_after = certificate_time(X509_get0_notAfter(cert));
	digest_text(cert, EVP_sha1(), out->sha1, sizeof(out->sha1));
	digest_text(cert, EVP_sha256(), out->sha256, sizeof(out->sha256));
}
