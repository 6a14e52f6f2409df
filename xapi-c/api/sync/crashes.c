/* A record and an alert for each crash of this host that xenopsd knows of. */
#include <string.h>

#include "api/message.h"
#include "api/sync/parts.h"
#include "api/xapi.h"
#include "gen/store.h"

#define CRASH_PRIORITY 1		/* data may be lost */
#define CRASHES_MAX 64

struct crashes {
	struct call *c;
	const struct xenops_crash_info *v;
	uint32_t n;
	uint64_t moves;
	bool known[CRASHES_MAX];	/* it has a record */
};

static const char *
text(const char *s)
{
	return s ? s : "";
}

static void
alert(struct db_txn *t, const struct crashes *s,
    const struct xenops_crash_info *crash)
{
	const struct host *host = host_txn_get(t, &s->c->x->host);

	message_tell(t, "HOST_CRASHED", CRASH_PRIORITY, CLS_HOST, host->uuid,
	    arena_printf(txn_arena(t), "The host went without having been "
	    "stopped, and started again.%s%s", crash->size ?
	    "  The last that its kernel said:\n" :
	    "  Its kernel left no last words.", text(crash->end)));
}

static void
add(struct db_txn *t, const struct crashes *s,
    const struct xenops_crash_info *crash)
{
	struct host_crashdump *d = host_crashdump_txn_new(t);

	d->uuid = crash->uuid;
	d->host = s->c->x->host;
	d->timestamp = crash->time;
	d->size = crash->size;
	alert(t, s, crash);
}

/* Where in v; -1: it is gone. */
static int64_t
index_of(const struct crashes *s, const char *uuid)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (strcmp(text(s->v[i].uuid), text(uuid)) == 0)
			return i;
	return -1;
}

static int
crashes_in(struct db_txn *t, void *arg)
{
	struct crashes *s = arg;
	const struct host *host = host_txn_get(t, &s->c->x->host);
	const struct vec old = host->crashdumps;
	const struct ref *refs = old.v;

	if (op_moves_since(&s->c->x->moves, &s->c->x->host, s->moves))
		return 0;
	memset(s->known, 0, sizeof(s->known));
	for (uint32_t i = 0; i < old.n; i++) {
		const struct host_crashdump *d =
		    host_crashdump_txn_get(t, &refs[i]);
		int64_t at = d ? index_of(s, d->uuid) : -1;

		if (at == -1)
			txn_delete(t, CLASS_HOST_CRASHDUMP, &refs[i]);
		else
			s->known[at] = true;
	}
	for (uint32_t i = 0; i < s->n; i++)
		if (!s->known[i] && *text(s->v[i].uuid))
			add(t, s, &s->v[i]);
	return 0;
}

int
sync_crashes(struct call *c, const struct xenops_host_info *h,
    uint64_t moves)
{
	struct crashes s = {
		.c = c, .v = h->crashes.v, .moves = moves,
		.n = h->crashes.n < CRASHES_MAX ? h->crashes.n : CRASHES_MAX,
	};

	return call_write(c, crashes_in, &s);
}
