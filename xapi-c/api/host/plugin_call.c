#include "api/host/plugin_call.h"

#include <string.h>

#include "gen/errors.h"
#include "wire/any.h"
#include "wire/emit.h"
#include "wire/xmlrpc.h"

#define CODE_MAX 64
#define NO_SESSION "OpaqueRef:NULL"

static void
begin(struct buf *b, const char *method)
{
	buf_adds(b, "<?xml version=\"1.0\"?><methodCall><methodName>");
	emit_xml_text(b, method);
	buf_adds(b, "</methodName><params>");
}

static const char *
finish(struct arena *a, struct buf *b)
{
	const char *text;

	buf_adds(b, "</params></methodCall>");
	text = arena_strdup(a, b->data);
	buf_release(b);
	return text;
}

const char *
plugin_call_text(struct arena *a, const char *fn, struct vec args)
{
	const char *session = NO_SESSION;
	struct buf b = { 0 };

	begin(&b, fn ? fn : "");
	buf_adds(&b, "<param>");
	emit_xml_value(&b, &type_string, &session);
	buf_adds(&b, "</param><param>");
	emit_xml_value(&b, &type_string_map, &args);
	buf_adds(&b, "</param>");
	return finish(a, &b);
}

const char *
extension_call_text(struct arena *a, const struct request *call)
{
	struct buf b = { 0 };

	begin(&b, call->method);
	for (uint32_t i = 0; i < call->n_params; i++) {
		buf_adds(&b, "<param>");
		any_to_xml(&b, &call->params[i]);
		buf_adds(&b, "</param>");
	}
	return finish(a, &b);
}

/* -- how it ended -- */

static int
bad_end(struct call *c, const struct xenops_plugin_run_result *r)
{
	const char *how = "non-zero exit";

	if (r->end == XENOPS_PLUGIN_END_OUT_OF_TIME)
		how = "out of time";
	else if (r->end == XENOPS_PLUGIN_END_SAID_TOO_MUCH)
		how = "more than 64 KiB of output";
	else if (r->end == XENOPS_PLUGIN_END_SIGNALLED)
		how = arena_printf(c->arena, "signal: %lld",
		    (long long)r->status);
	return err_xenapi_plugin_failure(c, how,
	    r->end == XENOPS_PLUGIN_END_SAID_TOO_MUCH ? "" : r->out, r->err);
}

/* -- what it answered -- */

static const char *
string_member(const struct value *v, const char *name)
{
	const struct value *m = v->kind == VALUE_STRUCT ?
	    value_member(v, name) : NULL;

	return m && m->kind == VALUE_STRING ? m->s : NULL;
}

static int
fault(struct call *c, const struct value *v)
{
	const char *reason = string_member(v, "faultString");
	const struct value *code = v->kind == VALUE_STRUCT ?
	    value_member(v, "faultCode") : NULL;

	return err_xenapi_plugin_failure(c, "fault",
	    arena_printf(c->arena, "%lld", code && code->kind == VALUE_INT ?
	    (long long)code->i : 0), reason ? reason : "");
}

static bool
is_code(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n > 0 && n <= CODE_MAX && !s[n];
}

/* Its own error: 1 if it is none. */
static int
failure(struct call *c, const struct value *v)
{
	const struct value *list = value_member(v, "ErrorDescription");
	const char *texts[ERROR_MAX_PARAMS + 1];

	if (!list || list->kind != VALUE_ARRAY || list->n == 0 ||
	    list->n > ERROR_MAX_PARAMS + 1)
		return 1;
	for (uint32_t i = 0; i < list->n; i++) {
		if (list->items[i].kind != VALUE_STRING)
			return 1;
		texts[i] = list->items[i].s;
	}
	return is_code(texts[0]) ?
	    call_error(c, texts[0], texts + 1, (int)list->n - 1) : 1;
}

/* The value of a success; NULL with c->err set for a failure of its own, without
 * for what is neither. */
static const struct value *
open_envelope(struct call *c, const struct response *r)
{
	const char *status = string_member(r->v, "Status");

	if (status && !strcmp(status, "Success"))
		return value_member(r->v, "Value");
	if (status && !strcmp(status, "Failure"))
		failure(c, r->v);
	return NULL;
}

int
plugin_call_result(struct call *c, const struct xenops_plugin_run_result *r,
    const char **result)
{
	const struct value *v;
	struct response answer;

	if (r->end != XENOPS_PLUGIN_END_EXITED || r->status)
		return bad_end(c, r);
	if (xmlrpc_parse_response(c->arena, r->out, strlen(r->out), &answer))
		return err_xenapi_plugin_failure(c,
		    "failed to parse plugin output", r->out, r->err);
	if (answer.fault)
		return fault(c, answer.v);
	v = open_envelope(c, &answer);
	if (c->err.code)
		return -1;
	if (!v || v->kind != VALUE_STRING)
		return err_xenapi_plugin_failure(c, "unexpected XMLRPC result",
		    r->out, r->err);
	*result = v->s;
	return 0;
}

int
extension_call_result(struct call *c,
    const struct xenops_plugin_run_result *r, const char **result)
{
	const struct value *v = NULL;
	struct response answer;
	struct buf b = { 0 };

	if (r->end == XENOPS_PLUGIN_END_EXITED && r->status == 0 &&
	    !xmlrpc_parse_response(c->arena, r->out, strlen(r->out),
	    &answer) && !answer.fault)
		v = open_envelope(c, &answer);
	if (c->err.code)
		return -1;
	if (!v)
		return err_extension_protocol_failure(c, r->out);
	any_to_json(&b, v);
	*result = arena_strdup(c->arena, b.data);
	buf_release(&b);
	return 0;
}
