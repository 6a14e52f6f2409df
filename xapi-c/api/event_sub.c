#include "api/event_sub.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/xapi.h"
#include "base/mem.h"
#include "gen/errors.h"
#include "gen/methods.h"
#include "gen/store.h"

/* -- their form -- */

int
event_class(const char *name, size_t len)
{
	for (int i = 0; i < CLASS_N; i++)
		if (classes[i]->flags & CLASS_EVENTS &&
		    strlen(classes[i]->event_name) == len &&
		    strncasecmp(classes[i]->event_name, name, len) == 0)
			return i;
	return -1;
}

enum event_sub_kind
event_sub_parse(struct call *c, const char *text, struct event_sub *sub_out)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);

	if (len == 0 || (slash && strchr(slash + 1, '/')))
		return err_event_subscription_parse_failure(c, text);
	if (strcmp(text, "*") == 0)
		return EVENT_SUB_ALL;
	sub_out->class_id = event_class(text, len);
	if (sub_out->class_id == -1)
		return EVENT_SUB_NONE;
	if (!slash)
		return EVENT_SUB_CLASS;
	return ref_parse(slash + 1, &sub_out->ref) ? EVENT_SUB_OBJECT :
	    EVENT_SUB_NONE;
}

/* -- those of sessions -- */

struct registered {
	struct registered *next;
	struct ref session;
	uint64_t told;			/* generation */
	uint64_t number;		/* of its last addition */
	char *names[EVENT_SUBS_MAX];
	uint32_t n;
};

struct event_subs {
	pthread_mutex_t lock;		/* taken before those of the database */
	struct registered *first;
	uint64_t number;
};

struct event_subs *
event_subs_new(void)
{
	struct event_subs *all = mem_zalloc(sizeof(*all));

	pthread_mutex_init(&all->lock, NULL);
	return all;
}

static void
keep_first(struct registered *r, uint32_t n)
{
	while (r->n > n)
		free(r->names[--r->n]);
}

/* Takes out *at. */
static void
forget(struct registered **at)
{
	struct registered *r = *at;

	*at = r->next;
	keep_first(r, 0);
	free(r);
}

void
event_subs_free(struct event_subs *all)
{
	if (!all)
		return;
	while (all->first)
		forget(&all->first);
	pthread_mutex_destroy(&all->lock);
	free(all);
}

/* Where the session's is; where a new one goes. */
static struct registered **
place(struct event_subs *all, const struct ref *session)
{
	struct registered **at = &all->first;

	while (*at && !ref_equal(&(*at)->session, session))
		at = &(*at)->next;
	return at;
}

static void
forget_ended(struct event_subs *all, const struct db_root *root)
{
	struct registered **at = &all->first;

	while (*at) {
		if (session_find(root, &(*at)->session))
			at = &(*at)->next;
		else
			forget(at);
	}
}

static int
too_many(struct call *c)
{
	return err_invalid_value(c, "classes", arena_printf(c->arena,
	    "more than %d", EVENT_SUBS_MAX));
}

/* Its index; r->n: not there. */
static uint32_t
find_name(const struct registered *r, const char *name)
{
	uint32_t i = 0;

	while (i < r->n && strcasecmp(r->names[i], name) != 0)
		i++;
	return i;
}

static void
drop_name(struct registered *r, const char *name)
{
	uint32_t i = find_name(r, name);

	if (i == r->n)
		return;
	free(r->names[i]);
	r->names[i] = r->names[--r->n];
}

/* All of them or none. */
static int
add_names(struct call *c, struct registered *r, const struct vec *names)
{
	const char *const *name = names->v;
	uint32_t before = r->n;

	for (uint32_t i = 0; i < names->n; i++) {
		if (find_name(r, name[i]) < r->n)
			continue;
		if (r->n == EVENT_SUBS_MAX) {
			keep_first(r, before);
			return too_many(c);
		}
		r->names[r->n++] = mem_strdup(name[i]);
	}
	if (r->n > before)
		r->number = ++c->x->event_subs->number;
	return 0;
}

/* After it none is NULL. */
static int
check_names(struct call *c, const struct vec *names)
{
	const char *const *name = names->v;
	struct event_sub sub;

	if (names->n > EVENT_SUBS_MAX)
		return too_many(c);
	for (uint32_t i = 0; i < names->n; i++) {
		const char *text = name[i] ? name[i] : "";

		if (strlen(text) > EVENT_SUB_LEN)
			return err_event_subscription_parse_failure(c,
			    arena_strndup(c->arena, text, EVENT_SUB_LEN));
		if (event_sub_parse(c, text, &sub) == EVENT_SUB_BAD)
			return -1;
	}
	return 0;
}

/* What happens from now on is for event.next. */
int
api_event_register(struct call *c, const struct event_register_args *a)
{
	struct event_subs *all = c->x->event_subs;
	struct registered **at, *r;
	int rc;

	if (check_names(c, &a->classes))
		return -1;
	pthread_mutex_lock(&all->lock);
	/* now: no session here is younger than what tells which have ended */
	call_refresh(c);
	forget_ended(all, c->root);
	at = place(all, &c->session);
	if (!*at) {
		r = *at = mem_zalloc(sizeof(*r));
		r->session = c->session;
		r->told = db_generation(c->root);
	}
	rc = add_names(c, *at, &a->classes);
	if ((*at)->n == 0)
		forget(at);
	pthread_mutex_unlock(&all->lock);
	return rc;
}

int
api_event_unregister(struct call *c, const struct event_unregister_args *a)
{
	struct event_subs *all = c->x->event_subs;
	const char *const *name = a->classes.v;
	struct registered **at;

	if (check_names(c, &a->classes))
		return -1;
	pthread_mutex_lock(&all->lock);
	at = place(all, &c->session);
	for (uint32_t i = 0; *at && i < a->classes.n; i++)
		drop_name(*at, name[i]);
	if (*at && (*at)->n == 0)
		forget(at);
	pthread_mutex_unlock(&all->lock);
	return 0;
}

int
event_subs_get(struct call *c, struct vec *names_out, struct event_told *out)
{
	struct event_subs *all = c->x->event_subs;
	struct registered *r;
	const char **names;
	uint32_t n = 0;

	names = arena_alloc(c->arena, EVENT_SUBS_MAX * sizeof(*names));
	pthread_mutex_lock(&all->lock);
	r = *place(all, &c->session);
	for (; r && n < r->n; n++)
		names[n] = arena_strdup(c->arena, r->names[n]);
	if (r)
		*out = (struct event_told){ r->number, r->told };
	pthread_mutex_unlock(&all->lock);
	*names_out = (struct vec){ .v = names, .n = n };
	return n ? 0 : err_session_not_registered(c,
	    call_ref_text(c, &c->session));
}

void
event_subs_told(struct event_subs *all, const struct ref *session,
    const struct event_told *told)
{
	struct registered *r;

	pthread_mutex_lock(&all->lock);
	r = *place(all, session);
	if (r && r->number == told->number && told->generation > r->told)
		r->told = told->generation;
	pthread_mutex_unlock(&all->lock);
}
