/* session.change_password: root's, kept by xenopsd. */
#include "api/ops_error.h"
#include "api/xapi.h"
#include "base/secret.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/ops_stubs.h"

/* The proof is xenopsd's to judge: whoever took over this process must not own
 * the console as well. */
int
api_session_change_password(struct call *c,
    const struct session_change_password_args *a)
{
	const char *pwd = a->new_pwd ? a->new_pwd : "";
	const char *problem = password_problem(pwd);
	struct xenops_secret_set_args set = { .old_password = a->old_pwd };
	char hash[SECRET_SIZE];
	struct ops_call k;

	if (problem)
		return err_change_password_rejected(c, arena_printf(c->arena,
		    "the new password is refused: %s", problem));
	if (secret_make(pwd, hash))
		return err_internal_error(c, "cannot hash the password");
	set.hash = hash;
	ops_prepare(c, &k);
	if (!ops_secret_set(c->x->ops, &k, &set))
		return 0;
	if (k.err.code == XENOPS_CODE_DENIED)
		return err_change_password_rejected(c, k.err.text);
	return ops_failed(c, &k, &(struct ops_subject){ .timeout_s = 0 });
}
