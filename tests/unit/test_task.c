/* The limits of tasks, each crossed by thousands at once from many sessions;
 * and who may drive a task. */
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "api/stream.h"
#include "api/task.h"
#include "api/task_run.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "gen/store.h"
#include "store.h"
#include "unit.h"

static struct xapi x;
static struct call c;

static int
session_in(struct db_txn *t, void *arg)
{
	struct call *k = arg;
	struct session *s = session_txn_new(t);

	s->is_local_superuser = k->superuser;
	s->active_mono_ms = clock_mono_ms();
	k->session = s->obj.ref;
	return 0;
}

static struct call
login(bool superuser)
{
	struct call k = { .x = &x, .superuser = superuser };

	k.arena = arena_new();
	ck_assert_int_eq(db_write(x.db, session_in, &k), 0);
	return k;
}

static int
subject_in(struct db_txn *t, void *arg)
{
	struct call *k = arg;

	session_txn_edit(t, &k->session)->auth_user_sid = "anna";
	return 0;
}

/* One more session of a user. */
static struct call
login_user(void)
{
	struct call k = login(false);

	ck_assert_int_eq(db_write(x.db, subject_in, &k), 0);
	return k;
}

static void
begin(void)
{
	memset(&x, 0, sizeof(x));
	x.db = store_open();
	c = login(true);
	c.root = db_root_get(x.db);
}

static void
end(void)
{
	db_root_put(c.root);
	arena_free(c.arena);
	db_close(x.db);
}

static struct ref
create(struct call *k)
{
	const struct task_create_args a = { "l", "d" };
	struct ref ref;

	ck_assert_int_eq(api_task_create(k, &a, &ref), 0);
	return ref;
}

static const struct task *
task(const struct ref *ref)
{
	call_refresh(&c);
	return task_find(c.root, ref);
}

static uint32_t
tasks(void)
{
	call_refresh(&c);
	return db_count(c.root, CLASS_TASK);
}

START_TEST(the_oldest_of_a_session_goes_first)
{
	struct ref first, second, last;

	begin();
	first = create(&c);
	second = create(&c);
	for (int i = 2; i < TASK_CLIENT_SESSION; i++)
		last = create(&c);
	ck_assert_uint_eq(tasks(), TASK_CLIENT_SESSION);
	ck_assert_ptr_nonnull(task(&first));
	last = create(&c);
	ck_assert_uint_eq(tasks(), TASK_CLIENT_SESSION);
	ck_assert_ptr_null(task(&first));
	ck_assert_ptr_nonnull(task(&second));
	ck_assert_ptr_nonnull(task(&last));
	end();
}
END_TEST

START_TEST(a_session_that_leaks_costs_no_other_its_tasks)
{
	struct call other;
	struct ref mine, leaked;

	begin();
	other = login(true);
	mine = create(&c);
	leaked = create(&other);
	for (int i = 0; i < 3 * TASK_CLIENT_SESSION; i++)
		create(&other);
	ck_assert_ptr_nonnull(task(&mine));
	ck_assert_ptr_null(task(&leaked));
	arena_free(other.arena);
	end();
}
END_TEST

START_TEST(a_task_that_is_driven_does_not_go)
{
	struct ref driven;

	begin();
	driven = create(&c);
	ck_assert_int_eq(task_take(&c, &driven), 0);
	for (int i = 0; i < 2 * TASK_CLIENT_SESSION; i++)
		create(&c);
	ck_assert_ptr_nonnull(task(&driven));
	task_end(&c, 0, NULL, NULL);
	ck_assert_int_eq(task(&driven)->status, TASK_STATUS_TYPE_SUCCESS);
	end();
}
END_TEST

#define FLOODERS 32
#define FLOOD 250			/* tasks of each */

static void *
flood(void *arg)
{
	struct call k = login(true);

	(void)arg;
	for (int i = 0; i < FLOOD; i++)
		create(&k);
	arena_free(k.arena);
	return NULL;
}

static int
count_run(struct call *k, const void *args, void *result)
{
	(void)args;
	(void)result;
	return ref_is_null(&k->task) ? -1 : 0;
}

/* A message for a call of our own. */
static struct method
message(int (*fn)(struct call *, const void *, void *))
{
	struct method m = *method_find("pool.sync_database");

	m.run = fn;
	return m;
}

/* Eight thousand at once; meanwhile and after, calls go on. */
START_TEST(thousands_of_tasks_stop_no_call)
{
	const struct method m = message(count_run);
	pthread_t t[FLOODERS];

	begin();
	for (int i = 0; i < FLOODERS; i++)
		ck_assert_int_eq(pthread_create(&t[i], NULL, flood, NULL), 0);
	for (int i = 0; i < 2000; i++)
		ck_assert_int_eq(task_run_sync(&c, &m, NULL, NULL), 0);
	for (int i = 0; i < FLOODERS; i++)
		pthread_join(t[i], NULL);
	ck_assert_uint_le(tasks(), TASK_CLIENT_OWNER);
	ck_assert_uint_gt(tasks(), TASK_CLIENT_SESSION);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(task_run_sync(&c, &m, NULL, NULL), 0);
	ck_assert_int_eq(call_write(&c, session_in, &c), 0);
	create(&c);
	end();
}
END_TEST

/* One session's results stay although another's are many. */
START_TEST(finished_tasks_are_counted_by_session)
{
	const struct task_new n = { .label = "l", .description = "" };
	struct call other;
	struct ref mine, theirs;

	begin();
	other = login(true);
	ck_assert_int_eq(task_make(&c, &n, &c.task), 0);
	mine = c.task;
	task_end(&c, 0, NULL, NULL);
	for (int i = 0; i < TASK_FINISHED_SESSION + 10; i++) {
		ck_assert_int_eq(task_make(&other, &n, &other.task), 0);
		theirs = other.task;
		task_end(&other, 0, NULL, NULL);
	}
	ck_assert_uint_eq(tasks(), 1 + TASK_FINISHED_SESSION);
	task_gc(&x);
	ck_assert_uint_eq(tasks(), 1 + TASK_KEPT_SESSION);
	ck_assert_ptr_nonnull(task(&mine));
	ck_assert_ptr_nonnull(task(&theirs));
	arena_free(other.arena);
	end();
}
END_TEST

/* By many sessions a user would drive out what others have not seen yet. */
START_TEST(finished_tasks_are_counted_by_user)
{
	const struct task_new n = { .label = "l", .description = "" };
	struct ref mine;

	begin();
	ck_assert_int_eq(task_make(&c, &n, &c.task), 0);
	mine = c.task;
	task_end(&c, 0, NULL, NULL);
	for (int i = 0; i < TASK_FINISHED_MAX + 10; i += 500) {
		struct call user = login_user();

		for (int j = 0; j < 500; j++) {
			ck_assert_int_eq(task_make(&user, &n, &user.task), 0);
			task_end(&user, 0, NULL, NULL);
		}
		arena_free(user.arena);
	}
	ck_assert_uint_eq(tasks(), 1 + TASK_FINISHED_OWNER);
	ck_assert_ptr_nonnull(task(&mine));
	end();
}
END_TEST

/* -- large results -- */

#define RESULT_LEN (256u << 10)
#define SESSIONS 8
#define RESULTS 16			/* of each session */

/* A task of k's that ends with len times that letter. */
static struct ref
end_with(struct call *k, char letter, size_t len)
{
	const struct task_new n = { .label = "l", .description = "" };
	char *text = arena_alloc(k->arena, len + 1);
	const char *result = text;

	memset(text, letter, len);
	text[len] = '\0';
	ck_assert_int_eq(task_make(k, &n, &k->task), 0);
	task_end(k, 0, method_find("host.get_log")->result, &result);
	return k->task;
}

static void *
end_many(void *arg)
{
	for (int i = 0; i < RESULTS; i++)
		end_with(arg, 'x', RESULT_LEN);
	return NULL;
}

struct sizes {
	const struct ref *session;	/* NULL: of all */
	size_t bytes;
};

static int
add_size(const void *obj, void *arg)
{
	const struct task *k = obj;
	struct sizes *s = arg;

	if (!s->session || ref_equal(s->session, &k->session))
		s->bytes += k->result ? strlen(k->result) : 0;
	return 0;
}

static size_t
results_of(const struct ref *session)
{
	struct sizes s = { .session = session };

	call_refresh(&c);
	db_each(c.root, CLASS_TASK, add_size, &s);
	return s.bytes;
}

START_TEST(results_are_counted_by_user)
{
	struct ref mine;

	begin();
	mine = end_with(&c, 'm', RESULT_LEN);
	for (int i = 0; i < SESSIONS; i++) {
		struct call user = login_user();

		end_many(&user);
		arena_free(user.arena);
	}
	ck_assert_ptr_nonnull(task(&mine));
	ck_assert_uint_le(results_of(NULL), TASK_RESULTS_SESSION + RESULT_LEN +
	    TASK_TEXT_MAX);
	end();
}
END_TEST

/* 32 MiB of results, of many sessions at once. */
START_TEST(results_of_all_have_a_bound)
{
	pthread_t t[SESSIONS];
	struct call k[SESSIONS];
	struct ref small, last;

	begin();
	small = end_with(&c, 's', TASK_TEXT_MAX / 2);
	for (int i = 0; i < SESSIONS; i++) {
		k[i] = login(true);
		pthread_create(&t[i], NULL, end_many, &k[i]);
	}
	for (int i = 0; i < SESSIONS; i++)
		pthread_join(t[i], NULL);
	ck_assert_uint_le(results_of(NULL), TASK_RESULTS_MAX + TASK_TEXT_MAX);
	ck_assert_uint_gt(results_of(NULL), TASK_RESULTS_MAX / 2);
	for (int i = 0; i < SESSIONS; i++) {
		ck_assert_uint_le(results_of(&k[i].session),
		    TASK_RESULTS_SESSION);
		arena_free(k[i].arena);
	}
	last = end_with(&c, 'x', RESULT_LEN);
	ck_assert_int_eq(task(&last)->status, TASK_STATUS_TYPE_SUCCESS);
	ck_assert_ptr_nonnull(task(&small));
	end();
}
END_TEST

/* 256 KiB of whatever text fits; more does not. */
START_TEST(a_result_beyond_any_is_an_error)
{
	struct ref fits, large;

	begin();
	fits = end_with(&c, '"', RESULT_LEN);
	ck_assert_int_eq(task(&fits)->status, TASK_STATUS_TYPE_SUCCESS);
	large = end_with(&c, '"', 2 * RESULT_LEN);
	ck_assert_int_eq(task(&large)->status, TASK_STATUS_TYPE_FAILURE);
	ck_assert_str_eq(((const char *const *)
	    task(&large)->error_info.v)[0], "OUT_OF_SPACE");
	ck_assert_str_eq(task(&large)->result, "");
	ck_assert_ptr_nonnull(task(&fits));
	end();
}
END_TEST

/* -- who gets a thread -- */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t opened = PTHREAD_COND_INITIALIZER;
static bool is_open;

static int
wait_run(struct call *k, const void *args, void *result)
{
	(void)k;
	(void)args;
	(void)result;
	pthread_mutex_lock(&gate);
	while (!is_open)
		pthread_cond_wait(&opened, &gate);
	pthread_mutex_unlock(&gate);
	return 0;
}

static int
start(struct call *k, const struct method *m, struct ref *out)
{
	int rc = task_start(k, m, "", m->run, NULL, out);

	if (rc == 0)
		k->arena = arena_new();
	return rc;
}

static void
await(const struct ref *ref)
{
	while (task(ref)->status == TASK_STATUS_TYPE_PENDING)
		usleep(1000);
}

START_TEST(a_session_that_fills_the_threads_starves_no_other)
{
	const struct method slow = message(wait_run), m = message(count_run);
	struct call other;
	struct ref ref, last;
	int n = 0;

	begin();
	ck_assert_int_eq(tasks_start(&x, &x.tasks), 0);
	other = login(true);
	/* Until it is told to stop: those that run, and a full queue. */
	while (start(&other, &slow, &last) == 0)
		n++;
	ck_assert_str_eq(other.err.code, "TOO_MANY_PENDING_TASKS");
	ck_assert_int_ge(n, TASK_QUEUE_SESSION);
	ck_assert_int_le(n, TASK_QUEUE_SESSION + TASK_THREADS);
	/* A session that has nothing running runs at once. */
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(start(&c, &m, &ref), 0);
		await(&ref);
		ck_assert_int_eq(task(&ref)->status,
		    TASK_STATUS_TYPE_SUCCESS);
	}
	pthread_mutex_lock(&gate);
	is_open = true;
	pthread_cond_broadcast(&opened);
	pthread_mutex_unlock(&gate);
	ck_assert(tasks_stop(x.tasks));
	arena_free(other.arena);
	end();
}
END_TEST

/* -- driving -- */

static const char *
text_of(const struct ref *ref)
{
	return call_ref_text(&c, ref);
}

START_TEST(only_tasks_that_clients_made_are_driven)
{
	const struct task_new n = { .label = "l", .description = "" };
	struct task_set_status_args status = {
		.value = TASK_STATUS_TYPE_SUCCESS };
	struct ref own, theirs;
	struct call k;

	begin();
	k = login(true);
	ck_assert_int_eq(task_make(&c, &n, &own), 0);
	ck_assert_int_eq(stream_task_begin(&k, "", text_of(&own), NULL), -1);
	ck_assert_str_eq(k.err.code, "OPERATION_NOT_ALLOWED");
	ck_assert(ref_is_null(&k.task));
	status.self = own;
	ck_assert_int_eq(api_task_set_status(&k, &status), -1);
	ck_assert_str_eq(k.err.code, "OPERATION_NOT_ALLOWED");
	ck_assert_int_eq(task(&own)->status, TASK_STATUS_TYPE_PENDING);

	theirs = create(&c);
	ck_assert_int_eq(stream_task_begin(&k, "", text_of(&theirs), NULL),
	    0);
	ck_assert(ref_equal(&k.task, &theirs));
	/* by one transfer at a time */
	ck_assert_int_eq(stream_task_begin(&c, "", text_of(&theirs), NULL),
	    -1);
	ck_assert_str_eq(c.err.code, "OPERATION_NOT_ALLOWED");
	/* and not by a client beside it */
	status.self = theirs;
	ck_assert_int_eq(api_task_set_status(&k, &status), -1);
	ck_assert_str_eq(k.err.code, "OPERATION_NOT_ALLOWED");
	ck_assert_int_eq(task(&theirs)->status, TASK_STATUS_TYPE_PENDING);
	k.err = (struct error){ 0 };
	stream_task_end(&k, 0, NULL, NULL);
	ck_assert_int_eq(task(&theirs)->status, TASK_STATUS_TYPE_SUCCESS);
	ck_assert_int_eq(stream_task_begin(&k, "", text_of(&theirs), NULL),
	    -1);
	ck_assert_int_eq(stream_task_begin(&k, "", "junk", NULL), -1);
	ck_assert_str_eq(k.err.code, "HANDLE_INVALID");
	arena_free(k.arena);
	end();
}
END_TEST

START_TEST(a_task_of_others_is_not_driven)
{
	struct call k;
	struct ref theirs;

	begin();
	k = login(false);
	theirs = create(&c);
	ck_assert_int_eq(stream_task_begin(&k, "", text_of(&theirs), NULL),
	    -1);
	ck_assert_str_eq(k.err.code, "RBAC_PERMISSION_DENIED");
	ck_assert(!task(&theirs)->driven);
	theirs = create(&k);
	ck_assert_int_eq(stream_task_begin(&k, "", text_of(&theirs), NULL),
	    0);
	arena_free(k.arena);
	end();
}
END_TEST

START_TEST(a_parent_that_is_not_there_is_none)
{
	struct ref gone;

	begin();
	gone = create(&c);
	ref_random(&gone);
	ck_assert_int_eq(stream_task_begin(&c, "", NULL, text_of(&gone)), 0);
	ck_assert(ref_is_null(&task(&c.task)->subtask_of));
	end();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("task", the_oldest_of_a_session_goes_first,
	    a_session_that_leaks_costs_no_other_its_tasks,
	    a_task_that_is_driven_does_not_go,
	    thousands_of_tasks_stop_no_call,
	    finished_tasks_are_counted_by_session,
	    finished_tasks_are_counted_by_user, results_are_counted_by_user,
	    results_of_all_have_a_bound, a_result_beyond_any_is_an_error,
	    a_session_that_fills_the_threads_starves_no_other,
	    only_tasks_that_clients_made_are_driven,
	    a_task_of_others_is_not_driven,
	    a_parent_that_is_not_there_is_none);
}
