#include "http/audited.h"

#include "api/access/audit.h"
#include "api/trial.h"
#include "api/xapi.h"
#include "http/route.h"

static bool
wants(enum http_action action)
{
	switch (action) {
	case HTTP_ACTION_CONNECT_CONSOLE:
	case HTTP_ACTION_CONNECT_CONSOLE_WS:
	case HTTP_ACTION_GET_VNCSNAPSHOT:
	case HTTP_ACTION_PUT_IMPORT_RAW_VDI:
	case HTTP_ACTION_PUT_UPDATE:
	case HTTP_ACTION_PUT_PACK:
	case HTTP_ACTION_GET_HOST_BACKUP:
	case HTTP_ACTION_PUT_HOST_RESTORE:
	case HTTP_ACTION_PUT_BLOB:
	case HTTP_ACTION_GET_POOL_XML_DB_SYNC:
	case HTTP_ACTION_PUT_POOL_XML_DB_SYNC:
		return true;
	default:
		return false;
	}
}

static bool
writes(enum http_action action)
{
	return wants(action) && action != HTTP_ACTION_CONNECT_CONSOLE &&
	    action != HTTP_ACTION_CONNECT_CONSOLE_WS &&
	    action != HTTP_ACTION_GET_VNCSNAPSHOT &&
	    action != HTTP_ACTION_GET_POOL_XML_DB_SYNC &&
	    action != HTTP_ACTION_GET_HOST_BACKUP;
}

/* As a message that writes would be: api/trial.h. */
static void
run(struct stream *s, const struct route *route)
{
	if (writes(route->action) && trial_is_on(s->call.x->trial))
		stream_refuse(s, 503, "HOST_STILL_BOOTING: this host's system "
		    "is on trial, and takes no changes yet.");
	else
		route->stream(s);
}

static void
add_query(struct stream *s, struct audit_line *l, const char *name)
{
	const char *value = http_query(s->head, name);

	if (value)
		audit_param(&s->call, l, name, &type_string, &value, false);
}

void
audited_stream(struct stream *s)
{
	const struct route *route = s->conn->route;
	struct audit_line l;

	if (route->kind == ROUTE_CLI || !wants(route->action)) {
		route->stream(s);
		return;
	}
	audit_begin(&s->call, "HTTP", role_http_name(route->action), &l);
	add_query(s, &l, "vdi");
	add_query(s, &l, "uuid");
	add_query(s, &l, "ref");
	add_query(s, &l, "dry_run");
	add_query(s, &l, "take_identity");
	run(s, route);
	audit_end(&s->call, &l, s->conn->refused || s->call.err.code ? -1 : 0);
}
