#include "http/rrd.h"

#include <errno.h>

#include "api/xapi.h"
#include "gen/store.h"
#include "http/rrd_query.h"

#define HEAD(type) "Content-Type: " type "\r\nConnection: close\r\n" \
	"Access-Control-Allow-Origin: *\r\n"

static int
to_stream(void *arg, const void *bytes, size_t len)
{
	return stream_write(arg, bytes, len);
}

static int
begin(struct stream *s, bool json)
{
	return stream_reply(s, 200, json ? HEAD("application/json") :
	    HEAD("text/xml"));
}

void
rrd_updates(struct stream *s)
{
	const struct text_out out = { to_stream, s };
	struct metrics *m = s->call.x->metrics;
	bool json = rrd_query_json(s->head);
	struct metrics_query q;
	struct rows *rows;
	const char *why = rrd_query_parse(s->call.arena, s->head, &q);

	if (why) {
		stream_refuse(s, 400, why);
		return;
	}
	if (metrics_rows(m, &q, &rows)) {
		stream_refuse(s, 503, "Too many metrics are under way.");
		return;
	}
	if (!begin(s, json))
		text_rows(rows, json, &out);
	metrics_rows_free(m, rows);
}

static void
rrd_of(struct stream *s, enum metrics_class class, const char *uuid)
{
	const struct text_out out = { to_stream, s };
	bool json = rrd_query_json(s->head);
	struct image m;
	int rc = metrics_image(s->call.x->metrics, s->call.arena, class, uuid,
	    &m);

	if (rc)
		stream_refuse(s, rc == -ENOENT ? 404 : 500,
		    "There are no archives of it.");
	else if (!begin(s, json))
		text_image(&m, json, &out);
}

static void
rrd_of_named(struct stream *s, enum metrics_class class, int class_id)
{
	const char *uuid = http_query(s->head, "uuid");

	if (!uuid)
		stream_refuse(s, 400, "uuid is missing.");
	else if (!db_find_uuid(s->call.root, class_id, uuid))
		stream_refuse(s, 404, "There is no object of that uuid.");
	else
		rrd_of(s, class, uuid);
}

void
rrd_of_host(struct stream *s)
{
	const struct host *host = host_find(s->call.root,
	    &s->call.x->host);

	rrd_of(s, METRICS_HOST, host ? host->uuid : "");
}

void
rrd_of_vm(struct stream *s)
{
	rrd_of_named(s, METRICS_VM, CLASS_VM);
}

void
rrd_of_sr(struct stream *s)
{
	rrd_of_named(s, METRICS_SR, CLASS_SR);
}

void
rrd_prometheus(struct stream *s)
{
	struct buf b = { 0 };

	metrics_prometheus(s->call.x->metrics, &b);
	if (!stream_reply(s, 200, HEAD("text/plain; version=0.0.4")))
		stream_write(s, b.data, b.len);
	buf_release(&b);
}
