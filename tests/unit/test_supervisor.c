/* What runs beside its owner, with shell scripts in poold's place. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "pool/supervisor.h"
#include "scratch.h"
#include "unit.h"

/* Each run adds a line with its process to "runs", and then does what it is to. */
static char script[256];
static const char *const argv[] = { "/bin/sh", "-c", script, NULL };
static const struct supervisor_config config = { .argv = argv };

static void
begin(const char *then)
{
	ck_assert_int_eq(chdir(scratch_dir()), 0);
	snprintf(script, sizeof(script), "echo $$ >>runs; %s", then);
}

static void
rest(void)
{
	poll(NULL, 0, 5);
}

/* Waits for the run with that number, from 1; its process. */
static pid_t
wait_run(int number)
{
	char line[32];
	pid_t pid = 0;
	FILE *f;
	int n;

	for (;; rest()) {
		f = fopen("runs", "r");
		for (n = 0; f && n < number && fgets(line, sizeof(line), f);)
			n += strchr(line, '\n') != NULL;
		if (f)
			fclose(f);
		if (n == number)
			break;
	}
	pid = (pid_t)atol(line);
	ck_assert_int_gt(pid, 1);
	return pid;
}

static int
count_runs(void)
{
	FILE *f = fopen("runs", "r");
	char line[32];
	int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n++;
	if (f)
		fclose(f);
	return n;
}

/* A process of which we know, before it can end. */
static int
watch(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);

	ck_assert_int_ne(fd, -1);
	return fd;
}

static void
wait_end(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (poll(&p, 1, -1) == -1)
		ck_assert_int_eq(errno, EINTR);
	close(fd);
}

START_TEST(it_runs_while_it_is_wanted)
{
	struct supervisor *s;
	int fd;

	begin("exec sleep 1000");
	ck_assert_int_eq(supervisor_new(&config, &s), 0);
	ck_assert_int_eq(supervisor_want(s, false), 0);
	ck_assert_int_eq(supervisor_want(s, true), 0);
	ck_assert_int_eq(supervisor_want(s, true), 0);
	fd = watch(wait_run(1));
	ck_assert_int_eq(supervisor_want(s, false), 0);
	wait_end(fd);
	ck_assert_int_eq(supervisor_want(s, true), 0);
	fd = watch(wait_run(2));
	supervisor_free(s);
	wait_end(fd);
	ck_assert_int_eq(count_runs(), 2);
}
END_TEST

START_TEST(one_that_was_never_wanted_was_never_started)
{
	struct supervisor *s;

	begin("exec sleep 1000");
	ck_assert_int_eq(supervisor_new(&config, &s), 0);
	supervisor_free(s);
	ck_assert_int_eq(count_runs(), 0);
}
END_TEST

START_TEST(what_ends_is_started_again)
{
	struct supervisor *s;
	int fd;

	begin("[ $(wc -l <runs) -gt 2 ] || exit 3; exec sleep 1000");
	ck_assert_int_eq(supervisor_new(&config, &s), 0);
	ck_assert_int_eq(supervisor_want(s, true), 0);
	fd = watch(wait_run(3));
	ck_assert_int_eq(kill(wait_run(3), SIGKILL), 0);
	wait_end(fd);
	fd = watch(wait_run(4));
	supervisor_free(s);
	wait_end(fd);
}
END_TEST

/* The program comes later, as after a start in the wrong order. */
START_TEST(what_cannot_be_started_is_tried_again)
{
	const char *const its[] = { "./program", NULL };
	const struct supervisor_config cfg = { .argv = its };
	struct supervisor *s;
	FILE *f;
	int fd;

	begin("exec sleep 1000");
	ck_assert_int_eq(supervisor_new(&cfg, &s), 0);
	ck_assert_int_eq(supervisor_want(s, true), 0);
	f = fopen("later", "w");
	fprintf(f, "#!/bin/sh\n%s\n", script);
	fclose(f);
	ck_assert_int_eq(chmod("later", 0700), 0);
	ck_assert_int_eq(rename("later", "program"), 0);
	fd = watch(wait_run(1));
	supervisor_free(s);
	wait_end(fd);
}
END_TEST

START_TEST(it_ends_with_its_owner_however_that_ends)
{
	struct supervisor *s;
	pid_t owner;
	int fd;

	begin("exec sleep 1000");
	owner = fork();
	if (owner == 0) {
		if (supervisor_new(&config, &s) || supervisor_want(s, true))
			_exit(1);
		for (;;)
			pause();
	}
	fd = watch(wait_run(1));
	ck_assert_int_eq(kill(owner, SIGKILL), 0);
	ck_assert_int_eq(waitpid(owner, NULL, 0), owner);
	wait_end(fd);
}
END_TEST

/* Its process is the parent of what runs. */
static pid_t
parent_of(pid_t pid)
{
	char path[64];
	int parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%*d (%*[^)]) %*c %d", &parent), 1);
	fclose(f);
	return parent;
}

START_TEST(its_owner_learns_that_the_supervisor_is_gone)
{
	struct supervisor *s;
	pid_t supervisor;
	int fd, other;

	begin("exec sleep 1000");
	ck_assert_int_eq(supervisor_new(&config, &s), 0);
	ck_assert_int_eq(supervisor_want(s, true), 0);
	fd = watch(wait_run(1));
	supervisor = parent_of(wait_run(1));
	other = watch(supervisor);
	ck_assert_int_eq(kill(supervisor, SIGKILL), 0);
	wait_end(other);
	wait_end(fd);
	ck_assert_int_eq(supervisor_want(s, true), -EPIPE);
	supervisor_free(s);
}
END_TEST

START_TEST(the_pause_grows_while_it_ends_soon)
{
	int64_t pause = 0;
	int i;

	for (i = 0; i < 7; i++) {
		pause = supervisor_pause_ms(pause, 5);
		ck_assert_int_eq(pause, SUPERVISOR_PAUSE_MS << i);
	}
	for (i = 0; i < 3; i++) {
		pause = supervisor_pause_ms(pause,
		    SUPERVISOR_PAUSE_MAX_MS - 1);
		ck_assert_int_eq(pause, SUPERVISOR_PAUSE_MAX_MS);
	}
	ck_assert_int_eq(supervisor_pause_ms(pause, SUPERVISOR_PAUSE_MAX_MS),
	    SUPERVISOR_PAUSE_MS);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("supervisor", it_runs_while_it_is_wanted,
	    one_that_was_never_wanted_was_never_started,
	    what_ends_is_started_again, what_cannot_be_started_is_tried_again,
	    it_ends_with_its_owner_however_that_ends,
	    its_owner_learns_that_the_supervisor_is_gone,
	    the_pause_grows_while_it_ends_soon);
}
