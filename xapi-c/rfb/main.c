/*
 * bedplate-rfb NAME [USER]: shows a text console to one viewer as a picture.
 * The console's bytes come and go on descriptor 0, the remote framebuffer
 * protocol on descriptor 1; it ends with either of them.  Started by xenopsd
 * for each viewer; becomes USER, and may then only read and write what it
 * has.
 *
 * What a guest prints costs no memory, and no more updates than the viewer
 * takes, UPDATE_MS apart at least.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/become.h"
#include "base/clock.h"
#include "base/confine.h"
#include "base/fdio.h"
#include "base/log.h"
#include "rfb/update.h"

#define CONSOLE 0
#define VIEWER 1
#define CHUNK 4096
#define TYPED_MAX 4096			/* keys and answers, not yet taken */
#define ANSWERS_MAX 65536		/* to a viewer that reads none */
#define UPDATE_MS 30
#define LAST_MS 2000			/* for the last picture to be taken */
#define MEMORY (32 << 20)

struct session {
	struct rfb rfb;
	struct screen *screen;
	struct zrle zrle;
	struct buf out;			/* for the viewer */
	size_t sent;			/* of it */
	char typed[TYPED_MAX];		/* for the console */
	size_t n_typed;
	int64_t next_ms;		/* not before: an update */
	int64_t end_ms;			/* the console has ended; 0: not yet */
};

/* What the console does not take is lost, as on a serial line. */
static void
on_typed(const char *data, size_t len, void *arg)
{
	struct session *s = arg;

	if (len > TYPED_MAX - s->n_typed)
		return;
	memcpy(s->typed + s->n_typed, data, len);
	s->n_typed += len;
}

static void
on_key(void *arg, uint32_t keysym, bool down)
{
	screen_key(((struct session *)arg)->screen, keysym, down);
}

static bool
is_for_later(ssize_t r)
{
	return r == -1 && (errno == EAGAIN || errno == EINTR);
}

/* false: it is gone. */
static bool
read_viewer(struct session *s)
{
	uint8_t chunk[CHUNK];
	ssize_t r = read(VIEWER, chunk, sizeof(chunk));

	if (r <= 0)
		return is_for_later(r);
	return rfb_feed(&s->rfb, chunk, (size_t)r, &s->out) == 0;
}

static bool
write_viewer(struct session *s)
{
	ssize_t r = write(VIEWER, s->out.data + s->sent, s->out.len - s->sent);

	if (r == -1)
		return is_for_later(r);
	s->sent += (size_t)r;
	if (s->sent == s->out.len) {
		buf_release(&s->out);
		s->sent = 0;
	}
	return true;
}

static void
read_console(struct session *s)
{
	char chunk[CHUNK];
	ssize_t r = read(CONSOLE, chunk, sizeof(chunk));

	if (r > 0)
		screen_print(s->screen, chunk, (size_t)r);
	else if (!is_for_later(r))
		s->end_ms = clock_mono_ms() + LAST_MS;
}

static void
write_console(struct session *s)
{
	ssize_t r = write(CONSOLE, s->typed, s->n_typed);

	if (r <= 0)
		return;
	s->n_typed -= (size_t)r;
	memmove(s->typed, s->typed + r, s->n_typed);
}

/* false: there is nothing more to say to the viewer. */
static bool
show(struct session *s)
{
	int64_t now = clock_mono_ms();

	if (s->out.len == 0 && update_due(&s->rfb, s->screen) &&
	    (now >= s->next_ms || s->end_ms)) {
		update_make(&s->rfb, s->screen, &s->zrle, &s->out);
		s->next_ms = now + UPDATE_MS;
	}
	return !s->end_ms || (s->out.len && now < s->end_ms);
}

static int
wait_ms(const struct session *s)
{
	int64_t now = clock_mono_ms();

	if (s->end_ms)
		return s->end_ms > now ? (int)(s->end_ms - now) : 0;
	if (s->out.len == 0 && update_due(&s->rfb, s->screen))
		return s->next_ms > now ? (int)(s->next_ms - now) : 0;
	return -1;
}

static bool
step(struct session *s)
{
	bool listens = s->n_typed < TYPED_MAX / 2 && s->out.len < ANSWERS_MAX;
	struct pollfd p[2] = {
		{ .fd = s->end_ms ? -1 : CONSOLE, .events =
		    (short)(POLLIN | (s->n_typed ? POLLOUT : 0)) },
		{ .fd = VIEWER, .events = (short)((listens ? POLLIN : 0) |
		    (s->out.len ? POLLOUT : 0)) },
	};

	if (poll(p, 2, wait_ms(s)) == -1)
		return errno == EINTR;
	if (p[0].revents & (POLLIN | POLLHUP | POLLERR))
		read_console(s);
	if (p[0].revents & POLLOUT)
		write_console(s);
	if ((p[1].revents & POLLIN) && !read_viewer(s))
		return false;
	if ((p[1].revents & (POLLHUP | POLLERR)) && !(p[1].revents & POLLIN))
		return false;
	if (!show(s))
		return false;
	return s->out.len == 0 || write_viewer(s);
}

static int
prepare(const char *user)
{
	const struct rlimit memory = { MEMORY, MEMORY };

	signal(SIGPIPE, SIG_IGN);
	if (fdio_nonblock(CONSOLE, true) || fdio_nonblock(VIEWER, true)) {
		log_error("no console and no viewer");
		return -1;
	}
	if (setrlimit(RLIMIT_DATA, &memory) == -1 || (user && become_user(user)))
		return -1;
	return confine_to_descriptors();
}

int
main(int argc, char **argv)
{
	struct session s = { .rfb = { .width = SCREEN_W, .height = SCREEN_H,
		.key = on_key, .arg = &s } };

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: bedplate-rfb NAME [USER], by "
		    "xenopsd\n");
		return 2;
	}
	if (prepare(argc == 3 ? argv[2] : NULL))
		return 1;
	s.rfb.name = argv[1];
	s.screen = screen_new(on_typed, &s);
	zrle_init(&s.zrle);
	rfb_begin(&s.rfb, &s.out);
	while (step(&s))
		;
	return 0;
}
