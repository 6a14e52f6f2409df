/* A xenopsd whose part the test speaks itself, frame by frame. */
#ifndef UNIT_FAKE_XENOPSD_H
#define UNIT_FAKE_XENOPSD_H

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/frame.h"
#include "gen/xenops.h"
#include "unit.h"

/* One connection at a time. */
struct fake {
	char dir[64];
	char path[96];
	int listener;
	int fd;
	struct buf storage;
};

static inline void
fake_listen(struct fake *f)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	unlink(f->path);
	snprintf(un.sun_path, sizeof(un.sun_path), "%s", f->path);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(f->listener, (void *)&un, sizeof(un)), 0);
	ck_assert_int_eq(listen(f->listener, 4), 0);
}

static inline void
fake_init(struct fake *f)
{
	memset(f, 0, sizeof(*f));
	snprintf(f->dir, sizeof(f->dir), "/tmp/fake_xenopsd.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/sock", f->dir);
	fake_listen(f);
}

static inline void
fake_release(struct fake *f)
{
	close(f->fd);
	close(f->listener);
	unlink(f->path);
	rmdir(f->dir);
	buf_release(&f->storage);
}

static inline void
fake_take(struct fake *f, struct frame *in)
{
	ck_assert_int_eq(frame_recv(f->fd, in, &f->storage), 0);
}

static inline void
fake_answer(struct fake *f, const struct frame *in, int kind,
    const struct record_type *rt, const void *rec)
{
	struct frame out = { .id = in->id, .message = in->message,
		.kind = (uint8_t)kind };

	ck_assert_int_eq(frame_send_record(f->fd, &out, rt, rec), 0);
}

/* Accepts the client and answers its hello with that version. */
static inline void
fake_accept(struct fake *f, int64_t version)
{
	struct xenops_hello_result r = { .version = version };
	struct frame in;

	f->fd = accept(f->listener, NULL, NULL);
	ck_assert_int_ne(f->fd, -1);
	fake_take(f, &in);
	ck_assert_int_eq(in.message, XENOPS_HELLO);
	fake_answer(f, &in, FRAME_REPLY, &xenops_hello_result_type, &r);
}

#endif
