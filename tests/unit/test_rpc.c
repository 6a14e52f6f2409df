/* Whole requests against a store in memory: bytes in, bytes out. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/access/ticket.h"
#include "api/event_sub.h"
#include "api/task_run.h"
#include "api/xapi.h"
#include "base/buf.h"
#include "base/clock.h"
#include "gen/methods.h"
#include "gen/store.h"
#include "mutate.h"
#include "ops/ops.h"
#include "rpc/rpc.h"
#include "store.h"
#include "unit.h"
#include "wire/json_text.h"
#include "wire/xmlrpc.h"

static struct xapi x;
static struct ref session, pool;
static char who[REF_TEXT_LEN + 1], where[REF_TEXT_LEN + 1];
static struct reply r;
static char *out;

static int
seed(struct db_txn *t, void *arg)
{
	struct session *s = session_txn_new(t);
	struct pool *p = pool_txn_new(t);

	(void)arg;
	s->is_local_superuser = true;
	s->active_mono_ms = clock_mono_ms();
	p->name_label = "a <pool>";
	session = s->obj.ref;
	pool = p->obj.ref;
	return 0;
}

static void
begin(void)
{
	xmlrpc_init();
	memset(&x, 0, sizeof(x));
	x.db = store_open();
	x.event_subs = event_subs_new();
	x.tickets = tickets_new();
	ck_assert_int_eq(db_write(x.db, seed, NULL), 0);
	ref_text(&session, who);
	ref_text(&pool, where);
}

static void
end(void)
{
	free(out);
	out = NULL;
	event_subs_free(x.event_subs);
	tickets_free(x.tickets);
	db_close(x.db);
}

/* The reply in one piece, in `out`. */
static void
flatten(void)
{
	struct iovec iov[64];
	size_t at = 0;
	int i, n;

	reply_finish(&r);
	free(out);
	out = calloc(1, r.len + 1);
	while (at < r.len) {
		n = reply_iov(&r, at, iov, 64);
		for (i = 0; i < n; i++) {
			memcpy(out + at, iov[i].iov_base, iov[i].iov_len);
			at += iov[i].iov_len;
		}
	}
	reply_release(&r);
}

static enum rpc_outcome
send(enum rpc_format format, const char *text, size_t len,
    struct event_wait **wait)
{
	struct rpc_request q = { .body = text, .len = len, .format = format };
	enum rpc_outcome outcome;

	outcome = rpc_handle(&x, &q, &r, wait);
	flatten();
	return outcome;
}

/* JSON-RPC 2.0; params is the text between the brackets. */
static struct event_wait *
json(const char *method, const char *fmt, ...)
{
	struct event_wait *wait = NULL;
	char params[1024], text[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	vsnprintf(params, sizeof(params), fmt, ap);
	va_end(ap);
	n = snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":1,"
	    "\"method\":\"%s\",\"params\":[%s]}", method, params);
	ck_assert_int_ne(send(RPC_JSON, text, (size_t)n, &wait), RPC_BAD);
	return wait;
}

static void
is_result(const char *result)
{
	char want[4096];

	snprintf(want, sizeof(want),
	    "{\"jsonrpc\":\"2.0\",\"result\":%s,\"id\":1}", result);
	ck_assert_str_eq(out, want);
}

/* data is what stands in the brackets. */
static void
is_error(const char *code, const char *data)
{
	char want[4096];

	snprintf(want, sizeof(want), "{\"jsonrpc\":\"2.0\",\"error\":{"
	    "\"code\":1,\"message\":\"%s\",\"data\":[%s]},\"id\":1}", code,
	    data);
	ck_assert_str_eq(out, want);
}

START_TEST(envelopes_are_those_of_each_protocol)
{
	struct event_wait *wait;
	char text[1024];
	int n;

	begin();
	n = snprintf(text, sizeof(text), "<?xml version='1.0'?><methodCall>"
	    "<methodName>pool.get_name_label</methodName><params><param>"
	    "<value><string>%s</string></value></param><param><value>%s"
	    "</value></param></params></methodCall>", who, where);
	ck_assert_int_eq(send(RPC_XML, text, (size_t)n, &wait), RPC_DONE);
	ck_assert_str_eq(out, "<?xml version=\"1.0\"?><methodResponse><params>"
	    "<param><value><struct><member><name>Status</name><value>Success"
	    "</value></member><member><name>Value</name><value>a &lt;pool&gt;"
	    "</value></member></struct></value></param></params>"
	    "</methodResponse>");
	n = snprintf(text, sizeof(text), "<methodCall><methodName>a.b"
	    "</methodName></methodCall>");
	send(RPC_XML, text, (size_t)n, &wait);
	ck_assert_str_eq(out, "<?xml version=\"1.0\"?><methodResponse><params>"
	    "<param><value><struct><member><name>Status</name><value>Failure"
	    "</value></member><member><name>ErrorDescription</name><value>"
	    "<array><data><value>MESSAGE_METHOD_UNKNOWN</value><value>a.b"
	    "</value></data></array></value></member></struct></value></param>"
	    "</params></methodResponse>");
	json("pool.get_name_label", "\"%s\",\"%s\"", who, where);
	is_result("\"a <pool>\"");
	n = snprintf(text, sizeof(text), "{\"method\":\"pool.get_uuid\","
	    "\"params\":[\"%s\"],\"id\":\"x\"}", who);
	send(RPC_JSON, text, (size_t)n, &wait);
	ck_assert_str_eq(out, "{\"result\":null,\"error\":["
	    "\"MESSAGE_PARAMETER_COUNT_MISMATCH\",\"pool.get_uuid\",\"1\","
	    "\"0\"],\"id\":\"x\"}");
	ck_assert_int_eq(send(RPC_XML, "<a/>", 4, &wait), RPC_BAD);
	ck_assert_int_eq(send(RPC_JSON, "{}", 2, &wait), RPC_BAD);
	end();
}
END_TEST

START_TEST(list_methods_is_bare_in_xml)
{
	static const char call[] = "<methodCall><methodName>system.listMethods"
	    "</methodName></methodCall>";
	struct event_wait *wait;

	begin();
	send(RPC_XML, call, sizeof(call) - 1, &wait);
	ck_assert_ptr_nonnull(strstr(out, "<param><value><array><data><value>"));
	ck_assert_ptr_null(strstr(out, "Status"));
	ck_assert_ptr_nonnull(strstr(out, "<value>Async.VM.start</value>"));
	ck_assert_ptr_null(strstr(out, "get_all_where"));
	json("system.isAlive:1", "\"echo\"");
	is_result("\"echo\"");
	end();
}
END_TEST

#define NOWHERE "OpaqueRef:00000000-0000-4000-8000-000000000001"

START_TEST(errors_come_in_the_order_that_clients_know)
{
	begin();
	json("pool.get_all", "");
	is_error("MESSAGE_PARAMETER_COUNT_MISMATCH",
	    "\"pool.get_all\",\"0\",\"-1\"");
	json("pool.get_all", "\"junk\"");
	is_error("SESSION_INVALID", "\"junk\"");
	json("nothing.here", "\"junk\"");
	is_error("SESSION_INVALID", "\"junk\"");
	json("nothing.here", "\"%s\"", who);
	is_error("MESSAGE_METHOD_UNKNOWN", "\"nothing.here\"");
	json("pool.join", "\"%s\"", who);
	is_error("MESSAGE_PARAMETER_COUNT_MISMATCH",
	    "\"pool.join\",\"3\",\"0\"");
	json("pool.join", "\"%s\",\"a\",\"b\",\"c\"", who);
	is_error("NOT_IMPLEMENTED", "\"pool.join\"");
	json("pool_join", "\"%s\",\"a\",\"b\",\"c\"", who);
	is_error("NOT_IMPLEMENTED", "\"pool.join\"");
	json("Async.pool.join", "\"%s\",\"a\",\"b\",\"c\"", who);
	is_error("NOT_IMPLEMENTED", "\"pool.join\"");
	json("SDN_controller.forget", "\"%s\",\"" NOWHERE "\"", who);
	is_error("HANDLE_INVALID", "\"SDN_controller\",\"" NOWHERE "\"");
	json("pool.set_vswitch_controller", "\"%s\",\"a\"", who);
	is_error("OPENVSWITCH_NOT_ACTIVE", "");
	json("host.license_apply", "\"junk\"");
	is_error("SESSION_INVALID", "\"junk\"");
	json("host.license_apply", "\"%s\"", who);
	is_error("MESSAGE_REMOVED", "");
	json("session.slave_login", "\"%s\",\"junk\"", where);
	is_error("NOT_IMPLEMENTED", "\"session.slave_login\"");
	json("session_slave_local_login", "\"junk\"");
	is_error("NOT_IMPLEMENTED", "\"session.slave_local_login\"");
	json("session.slave_local_login_with_password", "\"anna\",\"x\"");
	is_error("SESSION_AUTHENTICATION_FAILED",
	    "\"anna\",\"only root may do this\"");
	json("session.local_logout", "\"junk\"");
	is_error("SESSION_INVALID", "\"junk\"");
	json("Async.pool.get_all", "\"%s\"", who);
	is_error("Fault", "\"No async mode for this operation (rpc: "
	    "Async.pool.get_all)\"");
	json("pool.get_uuid", "\"%s\",\"blah\"", who);
	is_error("HANDLE_INVALID", "\"pool\",\"blah\"");
	json("pool.get_uuid", "\"%s\",\"OpaqueRef:NULL\"", who);
	is_error("HANDLE_INVALID", "\"pool\",\"OpaqueRef:NULL\"");
	json("pool.get_by_uuid", "\"%s\",\"1\"", who);
	is_error("UUID_INVALID", "\"pool\",\"1\"");
	json("pool.set_tags", "\"junk\",\"%s\",7", where);
	is_error("INTERNAL_ERROR", "\"expected an array, got an int\"");
	json("pool.set_name_label", "\"%s\",\"%s\",\"a\xff\"", who, where);
	is_error("INVALID_VALUE", "\"Invalid UTF-8 string in parameter\","
	    "\"a\xef\xbf\xbd\"");
	end();
}
END_TEST

START_TEST(accessors_read_and_write_fields)
{
	char want[200];

	begin();
	json("pool.set_name_label", "\"%s\",\"%s\",\"new\"", who, where);
	is_result("\"\"");
	json("pool_get_name_label", "\"%s\",\"%s\"", who, where);
	is_result("\"new\"");
	json("pool.add_to_other_config", "\"%s\",\"%s\",\"k\",\"v\"", who,
	    where);
	is_result("\"\"");
	snprintf(want, sizeof(want), "\"pool\",\"other_config\",\"%s\",\"k\"",
	    where);
	json("pool.add_to_other_config", "\"%s\",\"%s\",\"k\",\"v\"", who,
	    where);
	is_error("MAP_DUPLICATE_KEY", want);
	json("pool.get_other_config", "\"%s\",\"%s\"", who, where);
	is_result("{\"k\":\"v\"}");
	json("pool.remove_from_other_config", "\"%s\",\"%s\",\"k\"", who,
	    where);
	is_result("\"\"");
	json("pool.remove_from_other_config", "\"%s\",\"%s\",\"k\"", who,
	    where);
	is_result("\"\"");
	json("pool.add_tags", "\"%s\",\"%s\",\"x\"", who, where);
	json("pool.add_tags", "\"%s\",\"%s\",\"x\"", who, where);
	json("pool.get_tags", "\"%s\",\"%s\"", who, where);
	is_result("[\"x\"]");
	json("pool.remove_tags", "\"%s\",\"%s\",\"x\"", who, where);
	json("pool.get_tags", "\"%s\",\"%s\"", who, where);
	is_result("[]");
	json("pool.set_default_SR", "\"%s\",\"%s\",\"%s\"", who, where,
	    where);
	snprintf(want, sizeof(want), "\"SR\",\"%s\"", where);
	is_error("HANDLE_INVALID", want);
	snprintf(want, sizeof(want), "[\"%s\"]", where);
	json("pool.get_all", "\"%s\"", who);
	is_result(want);
	end();
}
END_TEST

START_TEST(records_come_alone_and_in_maps)
{
	char want[200];

	begin();
	json("pool.get_record", "\"%s\",\"%s\"", who, where);
	ck_assert_ptr_nonnull(strstr(out, "\"result\":{\"uuid\":\""));
	json("pool.get_all_records", "\"%s\"", who);
	snprintf(want, sizeof(want), "\"result\":{\"%s\":{\"uuid\":\"", where);
	ck_assert_ptr_nonnull(strstr(out, want));
	json("pool.get_all_records_where", "\"%s\",\"false\"", who);
	is_result("{}");
	json("pool.get_all_where", "\"%s\",\"field \\\"name__label\\\"="
	    "\\\"a <pool>\\\"\"", who);
	snprintf(want, sizeof(want), "[\"%s\"]", where);
	is_result(want);
	json("pool.get_all_where", "\"%s\",\"(\"", who);
	is_error("INTERNAL_ERROR", "\"cannot parse the query\"");
	json("VM.get_by_name_label", "\"%s\",\"none\"", who);
	is_result("[]");
	end();
}
END_TEST

static struct event_wait *
from(const char *classes_json, const char *token)
{
	return json("event.from", "\"%s\",[%s],\"%s\",30", who, classes_json,
	    token);
}

static bool
evaluate(struct event_wait *w, bool final)
{
	bool done = events_evaluate(w, &r, final);

	if (done)
		flatten();
	return done;
}

static int
rename_pool(struct db_txn *t, void *arg)
{
	pool_txn_edit(t, &pool)->name_label = arg;
	return 0;
}

static int
drop_session(struct db_txn *t, void *arg)
{
	(void)arg;
	return session_txn_delete(t, &session) ? 0 : 1;
}

static uint64_t
generation(void)
{
	struct db_root *root = db_root_get(x.db);
	uint64_t gen = db_generation(root);

	db_root_put(root);
	return gen;
}

static bool
due(const struct event_wait *w)
{
	struct db_root *root = db_root_get(x.db);
	bool yes = events_due(w, root);

	db_root_put(root);
	return yes;
}

START_TEST(events_tell_what_came_changed_and_went)
{
	struct event_wait *w;
	char token[64];
	uint64_t gen;

	begin();
	w = from("\"*\"", "");
	ck_assert_ptr_nonnull(w);
	ck_assert(evaluate(w, false));
	ck_assert_ptr_nonnull(strstr(out, "{\"events\":[{\"id\":\""));
	ck_assert_ptr_nonnull(strstr(out, "\"class\":\"pool\","
	    "\"operation\":\"add\",\"ref\":\"OpaqueRef:"));
	ck_assert_ptr_nonnull(strstr(out, "\"snapshot\":{\"uuid\""));
	ck_assert_ptr_nonnull(strstr(out, "\"pool\":1"));
	ck_assert_ptr_null(strstr(out, "\"class\":\"session\""));
	events_wait_free(w);

	gen = generation();
	snprintf(token, sizeof(token), "%020llu,%020llu",
	    (unsigned long long)gen, 0ULL);
	w = from("\"Pool\"", token);
	ck_assert(!due(w) && !evaluate(w, false));
	ck_assert_int_eq(db_write(x.db, rename_pool, "other"), 0);
	ck_assert(due(w) && evaluate(w, false));
	ck_assert_ptr_nonnull(strstr(out, "\"operation\":\"mod\""));
	ck_assert_ptr_nonnull(strstr(out, "\"name_label\":\"other\""));
	events_wait_free(w);

	w = from("\"vm\"", token);
	ck_assert(!due(w));
	ck_assert(evaluate(w, true));
	ck_assert_ptr_nonnull(strstr(out, "{\"events\":[],"));
	snprintf(token, sizeof(token), "\"token\":\"%020llu,",
	    (unsigned long long)generation());
	ck_assert_ptr_nonnull(strstr(out, token));
	events_wait_free(w);
	end();
}
END_TEST

START_TEST(events_of_one_object_and_bad_subscriptions)
{
	char sub[100], token[64];
	struct event_wait *w;

	begin();
	snprintf(token, sizeof(token), "%020llu,%020llu",
	    (unsigned long long)generation(), 0ULL);
	w = from("\"pool/OpaqueRef:01234567-89ab-4def-8123-456789abcdef\"",
	    token);
	ck_assert_int_eq(db_write(x.db, rename_pool, "q"), 0);
	ck_assert(due(w) && !evaluate(w, false));
	ck_assert(!due(w));
	events_wait_free(w);
	snprintf(sub, sizeof(sub), "\"pool/%s\"", where);
	w = from(sub, token);
	ck_assert(evaluate(w, false));
	events_wait_free(w);
	ck_assert_ptr_null(from("\"a/b/c\"", token));
	is_error("EVENT_SUBSCRIPTION_PARSE_FAILURE", "\"a/b/c\"");
	ck_assert_ptr_null(from("\"pool\"", "junk"));
	is_error("EVENT_FROM_TOKEN_PARSE_FAILURE", "\"junk\"");
	end();
}
END_TEST

START_TEST(logout_ends_the_wait)
{
	struct event_wait *w;
	char token[64], want[100];

	begin();
	snprintf(token, sizeof(token), "%020llu,%020llu",
	    (unsigned long long)generation(), 0ULL);
	w = from("\"vm\"", token);
	ck_assert(!due(w));
	ck_assert_int_eq(db_write(x.db, drop_session, NULL), 0);
	ck_assert(due(w) && evaluate(w, false));
	snprintf(want, sizeof(want), "\"%s\"", who);
	is_error("SESSION_INVALID", want);
	events_wait_free(w);
	end();
}
END_TEST

#define NOBODY "\"OpaqueRef:01234567-89ab-4def-8123-456789abcdef\""

/* Some value of that type; references lead nowhere. */
static void
add_some(struct buf *b, const struct type *t)
{
	const struct field *f;
	uint16_t i;

	switch (t->kind) {
	case KIND_INT:
	case KIND_FLOAT:
		buf_adds(b, "1");
		break;
	case KIND_BOOL:
		buf_adds(b, "false");
		break;
	case KIND_DATETIME:
		buf_adds(b, "\"19700101T00:00:00Z\"");
		break;
	case KIND_ENUM:
		buf_addf(b, "\"%s\"", t->en->names[0]);
		break;
	case KIND_REF:
		buf_adds(b, NOBODY);
		break;
	case KIND_SET:
		buf_adds(b, "[]");
		break;
	case KIND_MAP:
		buf_adds(b, "{}");
		break;
	case KIND_RECORD:
		for (i = 0; i < t->rec->n; i++) {
			f = &t->rec->fields[i];
			buf_addf(b, "%c\"%s\":", i ? ',' : '{', f->name);
			add_some(b, f->type);
		}
		buf_addc(b, '}');
		break;
	default:
		buf_adds(b, "\"x\"");
		break;
	}
}

static void
add_args(struct buf *b, const struct method *m)
{
	uint16_t i;

	if (m->kind == METHOD_EXPLICIT || m->kind == METHOD_CTOR) {
		for (i = 0; m->args && i < m->args->n; i++) {
			buf_addc(b, ',');
			add_some(b, m->args->fields[i].type);
		}
		return;
	}
	buf_adds(b, "," NOBODY);
	if (m->kind == METHOD_ADD_TO || m->kind == METHOD_REMOVE_FROM)
		buf_adds(b, ",\"key\"");
	if (m->kind != METHOD_REMOVE_FROM) {
		const struct type *t =
		    classes[m->class_id]->rec.fields[m->field].type;

		buf_addc(b, ',');
		add_some(b, m->kind == METHOD_SET ? t : t->elem);
	}
}

/* The task that the reply names, once it has ended; its status. */
static int
ended_task(struct vec *error_info)
{
	char *text = strstr(out, "\"OpaqueRef:");
	const struct task *t;
	struct db_root *root;
	struct ref ref;
	int i, status = TASK_STATUS_TYPE_PENDING;

	ck_assert_msg(text != NULL, "%s", out);
	text[1 + REF_TEXT_LEN] = '\0';
	ck_assert(ref_parse(text + 1, &ref));
	for (i = 0; i < 20000 && status == TASK_STATUS_TYPE_PENDING; i++) {
		usleep(1000);
		root = db_root_get(x.db);
		t = task_find(root, &ref);
		ck_assert_ptr_nonnull(t);
		status = t->status;
		*error_info = t->error_info;
		db_root_put(root);
	}
	ck_assert_int_ne(status, TASK_STATUS_TYPE_PENDING);
	return status;
}

static void
begin_with_tasks(void)
{
	/* Nobody listens there: whatever asks xenopsd fails. */
	const struct ops_config cfg = { .socket_path = "/nonexistent" };

	begin();
	ck_assert_int_eq(ops_start(&cfg, &x.ops), 0);
	ck_assert_int_eq(tasks_start(&x, &x.tasks), 0);
}

static void
end_with_tasks(void)
{
	ck_assert(tasks_stop(x.tasks));
	ops_stop(x.ops);
	end();
}

START_TEST(every_async_form_may_be_given_references_to_nothing)
{
	struct event_wait *wait;
	struct buf b = { 0 };
	const struct method *m;
	struct vec why;
	int i, tasks = 0;

	begin_with_tasks();
	for (i = 0; i < n_methods; i++) {
		m = &methods[i];
		if (!(m->flags & METHOD_ASYNC) || m->refused ||
		    m->flags & (METHOD_LATER | METHOD_REMOVED))
			continue;
		buf_reset(&b);
		buf_addf(&b, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
		    "\"Async.%s\",\"params\":[\"%s\"", m->name, who);
		add_args(&b, m);
		buf_adds(&b, "]}");
		ck_assert_int_eq(send(RPC_JSON, b.data, b.len, &wait),
		    RPC_DONE);
		ck_assert_msg(strstr(out, "\"result\""), "%s: %s", m->name,
		    out);
		if (ended_task(&why) == TASK_STATUS_TYPE_SUCCESS)
			continue;
		ck_assert_uint_gt(why.n, 0);
		tasks++;
	}
	ck_assert_int_gt(tasks, 50);
	buf_release(&b);
	end_with_tasks();
}
END_TEST

START_TEST(setters_run_as_tasks_too)
{
	char mine[REF_TEXT_LEN + 1];
	struct vec why;

	begin_with_tasks();
	json("task.create", "\"%s\",\"label\",\"\"", who);
	memcpy(mine, strstr(out, "OpaqueRef:"), REF_TEXT_LEN);
	mine[REF_TEXT_LEN] = '\0';
	json("Async.task.add_to_other_config", "\"%s\",\"%s\",\"k\",\"v\"",
	    who, mine);
	ck_assert_int_eq(ended_task(&why), TASK_STATUS_TYPE_SUCCESS);
	json("task.get_other_config", "\"%s\",\"%s\"", who, mine);
	is_result("{\"k\":\"v\"}");
	json("Async.task.add_to_other_config", "\"%s\",\"%s\",\"k\",\"v\"",
	    who, mine);
	ck_assert_int_eq(ended_task(&why), TASK_STATUS_TYPE_FAILURE);
	json("task.remove_from_other_config", "\"%s\",\"%s\",\"k\"", who,
	    mine);
	is_result("\"\"");
	end_with_tasks();
}
END_TEST

/* Without the calls that would need task threads or xenopsd. */
/* A result or an error, in the form of either version; or nothing. */
static void
check_reply(enum rpc_outcome outcome)
{
	const struct value *result, *error;
	struct arena *a = arena_new();
	struct value v;
	bool bad;

	ck_assert(outcome == RPC_DONE || outcome == RPC_BAD);
	if (outcome == RPC_BAD) {
		ck_assert_str_eq(out, "");
	} else {
		ck_assert_int_eq(json_text(a, out, strlen(out), &v, &bad), 0);
		ck_assert_ptr_nonnull(value_member(&v, "id"));
		result = value_member(&v, "result");
		error = value_member(&v, "error");
		ck_assert_msg(!result || !error ||
		    (result->kind == VALUE_NIL || error->kind == VALUE_NIL),
		    "%s", out);
		ck_assert_msg(result || error, "%s", out);
		ck_assert_ptr_null(strstr(out, "INTERNAL_ERROR"));
	}
	arena_free(a);
}

START_TEST(broken_requests_do_no_harm)
{
	struct event_wait *wait = NULL;
	char text[1024], *bad;
	int i, n, done = 0;
	size_t len;

	begin();
	n = snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":1,"
	    "\"method\":\"pool.set_other_config\",\"params\":[\"%s\",\"%s\","
	    "{\"a\":\"b\",\"c\":\"d\"}]}", who, where);
	for (i = 0; i < 5000; i++) {
		enum rpc_outcome outcome;

		bad = mutate(text, (size_t)n, &len);
		outcome = send(RPC_JSON, bad, len, &wait);
		free(bad);
		check_reply(outcome);
		done += outcome == RPC_DONE;
	}
	ck_assert(done > 500 && done < 4500);
	ck_assert_ptr_null(wait);
	json("pool.get_name_label", "\"%s\",\"%s\"", who, where);
	is_result("\"a <pool>\"");
	end();
}
END_TEST

int
main(void)
{
	return UNIT_RUN("rpc", envelopes_are_those_of_each_protocol,
	    list_methods_is_bare_in_xml,
	    errors_come_in_the_order_that_clients_know,
	    accessors_read_and_write_fields, records_come_alone_and_in_maps,
	    events_tell_what_came_changed_and_went,
	    events_of_one_object_and_bad_subscriptions, logout_ends_the_wait,
	    every_async_form_may_be_given_references_to_nothing,
	    setters_run_as_tasks_too, broken_requests_do_no_harm);
}
