#include "xenopsd/secret_change.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"
#include "xenopsd/worker.h"

/* All guesses come by xapi. */
static const struct source xapi;

int
secret_change_admit(struct request *rq, struct guesses *g,
    const struct workers *w)
{
	const struct xenops_secret_set_args *a = rq->args;
	int wait_s;

	if (!secret_is_hash(a->hash ? a->hash : ""))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "not a whole sha512crypt hash");
	/* nobody else is being heard then, so guess_begin does not wait */
	if (w && workers_busy(w, SECRET_CHANGE_NAME))
		return request_fail(rq, XENOPS_CODE_DENIED,
		    "the password is being changed by somebody else");
	if (!guess_begin(g, &xapi, "root", &wait_s))
		return request_fail(rq, XENOPS_CODE_DENIED,
		    "too many wrong old passwords: wait %d seconds", wait_s);
	return 0;
}

/* Whatever did not succeed counts as wrong: a request that is cancelled before
 * its answer may have been a guess as well. */
void
secret_change_ended(struct guesses *g, bool ok)
{
	guess_end(g, &xapi, "root", ok ? GUESS_RIGHT : GUESS_WRONG);
}

/* 0 if there is no secret yet, or if this is it. */
static int
prove(struct request *rq, const char *path, const char *password)
{
	char hash[SECRET_SIZE];
	int rc = secret_read(path, hash);

	if (rc == -ENOENT)
		return 0;
	if (rc)
		return request_fail(rq, XENOPS_CODE_DENIED,
		    "the present secret cannot be read: %s", strerror(-rc));
	return secret_matches(password, hash) ? 0 : request_fail(rq,
	    XENOPS_CODE_DENIED, "the old password is wrong");
}

int
secret_change(struct request *rq, const char *path, gid_t group,
    const struct xenops_secret_set_args *a)
{
	int rc;

	if (prove(rq, path, a->old_password ? a->old_password : ""))
		return -1;
	rc = secret_write(path, a->hash, group);
	return rc ? request_fail(rq, XENOPS_CODE_IO,
	    "cannot keep the secret: %s", strerror(-rc)) : 0;
}
