#include "xenopsd/storage/lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fdio.h"
#include "base/log.h"
#include "base/mem.h"
#include "xenopsd/core/daemon.h"
#include "xenopsd/core/holder.h"
#include "xenopsd/storage/books.h"
#include "xenopsd/storage/disk_image.h"

#define USER_PREFIX "lease-"
#define RETRY_MAX 16

/*
 * OPENING -> OPEN -> ENDING -> gone; leases_ended makes every step but that to
 * ENDING, which is leases_close's, and goes back to OPEN if it failed.
 */
enum state { OPENING, OPEN, ENDING };

struct lease {
	struct lease *next;
	int64_t number;
	char sr[UUID_TEXT_LEN + 1];
	uint32_t connection;	/* 0: nobody's; OPEN, it is to be ended */
	enum state state;
	int64_t due;		/* when to try that */
	int tries;
};

struct leases {
	struct leases_config cfg;
	struct lease *first;
	int n;
	struct timer *timer;
};

bool
lease_is_user(const char *user)
{
	return !strncmp(user, USER_PREFIX, strlen(USER_PREFIX));
}

static const char *
user_of(struct arena *a, int64_t number)
{
	return arena_printf(a, USER_PREFIX "%" PRId64, number);
}

/* Random, so that no number of an earlier process is met again. */
static int64_t
new_number(void)
{
	struct ref r;
	int64_t n;

	ref_random(&r);
	memcpy(&n, r.b + 8, sizeof(n));
	return n & 0x1fffffffffffff;
}

static struct lease *
lease_add(struct leases *l, int64_t number, const char *sr,
    uint32_t connection, enum state state)
{
	struct lease *new = mem_zalloc(sizeof(*new));

	new->number = number;
	snprintf(new->sr, sizeof(new->sr), "%s", sr ? sr : "");
	new->connection = connection;
	new->state = state;
	new->next = l->first;
	l->first = new;
	l->n++;
	return new;
}

static void
lease_drop(struct leases *l, struct lease *gone)
{
	struct lease **at = &l->first;

	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	l->n--;
	free(gone);
}

static struct lease *
lease_find(const struct leases *l, int64_t number)
{
	struct lease *i = l->first;

	while (i && i->number != number)
		i = i->next;
	return i;
}

/* The one that nobody has any more and that has waited longest. */
static struct lease *
next_to_end(const struct leases *l)
{
	struct lease *found = NULL;

	for (struct lease *i = l->first; i; i = i->next)
		if (!i->connection && i->state == OPEN &&
		    (!found || i->due < found->due))
			found = i;
	return found;
}

static void sweep(void *arg);

static void
schedule(struct leases *l)
{
	const struct lease *i = next_to_end(l);

	timer_cancel(l->timer);
	l->timer = i ? loop_timer(l->cfg.loop, i->due, sweep, l) : NULL;
}

static void
sweep(void *arg)
{
	struct leases *l = arg;
	int64_t now = clock_mono_ms();
	struct lease *i;

	l->timer = NULL;
	while ((i = next_to_end(l)) && i->due <= now) {
		/* for the case that submit comes to nothing */
		i->due = now + l->cfg.retry_ms;
		l->cfg.submit(l->cfg.daemon,
		    &(struct xenops_vdi_close_args){ .lease = i->number });
	}
	schedule(l);
}

/* The leases that notes of uses tell of: at start, those of the past. */
static void
adopt(struct leases *l)
{
	struct storage s = { .env = l->cfg.env, .arena = arena_new() };
	struct use *uses;
	int n = use_list(&s, NULL, &uses);

	for (int i = 0; i < n; i++)
		if (lease_is_user(uses[i].user))
			lease_add(l, strtoll(uses[i].user +
			    strlen(USER_PREFIX), NULL, 10), uses[i].sr, 0, OPEN);
	arena_free(s.arena);
}

struct leases *
leases_new(const struct leases_config *cfg)
{
	struct leases *l = mem_zalloc(sizeof(*l));

	l->cfg = *cfg;
	adopt(l);
	schedule(l);
	return l;
}

void
leases_free(struct leases *l)
{
	if (!l)
		return;
	while (l->first)
		lease_drop(l, l->first);
	timer_cancel(l->timer);
	free(l);
}

static int
run(struct leases *l, struct request *rq, void *result)
{
	int rc = l->cfg.run(rq, rq->args, result);

	if (rc != REQUEST_PENDING)
		leases_ended(l, rq, rc == 0);
	return rc;
}

int
leases_open(struct leases *l, struct request *rq,
    const struct xenops_vdi_open_args *a, struct xenops_vdi_open_result *r)
{
	struct xenops_vdi_open_args *mine;

	if (l->n >= LEASES_MAX)
		return request_fail(rq, XENOPS_CODE_IN_USE,
		    "too many disks are open");
	mine = arena_memdup(rq->arena, a, sizeof(*a));
	mine->lease = new_number();
	rq->args = mine;
	lease_add(l, mine->lease, a->sr, rq->connection, OPENING);
	return run(l, rq, r);
}

int
leases_close(struct leases *l, struct request *rq,
    const struct xenops_vdi_close_args *a)
{
	struct lease *i = lease_find(l, a->lease);
	struct xenops_vdi_close_args *mine;

	/* xenopsd's own requests have no connection, like lost leases */
	if (!i || i->state != OPEN || i->connection != rq->connection)
		return request_fail(rq, XENOPS_CODE_BAD_REQUEST,
		    "no such lease");
	i->state = ENDING;
	mine = arena_memdup(rq->arena, a, sizeof(*a));
	mine->sr = arena_strdup(rq->arena, i->sr);
	rq->args = mine;
	return run(l, rq, NULL);
}

/* Whether the disk is still noted to be in use by the lease. */
static bool
is_noted(const struct leases *l, const struct lease *i)
{
	struct storage s = { .env = l->cfg.env, .arena = arena_new() };
	const char *user = user_of(s.arena, i->number);
	struct use *uses;
	int n = use_list(&s, NULL, &uses);
	bool found = false;

	for (int k = 0; k < n; k++)
		found |= !strcmp(uses[k].user, user);
	arena_free(s.arena);
	return found;
}

static int64_t
lease_of(const struct request *rq)
{
	return rq->message == XENOPS_VDI_OPEN ?
	    ((const struct xenops_vdi_open_args *)rq->args)->lease :
	    ((const struct xenops_vdi_close_args *)rq->args)->lease;
}

void
leases_ended(struct leases *l, const struct request *rq, bool ok)
{
	struct lease *i = lease_find(l, lease_of(rq));

	if (!i)
		return;
	if (!is_noted(l, i)) {
		lease_drop(l, i);
		return;
	}
	if (i->state != OPENING || !ok) {
		log_warn("lease %" PRId64 " has not ended yet", i->number);
		i->connection = 0;
		i->due = clock_mono_ms() + (l->cfg.retry_ms << i->tries);
		if (1 << i->tries < RETRY_MAX)
			i->tries++;
	}
	i->state = OPEN;
	schedule(l);
}

int
lease_vdi_open(struct request *rq, const void *args, void *result)
{
	return leases_open(((struct daemon *)rq->daemon)->leases, rq, args,
	    result);
}

int
lease_vdi_close(struct request *rq, const void *args, void *result)
{
	(void)result;
	return leases_close(((struct daemon *)rq->daemon)->leases, rq, args);
}

void
leases_disconnected(struct leases *l, uint32_t connection)
{
	for (struct lease *i = l->first; i; i = i->next)
		if (i->connection == connection)
			i->connection = 0;
	schedule(l);
}

static int
answer_failure(struct request *rq, const struct storage *s)
{
	return request_fail(rq, (enum xenops_code)s->code, "%s", s->text);
}

static const char *
program_of(const struct storage *s, const char *user)
{
	return arena_printf(s->arena, "%s/use/%s.program", s->env->run_dir,
	    user);
}

/* fd: the disk's, taken over.  The end of the program's stream, or -errno. */
static int
start_program(const struct request *rq, const struct storage *s,
    const struct xenops_vdi_open_args *a, const char *user, int fd)
{
	const struct daemon *d = rq->daemon;
	int lock = holder_lock(program_of(s, user));

	if (lock < 0) {
		fdio_close(&fd);
		return lock;
	}
	fd = disk_image_open(d->disk_image, a->form, a->writable, fd, lock);
	fdio_close(&lock);
	return fd;
}

static int
lease_open(struct request *rq, const struct storage_env *env,
    const struct xenops_vdi_open_args *a, struct xenops_vdi_open_result *r)
{
	struct storage s = { .env = env, .arena = rq->arena };
	const char *user = user_of(rq->arena, a->lease);
	int fd;

	if (storage_open(&s, a->sr, a->vdi, a->writable, user, &fd, &r->size))
		return answer_failure(rq, &s);
	if (a->form != XENOPS_DISK_FORM_RAW)
		fd = start_program(rq, &s, a, user, fd);
	if (fd < 0) {
		if (holder_end(program_of(&s, user)) == 0)
			storage_detach(&s, a->vdi, user);
		return request_fail(rq, XENOPS_CODE_INTERNAL,
		    "no program for this form of a disk: %s", strerror(-fd));
	}
	request_pass_fd(rq, fd);
	r->lease = a->lease;
	return 0;
}

int
lease_reap(struct request *rq, const struct storage_env *env)
{
	struct storage s = { .env = env, .arena = rq->arena };
	const char *user = user_of(rq->arena, lease_of(rq));
	struct use *uses;
	int n = use_list(&s, NULL, &uses);

	if (holder_end(program_of(&s, user)))
		return request_fail(rq, XENOPS_CODE_IN_USE,
		    "the program that has the disk has not ended");
	for (int i = 0; i < n; i++)
		if (!strcmp(uses[i].user, user) &&
		    storage_detach(&s, uses[i].vdi, user))
			return answer_failure(rq, &s);
	return 0;
}

int
lease_handle(struct request *rq, const struct storage_env *env,
    const void *args, void *result)
{
	return rq->message == XENOPS_VDI_OPEN ?
	    lease_open(rq, env, args, result) : lease_reap(rq, env);
}
