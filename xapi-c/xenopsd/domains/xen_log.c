#include "xenopsd/domains/xen_log.h"

#include "xenopsd/core/daemon.h"
#include "xenopsd/domains/xl.h"
#include "xenopsd/machine/logs.h"

#define RING_MAX (4u << 20)

int
xen_log_read(struct request *rq, const void *args, void *result)
{
	const struct xenops_xen_log_read_args *a = args;
	struct xenops_xen_log_read_result *r = result;
	struct xl *xl = ((struct daemon *)rq->daemon)->xl;
	libxl_xen_console_reader *ring = libxl_xen_console_read_start(xl->ctx,
	    a->clear);
	struct buf b = { 0 };
	char *piece;
	int more = ring ? 1 : -1;

	/* the whole ring at once, then nothing, if nobody writes meanwhile */
	while (more > 0 && b.len < RING_MAX) {
		more = libxl_xen_console_read_line(xl->ctx, ring, &piece);
		if (more > 0)
			buf_adds(&b, piece);
	}
	if (ring)
		libxl_xen_console_read_finish(xl->ctx, ring);
	r->text = logs_text(rq->arena, &b);
	return more >= 0 ? 0 : request_fail(rq, XENOPS_CODE_INTERNAL,
	    "cannot read the hypervisor's log: %s", xl_error(xl));
}

int
xen_debug_keys(struct request *rq, const void *args, void *result)
{
	const struct xenops_debug_keys_args *a = args;
	struct xl *xl = ((struct daemon *)rq->daemon)->xl;

	(void)result;
	if (!logs_are_keys(a->keys))
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "not up to %d printable characters", LOGS_KEYS_MAX);
	/* libxl reads them only */
	if (libxl_send_debug_keys(xl->ctx, arena_strdup(rq->arena, a->keys)))
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot send debug keys: %s", xl_error(xl));
	return 0;
}
