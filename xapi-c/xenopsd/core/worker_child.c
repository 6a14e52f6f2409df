#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "xenopsd/core/request_impl.h"
#include "xenopsd/core/worker.h"

#define CHILD_FD 3

static void
send_progress(struct request *rq, double fraction)
{
	struct frame f = { .message = rq->message, .kind = FRAME_PROGRESS,
		.body = &fraction, .len = sizeof(fraction) };

	/* a lost parent has killed us, or will */
	(void)frame_send(CHILD_FD, &f);
}

static int
answer_failure(struct request *rq)
{
	struct frame f;

	request_answer_head(rq, 0, false, &f);
	return frame_send_record(CHILD_FD, &f, &xenops_failure_type,
	    &rq->impl->failure);
}

static int
answer(struct request *rq, const void *result)
{
	struct frame f;
	int rc;

	if (!result)
		return answer_failure(rq);
	request_answer_head(rq, 0, true, &f);
	rc = frame_send_record(CHILD_FD, &f,
	    xenops_messages[rq->message].result, result);
	if (rc != -EMSGSIZE)
		return rc;
	request_fail(rq, XENOPS_CODE_TOO_MANY,
	    "the answer has more than %u MiB", FRAME_MAX_BODY >> 20);
	return answer_failure(rq);
}

/* When memory is short, workers go before the daemons. */
static void
offer_to_oom_killer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd == -1)
		return;
	(void)fdio_write_all(fd, "500", 3);
	close(fd);
}

static int
nothing_to_reap(struct request *rq, const void *args, void *result)
{
	(void)rq;
	(void)args;
	(void)result;
	return 0;
}

int
worker_child(request_handler *const *handlers,
    request_handler *const *reapers, void *daemon)
{
	struct request_impl impl = { .send_progress = send_progress };
	struct request rq = { .daemon = daemon, .impl = &impl };
	struct buf storage = { 0 };
	request_handler *fn = NULL;
	struct frame f;
	void *result = NULL;
	int rc;

	if (fcntl(CHILD_FD, F_SETFD, FD_CLOEXEC) == -1)
		return 1;
	offer_to_oom_killer();
	rc = frame_recv(CHILD_FD, &f, &storage);
	if (rc || f.message >= XENOPS_N) {
		log_error("worker got no request: %s", strerror(-rc));
		return 1;
	}
	rq.arena = arena_new();
	rq.message = f.message;
	if (!request_decode(&rq, f.body, f.len))
		fn = (f.kind == FRAME_CANCEL ? reapers : handlers)[f.message];
	if (!fn && f.kind == FRAME_CANCEL)
		fn = nothing_to_reap;
	if (fn)
		rc = request_run(&rq, fn, &result);
	else
		rc = request_fail(&rq, XENOPS_CODE_NOT_SUPPORTED,
		    "not supported");
	rc = answer(&rq, rc == 0 ? result : NULL);
	buf_release(&storage);
	arena_free(rq.arena);
	return rc ? 1 : 0;
}
