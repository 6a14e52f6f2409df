#include "api/host/certificate.h"

#include <errno.h>
#include <string.h>

#include "api/xapi.h"
#include "base/clock.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "net/tls.h"
#include "wire/emit.h"

/* -- the record -- */

struct own {
	struct call *c;
	struct tls_facts about;
	struct ref old;			/* of a certificate before */
	bool is_there;
};

static int
look(const void *obj, void *arg)
{
	const struct certificate *cert = obj;
	struct own *o = arg;

	if (!ref_equal(&cert->host, &o->c->x->host) ||
	    cert->type != CERTIFICATE_TYPE_HOST)
		return 0;
	if (cert->fingerprint_sha256 &&
	    strcmp(cert->fingerprint_sha256, o->about.sha256) == 0)
		o->is_there = true;
	else
		o->old = cert->obj.ref;
	return 0;
}

static int
record_in(struct db_txn *t, void *arg)
{
	struct own *o = arg;
	struct certificate *cert;

	/* what is shown now: another may have been installed meanwhile */
	tls_about(o->c->x->tls, &o->about);
	o->is_there = false;
	o->old = REF_NULL;
	txn_each(t, CLASS_CERTIFICATE, look, o);
	if (!ref_is_null(&o->old))
		txn_delete(t, CLASS_CERTIFICATE, &o->old);
	if (o->is_there)
		return 0;
	cert = certificate_txn_new(t);
	cert->host = o->c->x->host;
	cert->type = CERTIFICATE_TYPE_HOST;
	cert->not_before = o->about.not_before;
	cert->not_after = o->about.not_after;
	cert->fingerprint = cert->fingerprint_sha256 = o->about.sha256;
	cert->fingerprint_sha1 = o->about.sha1;
	return 0;
}

int
certificate_record(struct call *c)
{
	struct own o = { .c = c };

	if (!c->x->tls)
		return 0;
	tls_about(c->x->tls, &o.about);
	db_each(c->root, CLASS_CERTIFICATE, look, &o);
	if (o.is_there && ref_is_null(&o.old))
		return 0;
	return call_write(c, record_in, &o);
}

/* -- messages -- */

static const char *
time_text(struct call *c, int64_t t)
{
	char buf[DATETIME_TEXT_LEN];

	return arena_strdup(c->arena, datetime_text(t, buf));
}

static int
refuse(struct call *c, const struct tls_verdict *v, int64_t now)
{
	switch (v->flaw) {
	case TLS_KEY_UNREADABLE:
		return err_server_certificate_key_invalid(c);
	case TLS_KEY_NOT_RSA:
		return err_server_certificate_key_algorithm_not_supported(c,
		    v->text);
	case TLS_KEY_LENGTH:
		return err_server_certificate_key_rsa_length_not_supported(c,
		    arena_printf(c->arena, "%lld", (long long)v->number));
	case TLS_KEY_OF_ANOTHER:
		return err_server_certificate_key_mismatch(c);
	case TLS_NOT_YET_VALID:
		return err_server_certificate_not_valid_yet(c,
		    time_text(c, now), time_text(c, v->number));
	case TLS_EXPIRED:
		return err_server_certificate_expired(c, time_text(c, now),
		    time_text(c, v->number));
	case TLS_SIGNATURE:
		return err_server_certificate_signature_not_supported(c);
	case TLS_CHAIN_UNREADABLE:
		return err_server_certificate_chain_invalid(c);
	case TLS_CERTIFICATE_UNREADABLE:
	default:
		return err_server_certificate_invalid(c);
	}
}

/* Connections that are there go on with what they began with. */
static int
changed(struct call *c, int rc)
{
	if (rc)
		return err_out_of_space(c, "state of the host");
	if (c->x->certified)
		c->x->certified(c->x->presence_arg);
	return certificate_record(c);
}

int
api_host_install_server_certificate(struct call *c,
    const struct host_install_server_certificate_args *a)
{
	const struct tls_pem pem = {
		.certificate = a->certificate, .key = a->private_key,
		.chain = a->certificate_chain,
	};
	int64_t now = clock_wall_s();
	struct tls_verdict v;
	int rc;

	if (!call_find(c, CLASS_HOST, &a->host))
		return -1;
	if (!c->x->tls)
		return err_operation_not_allowed(c, "there is no TLS");
	rc = tls_install(c->x->tls, &pem, now, &v);
	return rc == -EBADMSG ? refuse(c, &v, now) : changed(c, rc);
}

/* For the addresses that are known; the others follow when they are told. */
static int
reset(struct call *c, const struct host *host)
{
	const char *address = host->address ? host->address : "";
	const struct tls_names names = {
		.host = host->hostname && *host->hostname ? host->hostname :
		    "bedplate",
		.addresses = &address, .n = *address ? 1 : 0,
	};

	if (!c->x->tls)
		return err_operation_not_allowed(c, "there is no TLS");
	return changed(c, tls_reset(c->x->tls, &names));
}

int
api_host_reset_server_certificate(struct call *c,
    const struct host_reset_server_certificate_args *a)
{
	const struct host *host = call_find(c, CLASS_HOST, &a->host);

	return host ? reset(c, host) : -1;
}

int
api_host_emergency_reset_server_certificate(struct call *c)
{
	const struct host *host = call_find(c, CLASS_HOST, &c->x->host);

	return host ? reset(c, host) : -1;
}
