/* Certificates of others that hosts trust.  Clients do not come in by theirs. */
#include "api/pool/trust.h"

#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "base/clock.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "net/trusted.h"
#include "wire/emit.h"

#define NAME_MAX_LEN 255
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789._-"

bool
trust_is_name(const char *name)
{
	size_t len = strspn(name, NAME_CHARACTERS);

	return len > strlen(".pem") && len <= NAME_MAX_LEN && !name[len] &&
	    *name != '.' && !strcmp(name + len - strlen(".pem"), ".pem");
}

static bool
is_trusted(const struct certificate *cert)
{
	return cert->type == CERTIFICATE_TYPE_CA ||
	    cert->type == CERTIFICATE_TYPE_PINNED;
}

/* By install_ca_certificate, which names it. */
static bool
is_named(const struct certificate *cert, const char *name)
{
	return cert->type == CERTIFICATE_TYPE_CA && cert->name &&
	    *cert->name && !strcmp(cert->name, name);
}

/* -- installing -- */

struct install {
	struct call *c;
	const char *name;		/* "": it has none */
	int type;
	struct vec purpose;
	struct tls_facts about;
	const char *pem;
	uint32_t n;			/* trusted ones that are there */
	bool is_there;
};

/* Would both be asked for one purpose?  Without any they are for all. */
static bool
overlap(struct vec a, struct vec b)
{
	const int *v = a.v;

	for (uint32_t i = 0; i < a.n; i++)
		if (set_has_enum(b, v[i]))
			return true;
	return a.n == 0 && b.n == 0;
}

static int
look(const void *obj, void *arg)
{
	const struct certificate *cert = obj;
	struct install *in = arg;

	if (!is_trusted(cert))
		return 0;
	in->n++;
	if (*in->name ? is_named(cert, in->name) : !(cert->name &&
	    *cert->name) && cert->type == in->type &&
	    !strcmp(cert->fingerprint_sha256, in->about.sha256) &&
	    overlap(cert->purpose, in->purpose))
		in->is_there = true;
	return 0;
}

static int
install_in(struct db_txn *t, void *arg)
{
	struct install *in = arg;
	struct certificate *cert;

	in->n = 0;
	in->is_there = false;
	txn_each(t, CLASS_CERTIFICATE, look, in);
	if (in->is_there)
		return *in->name ? err_certificate_already_exists(in->c,
		    in->name) : err_trusted_certificate_already_exists(in->c,
		    in->about.sha256);
	if (in->n >= TRUST_CERTIFICATES_MAX)
		return err_out_of_space(in->c, "trusted certificates");
	cert = certificate_txn_new(t);
	cert->name = in->name;
	cert->type = in->type;
	cert->not_before = in->about.not_before;
	cert->not_after = in->about.not_after;
	cert->fingerprint = cert->fingerprint_sha256 = in->about.sha256;
	cert->fingerprint_sha1 = in->about.sha1;
	cert->purpose = in->purpose;
	cert->pem = in->pem;
	return 0;
}

/* False: the text is none. */
static bool
take(struct install *in, const char *text)
{
	char *pem = trusted_certificate(text, &in->about);

	in->pem = pem ? arena_strdup(in->c->arena, pem) : NULL;
	free(pem);
	return in->pem != NULL;
}

static int
install_ca(struct call *c, const char *name, const char *text)
{
	struct install in = {
		.c = c, .name = name ? name : "", .type = CERTIFICATE_TYPE_CA,
	};

	if (!trust_is_name(in.name))
		return err_certificate_name_invalid(c, in.name);
	if (!take(&in, text))
		return err_invalid_value(c, "certificate", "<omitted>");
	return call_write(c, install_in, &in);
}

int
api_pool_install_ca_certificate(struct call *c,
    const struct pool_install_ca_certificate_args *a)
{
	return install_ca(c, a->name, a->cert);
}

int
api_pool_certificate_install(struct call *c,
    const struct pool_certificate_install_args *a)
{
	return install_ca(c, a->name, a->cert);
}

static const char *
time_text(struct call *c, int64_t t)
{
	char buf[DATETIME_TEXT_LEN];

	return arena_strdup(c->arena, datetime_text(t, buf));
}

int
api_pool_install_trusted_certificate(struct call *c,
    const struct pool_install_trusted_certificate_args *a)
{
	struct install in = {
		.c = c, .name = "", .purpose = a->purpose,
		.type = a->ca ? CERTIFICATE_TYPE_CA : CERTIFICATE_TYPE_PINNED,
	};
	int64_t now = clock_wall_s();

	if (!call_find(c, CLASS_POOL, &a->self))
		return -1;
	if (!a->ca && a->purpose.n == 0)
		return err_certificate_lacks_purpose(c);
	if (!take(&in, a->cert))
		return err_trusted_certificate_invalid(c);
	if (now < in.about.not_before)
		return err_trusted_certificate_not_valid_yet(c,
		    time_text(c, now), time_text(c, in.about.not_before));
	if (now > in.about.not_after)
		return err_trusted_certificate_expired(c, time_text(c, now),
		    time_text(c, in.about.not_after));
	return call_write(c, install_in, &in);
}

/* -- and removing -- */

struct named {
	const char *name;
	struct ref ref;
};

static int
find(const void *obj, void *arg)
{
	const struct certificate *cert = obj;
	struct named *n = arg;

	if (is_named(cert, n->name))
		n->ref = cert->obj.ref;
	return 0;
}

static int
uninstall_in(struct db_txn *t, void *arg)
{
	struct named *n = arg;

	n->ref = REF_NULL;
	txn_each(t, CLASS_CERTIFICATE, find, n);
	if (!ref_is_null(&n->ref))
		certificate_txn_delete(t, &n->ref);
	return 0;
}

static int
uninstall_ca(struct call *c, const char *name, bool force)
{
	struct named n = { .name = name ? name : "" };

	if (!trust_is_name(n.name))
		return err_certificate_name_invalid(c, n.name);
	if (call_write(c, uninstall_in, &n))
		return -1;
	return !ref_is_null(&n.ref) || force ? 0 :
	    err_certificate_does_not_exist(c, n.name);
}

int
api_pool_uninstall_ca_certificate(struct call *c,
    const struct pool_uninstall_ca_certificate_args *a)
{
	return uninstall_ca(c, a->name, a->force);
}

int
api_pool_certificate_uninstall(struct call *c,
    const struct pool_certificate_uninstall_args *a)
{
	return uninstall_ca(c, a->name, false);
}

/* A host's own is none that is trusted. */
int
api_pool_uninstall_trusted_certificate(struct call *c,
    const struct pool_uninstall_trusted_certificate_args *a)
{
	const struct certificate *cert;

	if (!call_find(c, CLASS_POOL, &a->self))
		return -1;
	cert = call_find(c, CLASS_CERTIFICATE, &a->certificate);
	if (!cert)
		return -1;
	return is_trusted(cert) ? call_delete(c, CLASS_CERTIFICATE,
	    &a->certificate) : err_not_trusted_certificate(c,
	    call_ref_text(c, &a->certificate));
}

/* -- and listing -- */

struct list {
	struct arena *arena;
	struct vec names;
};

static int
list(const void *obj, void *arg)
{
	const struct certificate *cert = obj;
	struct list *l = arg;

	if (cert->type == CERTIFICATE_TYPE_CA && cert->name && *cert->name)
		l->names = vec_add_string(l->arena, l->names, cert->name);
	return 0;
}

int
api_pool_certificate_list(struct call *c, struct vec *result)
{
	struct list l = { .arena = c->arena };

	db_each(c->root, CLASS_CERTIFICATE, list, &l);
	*result = l.names;
	return 0;
}

/* One database holds them for all hosts. */
int
api_pool_certificate_sync(struct call *c)
{
	(void)c;
	return 0;
}

/* As disabled as it can be. */
int
api_pool_disable_client_certificate_auth(struct call *c,
    const struct pool_disable_client_certificate_auth_args *a)
{
	return call_find(c, CLASS_POOL, &a->self) ? 0 : -1;
}
