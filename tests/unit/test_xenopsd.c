/*
 * The core of xenopsd: server, workers, kept specifications, checks of what
 * is asked for.  The event loop runs in the test's thread, the client, with
 * blocking frames, in another one; workers are this very program.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/codec.h"
#include "scratch.h"
#include "unit.h"
#include "xenopsd/core/request_impl.h"
#include "xenopsd/core/request_key.h"
#include "xenopsd/core/server.h"
#include "xenopsd/core/worker.h"
#include "xenopsd/domains/kept.h"
#include "xenopsd/domains/spec.h"

#define UUID "11111111-2222-4333-8444-555555555555"
#define UUID2 "11111111-2222-4333-8444-666666666666"

/* What vm_shutdown does here, by its timeout. */
enum { WORK_OK, WORK_FAIL, WORK_DIE, WORK_HANG, WORK_ASK_GUEST };

struct rig {
	struct loop *loop;
	struct server *server;
	struct workers *workers;
	const char *dir;
	char path[300];
	void (*client)(struct rig *r, int fd);
	int done[2];
	int ended;
	uint32_t lost;			/* connection that went */
	struct request *parked;
};

static int
set_hostname(struct request *rq, const void *args, void *result)
{
	const struct xenops_host_set_hostname_args *a = args;

	(void)result;
	return strcmp(a->hostname, "bad") ? 0 : request_fail(rq,
	    XENOPS_CODE_BAD_REQUEST, "'%s' is bad", a->hostname);
}

static int
domain_list(struct request *rq, const void *args, void *result)
{
	struct xenops_domain_list_result *r = result;
	struct xenops_domain_info *d = arena_alloc(rq->arena, sizeof(*d));

	(void)args;
	d->uuid = UUID;
	d->domid = 7;
	r->domains = (struct vec){ .v = d, .n = 1 };
	return 0;
}

static int
console_open(struct request *rq, const void *args, void *result)
{
	int fds[2];

	(void)args;
	(void)result;
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "hello", 5), 5);
	close(fds[1]);
	request_pass_fd(rq, fds[0]);
	return 0;
}

static void
unpark(struct request *rq)
{
	request_finish_error(rq, XENOPS_CODE_CANCELLED, "cancelled");
}

static int
park(struct request *rq, const void *args, void *result)
{
	(void)args;
	(void)result;
	rq->cancel = unpark;
	return REQUEST_PENDING;
}

static int
to_worker(struct request *rq, const void *args, void *result)
{
	(void)args;
	(void)result;
	return workers_start(((struct rig *)rq->daemon)->workers, rq);
}

static request_handler *const handlers[XENOPS_N] = {
	[XENOPS_HOST_SET_HOSTNAME] = set_hostname,
	[XENOPS_DOMAIN_LIST] = domain_list,
	[XENOPS_CONSOLE_OPEN] = console_open,
	[XENOPS_VM_PAUSE] = park,
	[XENOPS_VM_SHUTDOWN] = to_worker,
};

static int
work(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_shutdown_args *a = args;

	(void)result;
	request_progress(rq, 0.5);
	if (a->timeout == WORK_FAIL)
		return request_fail(rq, XENOPS_CODE_TIMEOUT, "no");
	if (a->timeout == WORK_DIE)
		raise(SIGKILL);
	while (a->timeout == WORK_HANG || a->timeout == WORK_ASK_GUEST)
		pause();
	return 0;
}

/* Leaves a file that says it has been here. */
static int
clear_away(struct request *rq, const void *args, void *result)
{
	const struct xenops_vm_shutdown_args *a = args;
	FILE *f = fopen(a->vm, "w");

	(void)rq;
	(void)result;
	return f ? fclose(f) : -1;
}

static request_handler *const worker_handlers[XENOPS_N] = {
	[XENOPS_VM_SHUTDOWN] = work };
static request_handler *const worker_reapers[XENOPS_N] = {
	[XENOPS_VM_SHUTDOWN] = clear_away };

static struct worker_key
key(const struct request *rq)
{
	const struct xenops_vm_shutdown_args *a = rq->args;

	/* of "SR:VM", the part before the colon */
	return (struct worker_key){ .name = a->vm, .urgent = a->force,
		.sr = strchr(a->vm, ':') ? arena_strndup(rq->arena, a->vm,
		    strcspn(a->vm, ":")) : NULL,
		.class = a->timeout == WORK_ASK_GUEST ? WORKER_GUEST :
		    a->vm[0] == '/' ? WORKER_STORAGE : WORKER_DOMAIN };
}

static void
ended(void *daemon, const struct request *rq, const char *name, bool ok)
{
	(void)rq;
	(void)name;
	(void)ok;
	((struct rig *)daemon)->ended++;
}

static void
disconnected(void *daemon, uint32_t connection)
{
	((struct rig *)daemon)->lost = connection;
}

static void *
client_thread(void *arg)
{
	struct rig *r = arg;
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(un.sun_path, r->path, strlen(r->path));
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	r->client(r, fd);
	close(fd);
	ck_assert_int_eq(write(r->done[1], "x", 1), 1);
	return NULL;
}

static void
client_done(void *arg, uint32_t events)
{
	(void)events;
	loop_stop(((struct rig *)arg)->loop);
}

/* Runs the client against a server of its own. */
static struct rig
rig_run(void (*client)(struct rig *r, int fd))
{
	static char *const argv[] = { "test_xenopsd", "--worker", NULL };
	struct rig r = { .client = client };
	struct server_config sc = { .socket_path = r.path,
		.socket_gid = getgid(), .peer_uid = getuid(),
		.handlers = handlers, .disconnected = disconnected,
		.daemon = &r };
	struct workers_config wc = { .program = "/proc/self/exe",
		.argv = argv, .key = key, .ended = ended, .daemon = &r };
	struct watch *w;
	pthread_t t;

	r.dir = scratch_dir();
	snprintf(r.path, sizeof(r.path), "%.90s/sock", r.dir);
	r.loop = wc.loop = loop_new();
	r.workers = workers_new(&wc);
	ck_assert_int_eq(server_new(r.loop, &sc, &r.server), 0);
	ck_assert_int_eq(pipe(r.done), 0);
	w = loop_watch(r.loop, r.done[0], EPOLLIN, client_done, &r);
	ck_assert_int_eq(pthread_create(&t, NULL, client_thread, &r), 0);
	ck_assert_int_eq(loop_run(r.loop), 0);
	pthread_join(t, NULL);
	watch_free(w);
	workers_free(r.workers);
	server_free(r.server);
	loop_free(r.loop);
	close(r.done[0]);
	close(r.done[1]);
	return r;
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
send_kind(int fd, uint32_t id, uint8_t kind)
{
	struct frame f = { .id = id, .message = XENOPS_VM_SHUTDOWN,
		.kind = kind };

	ck_assert_int_eq(frame_send(fd, &f), 0);
}

/* The next frame but progress; its id. */
static uint32_t
expect(int fd, uint8_t kind, struct frame *f, struct buf *b)
{
	do {
		ck_assert_int_eq(frame_recv(fd, f, b), 0);
	} while (f->kind == FRAME_PROGRESS && kind != FRAME_PROGRESS);
	ck_assert_int_eq(f->kind, kind);
	return f->id;
}

static int
expect_failure(int fd, uint32_t id)
{
	struct xenops_failure fail = { 0 };
	struct arena *a = arena_new();
	struct buf b = { 0 };
	struct frame f;
	int code;

	ck_assert_uint_eq(expect(fd, FRAME_ERROR, &f, &b), id);
	ck_assert_int_eq(codec_decode(a, &xenops_failure_type, &fail, f.body,
	    f.len, NULL), 0);
	code = fail.code;
	buf_release(&b);
	arena_free(a);
	return code;
}

static void
expect_reply(int fd, uint32_t id)
{
	struct buf b = { 0 };
	struct frame f;

	ck_assert_uint_eq(expect(fd, FRAME_REPLY, &f, &b), id);
	buf_release(&b);
}

static void
say_hello(int fd)
{
	struct xenops_hello_args a = { .version = XENOPS_VERSION };

	send_args(fd, 1, XENOPS_HELLO, &a);
	expect_reply(fd, 1);
}

static void
no_hello(struct rig *r, int fd)
{
	struct buf b = { 0 };
	struct frame f;

	(void)r;
	send_args(fd, 1, XENOPS_DOMAIN_LIST, NULL);
	ck_assert_int_eq(frame_recv(fd, &f, &b), -EPIPE);
	buf_release(&b);
}

START_TEST(who_says_no_hello_is_dropped)
{
	struct rig r = rig_run(no_hello);

	ck_assert_uint_eq(r.lost, 1);
}
END_TEST

static void
ask_things(struct rig *r, int fd)
{
	struct xenops_host_set_hostname_args good = { "good" }, bad = { "bad" };
	struct xenops_domain_list_result list = { 0 };
	const struct xenops_domain_info *d;
	struct arena *a = arena_new();
	struct buf b = { 0 };
	struct frame f;

	(void)r;
	say_hello(fd);
	send_args(fd, 2, XENOPS_HOST_SET_HOSTNAME, &good);
	expect_reply(fd, 2);
	send_args(fd, 3, XENOPS_HOST_SET_HOSTNAME, &bad);
	ck_assert_int_eq(expect_failure(fd, 3), XENOPS_CODE_BAD_REQUEST);
	send_args(fd, 4, XENOPS_HOST_GET, NULL);
	ck_assert_int_eq(expect_failure(fd, 4), XENOPS_CODE_NOT_SUPPORTED);
	send_args(fd, 5, XENOPS_DOMAIN_LIST, NULL);
	ck_assert_uint_eq(expect(fd, FRAME_REPLY, &f, &b), 5);
	ck_assert_int_eq(codec_decode(a, &xenops_domain_list_result_type,
	    &list, f.body, f.len, NULL), 0);
	ck_assert_uint_eq(list.domains.n, 1);
	d = list.domains.v;
	ck_assert_int_eq(d->domid, 7);
	ck_assert_str_eq(d->uuid, UUID);
	f = (struct frame){ .id = 6, .message = XENOPS_HOST_SET_HOSTNAME,
		.kind = FRAME_REQUEST, .body = "\x0a\x7f", .len = 2 };
	ck_assert_int_eq(frame_send(fd, &f), 0);
	ck_assert_int_eq(expect_failure(fd, 6), XENOPS_CODE_BAD_REQUEST);
	buf_release(&b);
	arena_free(a);
}

START_TEST(requests_get_their_answers)
{
	rig_run(ask_things);
}
END_TEST

static void
take_descriptor(struct rig *r, int fd)
{
	struct xenops_console_open_args a = { .vm = UUID };
	struct buf b = { 0 };
	struct frame f;
	char text[8];

	(void)r;
	say_hello(fd);
	send_args(fd, 2, XENOPS_CONSOLE_OPEN, &a);
	expect(fd, FRAME_REPLY, &f, &b);
	ck_assert_int_eq(f.nfds, 1);
	ck_assert_int_eq(read(f.fds[0], text, sizeof(text)), 5);
	close(f.fds[0]);
	buf_release(&b);
}

START_TEST(descriptors_come_with_the_answer)
{
	rig_run(take_descriptor);
}
END_TEST

static void
cancel_parked(struct rig *r, int fd)
{
	struct xenops_vm_pause_args a = { .vm = UUID };

	(void)r;
	say_hello(fd);
	send_args(fd, 2, XENOPS_VM_PAUSE, &a);
	send_args(fd, 3, XENOPS_DOMAIN_LIST, NULL);
	expect_reply(fd, 3);		/* overtakes */
	send_kind(fd, 2, FRAME_CANCEL);
	ck_assert_int_eq(expect_failure(fd, 2), XENOPS_CODE_CANCELLED);
	send_args(fd, 4, XENOPS_VM_PAUSE, &a);	/* dies with the server */
}

START_TEST(pending_requests_can_be_overtaken_and_cancelled)
{
	rig_run(cancel_parked);
}
END_TEST

static void
send_work(int fd, uint32_t id, const char *vm, int what, bool force)
{
	struct xenops_vm_shutdown_args a = { .vm = vm, .force = force,
		.timeout = what };

	send_args(fd, id, XENOPS_VM_SHUTDOWN, &a);
}

static void
use_workers(struct rig *r, int fd)
{
	struct buf b = { 0 };
	struct frame f;

	(void)r;
	say_hello(fd);
	send_work(fd, 2, "a", WORK_OK, false);
	ck_assert_uint_eq(expect(fd, FRAME_PROGRESS, &f, &b), 2);
	expect_reply(fd, 2);
	send_work(fd, 3, "a", WORK_FAIL, false);
	ck_assert_int_eq(expect_failure(fd, 3), XENOPS_CODE_TIMEOUT);
	buf_release(&b);
}

START_TEST(workers_answer)
{
	struct rig r = rig_run(use_workers);

	ck_assert_int_eq(r.ended, 2);
}
END_TEST

static void
lose_workers(struct rig *r, int fd)
{
	char path[400];

	say_hello(fd);
	snprintf(path, sizeof(path), "%.200s/died", r->dir);
	send_work(fd, 2, path, WORK_DIE, false);
	ck_assert_int_eq(expect_failure(fd, 2), XENOPS_CODE_INTERNAL);
	ck_assert_int_eq(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%.200s/cancelled", r->dir);
	send_work(fd, 3, path, WORK_HANG, false);
	send_work(fd, 4, path, WORK_OK, false);
	send_kind(fd, 3, FRAME_CANCEL);
	ck_assert_int_eq(expect_failure(fd, 3), XENOPS_CODE_CANCELLED);
	expect_reply(fd, 4);
}

START_TEST(what_a_lost_worker_left_is_cleared_away)
{
	rig_run(lose_workers);
}
END_TEST

static void
queue_up(struct rig *r, int fd)
{
	char path[400];

	say_hello(fd);
	snprintf(path, sizeof(path), "%.200s/vm", r->dir);
	send_work(fd, 2, path, WORK_HANG, false);
	send_work(fd, 3, path, WORK_OK, false);	/* waits for it */
	send_work(fd, 4, "other", WORK_OK, false);
	expect_reply(fd, 4);
	send_work(fd, 5, path, WORK_OK, true);	/* ends both */
	ck_assert_int_eq(expect_failure(fd, 3), XENOPS_CODE_CANCELLED);
	ck_assert_int_eq(expect_failure(fd, 2), XENOPS_CODE_CANCELLED);
	expect_reply(fd, 5);
}

START_TEST(requests_on_one_object_wait_but_urgent_ones_do_not)
{
	rig_run(queue_up);
}
END_TEST

static void
ask_deaf_guests(struct rig *r, int fd)
{
	char vm[] = "a";

	(void)r;
	say_hello(fd);
	for (uint32_t i = 0; i <= WORKER_MAX; i++, vm[0]++)
		send_work(fd, 2 + i, vm, WORK_ASK_GUEST, false);
	send_work(fd, 20, vm, WORK_OK, false);
	expect_reply(fd, 20);
}

START_TEST(guests_that_do_not_answer_hold_up_nobody_else)
{
	rig_run(ask_deaf_guests);
}
END_TEST

static void
fill_a_class(struct rig *r, int fd)
{
	char path[400];

	say_hello(fd);
	for (uint32_t i = 0; i < WORKER_MAX_STORAGE; i++) {
		snprintf(path, sizeof(path), "%.200s/%u", r->dir, i);
		send_work(fd, 2 + i, path, WORK_HANG, false);
	}
	snprintf(path, sizeof(path), "%.200s/last", r->dir);
	send_work(fd, 20, path, WORK_OK, false);	/* waits for a place */
	send_work(fd, 21, "vm", WORK_OK, false);	/* of another class */
	expect_reply(fd, 21);
	send_kind(fd, 2, FRAME_CANCEL);
	ck_assert_int_eq(expect_failure(fd, 2), XENOPS_CODE_CANCELLED);
	expect_reply(fd, 20);
}

START_TEST(each_class_of_work_has_a_bound_of_its_own)
{
	rig_run(fill_a_class);
}
END_TEST

/* More hang on one SR than there are workers. */
static void
hang_an_sr(struct rig *r, int fd)
{
	uint32_t n = WORKER_MAX_SR_JOBS, first = 100;
	char path[400];

	say_hello(fd);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%.200s/dead:%u", r->dir, i);
		send_work(fd, first + i, path, i == WORKER_MAX_SR ? WORK_OK :
		    WORK_HANG, false);
	}
	snprintf(path, sizeof(path), "%.200s/good:1", r->dir);
	send_work(fd, 2, path, WORK_OK, false);
	expect_reply(fd, 2);
	/* the queue of the SR is full, no other one is */
	snprintf(path, sizeof(path), "%.200s/dead:more", r->dir);
	send_work(fd, 3, path, WORK_OK, false);
	ck_assert_int_eq(expect_failure(fd, 3), XENOPS_CODE_INTERNAL);
	/* a forced shutdown needs no place of the SR */
	snprintf(path, sizeof(path), "%.200s/dead:force", r->dir);
	send_work(fd, 4, path, WORK_OK, true);
	expect_reply(fd, 4);
	/* one ends, and the next one of the SR has its place */
	send_kind(fd, first, FRAME_CANCEL);
	ck_assert_int_eq(expect_failure(fd, first), XENOPS_CODE_CANCELLED);
	expect_reply(fd, first + WORKER_MAX_SR);
	/* and the queue has room */
	send_work(fd, 5, path, WORK_OK, false);
	send_kind(fd, 5, FRAME_CANCEL);
	ck_assert_int_eq(expect_failure(fd, 5), XENOPS_CODE_CANCELLED);
}

START_TEST(an_sr_that_hangs_holds_up_no_other)
{
	rig_run(hang_an_sr);
}
END_TEST

/* So many SRs hang, each filling its places, that they fill the class. */
static void
hang_many_srs(struct rig *r, int fd)
{
	uint32_t srs = WORKER_MAX_STORAGE / WORKER_MAX_SR + 2, id = 100;
	char path[400];

	say_hello(fd);
	for (uint32_t i = 0; i < srs; i++)
		for (uint32_t k = 0; k < WORKER_MAX_SR; k++) {
			snprintf(path, sizeof(path), "%.200s/dead%u:%u",
			    r->dir, i, k);
			send_work(fd, id++, path, WORK_HANG, false);
		}
	for (uint32_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%.200s/good:%u", r->dir, i);
		send_work(fd, 2 + i, path, WORK_OK, false);
	}
	for (uint32_t i = 0; i < 3; i++)
		expect_reply(fd, 2 + i);
	/* and work that is on no SR */
	snprintf(path, sizeof(path), "%.200s/none", r->dir);
	send_work(fd, 10, path, WORK_OK, false);
	expect_reply(fd, 10);
}

START_TEST(many_srs_that_hang_hold_up_no_other)
{
	rig_run(hang_many_srs);
}
END_TEST

START_TEST(each_request_says_what_it_works_on)
{
	struct xenops_disk_spec disks[2] = { { .vbd = "empty", .sr = "" },
		{ .vbd = "full", .sr = "sr" } };
	struct xenops_vm_start_args start = { .vm = { .uuid = "vm",
		.disks = { .v = disks, .n = 2 } } };
	struct xenops_vdi_clone_args clone = { .sr = "sr" };
	struct xenops_sr_scan_args scan = { .uuid = "sr" };
	struct xenops_vm_shutdown_args off = { .vm = "vm", .force = true };
	struct request rq = { .message = XENOPS_VM_START, .args = &start };
	struct worker_key k = request_key(&rq);

	ck_assert_str_eq(k.name, "vm");
	ck_assert_str_eq(k.sr, "sr");
	ck_assert_int_eq(k.class, WORKER_DOMAIN);
	rq = (struct request){ .message = XENOPS_VDI_CLONE, .args = &clone };
	k = request_key(&rq);
	ck_assert_ptr_null(k.name);
	ck_assert_str_eq(k.sr, "sr");
	ck_assert_int_eq(k.class, WORKER_STORAGE);
	rq = (struct request){ .message = XENOPS_SR_SCAN, .args = &scan };
	ck_assert_str_eq(request_key(&rq).sr, "sr");
	rq = (struct request){ .message = XENOPS_VM_SHUTDOWN, .args = &off };
	k = request_key(&rq);
	ck_assert(k.urgent);
	ck_assert_ptr_null(k.sr);
	off.force = false;
	ck_assert_int_eq(request_key(&rq).class, WORKER_GUEST);
	/* hung disks keep no place from the host's own settings */
	rq = (struct request){ .message = XENOPS_SECRET_SET };
	ck_assert_int_eq(request_key(&rq).class, WORKER_HOST);
	rq = (struct request){ .message = XENOPS_HOST_SET_HOSTNAME };
	ck_assert_int_eq(request_key(&rq).class, WORKER_HOST);
}
END_TEST

START_TEST(kept_specifications_come_back)
{
	struct xenops_disk_spec disk = { .vbd = UUID2, .device = 3 };
	struct kept k = { .phase = KEPT_REBOOTING, .started = 12345,
		.spec = { .uuid = UUID, .memory_max = 1 << 28,
		.disks = { .v = &disk, .n = 1 } } };
	struct arena *a = arena_new();
	const struct xenops_disk_spec *d;
	struct kept back;
	const char *dir = scratch_dir();

	ck_assert_int_eq(kept_read(dir, UUID, a, &back), -ENOENT);
	ck_assert_int_eq(kept_write(dir, &k), 0);
	ck_assert_int_eq(kept_read(dir, UUID, a, &back), 0);
	ck_assert_int_eq(back.phase, KEPT_REBOOTING);
	ck_assert_int_eq(back.started, 12345);
	ck_assert_int_eq(back.spec.memory_max, 1 << 28);
	d = back.spec.disks.v;
	ck_assert_uint_eq(back.spec.disks.n, 1);
	ck_assert_str_eq(d->vbd, UUID2);
	kept_remove(dir, UUID);
	ck_assert_int_eq(kept_read(dir, UUID, a, &back), -ENOENT);
	arena_free(a);
}
END_TEST

/* The code with which a specification is refused; -1: it is not. */
static int
refusal(const struct xenops_vm_spec *vm)
{
	struct request_impl impl = { 0 };
	struct request rq = { .arena = arena_new(), .impl = &impl };
	int rc = spec_check_vm(&rq, vm);
	int code = impl.failure.code;

	ck_assert_int_eq(rc, impl.failed ? -1 : 0);
	arena_free(rq.arena);
	return rc ? code : -1;
}

START_TEST(specifications_are_checked)
{
	struct xenops_disk_spec disks[2] = {
		{ .vbd = UUID, .sr = UUID, .vdi = UUID2, .bootable = true },
		{ .vbd = UUID2, .sr = UUID, .vdi = UUID, .device = 1 } };
	struct xenops_nic_spec nic = { .vif = UUID,
		.mac = "00:16:3e:00:00:01", .bridge = "xenbr0" };
	struct string_pair data = { "vm-data/key", "value" };
	struct xenops_vm_spec good = { .uuid = UUID, .memory_max = 1 << 28,
		.memory_target = 1 << 28, .vcpus = 1, .vcpus_max = 2,
		.disks = { .v = disks, .n = 2 }, .nics = { .v = &nic, .n = 1 },
		.xenstore_data = { .v = &data, .n = 1 } };
	struct xenops_vm_spec vm = good;
	char long_value[VM_MAX_DATA_VALUE + 2] = "";

	memset(long_value, 'x', sizeof(long_value) - 1);
	ck_assert_int_eq(refusal(&vm), -1);
	vm.uuid = "../../etc/passwd";
	ck_assert_int_eq(refusal(&vm), XENOPS_CODE_BAD_REQUEST);
	vm = good;
	vm.memory_max = 1;
	ck_assert_int_eq(refusal(&vm), XENOPS_CODE_BAD_REQUEST);
	vm = good;
	disks[1].device = 0;
	ck_assert_int_eq(refusal(&vm), XENOPS_CODE_BAD_REQUEST);
	disks[1].device = 1;
	disks[0].bootable = false;
	ck_assert_int_eq(refusal(&vm), XENOPS_CODE_NO_BOOTABLE_DISK);
	disks[0].bootable = true;
	nic.bridge = "a/b";
	ck_assert_int_eq(refusal(&vm), XENOPS_CODE_BAD_REQUEST);
	nic.bridge = "xenbr0";
	nic.mac = "01:00:00:00:00:00";
	ck_assert_int_eq(refusal(&vm), XENOPS_CODE_BAD_REQUEST);
	nic.mac = "00:16:3e:00:00:01";
	data.value = long_value;
	ck_assert_int_eq(refusal(&vm), XENOPS_CODE_BAD_REQUEST);
	data.key = "device/vbd";
	ck_assert_int_eq(refusal(&vm), -1);
}
END_TEST

START_TEST(an_hvm_guest_has_what_its_bios_knows)
{
	struct xenops_disk_spec disks[] = {
		{ .vbd = UUID2, .device = 0, .sr = UUID, .vdi = UUID },
		{ .vbd = UUID, .device = 3, .cdrom = true },
	};
	struct xenops_vm_spec good = { .uuid = UUID,
		.type = XENOPS_DOMAIN_TYPE_HVM, .memory_max = 64 << 20,
		.memory_target = 64 << 20, .vcpus = 1, .vcpus_max = 1,
		.boot = XENOPS_BOOT_DISK, .disks = { .v = disks, .n = 2 },
		.hvm = { .boot_order = "cd", .vga = XENOPS_VGA_STD,
		    .videoram = 8 << 20 } };
	struct xenops_vm_spec vm = good;
	static const char *const orders[] = { NULL, "", "x", "cc", "cdc", "cdnn",
		"c " };

	/* nothing has to be bootable: its BIOS says so on its screen */
	ck_assert_int_eq(refusal(&vm), -1);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		vm.hvm.boot_order = orders[i];
		ck_assert_int_eq(refusal(&vm), XENOPS_CODE_BAD_REQUEST);
	}
	vm = good;
	vm.hvm.videoram = 1 << 10;
	ck_assert_int_eq(refusal(&vm), XENOPS_CODE_BAD_REQUEST);
	vm.hvm.vga = XENOPS_VGA_NONE;
	ck_assert_int_eq(refusal(&vm), -1);
	vm.hvm.timeoffset = 1ll << 40;
	ck_assert_int_eq(refusal(&vm), XENOPS_CODE_BAD_REQUEST);
	vm = good;
	disks[0].read_only = true;
	ck_assert_int_eq(refusal(&vm), XENOPS_CODE_BAD_REQUEST);
	disks[0].device = 4;
	ck_assert_int_eq(refusal(&vm), -1);
	disks[1].device = 5;
	ck_assert_int_eq(refusal(&vm), XENOPS_CODE_BAD_REQUEST);
}
END_TEST

START_TEST(only_vm_data_goes_to_the_guest)
{
	static const char *const good[] = { "vm-data", "vm-data/key",
		"vm-data/a/b_c@d-1" };
	static const char *const other[] = { "", "vm-dat", "vm-database",
		"device/vbd", "vm-data/", "vm-data//a", "vm-data/a b",
		"vm-data/../device", "/vm-data/a", NULL };

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ck_assert_msg(vm_data_goes(good[i]), "%s", good[i]);
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		ck_assert_msg(!vm_data_goes(other[i]), "%s", other[i]);
}
END_TEST

/* The code with which a kernel is refused; -1: it is not. */
static int
kernel_refusal(const char *folder, const char *name)
{
	struct request_impl impl = { 0 };
	struct request rq = { .arena = arena_new(), .impl = &impl };
	const char *path = NULL;
	int rc = spec_kernel_path(&rq, folder, name, &path);

	ck_assert_int_eq(rc, path ? 0 : -1);
	arena_free(rq.arena);
	return rc ? impl.failure.code : -1;
}

START_TEST(kernels_are_files_of_their_folder)
{
	static const char *const bad[] = { "", ".", "..", "../outside",
		"/etc/passwd", ".hidden", "sub/kernel", NULL };
	const char *dir = scratch_dir();
	char path[PATH_MAX + 16], outside[PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/folder", dir);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chdir(path), 0);
	snprintf(outside, sizeof(outside), "%s/outside", dir);
	ck_assert_int_eq(close(creat("kernel", 0600)), 0);
	ck_assert_int_eq(close(creat(".hidden", 0600)), 0);
	ck_assert_int_eq(close(creat(outside, 0600)), 0);
	ck_assert_int_eq(symlink(outside, "link"), 0);
	ck_assert_int_eq(mkdir("sub", 0700), 0);
	ck_assert_int_eq(close(creat("sub/kernel", 0600)), 0);
	ck_assert_int_eq(kernel_refusal(path, "kernel"), -1);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(kernel_refusal(path, bad[i]),
		    XENOPS_CODE_BOOT_FAILED);
	ck_assert_int_eq(kernel_refusal(path, "link"),
	    XENOPS_CODE_BOOT_FAILED);
	ck_assert_int_eq(kernel_refusal(path, "sub"), XENOPS_CODE_BOOT_FAILED);
	ck_assert_int_eq(kernel_refusal(path, "absent"),
	    XENOPS_CODE_BOOT_FAILED);
}
END_TEST

int
main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--worker"))
		return worker_child(worker_handlers, worker_reapers, NULL);
	return UNIT_RUN("xenopsd", who_says_no_hello_is_dropped,
	    requests_get_their_answers, descriptors_come_with_the_answer,
	    pending_requests_can_be_overtaken_and_cancelled, workers_answer,
	    what_a_lost_worker_left_is_cleared_away,
	    requests_on_one_object_wait_but_urgent_ones_do_not,
	    guests_that_do_not_answer_hold_up_nobody_else,
	    each_class_of_work_has_a_bound_of_its_own,
	    an_sr_that_hangs_holds_up_no_other,
	    many_srs_that_hang_hold_up_no_other,
	    each_request_says_what_it_works_on,
	    kept_specifications_come_back, specifications_are_checked,
	    an_hvm_guest_has_what_its_bios_knows,
	    only_vm_data_goes_to_the_guest, kernels_are_files_of_their_folder);
}
