/* Certificates of others that hosts trust: none can be installed yet, so there
 * are none to list or to remove.  And clients do not come in by theirs. */
#include "api/call.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/types.h"

int
api_pool_certificate_list(struct call *c, struct vec *result)
{
	(void)c;
	*result = (struct vec){ 0 };
	return 0;
}

int
api_pool_crl_list(struct call *c, struct vec *result)
{
	(void)c;
	*result = (struct vec){ 0 };
	return 0;
}

int
api_pool_certificate_uninstall(struct call *c,
    const struct pool_certificate_uninstall_args *a)
{
	return err_certificate_does_not_exist(c, a->name ? a->name : "");
}

int
api_pool_uninstall_ca_certificate(struct call *c,
    const struct pool_uninstall_ca_certificate_args *a)
{
	return err_certificate_does_not_exist(c, a->name ? a->name : "");
}

int
api_pool_crl_uninstall(struct call *c,
    const struct pool_crl_uninstall_args *a)
{
	return err_crl_does_not_exist(c, a->name ? a->name : "");
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
	return cert ? err_certificate_does_not_exist(c, cert->name) : -1;
}

/* What there is none of is the same everywhere. */
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

/* Hosts always keep blobs and archives. */
int
api_pool_enable_binary_storage(struct call *c)
{
	(void)c;
	return 0;
}
