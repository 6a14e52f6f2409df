#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "xenopsd/core/request_impl.h"

#define PROGRESS_STEP 0.01
#define PROGRESS_INTERVAL_MS 250

static void
request_vfail(struct request *rq, enum xenops_code code, const char *fmt,
    va_list ap)
{
	struct request_impl *im = rq->impl;

	if (im->failed)
		return;
	im->failed = true;
	im->failure.code = (int)code;
	im->failure.text = arena_vprintf(rq->arena, fmt, ap);
}

int
request_fail(struct request *rq, enum xenops_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	request_vfail(rq, code, fmt, ap);
	va_end(ap);
	return -1;
}

void
request_forget_failure(struct request *rq)
{
	rq->impl->failed = false;
}

void
request_progress(struct request *rq, double fraction)
{
	struct request_impl *im = rq->impl;
	int64_t now = clock_mono_ms();

	if (fraction < im->progress + PROGRESS_STEP || fraction > 1 ||
	    now < im->progress_mono + PROGRESS_INTERVAL_MS)
		return;
	im->progress = fraction;
	im->progress_mono = now;
	im->send_progress(rq, fraction);
}

void
request_pass_fd(struct request *rq, int fd)
{
	struct request_impl *im = rq->impl;

	if (im->nfds < FRAME_MAX_FDS)
		im->fds[im->nfds++] = fd;
	else
		close(fd);
}

void
request_finish(struct request *rq, const void *result)
{
	rq->impl->finish(rq, result);
}

void
request_finish_error(struct request *rq, enum xenops_code code,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	request_vfail(rq, code, fmt, ap);
	va_end(ap);
	rq->impl->finish(rq, NULL);
}

int
request_run(struct request *rq, request_handler *fn, void **result_out)
{
	const struct record_type *rt = xenops_messages[rq->message].result;
	int rc;

	*result_out = rt ? arena_memdup(rq->arena, rt->dflt, rt->size) :
	    arena_alloc(rq->arena, 1);
	rc = fn(rq, rq->args, *result_out);
	if (rc == -1)
		request_fail(rq, XENOPS_CODE_INTERNAL, "no reason given");
	return rc;
}

void
request_answer_head(struct request *rq, uint32_t id, bool ok, struct frame *f)
{
	struct request_impl *im = rq->impl;

	*f = (struct frame){ .id = id, .message = rq->message,
		.kind = ok ? FRAME_REPLY : FRAME_ERROR };
	if (ok) {
		f->nfds = (uint8_t)im->nfds;
		memcpy(f->fds, im->fds, sizeof(im->fds));
	} else {
		for (int i = 0; i < im->nfds; i++)
			close(im->fds[i]);
	}
	im->nfds = 0;
}

int
request_decode(struct request *rq, const void *body, uint32_t len)
{
	const struct record_type *rt = xenops_messages[rq->message].args;
	void *args;

	if (!rt)
		return 0;
	args = arena_memdup(rq->arena, rt->dflt, rt->size);
	rq->args = args;
	return codec_decode(rq->arena, rt, args, body, len, NULL);
}
