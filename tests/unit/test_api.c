/* Handlers without xenopsd: sessions, tasks, messages, roles, the seed. */
#include <crypt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/access/role.h"
#include "api/access/session.h"
#include "api/oplock.h"
#include "api/sync/parts.h"
#include "api/sync/template_table.h"
#include "api/task.h"
#include "api/task_run.h"
#include "api/xapi.h"
#include "base/clock.h"
#include "base/guesses.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "store.h"
#include "unit.h"

static struct xapi x;
static struct call c;
static char secret[64];

static void
set_password(const char *password)
{
	FILE *f = fopen(secret, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(f, "%s\n", crypt(password, "$6$saltsaltsalt$"));
	fclose(f);
}

static void
begin(void)
{
	snprintf(secret, sizeof(secret), "/tmp/test_api.%d", (int)getpid());
	unlink(secret);
	memset(&x, 0, sizeof(x));
	x.cfg.secret_path = secret;
	x.cfg.https_port = 443;
	x.guesses = guesses_new("a login", clock_mono_ms);
	x.db = store_open();
	ck_assert_int_eq(sync_seed(&x), 0);
	c = (struct call){
		.x = &x, .arena = arena_new(), .superuser = true,
		.root = db_root_get(x.db),
	};
}

static void
end(void)
{
	db_root_put(c.root);
	arena_free(c.arena);
	db_close(x.db);
	guesses_free(x.guesses);
	unlink(secret);
}

static int
login_of(const char *originator, const char *user, const char *password,
    struct ref *out)
{
	const struct session_login_with_password_args a = {
		.uname = user, .pwd = password, .version = "1.0",
		.originator = originator,
	};

	c.err = (struct error){ 0 };
	return api_session_login_with_password(&c, &a, out);
}

static int
login(const char *user, const char *password, struct ref *out)
{
	return login_of("test", user, password, out);
}

START_TEST(login_is_refused_without_a_password_file)
{
	struct ref s;

	begin();
	ck_assert_int_eq(login("root", "", &s), -1);
	ck_assert_str_eq(c.err.code, "SESSION_AUTHENTICATION_FAILED");
	ck_assert_str_eq(c.err.params[0], "root");
	end();
}
END_TEST

START_TEST(login_wants_root_and_the_password)
{
	struct ref s;

	begin();
	set_password("secret word");
	ck_assert_int_eq(login("root", "secret wor", &s), -1);
	ck_assert_int_eq(login("toor", "secret word", &s), -1);
	ck_assert_int_eq(login("root", "", &s), -1);
	ck_assert_int_eq(login("root", "secret word", &s), 0);
	c.superuser = false;
	ck_assert_int_eq(session_check(&c, &s), 0);
	ck_assert(c.superuser);
	ck_assert(ref_equal(&c.session, &s));
	ck_assert_int_eq(api_session_logout(&c), 0);
	ck_assert_int_eq(session_check(&c, &s), -1);
	ck_assert_str_eq(c.err.code, "SESSION_INVALID");
	end();
}
END_TEST

START_TEST(the_oldest_session_without_originator_goes_first)
{
	struct ref s[SESSION_MAX_ANONYMOUS + 1];
	struct db_root *root;
	int n = SESSION_MAX_ANONYMOUS;

	begin();
	set_password("x");
	/* As many as a limit allows, then one more. */
	for (int i = 0; i <= n; i++)
		ck_assert_int_eq(login_of("", "root", "x", &s[i]), 0);
	root = db_root_get(x.db);
	ck_assert_int_eq(db_count(root, CLASS_SESSION), n);
	ck_assert_ptr_nonnull(session_find(root, &s[n]));
	db_root_put(root);
	end();
}
END_TEST

START_TEST(a_user_has_so_many_sessions_whoever_made_them)
{
	struct ref s[SESSION_MAX_USER + 1];
	struct db_root *root;
	int n = SESSION_MAX_USER;

	begin();
	set_password("x");
	for (int i = 0; i <= n; i++)
		ck_assert_int_eq(login_of(i % 2 ? "one" : "two", "root", "x",
		    &s[i]), 0);
	root = db_root_get(x.db);
	ck_assert_int_eq(db_count(root, CLASS_SESSION), n);
	ck_assert_ptr_nonnull(session_find(root, &s[n]));
	db_root_put(root);
	end();
}
END_TEST

static int
anna_in(struct db_txn *t, void *arg)
{
	struct subject *s = subject_txn_new(t);
	struct role *r = role_txn_new(t);

	(void)arg;
	r->level = 1;
	s->subject_identifier = "anna";
	s->secret = crypt("a", "$6$saltsaltsalt$");
	s->roles = vec_add_ref(txn_arena(t), s->roles, &r->obj.ref);
	return 0;
}

START_TEST(no_user_ends_the_sessions_of_others)
{
	struct ref mine, s;
	struct db_root *root;

	begin();
	set_password("x");
	ck_assert_int_eq(db_write(x.db, anna_in, NULL), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(login_of(i ? "" : "XO", "root", "x", &mine),
		    0);
		for (int n = 0; n <= SESSION_MAX_USER; n++)
			ck_assert_int_eq(login_of(i ? "" : "XO", "anna", "a",
			    &s), 0);
		root = db_root_get(x.db);
		ck_assert_ptr_nonnull(session_find(root, &mine));
		db_root_put(root);
	}
	end();
}
END_TEST

static const struct task *
task(const struct ref *ref)
{
	call_refresh(&c);
	return task_find(c.root, ref);
}

START_TEST(a_finished_task_never_changes)
{
	const struct task_create_args make = {
		.label = "a label", .description = "words",
	};
	struct task_set_status_args status;
	struct task_set_progress_args progress;
	struct ref ref;
	const struct task *t;

	begin();
	ck_assert_int_eq(api_task_create(&c, &make, &ref), 0);
	t = task(&ref);
	ck_assert_str_eq(t->name_label, "a label");
	ck_assert_int_eq(t->status, TASK_STATUS_TYPE_PENDING);
	ck_assert_str_eq(t->type, "<none/>");
	ck_assert(set_has_enum(t->allowed_operations,
	    TASK_ALLOWED_OPERATIONS_CANCEL));
	progress = (struct task_set_progress_args){ ref, 0.5 };
	ck_assert_int_eq(api_task_set_progress(&c, &progress), 0);
	ck_assert_double_eq(task(&ref)->progress, 0.5);
	status = (struct task_set_status_args){
		ref, TASK_STATUS_TYPE_SUCCESS };
	ck_assert_int_eq(api_task_set_status(&c, &status), 0);
	t = task(&ref);
	ck_assert_double_eq(t->progress, 1.0);
	ck_assert_int_gt(t->finished, 0);
	ck_assert_int_eq(t->allowed_operations.n, 0);
	ck_assert_int_eq(api_task_set_progress(&c, &progress), -1);
	ck_assert_str_eq(c.err.code, "OPERATION_NOT_ALLOWED");
	end();
}
END_TEST

START_TEST(a_pending_task_is_destroyed_when_it_ends)
{
	const struct task_new n = { .label = "l", .description = "" };
	struct task_destroy_args destroy;
	struct ref ref;

	begin();
	ck_assert_int_eq(task_make(&c, &n, &ref), 0);
	destroy.self = ref;
	ck_assert_int_eq(api_task_destroy(&c, &destroy), 0);
	ck_assert_ptr_nonnull(task(&ref));
	c.task = ref;
	task_end(&c, 0, NULL, NULL);
	ck_assert_ptr_null(task(&ref));
	ck_assert_int_eq(api_task_destroy(&c, &destroy), -1);
	ck_assert_str_eq(c.err.code, "HANDLE_INVALID");
	ck_assert_str_eq(c.err.params[0], "task");
	end();
}
END_TEST

START_TEST(a_cancelled_task_ends_as_cancelled)
{
	const struct task_new n = { .label = "l", .description = "" };
	struct task_cancel_args cancel;
	const struct task *t;
	struct ref ref;

	begin();
	ck_assert_int_eq(task_make(&c, &n, &ref), 0);
	c.task = ref;
	ck_assert(!task_is_cancelled(&c));
	cancel.task = ref;
	ck_assert_int_eq(api_task_cancel(&c, &cancel), 0);
	ck_assert(task_is_cancelled(&c));
	task_end(&c, task_check(&c), NULL, NULL);
	t = task(&ref);
	ck_assert_int_eq(t->status, TASK_STATUS_TYPE_CANCELLED);
	ck_assert_int_eq(t->error_info.n, 2);
	ck_assert_str_eq(((const char *const *)t->error_info.v)[0],
	    "TASK_CANCELLED");
	end();
}
END_TEST

/* Waits for the end of a task; each look is a new state. */
static const struct task *
wait_task(const struct ref *ref)
{
	const struct task *t;

	for (int i = 0; i < 20000; i++) {
		t = task(ref);
		if (t && t->status != TASK_STATUS_TYPE_PENDING)
			return t;
		usleep(1000);
	}
	ck_abort_msg("the task does not end");
	return NULL;
}

START_TEST(async_keeps_the_result_as_xml)
{
	const struct method *m = method_find("host.set_ssl_legacy");
	struct host_set_ssl_legacy_args *a;
	struct arena *mine;
	const struct task *t;
	struct ref ref;

	begin();
	ck_assert_int_eq(tasks_start(&x, &x.tasks), 0);
	mine = c.arena;
	a = arena_alloc(c.arena, sizeof(*a));
	a->self = x.host;
	a->value = true;
	ck_assert_int_eq(task_start(&c, m, "x", m->run, a, &ref), 0);
	ck_assert_ptr_null(c.arena);
	(void)mine;
	c.arena = arena_new();
	t = wait_task(&ref);
	ck_assert_int_eq(t->status, TASK_STATUS_TYPE_FAILURE);
	ck_assert_str_eq(((const char *const *)t->error_info.v)[0],
	    "VALUE_NOT_SUPPORTED");
	ck_assert_str_eq(((const char *const *)t->error_info.v)[1],
	    "host.ssl_legacy");

	m = method_find("pool.sync_database");
	ck_assert_int_eq(task_start(&c, m, "x", m->run, NULL, &ref), 0);
	c.arena = arena_new();
	t = wait_task(&ref);
	ck_assert_int_eq(t->status, TASK_STATUS_TYPE_SUCCESS);
	ck_assert_str_eq(t->result, "<value></value>");
	ck_assert(tasks_stop(x.tasks));
	end();
}
END_TEST

START_TEST(finished_tasks_are_bounded)
{
	const struct task_new n = { .label = "l", .description = "" };
	struct ref last;

	begin();
	for (int i = 0; i < TASK_KEPT_SESSION + 10; i++) {
		ck_assert_int_eq(task_make(&c, &n, &last), 0);
		c.task = last;
		task_end(&c, 0, NULL, NULL);
	}
	task_gc(&x);
	ck_assert_ptr_nonnull(task(&last));
	ck_assert_int_eq(db_count(c.root, CLASS_TASK), TASK_KEPT_SESSION);
	end();
}
END_TEST

START_TEST(messages_are_about_objects_that_exist)
{
	struct message_create_args a = {
		.name = "ALARM", .priority = 3, .cls = CLS_HOST,
		.obj_uuid = "no such thing", .body = "words",
	};
	struct message_get_args get;
	struct ref ref;
	struct vec found;

	begin();
	ck_assert_int_eq(api_message_create(&c, &a, &ref), -1);
	ck_assert_str_eq(c.err.code, "UUID_INVALID");
	a.obj_uuid = arena_strdup(c.arena, host_find(c.root, &x.host)->uuid);
	ck_assert_int_eq(api_message_create(&c, &a, &ref), 0);
	call_refresh(&c);
	get = (struct message_get_args){ CLS_HOST, a.obj_uuid, 0 };
	ck_assert_int_eq(api_message_get(&c, &get, &found), 0);
	ck_assert_int_eq(found.n, 1);
	get.cls = CLS_VM;
	ck_assert_int_eq(api_message_get(&c, &get, &found), 0);
	ck_assert_int_eq(found.n, 0);
	end();
}
END_TEST

START_TEST(roles_hold_their_permissions)
{
	struct role_get_by_permission_name_label_args a = {
		.label = "VM.start",
	};
	struct vec found;

	begin();
	ck_assert_int_eq(api_role_get_by_permission_name_label(&c, &a,
	    &found), 0);
	/* vm-operator and all above */
	ck_assert_int_eq(found.n, 5);
	end();
}
END_TEST

START_TEST(the_seed_changes_nothing_the_second_time)
{
	struct db_root *root;
	uint64_t before;

	begin();
	before = db_generation(c.root);
	ck_assert_int_eq(sync_seed(&x), 0);
	root = db_root_get(x.db);
	ck_assert_uint_eq(db_count(root, CLASS_POOL), 1);
	ck_assert_uint_eq(db_count(root, CLASS_HOST), 1);
	ck_assert_uint_eq(db_count(root, CLASS_SM), 5);
	ck_assert_uint_eq(db_count(root, CLASS_VM), template_rows_n);
	ck_assert_uint_eq(db_generation(root), before);
	db_root_put(root);
	end();
}
END_TEST

/* -- how much there may be -- */

struct fill {
	uint32_t n;			/* VMs to make */
	const char *text;
	struct ref made, last;		/* last: that stayed */
};

static int
fill_in(struct db_txn *t, void *arg)
{
	struct fill *f = arg;

	for (uint32_t i = 0; i < f->n; i++) {
		struct vm *vm = vm_txn_new(t);

		vm->name_description = f->text;
		vm->power_state = VM_POWER_STATE_HALTED;
		f->made = vm->obj.ref;
	}
	return 0;
}

static int
fill(struct fill *f)
{
	int rc = call_write(&c, fill_in, f);

	if (rc == 0)
		f->last = f->made;
	return rc;
}

static int
describe_in(struct db_txn *t, void *arg)
{
	struct fill *f = arg;

	vm_txn_edit(t, &f->last)->name_description = f->text;
	return 0;
}

static void
out_of_space(const char *what)
{
	ck_assert_str_eq(c.err.code, "OUT_OF_SPACE");
	ck_assert_msg(strstr(c.err.params[0], what) != NULL, "%s",
	    c.err.params[0]);
	c.err = (struct error){ 0 };
}

START_TEST(objects_of_a_class_are_limited)
{
	struct fill f = { .text = "" };

	begin();
	f.n = OBJECTS_MAX - db_count(c.root, CLASS_VM) - 1;
	ck_assert_int_eq(fill(&f), 0);
	f.n = 2;
	ck_assert_int_eq(fill(&f), -1);
	out_of_space("class VM: ");
	ck_assert_int_eq(call_rehearse(&c, fill_in, &f), -1);
	out_of_space("class VM: ");
	f.n = 1;
	/* a rehearsal keeps nothing: the last place is free after it */
	ck_assert_int_eq(call_rehearse(&c, fill_in, &f), 0);
	ck_assert_int_eq(fill(&f), 0);
	ck_assert_int_eq(fill(&f), -1);
	out_of_space("class VM: ");
	call_refresh(&c);
	ck_assert_uint_eq(db_count(c.root, CLASS_VM), OBJECTS_MAX);
	/* what is there can be changed, and go */
	f.text = "a longer text";
	ck_assert_int_eq(call_write(&c, describe_in, &f), 0);
	ck_assert_int_eq(api_vm_destroy(&c,
	    &(struct vm_destroy_args){ .self = f.last }), 0);
	ck_assert_int_eq(fill(&f), 0);
	call_close(&c);
	end();
}
END_TEST

/* Fills with VMs whose description takes that many bytes. */
static uint32_t
fill_up(struct fill *f, char *text, size_t len)
{
	uint32_t n = 0;

	memset(text, 'x', len);
	text[len] = '\0';
	f->text = text;
	while (fill(f) == 0)
		n++;
	out_of_space("all objects: ");
	return n;
}

START_TEST(memory_of_all_objects_is_limited)
{
	enum { LONG = 300 << 10 };
	struct oplock lock = { 0 };
	struct fill f = { .n = 1 }, small;
	char *text;
	uint32_t n;

	begin();
	text = arena_alloc(c.arena, LONG + 1);
	n = fill_up(&f, text, LONG);
	ck_assert_uint_le(n, OBJECTS_MAX_BYTES / LONG);
	ck_assert_uint_gt(n, OBJECTS_MAX_BYTES / LONG * 3 / 4);
	small = f;
	ck_assert_uint_lt(fill_up(&small, text, 100), LONG / 100);
	small.text = arena_printf(c.arena, "%0*d", 8192, 0);
	ck_assert_int_eq(call_write(&c, describe_in, &small), -1);
	out_of_space("all objects: ");
	/* operations go on, and what takes less */
	ck_assert_ptr_nonnull(vm_lock(&c, &lock, &small.last,
	    VM_OPERATIONS_CHANGING_VCPUS));
	oplock_release(&c, &lock);
	f.text = "";
	ck_assert_int_eq(call_write(&c, describe_in, &f), 0);
	ck_assert_int_eq(call_write(&c, describe_in, &small), 0);
	ck_assert_int_eq(api_vm_destroy(&c,
	    &(struct vm_destroy_args){ .self = small.last }), 0);
	call_close(&c);
	end();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("api", login_is_refused_without_a_password_file,
	    login_wants_root_and_the_password,
	    the_oldest_session_without_originator_goes_first,
	    a_user_has_so_many_sessions_whoever_made_them,
	    no_user_ends_the_sessions_of_others,
	    a_finished_task_never_changes,
	    a_pending_task_is_destroyed_when_it_ends,
	    a_cancelled_task_ends_as_cancelled, async_keeps_the_result_as_xml,
	    finished_tasks_are_bounded,
	    messages_are_about_objects_that_exist,
	    roles_hold_their_permissions,
	    the_seed_changes_nothing_the_second_time,
	    objects_of_a_class_are_limited, memory_of_all_objects_is_limited);
}
