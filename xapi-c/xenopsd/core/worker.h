/*
 * Worker processes, seen from the main process.  A long request is handed to
 * a child (fork and exec of this program with --worker), which answers over a
 * socket (descriptor 3) in frames of the same form as xapi's.  Requests on
 * the same object run one after the other.  A worker that is cancelled, or
 * dies, is followed by another one that clears away what it left (the same
 * request, as a FRAME_CANCEL), before the client gets its answer.
 */
#ifndef XENOPSD_CORE_WORKER_H
#define XENOPSD_CORE_WORKER_H

#include "xenopsd/core/loop.h"
#include "xenopsd/core/request.h"

#define WORKER_MAX 6			/* of a class at once; others wait */
#define WORKER_MAX_GUEST 64
#define WORKER_MAX_STORAGE 16
#define WORKER_MAX_PLUGIN 8
#define WORKER_MAX_PLUGIN_JOBS 32	/* running and waiting */
#define WORKER_MAX_SR 4			/* ... of these on one SR */
#define WORKER_MAX_FIRST 64		/* of a class, with those that are the
					 * only one on their SR */
#define WORKER_MAX_JOBS 1024		/* running and waiting */
#define WORKER_MAX_SR_JOBS 128		/* ... of these on one SR */

struct workers;

/* Each class has its own bound, so that guests who do not answer, or disks that
 * hang, hold up nobody else.  In a class that is full an SR on which nothing
 * runs still gets one place: SRs that hang, however many, hold up no other. */
enum worker_class {
	WORKER_DOMAIN,		/* builds, changes or ends a domain */
	WORKER_STORAGE,		/* works on an SR */
	WORKER_GUEST,		/* asks a guest, and mostly sleeps */
	WORKER_HOST,		/* changes a setting of the host */
	WORKER_PLUGIN,		/* runs what others wrote */
	WORKER_CLASSES
};

/* What a request works on.  Requests with the same name wait for each other.
 * Name NULL: waits for nobody. */
struct worker_key {
	const char *name;
	const char *sr;	/* whose disks it needs first, or NULL: an SR that
			 * hangs fills its own places, not the class's */
	enum worker_class class;
	bool urgent;	/* cancels those on the same name that are not */
};

struct workers_config {
	struct loop *loop;
	const char *program;	/* to exec */
	char *const *argv;
	struct worker_key (*key)(const struct request *rq);
	/* A request on this name has ended, answered or not, and its process
	 * is gone; ok: it succeeded. */
	void (*ended)(void *daemon, const struct request *rq, const char *name,
	    bool ok);
	void *daemon;
};

struct workers *workers_new(const struct workers_config *cfg);
void workers_free(struct workers *w);		/* kills them */
/* Hands rq over; REQUEST_PENDING or -1. */
int workers_start(struct workers *w, struct request *rq);
/* The same as a handler of the main process, for its daemon's workers. */
request_handler worker_request;
/* Whether a request on this name runs or waits. */
bool workers_busy(const struct workers *w, const char *name);

/*
 * The child's side: reads one request from descriptor 3, runs its handler,
 * or, for a FRAME_CANCEL, that of reapers; returns the exit status.
 */
int worker_child(request_handler *const *handlers,
    request_handler *const *reapers, void *daemon);

#endif
