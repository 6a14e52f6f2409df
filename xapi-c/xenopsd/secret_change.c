#include "xenopsd/secret_change.h"

#include <errno.h>
#include <string.h>

#include "base/secret.h"

/* 0 if there is no secret yet, or if this is it. */
static int
prove(struct request *rq, struct guesses *g, const char *path,
    const char *password)
{
	static const struct source xapi;
	char hash[SECRET_SIZE];
	int rc = secret_read(path, hash), wait_s;
	bool ok;

	if (rc == -ENOENT)
		return 0;
	if (rc)
		return request_fail(rq, XENOPS_CODE_DENIED,
		    "the present secret cannot be read: %s", strerror(-rc));
	if (!guess_begin(g, &xapi, "root", &wait_s))
		return request_fail(rq, XENOPS_CODE_DENIED,
		    "too many wrong old passwords: wait %d seconds", wait_s);
	ok = secret_matches(password, hash);
	guess_end(g, &xapi, "root", ok ? GUESS_RIGHT : GUESS_WRONG);
	return ok ? 0 : request_fail(rq, XENOPS_CODE_DENIED,
	    "the old password is wrong");
}

int
secret_change(struct request *rq, struct guesses *g, const char *path,
    gid_t group, const struct xenops_secret_set_args *a)
{
	const char *hash = a->hash ? a->hash : "";
	int rc;

	if (!secret_is_hash(hash))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "not a whole sha512crypt hash");
	if (prove(rq, g, path, a->old_password ? a->old_password : ""))
		return -1;
	rc = secret_write(path, hash, group);
	return rc ? request_fail(rq, XENOPS_CODE_IO,
	    "cannot keep the secret: %s", strerror(-rc)) : 0;
}
