#include "api/access/ticket.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/access/session.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/mem.h"
#include "gen/errors.h"
#include "gen/store.h"

struct ticket {
	struct ref secret;
	struct ref session;
	struct ref object;
	enum http_action action;
	int64_t until_ms;		/* monotonic; 0: none */
	uint64_t number;		/* many are made in a millisecond */
};

struct tickets {
	pthread_mutex_t lock;
	uint64_t made;
	struct ticket slots[TICKETS_MAX];
};

struct use {
	enum ticket_purpose purpose;
	int class_id;
	enum http_action action;
};

static const struct use uses[] = {
	{ TICKET_PURPOSE_CONSOLE, CLASS_CONSOLE,
	    HTTP_ACTION_CONNECT_CONSOLE_WS },
	{ TICKET_PURPOSE_CONSOLE, CLASS_VM, HTTP_ACTION_CONNECT_CONSOLE_WS },
	{ TICKET_PURPOSE_UPLOAD, CLASS_VDI, HTTP_ACTION_PUT_IMPORT_RAW_VDI },
	{ TICKET_PURPOSE_UPLOAD, CLASS_BLOB, HTTP_ACTION_PUT_BLOB },
	{ TICKET_PURPOSE_DOWNLOAD, CLASS_VDI, HTTP_ACTION_GET_EXPORT_RAW_VDI },
	{ TICKET_PURPOSE_DOWNLOAD, CLASS_BLOB, HTTP_ACTION_GET_BLOB },
};

#define N_USES (sizeof(uses) / sizeof(uses[0]))

struct tickets *
tickets_new(void)
{
	struct tickets *all = mem_zalloc(sizeof(*all));

	pthread_mutex_init(&all->lock, NULL);
	return all;
}

void
tickets_free(struct tickets *all)
{
	if (!all)
		return;
	pthread_mutex_destroy(&all->lock);
	free(all);
}

/* Does text, a ref or a uuid, name an object of the class? */
static bool
names(const struct call *c, int class_id, const char *text,
    struct ref *ref_out)
{
	const struct object *o = ref_parse(text, ref_out) ?
	    db_find(c->root, class_id, ref_out) :
	    db_find_uuid(c->root, class_id, text);

	if (o)
		*ref_out = o->ref;
	return o;
}

/* -- making -- */

static void
keep_older(struct ticket **oldest, struct ticket *t)
{
	if (!*oldest || t->number < (*oldest)->number)
		*oldest = t;
}

/* Where the session's next one goes. */
static struct ticket *
slot_for(struct tickets *all, const struct ref *session, int64_t now)
{
	struct ticket *unused = NULL, *oldest = NULL, *own = NULL;
	int n = 0;

	for (int i = 0; i < TICKETS_MAX; i++) {
		struct ticket *t = &all->slots[i];

		if (t->until_ms <= now) {
			unused = t;
			continue;
		}
		keep_older(&oldest, t);
		if (!ref_equal(&t->session, session))
			continue;
		keep_older(&own, t);
		n++;
	}
	return n >= TICKETS_SESSION_MAX ? own : unused ? unused : oldest;
}

static const struct use *
find_use(struct call *c, enum ticket_purpose purpose, const char *object,
    struct ref *ref_out)
{
	for (size_t i = 0; i < N_USES; i++)
		if (uses[i].purpose == purpose &&
		    names(c, uses[i].class_id, object, ref_out))
			return &uses[i];
	err_handle_invalid(c, purpose == TICKET_PURPOSE_CONSOLE ? "console" :
	    "VDI", object);
	return NULL;
}

int
api_session_create_ticket(struct call *c,
    const struct session_create_ticket_args *a, const char **result)
{
	struct tickets *all = c->x->tickets;
	struct ticket t = { .session = c->session };
	int64_t now = clock_mono_ms();
	const struct use *use;

	use = find_use(c, a->purpose, a->object ? a->object : "", &t.object);
	if (!use || session_allow(c, role_http_permission(c->arena,
		    use->action)))
		return -1;
	t.action = use->action;
	t.until_ms = now + TICKET_MS;
	ref_random(&t.secret);
	pthread_mutex_lock(&all->lock);
	t.number = all->made++;
	*slot_for(all, &t.session, now) = t;
	pthread_mutex_unlock(&all->lock);
	*result = call_ref_text(c, &t.secret);
	return 0;
}

/* -- using -- */

static bool
take(struct tickets *all, const struct ref *secret, struct ticket *out)
{
	bool found = false;

	pthread_mutex_lock(&all->lock);
	for (int i = 0; i < TICKETS_MAX && !found; i++) {
		struct ticket *t = &all->slots[i];

		found = t->until_ms && ref_equal(&t->secret, secret);
		if (found) {
			*out = *t;
			*t = (struct ticket){ 0 };
		}
	}
	pthread_mutex_unlock(&all->lock);
	return found && out->until_ms > clock_mono_ms();
}

int
ticket_use(struct call *c, const char *text, enum http_action action,
    const char *object, struct ref *session_out)
{
	struct ref secret, ref;
	struct ticket t;

	if (!ref_parse(text, &secret) ||
	    !take(c->x->tickets, &secret, &t) || t.action != action)
		return -1;
	for (size_t i = 0; object && i < N_USES; i++) {
		if (uses[i].action == action &&
		    names(c, uses[i].class_id, object, &ref) &&
		    ref_equal(&ref, &t.object)) {
			*session_out = t.session;
			return 0;
		}
	}
	return -1;
}
