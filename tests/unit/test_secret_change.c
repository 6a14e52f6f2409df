/*
 * root's password is changed beside the event loop, not in it.  The loop runs in
 * the test's thread, the client in another; the worker is this very program.
 */
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/codec.h"
#include "base/guesses.h"
#include "base/secret.h"
#include "scratch.h"
#include "unit.h"
#include "xenopsd/core/request_impl.h"
#include "xenopsd/core/request_key.h"
#include "xenopsd/core/server.h"
#include "xenopsd/core/worker.h"
#include "xenopsd/machine/secret_change.h"

static char new_hash[SECRET_SIZE];

static int64_t now;

static int64_t
clock_ms(void)
{
	return now;
}

static int64_t
loop_ms(void *arg)
{
	(void)arg;
	return now;
}

/* -- who is let in -- */

static int
admit(struct secret_guard *g, const struct workers *w, const char *hash,
    int *code_out)
{
	struct xenops_secret_set_args a = { .hash = hash };
	struct request_impl impl = { 0 };
	struct request rq = { .arena = arena_new(), .impl = &impl,
		.message = XENOPS_SECRET_SET, .args = &a };
	int rc = secret_change_admit(&rq, g, w);

	*code_out = impl.failed ? (int)impl.failure.code : -1;
	arena_free(rq.arena);
	return rc;
}

START_TEST(whatever_does_not_succeed_is_a_guess)
{
	struct loop *l = loop_new_clock(loop_ms, NULL);
	struct secret_guard *g = secret_guard_new(l, clock_ms);
	int code;

	ck_assert_int_eq(admit(g, NULL, "no hash", &code), -1);
	ck_assert_int_eq(code, XENOPS_CODE_BAD_REQUEST);
	for (int i = 0; i < GUESS_FREE; i++) {
		ck_assert_int_eq(admit(g, NULL, new_hash, &code), 0);
		secret_change_ended(g, false);
	}
	ck_assert_int_eq(admit(g, NULL, new_hash, &code), -1);
	ck_assert_int_eq(code, XENOPS_CODE_DENIED);
	secret_guard_free(g);
	/* the right one forgets the wrong ones */
	g = secret_guard_new(l, clock_ms);
	for (int i = 0; i < 3 * GUESS_FREE; i++) {
		ck_assert_int_eq(admit(g, NULL, new_hash, &code), 0);
		secret_change_ended(g, i % GUESS_FREE == 0);
	}
	secret_guard_free(g);
	loop_free(l);
}
END_TEST

static int
logged(const char *path, char *last, size_t size)
{
	FILE *f = fopen(path, "r");
	int n = 0;

	ck_assert_ptr_nonnull(f);
	while (fgets(last, (int)size, f))
		n++;
	fclose(f);
	return n;
}

/* Also of those after which nobody comes any more. */
START_TEST(the_log_hears_of_all_refusals)
{
	const char *path = scratch_file("log");
	struct loop *l = loop_new_clock(loop_ms, NULL);
	struct secret_guard *g = secret_guard_new(l, clock_ms);
	char last[256] = "";
	int code;

	ck_assert_ptr_nonnull(freopen(path, "w", stderr));
	for (int i = 0; i < GUESS_FREE; i++) {
		ck_assert_int_eq(admit(g, NULL, new_hash, &code), 0);
		secret_change_ended(g, false);
	}
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(admit(g, NULL, new_hash, &code), -1);
	fflush(stderr);
	ck_assert_int_eq(logged(path, last, sizeof(last)), 1);
	now += GUESS_REPORT_MS;
	loop_step(l);
	fflush(stderr);
	ck_assert_int_eq(logged(path, last, sizeof(last)), 2);
	ck_assert_ptr_nonnull(strstr(last, "root's password 1004 times"));
	now += GUESS_REPORT_MS;
	loop_step(l);
	fflush(stderr);
	ck_assert_int_eq(logged(path, last, sizeof(last)), 2);
	secret_guard_free(g);
	loop_free(l);
}
END_TEST

/* -- the loop goes on -- */

struct rig {
	struct workers *workers;
	struct secret_guard *guard;
	const char *gate;		/* a FIFO: the worker waits for it */
	const char *secret;
	char socket[300];
	int done[2];
	bool ended_ok;
};

static int
secret_set(struct request *rq, const void *args, void *result)
{
	struct rig *r = rq->daemon;

	(void)args;
	(void)result;
	return secret_change_admit(rq, r->guard, r->workers) ? -1 :
	    workers_start(r->workers, rq);
}

static int
domain_list(struct request *rq, const void *args, void *result)
{
	(void)rq;
	(void)args;
	(void)result;
	return 0;
}

static request_handler *const handlers[XENOPS_N] = {
	[XENOPS_DOMAIN_LIST] = domain_list,
	[XENOPS_SECRET_SET] = secret_set,
};

/* In place of a hash that takes long, or a disk. */
static int
change(struct request *rq, const void *args, void *result)
{
	char *const *argv = rq->daemon;
	int fd = open(argv[2], O_RDONLY);

	(void)result;
	close(fd);
	return secret_change(rq, argv[3], getgid(), args);
}

static request_handler *const worker_handlers[XENOPS_N] = {
	[XENOPS_SECRET_SET] = change };
static request_handler *const worker_reapers[XENOPS_N] = { 0 };

static struct worker_key
key(const struct request *rq)
{
	(void)rq;
	return (struct worker_key){ .name = REQUEST_KEY_SECRET,
		.class = WORKER_HOST };
}

static void
ended(void *daemon, const struct request *rq, const char *name, bool ok)
{
	struct rig *r = daemon;

	(void)rq;
	(void)name;
	r->ended_ok = ok;
	secret_change_ended(r->guard, ok);
}

static void
send_args(int fd, uint32_t id, enum xenops_message message, const void *args)
{
	struct frame f = { .id = id, .message = (uint16_t)message,
		.kind = FRAME_REQUEST };

	ck_assert_int_eq(frame_send_record(fd, &f,
	    xenops_messages[message].args, args), 0);
}

static void
expect(int fd, uint32_t id, uint8_t kind)
{
	struct buf b = { 0 };
	struct frame f;

	ck_assert_int_eq(frame_recv(fd, &f, &b), 0);
	ck_assert_uint_eq(f.id, id);
	ck_assert_int_eq(f.kind, kind);
	buf_release(&b);
}

static void *
client(void *arg)
{
	struct rig *r = arg;
	struct xenops_hello_args hello = { .version = XENOPS_VERSION };
	struct xenops_secret_set_args set = { .hash = new_hash,
		.old_password = "the old one" };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(un.sun_path, r->socket, strlen(r->socket));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	send_args(fd, 1, XENOPS_HELLO, &hello);
	expect(fd, 1, FRAME_REPLY);
	send_args(fd, 2, XENOPS_SECRET_SET, &set);
	send_args(fd, 3, XENOPS_SECRET_SET, &set);
	expect(fd, 3, FRAME_ERROR);	/* one at a time */
	send_args(fd, 4, XENOPS_DOMAIN_LIST, NULL);
	expect(fd, 4, FRAME_REPLY);	/* while the first one waits */
	close(open(r->gate, O_WRONLY));
	expect(fd, 2, FRAME_REPLY);
	close(fd);
	ck_assert_int_eq(write(r->done[1], "x", 1), 1);
	return NULL;
}

static void
client_done(void *arg, uint32_t events)
{
	(void)events;
	loop_stop(arg);
}

static void
serve(struct rig *r)
{
	char *const argv[] = { "test", "--worker", (char *)(uintptr_t)r->gate,
		(char *)(uintptr_t)r->secret, NULL };
	struct loop *loop = loop_new();
	struct workers_config wc = { .loop = loop,
		.program = "/proc/self/exe", .argv = argv, .key = key,
		.ended = ended, .daemon = r };
	struct server_config sc = { .socket_path = r->socket,
		.socket_gid = getgid(), .peer_uid = getuid(),
		.handlers = handlers, .daemon = r };
	struct server *server;
	struct watch *w;
	pthread_t t;

	r->guard = secret_guard_new(loop, clock_ms);
	r->workers = workers_new(&wc);
	ck_assert_int_eq(server_new(loop, &sc, &server), 0);
	ck_assert_int_eq(pipe(r->done), 0);
	w = loop_watch(loop, r->done[0], EPOLLIN, client_done, loop);
	ck_assert_int_eq(pthread_create(&t, NULL, client, r), 0);
	ck_assert_int_eq(loop_run(loop), 0);
	pthread_join(t, NULL);
	watch_free(w);
	workers_free(r->workers);
	server_free(server);
	secret_guard_free(r->guard);
	loop_free(loop);
	close(r->done[0]);
	close(r->done[1]);
}

START_TEST(the_loop_goes_on_while_a_password_is_hashed)
{
	struct rig r = { .gate = scratch_file("gate"),
		.secret = scratch_file("secret") };
	char hash[SECRET_SIZE];

	snprintf(r.socket, sizeof(r.socket), "%.90s/sock", scratch_dir());
	ck_assert_int_eq(mkfifo(r.gate, 0600), 0);
	ck_assert_int_eq(secret_make("the old one", hash), 0);
	ck_assert_int_eq(secret_write(r.secret, hash, getgid()), 0);
	serve(&r);
	ck_assert(r.ended_ok);
	ck_assert_int_eq(secret_read(r.secret, hash), 0);
	ck_assert_str_eq(hash, new_hash);
}
END_TEST

int
main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "--worker"))
		return worker_child(worker_handlers, worker_reapers, argv);
	if (secret_make("the new one", new_hash))
		return 1;
	return UNIT_RUN("secret_change",
	    whatever_does_not_succeed_is_a_guess,
	    the_log_hears_of_all_refusals,
	    the_loop_goes_on_while_a_password_is_hashed);
}
