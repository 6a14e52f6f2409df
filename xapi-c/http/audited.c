#include "http/audited.h"

#include "api/access/audit.h"
#include "http/route.h"

static bool
wants(enum http_action action)
{
	switch (action) {
	case HTTP_ACTION_CONNECT_CONSOLE:
	case HTTP_ACTION_CONNECT_CONSOLE_WS:
	case HTTP_ACTION_PUT_IMPORT_RAW_VDI:
	case HTTP_ACTION_PUT_UPDATE:
	case HTTP_ACTION_PUT_BLOB:
		return true;
	default:
		return false;
	}
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
	route->stream(s);
	audit_end(&s->call, &l, s->conn->refused || s->call.err.code ? -1 : 0);
}
