/* Each role, and nobody, sends every message there is through the dispatcher;
 * what is refused must be what the tables say. */
#include <string.h>
#include <unistd.h>

#include "api/access/role.h"
#include "api/access/session.h"
#include "api/access/ticket.h"
#include "api/event_sub.h"
#include "api/sync/parts.h"
#include "api/task.h"
#include "api/task_run.h"
#include "api/xapi.h"
#include "base/buf.h"
#include "base/clock.h"
#include "gen/store.h"
#include "ops/ops.h"
#include "rpc/rpc.h"
#include "store.h"
#include "unit.h"

#define NOBODY (-1)

static struct xapi x;
static struct arena *arena;
static char who[REF_TEXT_LEN + 1];
static char *out;

struct seed {
	int role;
	const char *sid;
	struct ref ref;
};

static int
seed_in(struct db_txn *t, void *arg)
{
	struct seed *seed = arg;
	struct session *s = session_txn_new(t);

	s->level = seed->role + 1;
	s->is_local_superuser = seed->role == ROLE_LOCAL_ROOT_ONLY;
	s->active_mono_ms = clock_mono_ms();
	s->auth_user_sid = seed->sid;
	seed->ref = s->obj.ref;
	return 0;
}

/* A session of a subject that has the role. */
static struct ref
login_as(int role, const char *sid)
{
	struct seed seed = { .role = role, .sid = sid };

	ck_assert_int_eq(db_write(x.db, seed_in, &seed), 0);
	ref_text(&seed.ref, who);
	return seed.ref;
}

static void
begin(void)
{
	const struct ops_config ops = { .socket_path = "/nonexistent" };

	memset(&x, 0, sizeof(x));
	arena = arena_new();
	x.cfg.secret_path = "/nonexistent";
	x.cfg.https_port = 443;
	x.db = store_open();
	x.event_subs = event_subs_new();
	x.tickets = tickets_new();
	ck_assert_int_eq(sync_seed(&x), 0);
	ck_assert_int_eq(role_load(&x), 0);
	ck_assert_int_eq(ops_start(&ops, &x.ops), 0);
	ck_assert_int_eq(tasks_start(&x, &x.tasks), 0);
}

static void
end(void)
{
	ck_assert(tasks_stop(x.tasks));
	ops_stop(x.ops);
	free(out);
	out = NULL;
	db_close(x.db);
	event_subs_free(x.event_subs);
	tickets_free(x.tickets);
	arena_free(arena);
}

/* -- a call with arguments of the right types -- */

static void
add_record(struct buf *b, const struct record_type *rt);

static void
add_value(struct buf *b, const struct type *t)
{
	switch (t->kind) {
	case KIND_BOOL:
		buf_adds(b, "false");
		break;
	case KIND_INT:
	case KIND_FLOAT:
		buf_adds(b, "0");
		break;
	case KIND_SET:
		buf_adds(b, "[]");
		break;
	case KIND_MAP:
		buf_adds(b, "{}");
		break;
	case KIND_RECORD:
		add_record(b, t->rec);
		break;
	case KIND_ENUM:
		buf_addf(b, "\"%s\"", t->en->names[0]);
		break;
	case KIND_REF:
		buf_adds(b, "\"OpaqueRef:NULL\"");
		break;
	case KIND_DATETIME:
		buf_adds(b, "\"19700101T00:00:00Z\"");
		break;
	default:
		buf_adds(b, "\"\"");
	}
}

static void
add_record(struct buf *b, const struct record_type *rt)
{
	const char *comma = "";

	buf_adds(b, "{");
	for (int i = 0; i < rt->n; i++) {
		if (rt->fields[i].flags & FIELD_INTERNAL)
			continue;
		buf_addf(b, "%s\"%s\":", comma, rt->fields[i].name);
		add_value(b, rt->fields[i].type);
		comma = ",";
	}
	buf_adds(b, "}");
}

static void
add_accessor(struct buf *b, const struct method *m)
{
	const struct type *t = m->field < 0 ? NULL :
	    classes[m->class_id]->rec.fields[m->field].type;

	switch (m->kind) {
	case METHOD_GET_ALL:
	case METHOD_GET_ALL_RECORDS:
		return;
	case METHOD_GET_ALL_WHERE:
	case METHOD_GET_ALL_RECORDS_WHERE:
		buf_adds(b, ",\"true\"");
		return;
	case METHOD_SET:
		buf_adds(b, ",\"OpaqueRef:NULL\",");
		add_value(b, t);
		return;
	case METHOD_ADD:
	case METHOD_REMOVE:
		buf_adds(b, ",\"OpaqueRef:NULL\",\"x\"");
		return;
	case METHOD_ADD_TO:
		buf_adds(b, ",\"OpaqueRef:NULL\",\"some key\",\"x\"");
		return;
	case METHOD_REMOVE_FROM:
		buf_adds(b, ",\"OpaqueRef:NULL\",\"some key\"");
		return;
	default:
		buf_adds(b, ",\"OpaqueRef:NULL\"");
	}
}

/* Sends it; what came back is in `out`. */
static void
send_text(struct buf *b)
{
	struct rpc_request q = { .body = b->data, .len = b->len,
		.format = RPC_JSON };
	struct event_wait *wait = NULL;
	struct reply r = { 0 };
	struct iovec iov[64];
	struct buf whole = { 0 };
	int n;

	ck_assert_int_ne(rpc_handle(&x, &q, &r, &wait), RPC_BAD);
	free(out);
	out = NULL;
	if (wait) {
		events_wait_free(wait);
		reply_release(&r);
		out = strdup("waits");
		return;
	}
	reply_finish(&r);
	for (size_t at = 0; at < r.len;) {
		n = reply_iov(&r, at, iov, 64);
		for (int i = 0; i < n; i++) {
			buf_add(&whole, iov[i].iov_base, iov[i].iov_len);
			at += iov[i].iov_len;
		}
	}
	out = strndup(whole.data, whole.len);
	buf_release(&whole);
	reply_release(&r);
}

static void
call(const char *method, const char *params)
{
	struct buf b = { 0 };

	buf_addf(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\","
	    "\"params\":[\"%s\"%s%s]}", method, who, *params ? "," : "",
	    params);
	send_text(&b);
	buf_release(&b);
}

static void
send_method(const struct method *m)
{
	struct buf b = { 0 };

	buf_addf(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\","
	    "\"params\":[\"%s\"", m->name, who);
	if (m->kind != METHOD_EXPLICIT && m->kind != METHOD_CTOR)
		add_accessor(&b, m);
	else
		for (int i = 0; m->args && i < m->args->n; i++) {
			buf_adds(&b, ",");
			add_value(&b, m->args->fields[i].type);
		}
	buf_adds(&b, "]}");
	send_text(&b);
	buf_release(&b);
}

static bool
is_refused(void)
{
	return strstr(out, "RBAC_PERMISSION_DENIED") != NULL;
}

/* -- tests -- */

static void
try_all(int role)
{
	struct ref session = login_as(role, "");
	char want[200];

	for (int i = 0; i < n_methods; i++) {
		const struct method *m = &methods[i];

		if (m->flags & (METHOD_NO_SESSION | METHOD_POOL_INTERNAL |
		    METHOD_REMOVED))
			continue;
		if (strstr(m->name, "logout") && !m->args)
			continue;
		send_method(m);
		ck_assert_msg(!strstr(out, "SESSION_INVALID") &&
		    !strstr(out, "MISMATCH") &&
		    !strstr(out, "\"expected "),
		    "%s: %s", m->name, out);
		ck_assert_msg(is_refused() == (m->role > role),
		    "%s as role %d: %.200s", m->name, role, out);
		if (!is_refused())
			continue;
		snprintf(want, sizeof(want),
		    "\"RBAC_PERMISSION_DENIED\",\"data\":[\"%s\",\"",
		    role_permission(arena, m->name));
		ck_assert_msg(strstr(out, want) != NULL, "%s", out);
	}
	ck_assert(!ref_is_null(&session));
}

#define ROLE_TEST(name, role) \
START_TEST(name) \
{ \
	begin(); \
	try_all(role); \
	end(); \
} \
END_TEST

ROLE_TEST(nobody_may_do_nothing, NOBODY)
ROLE_TEST(read_only_reads, ROLE_READ_ONLY)
ROLE_TEST(vm_operator_may_what_the_table_says, ROLE_VM_OPERATOR)
ROLE_TEST(vm_admin_may_what_the_table_says, ROLE_VM_ADMIN)
ROLE_TEST(vm_power_admin_may_what_the_table_says, ROLE_VM_POWER_ADMIN)
ROLE_TEST(pool_operator_may_what_the_table_says, ROLE_POOL_OPERATOR)
ROLE_TEST(pool_admin_may_all_but_what_is_for_root, ROLE_POOL_ADMIN)
ROLE_TEST(root_may_all, ROLE_LOCAL_ROOT_ONLY)

/* Secrets are for those who use them. */
START_TEST(reading_is_for_every_role)
{
	begin();
	for (int i = 0; i < n_methods; i++)
		if (methods[i].class_id != CLASS_SECRET &&
		    (methods[i].kind >= METHOD_GET_ALL ||
		    methods[i].kind == METHOD_GET))
			ck_assert_msg(methods[i].role == ROLE_READ_ONLY, "%s",
			    methods[i].name);
	login_as(ROLE_READ_ONLY, "");
	call("pool.get_all_records", "");
	ck_assert_ptr_nonnull(strstr(out, "\"result\":{\"OpaqueRef:"));
	call("pool.set_name_label", "\"OpaqueRef:NULL\",\"x\"");
	ck_assert(is_refused());
	end();
}
END_TEST

/* In place of the message's permission, up or down. */
START_TEST(keys_of_maps_have_permissions_of_their_own)
{
	char pool[REF_TEXT_LEN + 1];
	struct buf b = { 0 };

	begin();
	ref_text(&x.pool, pool);
	login_as(ROLE_VM_OPERATOR, "");
	buf_addf(&b, "\"%s\",\"XenCenter.CustomFields.a\",\"1\"", pool);
	call("pool.add_to_other_config", b.data);
	ck_assert_ptr_nonnull(strstr(out, "\"result\":\"\""));
	b.len = 0;
	buf_addf(&b, "\"%s\",\"XenCenter\",\"1\"", pool);
	call("pool.add_to_other_config", b.data);
	ck_assert(is_refused());
	ck_assert_ptr_nonnull(strstr(out, "\"pool.add_to_other_config\""));
	call("pool.set_other_config", "\"OpaqueRef:NULL\",{}");
	ck_assert(is_refused());

	login_as(ROLE_VM_ADMIN, "");
	call("VM.add_to_other_config", "\"OpaqueRef:NULL\",\"hvm_serial\",\"x\"");
	ck_assert(is_refused());
	ck_assert_ptr_nonnull(strstr(out,
	    "\"vm.add_to_other_config/key:hvm_serial\""));
	call("VM.remove_from_other_config", "\"OpaqueRef:NULL\",\"hvm_serial\"");
	ck_assert(is_refused());
	login_as(ROLE_POOL_ADMIN, "");
	call("VM.add_to_other_config", "\"OpaqueRef:NULL\",\"hvm_serial\",\"x\"");
	ck_assert(!is_refused());
	buf_release(&b);
	end();
}
END_TEST

static int
first_error(const void *obj, void *arg)
{
	const struct task *task = obj;
	const char *const *error = task->error_info.v;

	if (task->status == TASK_STATUS_TYPE_PENDING)
		return 0;
	snprintf(arg, 128, "%s %s", error[0], error[1]);
	return 1;
}

/* Async forms are told in the task. */
START_TEST(a_task_is_refused_what_its_session_may_not)
{
	char error[128] = "";
	struct db_root *root;

	begin();
	login_as(ROLE_READ_ONLY, "");
	call("Async.task.add_to_other_config",
	    "\"OpaqueRef:NULL\",\"applies_to\",\"x\"");
	ck_assert_ptr_nonnull(strstr(out, "\"result\":\"OpaqueRef:"));
	while (!*error) {
		root = db_root_get(x.db);
		db_each(root, CLASS_TASK, first_error, error);
		db_root_put(root);
		usleep(1000);
	}
	ck_assert_str_eq(error, "RBAC_PERMISSION_DENIED "
	    "task.add_to_other_config/key:applies_to");
	end();
}
END_TEST

static int
any_vm(const void *obj, void *arg)
{
	const struct vm *vm = obj;

	ref_text(&vm->obj.ref, arg);
	return 1;
}

/* A whole map is no way around that. */
START_TEST(a_whole_map_is_no_way_around_the_keys)
{
	struct db_root *root;
	char vm[REF_TEXT_LEN + 1];
	struct buf b = { 0 };

	begin();
	root = db_root_get(x.db);
	ck_assert_int_eq(db_each(root, CLASS_VM, any_vm, vm), 1);
	db_root_put(root);
	login_as(ROLE_VM_ADMIN, "");
	buf_addf(&b, "\"%s\",{\"hvm_serial\":\"0/0000:00:00.0\"}", vm);
	call("VM.set_other_config", b.data);
	ck_assert(is_refused());
	b.len = 0;
	buf_addf(&b, "\"%s\",{\"mine\":\"x\"}", vm);
	call("VM.set_other_config", b.data);
	ck_assert_ptr_nonnull(strstr(out, "\"result\":\"\""));

	login_as(ROLE_POOL_ADMIN, "");
	b.len = 0;
	buf_addf(&b, "\"%s\",{\"hvm_serial\":\"0\",\"mine\":\"x\"}", vm);
	call("VM.set_other_config", b.data);
	ck_assert_ptr_nonnull(strstr(out, "\"result\":\"\""));
	login_as(ROLE_VM_ADMIN, "");
	/* as it was, but for one's own key */
	b.len = 0;
	buf_addf(&b, "\"%s\",{\"hvm_serial\":\"0\",\"mine\":\"y\"}", vm);
	call("VM.set_other_config", b.data);
	ck_assert_ptr_nonnull(strstr(out, "\"result\":\"\""));
	/* gone */
	b.len = 0;
	buf_addf(&b, "\"%s\",{}", vm);
	call("VM.set_other_config", b.data);
	ck_assert(is_refused());
	buf_release(&b);
	end();
}
END_TEST

/* VM.create with all fields, and this in other_config. */
static void
create_vm(const char *other_config)
{
	const struct record_type *rt = &class_vm.rec;
	struct buf b = { 0 };

	buf_adds(&b, "{");
	for (int i = 0; i < rt->n; i++) {
		const struct field *f = &rt->fields[i];

		if (f->flags & FIELD_INTERNAL)
			continue;
		buf_addf(&b, "%s\"%s\":", b.len > 1 ? "," : "", f->name);
		if (strcmp(f->name, "other_config") == 0)
			buf_adds(&b, other_config);
		else if (strncmp(f->name, "memory_", 7) == 0)
			buf_adds(&b, "268435456");
		else if (strncmp(f->name, "VCPUs_", 6) == 0 &&
		    f->type->kind == KIND_INT)
			buf_adds(&b, "1");
		else if (i == VM_FIELD_HVM_SHADOW_MULTIPLIER)
			buf_adds(&b, "1.0");
		else
			add_value(&b, f->type);
	}
	buf_adds(&b, "}");
	call("VM.create", b.data);
	buf_release(&b);
}

START_TEST(a_new_object_is_no_way_around_the_keys)
{
	begin();
	login_as(ROLE_VM_ADMIN, "");
	create_vm("{\"mine\":\"x\"}");
	ck_assert_msg(strstr(out, "\"result\":\"OpaqueRef:") != NULL, "%s",
	    out);
	create_vm("{\"mine\":\"x\",\"hvm_serial\":\"0\"}");
	ck_assert_msg(is_refused(), "%s", out);
	ck_assert_ptr_nonnull(strstr(out,
	    "\"vm.add_to_other_config/key:hvm_serial\""));
	login_as(ROLE_POOL_ADMIN, "");
	create_vm("{\"hvm_serial\":\"0\"}");
	ck_assert_msg(strstr(out, "\"result\":\"OpaqueRef:") != NULL, "%s",
	    out);
	end();
}
END_TEST

START_TEST(http_actions_belong_to_roles)
{
	struct call c = { .x = &x };

	begin();
	c.arena = arena;
	for (int role = ROLE_READ_ONLY; role <= ROLE_POOL_ADMIN; role++) {
		c.session = login_as(role, "");
		ck_assert_int_eq(session_allow(&c, "http/connect_console"),
		    role < ROLE_VM_OPERATOR ? -1 : 0);
		ck_assert_int_eq(session_allow(&c, role_http_permission(
		    arena, HTTP_ACTION_GET_EXPORT_RAW_VDI)),
		    role < ROLE_VM_ADMIN ? -1 : 0);
		ck_assert_int_eq(session_allow(&c, role_http_permission(
		    arena, HTTP_ACTION_PUT_UPDATE)),
		    role < ROLE_POOL_OPERATOR ? -1 : 0);
		ck_assert_int_eq(session_allow(&c, role_http_permission(
		    arena, HTTP_ACTION_GET_POOL_XML_DB_SYNC)),
		    role < ROLE_POOL_ADMIN ? -1 : 0);
		ck_assert_int_eq(session_allow(&c, role_http_permission(
		    arena, HTTP_ACTION_GET_HOST_BACKUP)),
		    role < ROLE_POOL_ADMIN ? -1 : 0);
		ck_assert_int_eq(session_allow(&c, ROLE_ANY_TASK),
		    role < ROLE_POOL_OPERATOR ? -1 : 0);
	}
	end();
}
END_TEST

START_TEST(tasks_are_changed_by_their_owners)
{
	struct task_create_args make = { .label = "l", .description = "" };
	struct call c = { .x = &x };
	struct ref task;
	char text[REF_TEXT_LEN + 4];

	begin();
	c.arena = arena;
	c.session = login_as(ROLE_READ_ONLY, "S-1");
	ck_assert_int_eq(api_task_create(&c, &make, &task), 0);
	text[0] = '"';
	ref_text(&task, text + 1);
	strncat(text, "\"", 2);

	login_as(ROLE_READ_ONLY, "S-2");
	call("task.cancel", text);
	ck_assert(is_refused());
	ck_assert_ptr_nonnull(strstr(out, "\"task.destroy/any\""));
	call("task.destroy", text);
	ck_assert(is_refused());
	c.session = login_as(ROLE_VM_POWER_ADMIN, "S-3");
	ck_assert_int_eq(task_take(&c, &task), -1);
	ck_assert_str_eq(c.err.code, "RBAC_PERMISSION_DENIED");
	/* another session of the owner's, and who operates the pool */
	login_as(ROLE_READ_ONLY, "S-1");
	call("task.cancel", text);
	ck_assert(!is_refused());
	login_as(ROLE_POOL_OPERATOR, "S-4");
	call("task.destroy", text);
	ck_assert(!is_refused());
	end();
}
END_TEST

START_TEST(secrets_do_not_come_back_in_errors)
{
	struct buf b = { 0 };

	begin();
	buf_adds(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
	    "\"session.login_with_password\",\"params\":[\"root\","
	    "\"hush\xff\"]}");
	send_text(&b);
	ck_assert_ptr_nonnull(strstr(out, "INVALID_VALUE"));
	ck_assert_ptr_null(strstr(out, "hush"));
	buf_release(&b);
	end();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("roles", nobody_may_do_nothing, read_only_reads,
	    vm_operator_may_what_the_table_says,
	    vm_admin_may_what_the_table_says,
	    vm_power_admin_may_what_the_table_says,
	    pool_operator_may_what_the_table_says,
	    pool_admin_may_all_but_what_is_for_root, root_may_all,
	    reading_is_for_every_role,
	    keys_of_maps_have_permissions_of_their_own,
	    a_task_is_refused_what_its_session_may_not,
	    a_whole_map_is_no_way_around_the_keys,
	    a_new_object_is_no_way_around_the_keys,
	    http_actions_belong_to_roles, tasks_are_changed_by_their_owners,
	    secrets_do_not_come_back_in_errors);
}
