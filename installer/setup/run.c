#include "setup/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "install/plan.h"

#define SLOT "/run/medium/bedplate/slot.img"
#define LOCK "/run/bedplate/setup.lock"
#define LOG "/run/bedplate/install.log"
#define OTHER_SCREEN "/dev/tty2"
#define NEWS_MS 1000

bool
run_possible(void)
{
	return access(SLOT, R_OK) == 0;
}

static int
fail(struct run *r, int rc, const char *what)
{
	snprintf(r->why, sizeof r->why, "%s: %s", what, strerror(-rc));
	return rc;
}

/* Held until the process ends, or the lock is closed. */
static int
lock(struct run *r, int *fd_out)
{
	*fd_out = open(LOCK, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (*fd_out == -1)
		return fail(r, -errno, "cannot lock");
	if (flock(*fd_out, LOCK_EX | LOCK_NB) == 0)
		return 0;
	snprintf(r->why, sizeof r->why,
	    "an installation is running on another console");
	return -EBUSY;
}

/* Lines "percent seconds text", for the other process. */
static void
tell(void *arg, const struct progress *p)
{
	FILE *to = arg;

	fprintf(to, "%d %d %s\n", p->percent, p->left_s, p->text);
	fflush(to);
}

static int
plan(struct run *r, struct install *in, const struct choices *c,
    const struct disk *disk)
{
	const char *why;

	memset(in, 0, sizeof *in);
	in->choices = *c;
	in->slot = SLOT;
	in->programs = "/run/slot/boot/grub";
	in->state = "/state";
	in->target = "/run/bedplate/target";
	if (plan_init(in, disk, false, &why))
		return 0;
	snprintf(r->why, sizeof r->why, "%s", why);
	return -EINVAL;
}

/* The process that writes: nothing at the terminal ends it halfway. */
static _Noreturn void
work(struct install *in, int to)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), rc;

	setsid();
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	in->tell = tell;
	in->arg = fdopen(to, "w");
	if (!in->arg)
		_exit(1);
	rc = plan_run(in);
	if (rc)
		fprintf(in->arg, "! %s\n= %s\n", in->why, in->remains);
	else if (*in->note)
		fprintf(in->arg, "100 0 %s\n", in->note);
	fflush(in->arg);
	_exit(rc ? 1 : 0);
}

/* The end that tells of it is r's. */
static int
begin(struct run *r, struct install *in)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return fail(r, -errno, "cannot make a pipe");
	r->from = fdopen(fds[0], "r");
	r->pid = r->from ? fork() : -1;
	if (r->pid == 0)
		work(in, fds[1]);
	close(fds[1]);
	if (r->pid == -1)
		return fail(r, -errno, "cannot start");
	/* what poll() does not see is in no buffer */
	setvbuf(r->from, NULL, _IONBF, 0);
	return 0;
}

int
run_start(struct run *r, const struct choices *c, const struct disk *disk)
{
	struct install in;
	int held, rc;

	memset(r, 0, sizeof *r);
	r->left_s = -1;
	snprintf(r->step, sizeof r->step, "starting");
	rc = lock(r, &held);
	if (rc == 0)
		rc = plan(r, &in, c, disk);
	if (rc == 0)
		rc = begin(r, &in);
	explicit_bzero(&in, sizeof in);
	if (rc && held != -1)
		close(held);
	return rc;
}

/* A log for whoever wants to know more, there and on another screen. */
static void
note(const char *line)
{
	static const char *const places[] = { LOG, OTHER_SCREEN };

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		FILE *f = fopen(places[i], "ae");

		if (f) {
			fputs(line, f);
			fclose(f);
		}
	}
}

/* "! why", "= what the disk is now" or "percent seconds text". */
static void
take(struct run *r, char *line)
{
	char *end;

	note(line);
	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '!') {
		snprintf(r->why, sizeof r->why, "%.250s", line + 2);
		return;
	}
	if (line[0] == '=') {
		snprintf(r->remains, sizeof r->remains, "%.250s", line + 2);
		return;
	}
	r->percent = (int)strtol(line, &end, 10);
	r->left_s = (int)strtol(end, &end, 10);
	snprintf(r->step, sizeof r->step, "%.250s", end + (*end == ' '));
}

bool
run_poll(struct run *r)
{
	struct pollfd p = { .fd = fileno(r->from), .events = POLLIN };
	char line[RUN_TEXT];
	int status;

	if (poll(&p, 1, NEWS_MS) <= 0)
		return true;
	if (fgets(line, sizeof line, r->from)) {
		take(r, line);
		return true;
	}
	fclose(r->from);
	if (waitpid(r->pid, &status, 0) == -1 || status) {
		if (!*r->why)
			snprintf(r->why, sizeof r->why,
			    "it ended before it was done");
	}
	return false;
}
