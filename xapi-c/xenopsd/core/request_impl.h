/*
 * What is behind struct request: shared by server.c (main process, simulator)
 * and worker_child.c (worker process), of no concern to handlers.
 */
#ifndef XENOPSD_CORE_REQUEST_IMPL_H
#define XENOPSD_CORE_REQUEST_IMPL_H

#include "xenopsd/core/request.h"

struct request_impl {
	bool failed;
	struct xenops_failure failure;	/* text in the request's arena */
	int fds[FRAME_MAX_FDS];		/* go with the answer */
	int nfds;
	double progress;		/* last one sent */
	int64_t progress_mono;
	void (*send_progress)(struct request *rq, double fraction);
	/* Answers and frees; result NULL: the failure. */
	void (*finish)(struct request *rq, const void *result);
};

/* Calls the handler with the result record it fills; its return value. */
int request_run(struct request *rq, request_handler *fn, void **result_out);
/* The answer's frame without body; takes over the descriptors. */
void request_answer_head(struct request *rq, uint32_t id, bool ok,
    struct frame *f);
/* Decodes args of rq->message into rq->arena; 0 or -EBADMSG. */
int request_decode(struct request *rq, const void *body, uint32_t len);

#endif
