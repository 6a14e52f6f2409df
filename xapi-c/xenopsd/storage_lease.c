#include "xenopsd/storage_lease.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

struct lease {
	struct lease *next;
	int64_t number;
	uint32_t connection;
	char vdi[UUID_TEXT_LEN + 1];
	char user[40];
};

struct leases {
	const struct storage_env *env;
	struct lease *first;
	int n;
};

struct leases *
leases_new(const struct storage_env *env)
{
	struct leases *l = mem_zalloc(sizeof(*l));

	l->env = env;
	return l;
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

static void
end_lease(struct leases *l, struct lease *gone)
{
	struct storage s = { .env = l->env, .arena = arena_new() };
	struct lease **at = &l->first;

	if (storage_detach(&s, gone->vdi, gone->user))
		log_error("cannot end lease of VDI '%s': %s", gone->vdi,
		    s.text);
	arena_free(s.arena);
	while (*at != gone)
		at = &(*at)->next;
	*at = gone->next;
	l->n--;
	free(gone);
}

void
leases_free(struct leases *l)
{
	if (!l)
		return;
	while (l->first)
		end_lease(l, l->first);
	free(l);
}

int
leases_open(struct leases *l, struct request *rq,
    const struct xenops_vdi_open_args *a, struct xenops_vdi_open_result *r)
{
	struct storage s = { .env = l->env, .arena = rq->arena };
	struct lease *new;
	int fd;

	if (l->n >= LEASES_MAX)
		return request_fail(rq, XENOPS_CODE_IN_USE,
		    "too many disks are open");
	new = mem_zalloc(sizeof(*new));
	new->number = new_number();
	new->connection = rq->connection;
	snprintf(new->vdi, sizeof(new->vdi), "%s", a->vdi ? a->vdi : "");
	snprintf(new->user, sizeof(new->user), "lease-%" PRId64, new->number);
	if (storage_open(&s, a->sr, a->vdi, a->writable, new->user, &fd,
	    &r->size)) {
		free(new);
		return request_fail(rq, (enum xenops_code)s.code, "%s",
		    s.text);
	}
	request_pass_fd(rq, fd);
	r->lease = new->number;
	new->next = l->first;
	l->first = new;
	l->n++;
	return 0;
}

int
leases_close(struct leases *l, struct request *rq,
    const struct xenops_vdi_close_args *a)
{
	for (struct lease *i = l->first; i; i = i->next) {
		if (i->number == a->lease && i->connection == rq->connection) {
			end_lease(l, i);
			return 0;
		}
	}
	return request_fail(rq, XENOPS_CODE_BAD_REQUEST, "no such lease");
}

void
leases_disconnected(struct leases *l, uint32_t connection)
{
	struct lease *i = l->first;

	while (i) {
		struct lease *next = i->next;

		if (i->connection == connection)
			end_lease(l, i);
		i = next;
	}
}

bool
leases_alive(const struct leases *l, const char *user)
{
	for (const struct lease *i = l->first; i; i = i->next)
		if (!strcmp(i->user, user))
			return true;
	return false;
}
