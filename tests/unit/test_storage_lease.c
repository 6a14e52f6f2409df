/*
 * Leases over plain folders: who ends them, and what a program that has the disk
 * of one makes of that.
 */
#include "xenopsd/storage/lease.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "storage_bench.h"
#include "unit.h"
#include "xenopsd/core/holder.h"
#include "xenopsd/core/request_impl.h"

/* Leases whose work is done at once, or not. */
struct lessor {
	struct bench bench;
	struct loop *loop;
	struct leases *leases;
	int to_fail;			/* closes that come to nothing */
	int closes;
	int lock;			/* of a program, let go at that close */
	int lets_go;
	bool pending;			/* opens wait for finish_open */
	struct request_impl impl;
	struct request opening;
};

static int
lessor_run(struct request *rq, const void *args, void *result)
{
	struct lessor *l = rq->daemon;

	if (rq->message == XENOPS_VDI_OPEN && l->pending)
		return REQUEST_PENDING;
	if (rq->message == XENOPS_VDI_CLOSE) {
		if (++l->closes == l->lets_go)
			close(l->lock);
		if (l->to_fail && l->to_fail--)
			return request_fail(rq, XENOPS_CODE_IN_USE, "busy");
	}
	return lease_handle(rq, &l->bench.env, args, result);
}

static struct request
lessor_request(struct lessor *l, enum xenops_message message,
    uint32_t connection, const void *args)
{
	memset(&l->impl, 0, sizeof(l->impl));
	return (struct request){ .arena = l->bench.arena, .daemon = l,
		.message = (uint16_t)message, .connection = connection,
		.args = args, .impl = &l->impl };
}

static bool
is_in_use(struct lessor *l)
{
	struct storage s = op(&l->bench);
	struct use *uses;

	return use_list(&s, NULL, &uses) > 0;
}

static void
lessor_submit(void *daemon, const struct xenops_vdi_close_args *a)
{
	struct lessor *l = daemon;
	struct request rq = lessor_request(l, XENOPS_VDI_CLOSE, 0, a);

	leases_close(l->leases, &rq, a);
	if (!is_in_use(l))
		loop_stop(l->loop);
}

static void
lessor_start(struct lessor *l)
{
	struct leases_config cfg = { .env = &l->bench.env, .retry_ms = 1,
		.run = lessor_run, .submit = lessor_submit, .daemon = l };

	l->loop = cfg.loop = loop_new();
	l->leases = leases_new(&cfg);
}

static void
lessor_setup(struct lessor *l)
{
	memset(l, 0, sizeof(*l));
	setup(&l->bench);
	make_sr(&l->bench, XENOPS_SR_TYPE_FILE, "");
	make_vdi(&l->bench, VDI_A, MIB);
}

static void
lessor_end(struct lessor *l)
{
	leases_free(l->leases);
	loop_free(l->loop);
	teardown(&l->bench);
}

/* Opens the disk for a connection; the lease. */
static int64_t
lessor_open(struct lessor *l, uint32_t connection)
{
	static const struct xenops_vdi_open_args a = { .sr = SR_A,
		.vdi = VDI_A, .writable = true };
	struct xenops_vdi_open_result r = { 0 };

	l->opening = lessor_request(l, XENOPS_VDI_OPEN, connection, &a);
	if (leases_open(l->leases, &l->opening, &a, &r) == REQUEST_PENDING)
		return 0;
	ck_assert_int_eq(l->impl.nfds, 1);
	close(l->impl.fds[0]);
	ck_assert_int_eq(r.size, MIB);
	return r.lease;
}

static int
lessor_close(struct lessor *l, uint32_t connection, int64_t lease)
{
	struct xenops_vdi_close_args a = { .lease = lease };
	struct request rq = lessor_request(l, XENOPS_VDI_CLOSE, connection,
	    &a);

	return leases_close(l->leases, &rq, &a);
}

START_TEST(a_lease_ends_with_its_connection)
{
	struct lessor l;
	int64_t lease;

	lessor_setup(&l);
	lessor_start(&l);
	lease = lessor_open(&l, 7);
	ck_assert(is_in_use(&l));
	ck_assert_int_eq(lessor_close(&l, 8, lease), -1);
	ck_assert_int_eq(lessor_close(&l, 7, lease), 0);
	ck_assert(!is_in_use(&l));
	ck_assert_int_eq(lessor_close(&l, 7, lease), -1);
	lessor_open(&l, 7);
	leases_disconnected(l.leases, 8);
	leases_disconnected(l.leases, 7);
	ck_assert(is_in_use(&l));
	ck_assert_int_eq(loop_run(l.loop), 0);
	ck_assert(!is_in_use(&l));
	lessor_end(&l);
}
END_TEST

START_TEST(a_lease_that_cannot_end_is_tried_again)
{
	struct lessor l;

	lessor_setup(&l);
	lessor_start(&l);
	l.to_fail = 3;
	ck_assert_int_eq(lessor_close(&l, 7, lessor_open(&l, 7)), -1);
	ck_assert(is_in_use(&l));
	ck_assert_int_eq(loop_run(l.loop), 0);
	ck_assert(!is_in_use(&l));
	ck_assert_int_eq(l.closes, 4);
	lessor_end(&l);
}
END_TEST

/* A program that has the disk of a lease, as xenopsd starts it. */
static int
program_lock(const struct lessor *l, int64_t lease)
{
	const char *path = arena_printf(l->bench.arena,
	    "%s/use/lease-%lld.program", l->bench.dir, (long long)lease);
	int lock = holder_lock(path);

	ck_assert_int_ge(lock, 0);
	return lock;
}

static pid_t
start_program(int lock)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (holder_sign(lock))
			_exit(1);
		raise(SIGSTOP);
		_exit(0);
	}
	close(lock);
	ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
	return pid;
}

/* The next process of xenopsd has the leases. */
static void
lessor_restart(struct lessor *l)
{
	leases_free(l->leases);
	loop_free(l->loop);
	lessor_start(l);
}

static void
end_hanging_program(bool restart)
{
	struct lessor l;
	int64_t lease;
	int status;
	pid_t pid;

	lessor_setup(&l);
	lessor_start(&l);
	lease = lessor_open(&l, 7);
	pid = start_program(program_lock(&l, lease));
	if (restart) {
		lessor_restart(&l);
		ck_assert_int_eq(loop_run(l.loop), 0);
	} else {
		ck_assert_int_eq(lessor_close(&l, 7, lease), 0);
	}
	ck_assert(!is_in_use(&l));
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	lessor_end(&l);
}

START_TEST(a_program_that_hangs_is_ended_with_its_lease)
{
	end_hanging_program(false);
	end_hanging_program(true);
}
END_TEST

/* As one does whose disk hangs. */
START_TEST(a_disk_is_in_use_while_its_program_lives)
{
	struct lessor l;
	struct storage s;
	int64_t lease;

	lessor_setup(&l);
	lessor_start(&l);
	lease = lessor_open(&l, 7);
	l.lock = program_lock(&l, lease);
	l.lets_go = 4;
	ck_assert_int_eq(lessor_close(&l, 7, lease), -1);
	s = op(&l.bench);
	ck_assert_int_eq(storage_vdi_destroy(&s, SR_A, VDI_A), -1);
	expect_code(&s, XENOPS_CODE_IN_USE);
	/* for the next process of xenopsd, too */
	lessor_restart(&l);
	ck_assert_int_eq(loop_run(l.loop), 0);
	ck_assert(!is_in_use(&l));
	ck_assert_int_eq(l.closes, 4);
	lessor_end(&l);
}
END_TEST

START_TEST(leases_of_an_earlier_process_end)
{
	struct lessor l;

	lessor_setup(&l);
	lessor_start(&l);
	lessor_open(&l, 7);
	lessor_restart(&l);
	ck_assert(is_in_use(&l));
	l.to_fail = 1;
	ck_assert_int_eq(loop_run(l.loop), 0);
	ck_assert(!is_in_use(&l));
	lessor_end(&l);
}
END_TEST

START_TEST(a_client_may_leave_while_its_disk_is_opened)
{
	struct xenops_vdi_open_result r = { 0 };
	struct lessor l;

	lessor_setup(&l);
	lessor_start(&l);
	l.pending = true;
	lessor_open(&l, 7);
	leases_disconnected(l.leases, 7);
	ck_assert_int_eq(lease_handle(&l.opening, &l.bench.env,
	    l.opening.args, &r), 0);
	close(l.impl.fds[0]);
	ck_assert(is_in_use(&l));
	leases_ended(l.leases, &l.opening, true);
	ck_assert_int_eq(loop_run(l.loop), 0);
	ck_assert(!is_in_use(&l));
	lessor_end(&l);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("storage_lease", a_lease_ends_with_its_connection,
	    a_lease_that_cannot_end_is_tried_again,
	    a_program_that_hangs_is_ended_with_its_lease,
	    a_disk_is_in_use_while_its_program_lives,
	    leases_of_an_earlier_process_end,
	    a_client_may_leave_while_its_disk_is_opened);
}
