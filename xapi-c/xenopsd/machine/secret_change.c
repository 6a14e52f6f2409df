#include "xenopsd/machine/secret_change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/guesses.h"
#include "base/mem.h"
#include "base/secret.h"
#include "xenopsd/core/request_key.h"

/* All guesses come by xapi. */
static const struct source xapi;

struct secret_guard {
	struct loop *loop;
	struct guesses *guesses;
	struct timer *telling;		/* NULL: nothing to tell */
};

struct secret_guard *
secret_guard_new(struct loop *l, int64_t (*now_ms)(void))
{
	struct secret_guard *g = mem_zalloc(sizeof(*g));

	g->loop = l;
	g->guesses = guesses_new("to change root's password", now_ms);
	return g;
}

void
secret_guard_free(struct secret_guard *g)
{
	if (!g)
		return;
	timer_cancel(g->telling);
	guesses_free(g->guesses);
	free(g);
}

static void
tell(void *arg)
{
	struct secret_guard *g = arg;

	g->telling = NULL;
	guesses_report(g->guesses);
}

/* After a refusal: the log hears of it within GUESS_REPORT_MS, also if no other
 * one follows. */
static void
refused(struct secret_guard *g)
{
	if (!g->telling)
		g->telling = loop_timer(g->loop,
		    loop_now(g->loop) + GUESS_REPORT_MS, tell, g);
}

int
secret_change_admit(struct request *rq, struct secret_guard *g,
    const struct workers *w)
{
	const struct xenops_secret_set_args *a = rq->args;
	int wait_s;

	if (!secret_is_hash(a->hash ? a->hash : ""))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "not a whole sha512crypt hash");
	/* nobody else is being heard then, so guess_begin does not wait */
	if (w && workers_busy(w, REQUEST_KEY_SECRET))
		return request_fail(rq, XENOPS_CODE_DENIED,
		    "the password is being changed by somebody else");
	if (!guess_begin(g->guesses, &xapi, "root", &wait_s)) {
		refused(g);
		return request_fail(rq, XENOPS_CODE_DENIED,
		    "too many wrong old passwords: wait %d seconds", wait_s);
	}
	return 0;
}

/* Whatever did not succeed counts as wrong: a request that is cancelled before
 * its answer may have been a guess as well. */
void
secret_change_ended(struct secret_guard *g, bool ok)
{
	guess_end(g->guesses, &xapi, "root", ok ? GUESS_RIGHT : GUESS_WRONG);
	if (!ok)
		refused(g);
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
