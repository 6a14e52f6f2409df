#include "net/trusted.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "net/certificate.h"

char *
trusted_certificate(const char *text, struct tls_facts *about)
{
	BIO *in = certificate_open(text), *out = BIO_new(BIO_s_mem());
	X509 *cert = in ? PEM_read_bio_X509(in, NULL, certificate_no_passphrase,
	    NULL) : NULL;
	char *pem = NULL;

	if (cert && out && PEM_write_bio_X509(out, cert) == 1) {
		certificate_about(cert, about);
		pem = certificate_text(out, NULL);
	}
	X509_free(cert);
	BIO_free(in);
	BIO_free(out);
	ERR_clear_error();
	return pem;
}

char *
trusted_crl(const char *text)
{
	BIO *in = certificate_open(text), *out = BIO_new(BIO_s_mem());
	X509_CRL *crl = in ? PEM_read_bio_X509_CRL(in, NULL,
	    certificate_no_passphrase, NULL) : NULL;
	char *pem = NULL;

	if (crl && out && PEM_write_bio_X509_CRL(out, crl) == 1)
		pem = certificate_text(out, NULL);
	X509_CRL_free(crl);
	BIO_free(in);
	BIO_free(out);
	ERR_clear_error();
	return pem;
}
