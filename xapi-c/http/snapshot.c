#include "http/snapshot.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "api/stream.h"
#include "base/fdio.h"
#include "base/jpeg.h"
#include "base/log.h"
#include "http/limits.h"
#include "http/picture.h"

static atomic_int under_way;

static void
send_picture(struct stream *s, const struct picture *p)
{
	struct buf b = { 0 };

	jpeg_encode(p->pixels, p->width, p->height, &b);
	if (!stream_reply(s, 200, arena_printf(s->call.arena,
	    "Content-Type: image/jpeg\r\nContent-Length: %zu\r\n"
	    "Cache-Control: no-store\r\nConnection: close\r\n", b.len)))
		stream_write(s, b.data, b.len);
	buf_release(&b);
}

static void
take(struct stream *s, const char *which)
{
	struct picture p;
	int fd, rc;

	if (stream_console_open(&s->call, which, &fd)) {
		stream_refuse(s, stream_failure_status(s),
		    "There is no such screen now.");
		return;
	}
	call_close(&s->call);
	rc = fdio_nonblock(fd, true);
	if (!rc)
		rc = picture_take(fd, &p);
	fdio_close(&fd);
	if (rc) {
		log_info("no picture of a screen: %s", strerror(-rc));
		stream_refuse(s, rc == -EPROTO ? 404 : 500, rc == -EPROTO ?
		    "That console has no screen." :
		    "The screen could not be seen.");
		return;
	}
	send_picture(s, &p);
	free(p.pixels);
}

void
snapshot_stream(struct stream *s)
{
	const char *which = http_query(s->head, "ref");

	if (!which)
		which = http_query(s->head, "uuid");
	if (!which)
		stream_refuse(s, 400, "A VM or console is needed.");
	else if (atomic_fetch_add(&under_way, 1) >= HTTP_MAX_PICTURES)
		stream_refuse(s, 503, "Too many pictures are under way.");
	else
		take(s, which);
	if (which)
		atomic_fetch_sub(&under_way, 1);
}
