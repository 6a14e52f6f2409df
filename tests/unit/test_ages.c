/* Sessions and tasks grow old by the clock that nobody sets.  The clocks are
 * the test's own, in the place of base/clock.c. */
#include <string.h>

#include "api/access/session.h"
#include "api/task.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "gen/store.h"
#include "store.h"
#include "unit.h"

static struct xapi x;
static struct call c;
static int64_t mono_s, wall_s;

int64_t
clock_mono_ms(void)
{
	return mono_s * 1000;
}

int64_t
clock_wall_s(void)
{
	return wall_s;
}

static int
session_in(struct db_txn *t, void *arg)
{
	struct session *s = session_txn_new(t);

	s->active_mono_ms = clock_mono_ms();
	s->last_active = clock_wall_s();
	*(struct ref *)arg = s->obj.ref;
	return 0;
}

static void
begin(void)
{
	mono_s = 5;
	wall_s = 1000000;
	memset(&x, 0, sizeof(x));
	x.db = store_open();
	c = (struct call){
		.x = &x, .arena = arena_new(), .root = db_root_get(x.db),
	};
}

static void
end(void)
{
	db_root_put(c.root);
	arena_free(c.arena);
	db_close(x.db);
}

static struct ref
session(void)
{
	struct ref ref;

	ck_assert_int_eq(db_write(x.db, session_in, &ref), 0);
	return ref;
}

static struct ref
task(bool finished)
{
	const struct task_new n = { .label = "l", .description = "" };
	struct ref ref;

	ck_assert_int_eq(task_make(&c, &n, &ref), 0);
	c.task = ref;
	if (finished)
		task_end(&c, 0, NULL, NULL);
	return ref;
}

/* After a collection. */
static bool
lives(struct ref ref)
{
	session_gc(&x);
	task_gc(&x);
	call_refresh(&c);
	return db_class_of(c.root, &ref) != -1;
}

START_TEST(a_set_clock_ends_nothing)
{
	struct ref s, pending, finished;

	begin();
	s = session();
	pending = task(false);
	finished = task(true);
	wall_s += 10 * 365 * 86400;
	ck_assert(lives(s) && lives(pending) && lives(finished));
	wall_s = 0;
	ck_assert(lives(s) && lives(pending) && lives(finished));
	end();
}
END_TEST

START_TEST(time_ends_sessions_and_tasks)
{
	struct ref s, pending, finished;

	begin();
	s = session();
	pending = task(false);
	finished = task(true);
	mono_s += TASK_KEEP_S;
	wall_s = 0;
	ck_assert(lives(finished));
	mono_s += 1;
	ck_assert(!lives(finished));
	mono_s = 5 + SESSION_IDLE_S;
	ck_assert(lives(s) && lives(pending));
	mono_s += 1;
	ck_assert(!lives(s) && !lives(pending));
	end();
}
END_TEST

START_TEST(use_keeps_a_session_after_the_clock_was_set_back)
{
	struct ref s;

	begin();
	s = session();
	wall_s -= 100000;
	mono_s += SESSION_IDLE_S;
	ck_assert_int_eq(session_check(&c, &s), 0);
	mono_s += SESSION_IDLE_S;
	ck_assert(lives(s));
	call_refresh(&c);
	ck_assert_int_eq(session_find(c.root, &s)->last_active, wall_s);
	end();
}
END_TEST

START_TEST(finished_tasks_are_few_between_collections)
{
	struct ref first, second;

	begin();
	first = task(true);
	mono_s++;
	second = task(true);
	for (int i = 2; i < TASK_FINISHED_SESSION; i++)
		task(true);
	call_refresh(&c);
	ck_assert_int_eq(db_count(c.root, CLASS_TASK), TASK_FINISHED_SESSION);
	ck_assert_ptr_nonnull(task_find(c.root, &first));
	task(true);
	call_refresh(&c);
	ck_assert_int_eq(db_count(c.root, CLASS_TASK), TASK_FINISHED_SESSION);
	ck_assert_ptr_null(task_find(c.root, &first));
	ck_assert_ptr_nonnull(task_find(c.root, &second));
	end();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("ages", a_set_clock_ends_nothing,
	    time_ends_sessions_and_tasks,
	    use_keeps_a_session_after_the_clock_was_set_back,
	    finished_tasks_are_few_between_collections);
}
