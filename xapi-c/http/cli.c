#include "http/cli.h"

#include <string.h>

#include "base/mem.h"
#include "cli/run.h"
#include "wire/thin.h"

/* -- without a stream: all is said into the connection's reply -- */

static int
say(void *arg, const void *data, size_t len)
{
	struct conn *c = arg;

	buf_add(&c->out, data, len);
	return 0;
}

static int
hear_nothing(void *arg, void *data, size_t len)
{
	(void)arg, (void)data, (void)len;
	return -1;
}

/* What the client says meanwhile is discarded. */
static void
greet(struct conn *c)
{
	buf_reset(&c->out);
	reply_release(&c->reply);
	c->sent = 0;
	c->keep = false;
	c->refused = true;
	thin_magic(&c->out);
}

static struct cli
command_of(struct conn *c, struct call *call, const struct cli_args *args)
{
	return (struct cli){ .c = call, .args = args,
		.io = { c, say, hear_nothing } };
}

static bool
parse(struct conn *c, struct stream *s)
{
	struct cli_args *args = arena_alloc(s->call.arena, sizeof(*args));
	struct cli k = command_of(c, &s->call, args);
	const char *why;

	s->state = args;
	if (cli_args_parse(s->call.arena, c->in.data + c->head_size,
	    (size_t)c->head.length, args, &why) == 0)
		return true;
	cli_refuse(&k, *why ? why : "Syntax error");
	return false;
}

struct stream *
http_cli_new(struct xapi *x, struct conn *c)
{
	struct stream *s = stream_new_plain(x, c);
	struct cli k = command_of(c, &s->call, NULL);

	greet(c);
	if (parse(c, s)) {
		k.args = s->state;
		if (!cli_needs_nothing(&k) && !cli_login(&k, &s->made)) {
			stream_is_of(s);
			/* what follows the body is the client's greeting */
			c->head_size += (size_t)c->head.length;
			return s;
		}
	}
	stream_free(s);
	return NULL;
}

void
http_cli_refuse(struct conn *c, struct stream *s, const char *why)
{
	struct cli k = command_of(c, &s->call, s->state);

	greet(c);
	cli_refuse(&k, why);
}

/* -- with one -- */

static int
put(void *arg, const void *data, size_t len)
{
	return stream_write(arg, data, len) ? -1 : 0;
}

static int
get(void *arg, void *data, size_t len)
{
	char *p = data;
	ssize_t r;

	while (len > 0) {
		r = stream_read(arg, p, len);
		if (r <= 0)
			return -1;
		p += r;
		len -= (size_t)r;
	}
	return 0;
}

void
http_cli_stream(struct stream *s)
{
	struct cli k = { .c = &s->call, .args = s->state,
		.io = { s, put, get } };
	struct buf greeting = s->conn->out;
	char hello[THIN_MAGIC_LEN];
	bool met;

	/* It is no reply that would be sent once the stream is over. */
	s->conn->out = (struct buf){ 0 };
	s->conn->refused = false;
	s->replied = true;
	s->read_ms = HTTP_READ_MS;
	k.minimal = cli_arg_is_set(k.args, "minimal");
	met = !put(s, greeting.data, greeting.len) &&
	    !get(s, hello, sizeof(hello)) && !thin_check_magic(hello);
	buf_release(&greeting);
	if (!met)
		return;
	s->read_ms = HTTP_CLI_MS;
	cli_run(&k);
	buf_release(&k.columns);
	buf_release(&k.out);
}
