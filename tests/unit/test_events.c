/* What event.from tells, and what makes it look. */
#include <stdio.h>
#include <string.h>

#include "api/event_sub.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "db/root.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "gen/types.h"
#include "rpc/events.h"
#include "store.h"
#include "unit.h"

static struct xapi x;
static struct call c;
static char told[256];			/* "add vm, del vbd" */
static char *reply;			/* the last one */

static int
seed(struct db_txn *t, void *arg)
{
	struct session *s = session_txn_new(t);

	(void)arg;
	s->active_mono_ms = clock_mono_ms();
	c.session = s->obj.ref;
	return 0;
}

static void
begin(void)
{
	memset(&x, 0, sizeof(x));
	x.db = store_open();
	x.event_subs = event_subs_new();
	c = (struct call){ .x = &x, .arena = arena_new() };
	ck_assert_int_eq(db_write(x.db, seed, NULL), 0);
	c.root = db_root_get(x.db);
}

static void
end(void)
{
	free(reply);
	reply = NULL;
	db_root_put(c.root);
	arena_free(c.arena);
	event_subs_free(x.event_subs);
	db_close(x.db);
}

/* -- the database -- */

static struct ref
made_by(db_write_fn *fn)
{
	struct ref ref;

	ck_assert_int_eq(db_write(x.db, fn, &ref), 0);
	return ref;
}

static int
network_in(struct db_txn *t, void *arg)
{
	*(struct ref *)arg = network_txn_new(t)->obj.ref;
	return 0;
}

static struct ref
network(void)
{
	return made_by(network_in);
}

static int
message_in(struct db_txn *t, void *arg)
{
	*(struct ref *)arg = message_txn_new(t)->obj.ref;
	return 0;
}

static struct ref
message(void)
{
	return made_by(message_in);
}

static int
touch_in(struct db_txn *t, void *arg)
{
	return txn_touch(t, CLASS_NETWORK, arg) ? 0 : 1;
}

static void
touch(struct ref ref)
{
	ck_assert_int_eq(db_write(x.db, touch_in, &ref), 0);
}

static int
delete_in(struct db_txn *t, void *arg)
{
	return txn_delete(t, CLASS_NETWORK, arg) ||
	    txn_delete(t, CLASS_MESSAGE, arg) ? 0 : 1;
}

static void
delete(struct ref ref)
{
	ck_assert_int_eq(db_write(x.db, delete_in, &ref), 0);
}

static uint64_t
now(void)
{
	call_refresh(&c);
	return db_generation(c.root);
}

/* -- event.from -- */

static struct event_wait *
from_all(struct vec names, uint64_t since)
{
	struct envelope env = { .format = RPC_JSON };
	struct event_wait *w = NULL;
	char token[64];

	call_refresh(&c);
	snprintf(token, sizeof(token), "%020llu,%020llu",
	    (unsigned long long)since, (unsigned long long)since);
	c.err = (struct error){ 0 };
	if (events_wait_new(&c, &env, names, token, 30, &w))
		ck_assert_ptr_nonnull(c.err.code);
	return w;
}

static struct event_wait *
from(const char *name, uint64_t since)
{
	return from_all((struct vec){ .v = &name, .n = 1 }, since);
}

static void
flatten(struct reply *r)
{
	struct iovec iov[64];
	size_t at = 0;
	int i, n;

	reply_finish(r);
	free(reply);
	reply = calloc(1, r->len + 1);
	while (at < r->len) {
		n = reply_iov(r, at, iov, 64);
		for (i = 0; i < n; i++) {
			memcpy(reply + at, iov[i].iov_base, iov[i].iov_len);
			at += iov[i].iov_len;
		}
	}
	reply_release(r);
}

/* Fills told as far as there is room; how many events there were. */
static int
read_events(void)
{
	char cls[32], op[8];
	const char *at = reply;
	size_t used = 0;
	int n = 0;

	told[0] = '\0';
	while ((at = strstr(at, "\"class\":\""))) {
		ck_assert_int_eq(sscanf(at, "\"class\":\"%31[a-z_]\","
		    "\"operation\":\"%7[a-z]\"", cls, op), 2);
		if (used < sizeof(told))
			used += (size_t)snprintf(told + used,
			    sizeof(told) - used, "%s%s %s", n ? ", " : "", op,
			    cls);
		n++;
		at++;
	}
	return n;
}

/* Events for a client with that token; -1 if it would wait on. */
static int
look(struct event_wait *w)
{
	struct reply r = { 0 };

	if (!events_evaluate(w, &r, false))
		return -1;
	flatten(&r);
	return read_events();
}

static int
tell(const char *name, uint64_t since)
{
	struct event_wait *w = from(name, since);
	int n;

	ck_assert_ptr_nonnull(w);
	n = look(w);
	events_wait_free(w);
	return n;
}

static bool
due(const struct event_wait *w)
{
	call_refresh(&c);
	return events_due(w, c.root);
}

START_TEST(a_del_is_only_for_what_the_client_knew)
{
	struct ref old, fresh;
	uint64_t then;

	begin();
	old = network();
	then = now();
	fresh = network();
	touch(fresh);
	delete(fresh);
	ck_assert_int_eq(tell("network", then), -1);
	delete(old);
	ck_assert_int_eq(tell("network", then), 1);
	ck_assert_str_eq(told, "del network");
	ck_assert_ptr_null(strstr(reply, "snapshot"));
	end();
}
END_TEST

START_TEST(many_changes_of_an_object_are_one_event)
{
	struct ref old, fresh;
	uint64_t then;

	begin();
	old = network();
	then = now();
	fresh = network();
	touch(old);
	touch(fresh);
	touch(old);
	ck_assert_int_eq(tell("network", then), 2);
	ck_assert_str_eq(told, "add network, mod network");
	touch(old);
	delete(old);
	ck_assert_int_eq(tell("network", then), 2);
	ck_assert_str_eq(told, "add network, del network");
	end();
}
END_TEST

START_TEST(messages_come_first_and_have_id_0)
{
	struct ref mod, del, gone;
	uint64_t then;
	const char *id;

	begin();
	mod = network();
	del = network();
	gone = message();
	then = now();
	delete(del);
	touch(mod);
	network();
	delete(gone);
	message();
	ck_assert_int_eq(tell("*", then), 5);
	ck_assert_str_eq(told, "del message, add message, add network, "
	    "mod network, del network");
	id = strstr(reply, "{\"id\":\"0\"");
	ck_assert_ptr_nonnull(id);
	id = strstr(id + 1, "{\"id\":\"0\"");
	ck_assert_ptr_nonnull(id);
	ck_assert_ptr_null(strstr(id + 1, "{\"id\":\"0\""));
	end();
}
END_TEST

/* Not "lost": whoever counts finds out what it holds too many of. */
START_TEST(only_the_last_deletions_are_told)
{
	struct ref many[ROOT_TOMBSTONES + 10];
	uint64_t then;
	int i, n = ROOT_TOMBSTONES + 10;

	begin();
	for (i = 0; i < n; i++)
		many[i] = network();
	network();
	then = now();
	for (i = 0; i < n; i++)
		delete(many[i]);
	ck_assert_int_eq(tell("network", then), ROOT_TOMBSTONES);
	ck_assert_ptr_nonnull(strstr(reply, "\"network\":1,"));
	end();
}
END_TEST

START_TEST(a_token_from_the_future_tells_everything)
{
	begin();
	network();
	ck_assert_int_eq(tell("network", now()), -1);
	ck_assert_int_eq(tell("network", now() + 1), 1);
	ck_assert_str_eq(told, "add network");
	ck_assert_int_eq(tell("network", UINT64_MAX), 1);
	end();
}
END_TEST

static const char *
name_of(struct ref ref)
{
	char text[REF_TEXT_LEN + 1];

	return arena_printf(c.arena, "Network/%s", ref_text(&ref, text));
}

START_TEST(an_object_is_kept_once)
{
	struct ref a, b, other;
	struct event_wait *w;
	const char *names[20000];
	size_t i, n = sizeof(names) / sizeof(names[0]);

	begin();
	a = network();
	b = network();
	other = network();
	for (i = 0; i < n; i++)
		names[i] = name_of(i % 2 ? a : b);
	w = from_all((struct vec){ .v = names, .n = (uint32_t)n }, now());
	ck_assert_ptr_nonnull(w);
	ck_assert_uint_eq(w->n_subs, 2);
	touch(other);
	ck_assert(due(w));
	ck_assert_int_eq(look(w), -1);
	ck_assert(!due(w));
	touch(a);
	ck_assert_int_eq(look(w), 1);
	delete(b);
	ck_assert_int_eq(look(w), 2);
	ck_assert_str_eq(told, "mod network, del network");
	events_wait_free(w);
	end();
}
END_TEST

START_TEST(an_object_of_a_wanted_class_is_not_kept)
{
	const char *names[3] = { NULL, "network", "nothing/such" };
	struct event_wait *w;

	begin();
	names[0] = name_of(network());
	w = from_all((struct vec){ .v = names, .n = 3 }, now());
	ck_assert_ptr_nonnull(w);
	ck_assert_uint_eq(w->n_subs, 0);
	network();
	ck_assert_int_eq(look(w), 1);
	events_wait_free(w);
	end();
}
END_TEST

START_TEST(only_so_many_objects_may_be_named)
{
	const char *names[EVENTS_MAX_OBJECTS + 1];
	struct vec v = { .v = names, .n = EVENTS_MAX_OBJECTS + 1 };
	struct event_wait *w;
	struct ref ref;
	uint32_t i;

	begin();
	for (i = 0; i < v.n; i++) {
		ref_random(&ref);
		names[i] = name_of(ref);
	}
	ck_assert_ptr_null(from_all(v, now()));
	ck_assert_str_eq(c.err.code, "INVALID_VALUE");
	ck_assert_str_eq(c.err.params[0], "classes");
	v.n--;
	w = from_all(v, now());
	ck_assert_ptr_nonnull(w);
	ck_assert_uint_eq(w->n_subs, EVENTS_MAX_OBJECTS);
	events_wait_free(w);
	end();
}
END_TEST

/* -- event.next -- */

/* What it answers: NULL is success. */
static const char *
enrol(const char **names, uint32_t n)
{
	const struct event_register_args a = {
		.classes = { .v = names, .n = n },
	};

	c.err = (struct error){ 0 };
	return api_event_register(&c, &a) ? c.err.code : NULL;
}

static const char *
enrol_one(const char *name)
{
	return enrol(&name, 1);
}

static const char *
resign(const char *name)
{
	const struct event_unregister_args a = {
		.classes = { .v = &name, .n = 1 },
	};

	c.err = (struct error){ 0 };
	return api_event_unregister(&c, &a) ? c.err.code : NULL;
}

static struct event_wait *
next(void)
{
	struct envelope env = { .format = RPC_JSON };
	struct event_wait *w = NULL;

	call_refresh(&c);
	c.err = (struct error){ 0 };
	if (events_next_new(&c, &env, &w))
		ck_assert_ptr_nonnull(c.err.code);
	return w;
}

static int
tell_next(void)
{
	struct event_wait *w = next();
	int n;

	ck_assert_ptr_nonnull(w);
	n = look(w);
	events_wait_free(w);
	return n;
}

START_TEST(next_tells_each_change_once)
{
	begin();
	network();
	ck_assert_ptr_null(next());
	ck_assert_str_eq(c.err.code, "SESSION_NOT_REGISTERED");
	ck_assert_ptr_null(enrol_one("Network"));
	ck_assert_int_eq(tell_next(), -1);
	network();
	message();
	ck_assert_int_eq(tell_next(), 1);
	ck_assert_str_eq(told, "add network");
	ck_assert_int_eq(tell_next(), -1);
	ck_assert_ptr_null(resign("NETWORK"));
	ck_assert_ptr_null(next());
	end();
}
END_TEST

/* Also when it waits while they are made. */
START_TEST(deletions_forgotten_before_next_saw_them_are_lost)
{
	struct ref many[ROOT_TOMBSTONES + 1];
	struct event_wait *w;
	int i, n = ROOT_TOMBSTONES + 1;

	begin();
	ck_assert_ptr_null(enrol_one("network"));
	for (i = 0; i < n; i++)
		many[i] = network();
	ck_assert_int_eq(tell_next(), n);
	w = next();
	for (i = 0; i < n; i++)
		delete(many[i]);
	ck_assert_int_eq(look(w), 0);
	ck_assert_ptr_nonnull(strstr(reply, "EVENTS_LOST"));
	events_wait_free(w);
	ck_assert_int_eq(tell_next(), -1);
	end();
}
END_TEST

START_TEST(what_is_registered_while_next_waits_is_not_passed_over)
{
	struct event_wait *w;

	begin();
	ck_assert_ptr_null(enrol_one("network"));
	w = next();
	ck_assert_ptr_null(enrol_one("message"));
	message();
	ck_assert_int_eq(look(w), -1);
	network();
	ck_assert_int_eq(look(w), 1);
	events_wait_free(w);
	ck_assert_int_eq(tell_next(), 2);
	ck_assert_str_eq(told, "add message, add network");
	ck_assert_int_eq(tell_next(), -1);
	end();
}
END_TEST

START_TEST(too_many_subscriptions_add_none)
{
	const char *names[1000];
	uint32_t i;

	begin();
	for (i = 0; i < 1000; i++)
		names[i] = arena_printf(c.arena, "nothing/%u", i);
	ck_assert_str_eq(enrol(names, 1000),
	    "INVALID_VALUE");
	ck_assert_ptr_null(next());
	ck_assert_ptr_null(enrol(names, 60));
	ck_assert_str_eq(enrol(names + 20, 81),
	    "INVALID_VALUE");
	ck_assert_ptr_null(enrol(names + 20, 80));
	ck_assert_str_eq(enrol_one("network"), "INVALID_VALUE");
	ck_assert_ptr_null(enrol_one("NOTHING/0"));
	ck_assert_ptr_null(resign("nothing/50"));
	ck_assert_ptr_null(enrol_one("network"));
	network();
	ck_assert_int_eq(tell_next(), 1);
	ck_assert_ptr_null(enrol(NULL, 0));
	end();
}
END_TEST

static int
end_session_in(struct db_txn *t, void *arg)
{
	return txn_delete(t, CLASS_SESSION, arg) ? 0 : 1;
}

START_TEST(a_registration_goes_with_its_session)
{
	struct ref first;
	struct event_wait *w;

	begin();
	ck_assert_ptr_null(enrol_one("network"));
	first = c.session;
	w = next();
	ck_assert_int_eq(db_write(x.db, seed, NULL), 0);
	ck_assert_int_eq(db_write(x.db, end_session_in, &first), 0);
	ck_assert(due(w));
	ck_assert_int_eq(look(w), 0);
	ck_assert_ptr_nonnull(strstr(reply, "SESSION_INVALID"));
	events_wait_free(w);
	ck_assert_ptr_null(enrol_one("network"));
	c.session = first;
	ck_assert_ptr_null(next());
	ck_assert_str_eq(c.err.code, "SESSION_NOT_REGISTERED");
	end();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("events", a_del_is_only_for_what_the_client_knew,
	    many_changes_of_an_object_are_one_event,
	    messages_come_first_and_have_id_0,
	    only_the_last_deletions_are_told,
	    a_token_from_the_future_tells_everything, an_object_is_kept_once,
	    an_object_of_a_wanted_class_is_not_kept,
	    only_so_many_objects_may_be_named, next_tells_each_change_once,
	    deletions_forgotten_before_next_saw_them_are_lost,
	    what_is_registered_while_next_waits_is_not_passed_over,
	    too_many_subscriptions_add_none,
	    a_registration_goes_with_its_session);
}
