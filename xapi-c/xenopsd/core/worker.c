#include "xenopsd/core/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "base/mem.h"
#include "xenopsd/core/channel.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/core/request_impl.h"

#define TERM_GRACE_MS 5000
#define REAP_LIMIT_MS 180000
#define CHILD_FD 3

/*
 * A request's way:  WAITING -> RUNNING -> (REAPING ->) gone.
 * job_start makes the first step, job_exited the others.  REAPING: a second
 * process clears away what the first one left.
 */
enum phase { WAITING, RUNNING, REAPING };

struct job {
	struct job *next;		/* in order of arrival */
	struct workers *w;
	struct request *rq;
	struct worker_key key;
	enum phase phase;
	pid_t pid;
	int pidfd;
	struct watch *exit_watch;
	struct channel *channel;	/* NULL once it is closed */
	bool exited;			/* waited for */
	int status;
	bool cancelled;
	bool answered;
	const void *result;		/* of a good answer */
	struct timer *kill_timer;
};

struct workers {
	struct workers_config cfg;
	struct job *jobs;
	struct job **tail;
	int running[WORKER_CLASSES];
	int n;
	struct timer *schedule_timer;
};

static const int max_running[WORKER_CLASSES] = {
	[WORKER_DOMAIN] = WORKER_MAX,
	[WORKER_STORAGE] = WORKER_MAX_STORAGE,
	[WORKER_GUEST] = WORKER_MAX_GUEST,
	[WORKER_HOST] = WORKER_MAX,
	[WORKER_PLUGIN] = WORKER_MAX_PLUGIN,
};

static void job_exited(struct job *j);
static void schedule_soon(struct workers *w);

static void
child_exec(const struct workers_config *cfg, int fd, pid_t parent)
{
	static char *const env[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL };
	sigset_t none;

	/* all signals are blocked until none of the parent's handlers, which
	 * would act for the parent, is left */
	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* its own group: a cancel also ends what it started */
	if (setsid() == -1 ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != parent)
		_exit(126);
	if (fd == CHILD_FD) {
		if (fcntl(fd, F_SETFD, 0) == -1)
			_exit(126);
	} else if (dup2(fd, CHILD_FD) == -1) {
		_exit(126);
	}
	execve(cfg->program, cfg->argv, env);
	_exit(127);
}

/* The whole group; just after its fork it may not have one yet. */
static void
job_signal(const struct job *j, int sig)
{
	if (kill(-j->pid, sig) == -1)
		kill(j->pid, sig);
}

static void
kill_job(void *arg)
{
	struct job *j = arg;

	j->kill_timer = NULL;
	if (!j->exited)
		job_signal(j, SIGKILL);
}

static void
set_kill_timer(struct job *j, int64_t ms)
{
	timer_cancel(j->kill_timer);
	j->kill_timer = loop_timer(j->w->cfg.loop, clock_mono_ms() + ms,
	    kill_job, j);
}

static void
job_maybe_ended(struct job *j)
{
	if (j->exited && !j->channel)
		job_exited(j);
}

static void
exit_ready(void *arg, uint32_t events)
{
	struct job *j = arg;

	(void)events;
	if (waitpid(j->pid, &j->status, WNOHANG) != j->pid)
		return;
	j->exited = true;
	watch_free(j->exit_watch);
	j->exit_watch = NULL;
	close(j->pidfd);
	timer_cancel(j->kill_timer);
	j->kill_timer = NULL;
	job_maybe_ended(j);
}

static void
answer_ok(struct job *j, const struct frame *f)
{
	const struct record_type *rt = xenops_messages[j->rq->message].result;
	struct arena *a = j->rq->arena;
	void *result;

	if (j->phase == REAPING) {
		j->answered = true;
		return;
	}
	result = rt ? arena_memdup(a, rt->dflt, rt->size) : arena_alloc(a, 1);
	if (rt && codec_decode(a, rt, result, f->body, f->len, NULL))
		return;
	j->answered = true;
	j->result = result;
	for (int i = 0; i < f->nfds; i++)
		request_pass_fd(j->rq, f->fds[i]);
}

static void
answer_error(struct job *j, const struct frame *f)
{
	struct xenops_failure fail;

	memcpy(&fail, xenops_failure_type.dflt, sizeof(fail));
	if (j->phase == REAPING)
		return;
	if (codec_decode(j->rq->arena, &xenops_failure_type, &fail, f->body,
	    f->len, NULL))
		return;
	j->answered = true;
	request_fail(j->rq, (enum xenops_code)fail.code, "%s",
	    fail.text ? fail.text : "");
}

static void
worker_frame(void *arg, const struct frame *f)
{
	struct job *j = arg;
	bool take_fds = false;
	double fraction;

	if (j->answered) {
		/* nothing comes after the answer */
	} else if (f->kind == FRAME_PROGRESS && f->len == sizeof(fraction)) {
		memcpy(&fraction, f->body, sizeof(fraction));
		request_progress(j->rq, fraction);
	} else if (f->kind == FRAME_REPLY) {
		answer_ok(j, f);
		take_fds = j->result != NULL;
	} else if (f->kind == FRAME_ERROR) {
		answer_error(j, f);
	}
	for (int i = 0; i < f->nfds && !take_fds; i++)
		close(f->fds[i]);
}

static void
worker_closed(void *arg, int error)
{
	struct job *j = arg;

	(void)error;
	channel_free(j->channel);
	j->channel = NULL;
	job_maybe_ended(j);
}

/* Starts a process for the job; false: none could be had. */
static bool
job_spawn(struct job *j, uint8_t kind)
{
	static const struct channel_events ev = {
		.frame = worker_frame, .closed = worker_closed };
	struct frame head = { .message = j->rq->message, .kind = kind };
	pid_t parent = getpid();
	sigset_t all, old;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == -1)
		return false;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &old);
	j->pid = fork();
	if (j->pid == 0)
		child_exec(&j->w->cfg, fds[1], parent);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(fds[1]);
	if (j->pid == -1) {
		close(fds[0]);
		return false;
	}
	j->exited = false;
	j->answered = false;
	j->pidfd = (int)syscall(SYS_pidfd_open, j->pid, 0);
	if (j->pidfd == -1)
		abort();
	fcntl(j->pidfd, F_SETFD, FD_CLOEXEC);
	j->exit_watch = loop_watch(j->w->cfg.loop, j->pidfd, EPOLLIN,
	    exit_ready, j);
	j->channel = channel_new(j->w->cfg.loop, fds[0], &ev, j);
	channel_send_record(j->channel, &head,
	    xenops_messages[j->rq->message].args, j->rq->args);
	return true;
}

static void
job_free(struct job *j)
{
	struct job **p = &j->w->jobs;

	while (*p != j)
		p = &(*p)->next;
	*p = j->next;
	if (!j->next)
		j->w->tail = p;
	j->w->n--;
	timer_cancel(j->kill_timer);
	free(j);
}

/* The end: tell the daemon and the client. */
static void
job_end(struct job *j)
{
	struct workers *w = j->w;
	struct request *rq = j->rq;
	const char *name = j->key.name;
	const void *result = j->result;

	if (j->phase != WAITING)
		w->running[j->key.class]--;
	job_free(j);
	w->cfg.ended(w->cfg.daemon, rq, name, result != NULL);
	schedule_soon(w);
	request_finish(rq, result);
}

static void
job_reap(struct job *j)
{
	/* also what it started and left behind */
	kill(-j->pid, SIGKILL);
	if (j->cancelled)
		request_fail(j->rq, XENOPS_CODE_CANCELLED, "cancelled");
	else if (WIFSIGNALED(j->status))
		request_fail(j->rq, XENOPS_CODE_INTERNAL,
		    "the worker was killed by signal %d", WTERMSIG(j->status));
	else
		request_fail(j->rq, XENOPS_CODE_INTERNAL,
		    "the worker ended with status %d", j->status >> 8);
	log_warn("worker %d (%s '%s') did not end well, clearing up", j->pid,
	    xenops_messages[j->rq->message].name,
	    j->key.name ? j->key.name : "");
	j->phase = REAPING;
	if (job_spawn(j, FRAME_CANCEL))
		set_kill_timer(j, REAP_LIMIT_MS);
	else
		job_end(j);
}

static void
job_exited(struct job *j)
{
	if (j->phase == RUNNING && !j->answered) {
		job_reap(j);
		return;
	}
	if (j->phase == REAPING && !j->answered)
		log_error("cannot clear up after %s '%s'",
		    xenops_messages[j->rq->message].name,
		    j->key.name ? j->key.name : "");
	job_end(j);
}

static void
job_cancel(struct job *j)
{
	if (j->cancelled || j->phase == REAPING || j->answered)
		return;
	j->cancelled = true;
	if (j->phase == WAITING) {
		schedule_soon(j->w);
	} else if (!j->exited) {
		job_signal(j, SIGTERM);
		set_kill_timer(j, TERM_GRACE_MS);
	}
}

static void
request_cancelled(struct request *rq)
{
	job_cancel(rq->state);
}

static bool
same(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* Jobs on the SR (NULL: on none): all, or those of a class that run. */
static int
count_on_sr(const struct workers *w, const char *sr, int class)
{
	int n = 0;

	for (const struct job *j = w->jobs; j; j = j->next)
		n += (sr ? same(j->key.sr, sr) : !j->key.sr) &&
		    (class == WORKER_CLASSES || (j->phase != WAITING &&
		    (int)j->key.class == class));
	return n;
}

static bool
no_place(const struct job *j)
{
	int all = j->w->running[j->key.class];
	int on_sr = count_on_sr(j->w, j->key.sr, j->key.class);

	if (on_sr == 0)
		return all >= WORKER_MAX_FIRST;
	return all >= max_running[j->key.class] ||
	    (j->key.sr && on_sr >= WORKER_MAX_SR);
}

static bool
must_wait(const struct job *j)
{
	const struct job *o;

	if (!j->key.urgent && no_place(j))
		return true;
	if (!j->key.name)
		return false;
	for (o = j->w->jobs; o != j; o = o->next) {
		if (same(o->key.name, j->key.name))
			return true;
	}
	return false;
}

static void
job_start(struct job *j)
{
	if (j->cancelled) {
		request_fail(j->rq, XENOPS_CODE_CANCELLED, "cancelled");
		job_end(j);
		return;
	}
	j->phase = RUNNING;
	j->w->running[j->key.class]++;
	if (!job_spawn(j, FRAME_REQUEST)) {
		request_fail(j->rq, XENOPS_CODE_INTERNAL,
		    "cannot start a worker: %s", strerror(errno));
		job_end(j);
	}
}

static void
schedule(void *arg)
{
	struct workers *w = arg;
	struct job *j;

	w->schedule_timer = NULL;
	for (j = w->jobs; j; j = j->next) {
		if (j->phase != WAITING || (!j->cancelled && must_wait(j)))
			continue;
		/* others follow in the next round: the list may change here */
		schedule_soon(w);
		job_start(j);
		return;
	}
}

static void
schedule_soon(struct workers *w)
{
	if (!w->schedule_timer)
		w->schedule_timer = loop_timer(w->cfg.loop, 0, schedule, w);
}

/* An urgent request does not wait for the others on its object. */
static void
cancel_others(struct workers *w, const struct worker_key *key)
{
	for (struct job *j = w->jobs; j; j = j->next) {
		if (!j->key.urgent && same(j->key.name, key->name))
			job_cancel(j);
	}
}

static int
count_of_class(const struct workers *w, enum worker_class class)
{
	int n = 0;

	for (const struct job *j = w->jobs; j; j = j->next)
		n += j->key.class == class;
	return n;
}

/* There is an end to those that wait, of the kinds that may take long too. */
static int
admit(struct workers *w, struct request *rq, const struct worker_key *key)
{
	if (w->n >= WORKER_MAX_JOBS)
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "too many operations wait");
	if (!key->urgent && key->sr &&
	    count_on_sr(w, key->sr, WORKER_CLASSES) >= WORKER_MAX_SR_JOBS)
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "too many operations wait for SR '%.80s'", key->sr);
	if (key->class == WORKER_PLUGIN &&
	    count_of_class(w, WORKER_PLUGIN) >= WORKER_MAX_PLUGIN_JOBS)
		return request_fail(rq, XENOPS_CODE_IN_USE,
		    "too many plugins run already");
	return 0;
}

int
workers_start(struct workers *w, struct request *rq)
{
	struct worker_key key = w->cfg.key(rq);
	struct job *j;

	if (admit(w, rq, &key))
		return -1;
	j = mem_zalloc(sizeof(*j));
	j->w = w;
	j->rq = rq;
	j->key = key;
	if (j->key.urgent)
		cancel_others(w, &j->key);
	rq->state = j;
	rq->cancel = request_cancelled;
	*w->tail = j;
	w->tail = &j->next;
	w->n++;
	schedule_soon(w);
	return REQUEST_PENDING;
}

int
worker_request(struct request *rq, const void *args, void *result)
{
	(void)args;
	(void)result;
	return workers_start(((struct daemon *)rq->daemon)->workers, rq);
}

bool
workers_busy(const struct workers *w, const char *name)
{
	for (const struct job *j = w->jobs; j; j = j->next) {
		if (same(j->key.name, name))
			return true;
	}
	return false;
}

struct workers *
workers_new(const struct workers_config *cfg)
{
	struct workers *w = mem_zalloc(sizeof(*w));

	w->cfg = *cfg;
	w->tail = &w->jobs;
	return w;
}

void
workers_free(struct workers *w)
{
	struct job *j;

	if (!w)
		return;
	while ((j = w->jobs)) {
		if (j->phase != WAITING && !j->exited) {
			job_signal(j, SIGKILL);
			waitpid(j->pid, NULL, 0);
			watch_free(j->exit_watch);
			close(j->pidfd);
		}
		channel_free(j->channel);
		j->rq->cancel = NULL;
		job_free(j);
	}
	timer_cancel(w->schedule_timer);
	free(w);
}
