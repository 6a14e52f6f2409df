#include "ops/ops.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/codec.h"
#include "fake_xenopsd.h"
#include "gen/ops_stubs.h"
#include "unit.h"

#define LIMIT_MS 20000

struct watcher {
	pthread_mutex_t lock;
	int connected;
	int events;
	char last[64];
};

static void
on_connected(void *arg)
{
	struct watcher *w = arg;

	pthread_mutex_lock(&w->lock);
	w->connected++;
	pthread_mutex_unlock(&w->lock);
}

static void
on_event(void *arg, uint16_t message, const void *record)
{
	const struct xenops_domain_changed *ev = record;
	struct watcher *w = arg;

	pthread_mutex_lock(&w->lock);
	if (message == XENOPS_DOMAIN_CHANGED) {
		w->events++;
		snprintf(w->last, sizeof(w->last), "%s", ev->domain.uuid);
	}
	pthread_mutex_unlock(&w->lock);
}

static int
count(struct watcher *w, const int *what)
{
	int n;

	pthread_mutex_lock(&w->lock);
	n = *what;
	pthread_mutex_unlock(&w->lock);
	return n;
}

static void
wait_count(struct watcher *w, const int *what, int n)
{
	int64_t end = clock_mono_ms() + LIMIT_MS;

	while (count(w, what) < n) {
		ck_assert_msg(clock_mono_ms() < end, "waited too long");
		usleep(1000);
	}
}

static void
wait_lost(struct ops *o)
{
	int64_t end = clock_mono_ms() + LIMIT_MS;

	while (ops_is_connected(o)) {
		ck_assert_msg(clock_mono_ms() < end, "waited too long");
		usleep(1000);
	}
}

static struct ops *
client(struct fake *f, struct watcher *w)
{
	struct ops_config cfg = { .socket_path = f->path,
		.connected = on_connected, .event = on_event, .arg = w };
	struct ops *o;

	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
	ck_assert_int_eq(ops_start(&cfg, &o), 0);
	return o;
}

/* A call on a thread of its own. */
struct asked {
	struct ops *o;
	struct ops_call call;
	struct xenops_vdi_open_result result;
	const char *vdi;
	pthread_t thread;
	int rc;
	bool cancel;
	double progress;
};

static bool
is_cancelled(void *arg)
{
	struct asked *a = arg;

	return a->cancel;
}

static void
on_progress(void *arg, double fraction)
{
	struct asked *a = arg;

	a->progress = fraction;
}

static void *
ask_thread(void *arg)
{
	struct asked *a = arg;
	struct xenops_vdi_open_args args = { .sr = "sr", .vdi = a->vdi };

	a->rc = ops_vdi_open(a->o, &a->call, &args, &a->result);
	return NULL;
}

static void
ask(struct asked *a, struct ops *o, const char *vdi)
{
	memset(a, 0, sizeof(*a));
	a->o = o;
	a->vdi = vdi;
	a->call.arena = arena_new();
	a->call.cancelled = is_cancelled;
	a->call.cancelled_arg = a;
	a->call.progress = on_progress;
	a->call.progress_arg = a;
	ck_assert_int_eq(pthread_create(&a->thread, NULL, ask_thread, a), 0);
}

static void
join(struct asked *a)
{
	pthread_join(a->thread, NULL);
}

static const char *
vdi_of(struct fake *f, const struct frame *in, struct arena *a)
{
	struct xenops_vdi_open_args args = { 0 };

	(void)f;
	ck_assert_int_eq(in->message, XENOPS_VDI_OPEN);
	ck_assert_int_eq(codec_decode(a, &xenops_vdi_open_args_type, &args,
	    in->body, in->len, NULL), 0);
	return args.vdi;
}

START_TEST(answers_may_overtake_each_other)
{
	struct xenops_vdi_open_result r = { 0 };
	struct fake f;
	struct watcher w;
	struct asked a[2];
	struct frame in[2];
	bool first_is_a[2];
	struct ops *o;

	fake_init(&f);
	o = client(&f, &w);
	fake_accept(&f, XENOPS_VERSION);
	wait_count(&w, &w.connected, 1);
	ask(&a[0], o, "one");
	ask(&a[1], o, "two");
	for (int i = 0; i < 2; i++) {
		fake_take(&f, &in[i]);
		first_is_a[i] = !strcmp(vdi_of(&f, &in[i], a[0].call.arena),
		    "one");
	}
	ck_assert_uint_ne(in[0].id, in[1].id);
	for (int i = 1; i >= 0; i--) {
		r.lease = first_is_a[i] ? 1 : 2;
		fake_answer(&f, &in[i], FRAME_REPLY,
		    &xenops_vdi_open_result_type, &r);
	}
	for (int i = 0; i < 2; i++) {
		join(&a[i]);
		ck_assert_int_eq(a[i].rc, 0);
		ck_assert_int_eq(a[i].result.lease, i + 1);
		arena_free(a[i].call.arena);
	}
	ops_stop(o);
	fake_release(&f);
}
END_TEST

START_TEST(failures_keep_code_and_text)
{
	struct xenops_failure fail = { .code = XENOPS_CODE_NO_SPACE,
		.text = "disk full" };
	struct fake f;
	struct watcher w;
	struct asked a;
	struct frame in;
	struct ops *o;

	fake_init(&f);
	o = client(&f, &w);
	fake_accept(&f, XENOPS_VERSION);
	wait_count(&w, &w.connected, 1);
	ask(&a, o, "one");
	fake_take(&f, &in);
	fake_answer(&f, &in, FRAME_ERROR, &xenops_failure_type, &fail);
	join(&a);
	ck_assert_int_eq(a.rc, -1);
	ck_assert_int_eq(a.call.err.code, XENOPS_CODE_NO_SPACE);
	ck_assert_str_eq(a.call.err.text, "disk full");
	arena_free(a.call.arena);
	ops_stop(o);
	fake_release(&f);
}
END_TEST

START_TEST(descriptors_and_progress_arrive)
{
	struct xenops_vdi_open_result r = { .lease = 7, .size = 3 };
	double half = 0.5;
	struct fake f;
	struct watcher w;
	struct asked a;
	struct frame in, out = { 0 };
	struct buf b = { 0 };
	struct ops *o;
	char got[4] = "";
	int p[2];

	fake_init(&f);
	o = client(&f, &w);
	fake_accept(&f, XENOPS_VERSION);
	wait_count(&w, &w.connected, 1);
	ask(&a, o, "one");
	fake_take(&f, &in);
	out = (struct frame){ .id = in.id, .message = in.message,
		.kind = FRAME_PROGRESS, .body = &half, .len = sizeof(half) };
	ck_assert_int_eq(frame_send(f.fd, &out), 0);
	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(write(p[1], "abc", 3), 3);
	codec_encode(&b, &xenops_vdi_open_result_type, &r, 0);
	out = (struct frame){ .id = in.id, .message = in.message,
		.kind = FRAME_REPLY, .nfds = 1, .fds = { p[0] },
		.body = b.data, .len = (uint32_t)b.len };
	ck_assert_int_eq(frame_send(f.fd, &out), 0);
	join(&a);
	ck_assert_int_eq(a.rc, 0);
	ck_assert_int_eq(a.result.size, 3);
	ck_assert_int_eq(a.call.nfds, 1);
	ck_assert_int_eq(read(a.call.fds[0], got, 3), 3);
	ck_assert_str_eq(got, "abc");
	ck_assert(a.progress == 0.5 || a.progress == 0);
	close(a.call.fds[0]);
	close(p[0]);
	close(p[1]);
	buf_release(&b);
	arena_free(a.call.arena);
	ops_stop(o);
	fake_release(&f);
}
END_TEST

START_TEST(cancelling_asks_once_and_waits_for_the_answer)
{
	struct xenops_failure fail = { .code = XENOPS_CODE_CANCELLED,
		.text = "cancelled" };
	struct fake f;
	struct watcher w;
	struct asked a;
	struct frame in, cancel;
	struct ops *o;

	fake_init(&f);
	o = client(&f, &w);
	fake_accept(&f, XENOPS_VERSION);
	wait_count(&w, &w.connected, 1);
	ask(&a, o, "one");
	fake_take(&f, &in);
	a.cancel = true;
	fake_take(&f, &cancel);
	ck_assert_int_eq(cancel.kind, FRAME_CANCEL);
	ck_assert_uint_eq(cancel.id, in.id);
	fake_answer(&f, &in, FRAME_ERROR, &xenops_failure_type, &fail);
	join(&a);
	ck_assert_int_eq(a.call.err.code, XENOPS_CODE_CANCELLED);
	arena_free(a.call.arena);
	ops_stop(o);
	fake_release(&f);
}
END_TEST

START_TEST(events_reach_the_callback)
{
	struct xenops_domain_changed ev = *(const struct
	    xenops_domain_changed *)xenops_domain_changed_type.dflt;
	struct frame out = { .message = XENOPS_DOMAIN_CHANGED,
		.kind = FRAME_EVENT };
	struct fake f;
	struct watcher w;
	struct ops *o;

	fake_init(&f);
	o = client(&f, &w);
	fake_accept(&f, XENOPS_VERSION);
	wait_count(&w, &w.connected, 1);
	ev.domain.uuid = "some-uuid";
	ck_assert_int_eq(frame_send_record(f.fd, &out,
	    &xenops_domain_changed_type, &ev), 0);
	wait_count(&w, &w.events, 1);
	ck_assert_str_eq(w.last, "some-uuid");
	ops_stop(o);
	fake_release(&f);
}
END_TEST

START_TEST(a_lost_connection_fails_calls_and_is_remade)
{
	struct xenops_vdi_open_result r = { .lease = 9 };
	struct fake f;
	struct watcher w;
	struct asked a;
	struct frame in;
	struct ops *o;

	fake_init(&f);
	o = client(&f, &w);
	fake_accept(&f, XENOPS_VERSION);
	wait_count(&w, &w.connected, 1);
	ask(&a, o, "one");
	fake_take(&f, &in);
	close(f.listener);
	close(f.fd);
	join(&a);
	ck_assert_int_eq(a.rc, -1);
	ck_assert_int_eq(a.call.err.code, XENOPS_CODE_INTERNAL);
	ck_assert_str_eq(a.call.err.text, "xenopsd is not running");
	arena_free(a.call.arena);
	wait_lost(o);

	ask(&a, o, "two");
	join(&a);
	ck_assert_int_eq(a.rc, -1);
	arena_free(a.call.arena);

	fake_listen(&f);
	fake_accept(&f, XENOPS_VERSION);
	wait_count(&w, &w.connected, 2);
	ask(&a, o, "three");
	fake_take(&f, &in);
	fake_answer(&f, &in, FRAME_REPLY, &xenops_vdi_open_result_type, &r);
	join(&a);
	ck_assert_int_eq(a.rc, 0);
	ck_assert_int_eq(a.result.lease, 9);
	arena_free(a.call.arena);
	ops_stop(o);
	fake_release(&f);
}
END_TEST

START_TEST(what_belonged_to_a_lost_connection_fails_on_the_next)
{
	struct xenops_vdi_close_args args = { .lease = 9 };
	struct xenops_vdi_open_result r = { .lease = 9 };
	struct ops_call close_call;
	struct fake f;
	struct watcher w;
	struct asked a;
	struct frame in;
	struct ops *o;

	fake_init(&f);
	o = client(&f, &w);
	ck_assert_uint_eq(ops_connection(o), 0);
	fake_accept(&f, XENOPS_VERSION);
	wait_count(&w, &w.connected, 1);
	ask(&a, o, "one");
	fake_take(&f, &in);
	fake_answer(&f, &in, FRAME_REPLY, &xenops_vdi_open_result_type, &r);
	join(&a);
	ck_assert_uint_eq(a.call.connection, ops_connection(o));
	close(f.fd);
	fake_accept(&f, XENOPS_VERSION);
	wait_count(&w, &w.connected, 2);
	ck_assert_uint_ne(ops_connection(o), 0);
	ck_assert_uint_ne(ops_connection(o), a.call.connection);
	/* answered without the server, which sees nothing of it */
	close_call = (struct ops_call){ .arena = a.call.arena,
		.connection = a.call.connection };
	ck_assert_int_eq(ops_vdi_close(o, &close_call, &args), -1);
	ck_assert_str_eq(close_call.err.text, "xenopsd is not running");
	arena_free(a.call.arena);
	ops_stop(o);
	fake_release(&f);
}
END_TEST

START_TEST(another_version_is_not_talked_to)
{
	struct fake f;
	struct watcher w;
	struct ops *o;

	fake_init(&f);
	o = client(&f, &w);
	fake_accept(&f, XENOPS_VERSION + 1);
	close(f.fd);
	/* it comes back to try again */
	fake_accept(&f, XENOPS_VERSION + 1);
	ck_assert(!ops_is_connected(o));
	ck_assert_int_eq(count(&w, &w.connected), 0);
	ops_stop(o);
	fake_release(&f);
}
END_TEST

START_TEST(broken_answers_are_errors)
{
	struct fake f;
	struct watcher w;
	struct asked a;
	struct frame in, out;
	struct ops *o;

	fake_init(&f);
	o = client(&f, &w);
	fake_accept(&f, XENOPS_VERSION);
	wait_count(&w, &w.connected, 1);
	ask(&a, o, "one");
	fake_take(&f, &in);
	out = (struct frame){ .id = in.id + 100, .message = in.message,
		.kind = FRAME_REPLY };
	ck_assert_int_eq(frame_send(f.fd, &out), 0);	/* nobody's */
	out.id = in.id;
	out.body = "\xff\xff\xff";
	out.len = 3;
	ck_assert_int_eq(frame_send(f.fd, &out), 0);
	join(&a);
	ck_assert_int_eq(a.rc, -1);
	ck_assert_int_eq(a.call.err.code, XENOPS_CODE_INTERNAL);
	arena_free(a.call.arena);
	ops_stop(o);
	fake_release(&f);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("ops", answers_may_overtake_each_other,
	    failures_keep_code_and_text, descriptors_and_progress_arrive,
	    cancelling_asks_once_and_waits_for_the_answer,
	    events_reach_the_callback,
	    a_lost_connection_fails_calls_and_is_remade,
	    what_belonged_to_a_lost_connection_fails_on_the_next,
	    another_version_is_not_talked_to, broken_answers_are_errors);
}
