/* The requests on domains that the main process answers itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "xenopsd/domain.h"
#include "xenopsd/domain_spec.h"
#include "xenopsd/loop.h"
#include "xenopsd/vms.h"
#include "xenopsd/xl.h"

#define CONSOLE_LIMIT_MS 5000
#define CONSOLE_STEP_MS 100

struct lister {
	struct request *rq;
	struct xl *xl;
	struct xenops_domain_info *v;
	uint32_t n;
	uint32_t max;
};

static struct xl *
xl_of(struct request *rq)
{
	return ((struct daemon *)rq->daemon)->xl;
}

static struct xenops_domain_info *
lister_next(struct lister *l)
{
	struct xenops_domain_info *v;

	if (l->n == l->max) {
		l->max = l->max ? 2 * l->max : 64;
		v = arena_alloc(l->rq->arena, l->max * sizeof(*v));
		if (l->n)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
	}
	return &l->v[l->n++];
}

/* Between two domains: a VM that reboots has none, but is not halted. */
static void
list_rebooting(void *arg, const char *uuid)
{
	struct lister *l = arg;
	struct kept k;

	for (uint32_t i = 0; i < l->n; i++) {
		if (!strcmp(l->v[i].uuid, uuid))
			return;
	}
	if (!kept_read(KEPT_DIR, uuid, l->rq->arena, &k) &&
	    k.phase == KEPT_REBOOTING)
		domain_info_fill(l->xl, l->rq->arena, uuid, NULL, &k,
		    lister_next(l));
}

int
vms_domain_list(struct request *rq, const void *args, void *result)
{
	struct xenops_domain_list_result *r = result;
	struct lister l = { .rq = rq, .xl = xl_of(rq) };
	libxl_dominfo *list;
	struct kept k;
	char uuid[37];
	bool kept;
	int n;

	(void)args;
	list = libxl_list_domain(l.xl->ctx, &n);
	if (!list)
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot list domains");
	for (int i = 0; i < n; i++) {
		if (list[i].domid == 0 || list[i].dying)
			continue;
		kept = !kept_read(KEPT_DIR, xl_uuid(&list[i], uuid), rq->arena,
		    &k);
		if (kept && k.phase == KEPT_BUILDING)
			continue;
		domain_info_fill(l.xl, rq->arena, uuid, &list[i],
		    kept ? &k : NULL, lister_next(&l));
	}
	libxl_dominfo_list_free(list, n);
	kept_each(KEPT_DIR, list_rebooting, &l);
	r->domains = (struct vec){ .v = l.v, .n = l.n };
	return 0;
}

static int
pause_or_not(struct request *rq, const char *vm, bool on)
{
	struct daemon *d = rq->daemon;
	uint32_t domid;
	int rc;

	if (spec_check_uuid(rq, vm))
		return -1;
	if (!xl_find(d->xl, vm, false, &domid, NULL))
		return request_fail(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "'%s' is not running", vm);
	xl_forget_errors(d->xl);
	rc = on ? libxl_domain_pause(d->xl->ctx, domid, NULL) :
	    libxl_domain_unpause(d->xl->ctx, domid, NULL);
	if (rc)
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "cannot %s '%s': %s", on ? "pause" : "unpause", vm,
		    xl_error(d->xl));
	vms_touched(d->vms, vm);
	return 0;
}

int
vms_vm_pause(struct request *rq, const void *args, void *result)
{
	(void)result;
	return pause_or_not(rq, ((const struct xenops_vm_pause_args *)args)->vm,
	    true);
}

int
vms_vm_unpause(struct request *rq, const void *args, void *result)
{
	(void)result;
	return pause_or_not(rq,
	    ((const struct xenops_vm_unpause_args *)args)->vm, false);
}

/* A console_open that waits for xenconsoled to make the terminal. */
struct console_wait {
	struct request *rq;
	int64_t deadline;
	struct timer *timer;
};

/* 0 and *fd, -EAGAIN: not there yet, or another -errno. */
static int
console_tty(struct request *rq, const char *vm, int *fd)
{
	struct xl *xl = xl_of(rq);
	const char *path;
	struct termios t;
	uint32_t domid;

	if (!xl_find(xl, vm, false, &domid, NULL))
		return -ESRCH;
	path = xl_read(xl, rq->arena, "/local/domain/%u/console/tty", domid);
	if (!path || !path[0])
		return -EAGAIN;
	/* dom0 wrote it; still, nothing but a terminal is opened */
	if (strncmp(path, "/dev/pts/", 9) != 0 || strstr(path, ".."))
		return -EINVAL;
	*fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (*fd == -1)
		return -errno;
	if (tcgetattr(*fd, &t) == 0) {
		cfmakeraw(&t);
		(void)tcsetattr(*fd, TCSANOW, &t);
	}
	return 0;
}

static void
console_end(struct console_wait *w, int rc, int fd)
{
	struct request *rq = w->rq;
	struct xenops_console_open_args none;

	timer_cancel(w->timer);
	free(w);
	if (!rc) {
		request_pass_fd(rq, fd);
		request_finish(rq, &none);	/* there is no result record */
	} else if (rc == -ESRCH) {
		request_finish_error(rq, XENOPS_CODE_NO_SUCH_DOMAIN,
		    "the domain is not running");
	} else if (rc == -EAGAIN) {
		request_finish_error(rq, XENOPS_CODE_TIMEOUT,
		    "the console did not appear");
	} else {
		request_finish_error(rq, XENOPS_CODE_IO,
		    "cannot open the console: %s", strerror(-rc));
	}
}

static void
console_try(void *arg)
{
	struct console_wait *w = arg;
	const struct xenops_console_open_args *a = w->rq->args;
	int64_t now = clock_mono_ms();
	int fd = -1;
	int rc;

	w->timer = NULL;
	rc = console_tty(w->rq, a->vm, &fd);
	if (rc == -EAGAIN && now < w->deadline)
		w->timer = loop_timer(
		    ((struct daemon *)w->rq->daemon)->loop,
		    now + CONSOLE_STEP_MS, console_try, w);
	else
		console_end(w, rc, fd);
}

int
vms_console_open(struct request *rq, const void *args, void *result)
{
	const struct xenops_console_open_args *a = args;
	struct console_wait *w;

	(void)result;
	if (spec_check_uuid(rq, a->vm))
		return -1;
	w = mem_zalloc(sizeof(*w));
	w->rq = rq;
	w->deadline = clock_mono_ms() + CONSOLE_LIMIT_MS;
	w->timer = loop_timer(((struct daemon *)rq->daemon)->loop, 0,
	    console_try, w);
	return REQUEST_PENDING;
}
