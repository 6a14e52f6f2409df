/*
 * bedplate-slot: the two systems of an installed host.
 *	show		which runs, which is good, what is to be tried
 *	try [SECONDS]	the other one at the next start, once: unless it is
 *			healthy within that time (300), the start after that is
 *			the good one's
 *	confirm		the running one is good
 *	back		give up the running one, if it is on trial, or what was
 *			to be tried; restarts in the first case
 *	idle		the device of the other slot, to be written to: nothing
 *			is to be tried any more
 *	watch		the service: ends trials, then never returns
 * Exit status 1: refused or failed, 2: usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trial.h"

#define REBOOT "/sbin/reboot"

static int
fail(const char *what, int rc)
{
	fprintf(stderr, "bedplate-slot: %s: %s\n", what,
	    rc == -ENOENT ? "the other slot holds no system" :
	    rc == -EBUSY ? "the running slot is on trial itself" :
	    strerror(-rc));
	return 1;
}

static void
print_file(const char *path)
{
	char line[256];
	FILE *f = fopen(path, "re");

	if (f && fgets(line, sizeof line, f))
		printf("%s", line);
	if (f)
		fclose(f);
}

static int
show(const struct slots *s, const char *arg)
{
	struct env e;
	int rc = slots_env(s, NULL, NULL, &e);

	(void)arg;
	if (rc)
		return fail("cannot read the environment block", rc);
	printf("running %c\ngood %c\n", s->running, e.good);
	if (e.trial)
		printf("trial %c %s\n", e.trial, e.left ? "at the next start" :
		    e.trial == s->running ? "now" : "failed");
	print_file(TRIAL_WHY);
	return 0;
}

static int
try(const struct slots *s, const char *arg)
{
	char *end = NULL;
	unsigned long limit = arg ? strtoul(arg, &end, 10) : TRIAL_LIMIT_S;
	int rc;

	if (limit < TRIAL_LIMIT_MIN_S || limit > TRIAL_LIMIT_MAX_S ||
	    (end && *end)) {
		fprintf(stderr, "bedplate-slot: '%s': %d to %d seconds\n", arg,
		    TRIAL_LIMIT_MIN_S, TRIAL_LIMIT_MAX_S);
		return 2;
	}
	if (unlink(TRIAL_WHY) == -1 && errno != ENOENT)
		return fail(TRIAL_WHY, -errno);
	rc = trial_start(s, (unsigned)limit);
	if (rc)
		return fail("cannot try", rc);
	printf("the next start tries slot %c\n", slot_other(s->running));
	return 0;
}

static int
confirm(const struct slots *s, const char *arg)
{
	int rc = trial_confirm(s);

	(void)arg;
	return rc ? fail("cannot confirm", rc) : 0;
}

static int
give_up(const struct slots *s, const char *why)
{
	int rc = trial_fail(s, why);

	fprintf(stderr, "bedplate-slot: slot %c is given up: %s\n",
	    s->running, why);
	if (rc)
		fail("cannot keep the reason", rc);
	sync();
	execl(REBOOT, REBOOT, (char *)NULL);
	return fail(REBOOT, -errno);
}

static int
back(const struct slots *s, const char *arg)
{
	int rc;

	(void)arg;
	if (trial_is_on(s))
		return give_up(s, "on demand");
	rc = trial_confirm(s);
	return rc ? fail("cannot go back", rc) : 0;
}

static int
idle(const struct slots *s, const char *arg)
{
	const char name[2] = { slot_other(s->running) };
	char path[SLOTS_PATH];
	int rc = trial_is_on(s) ? -EBUSY : slots_device(s, name, path);

	(void)arg;
	if (rc == 0)
		rc = trial_confirm(s);
	if (rc)
		return fail("no slot to write to", rc);
	printf("%s\n", path);
	return 0;
}

static _Noreturn void
rest(void)
{
	for (;;)
		pause();
}

/* A slot that cannot write the block is no good one either.  Once it is given
 * up, daemons end for the restart, which is no reason. */
static int
watch(const struct slots *s, const char *arg)
{
	const char *problem = NULL;
	int rc;

	(void)arg;
	if (access(TRIAL_ENDED, F_OK) == 0)
		rest();
	if (trial_is_on(s)) {
		problem = trial_await_health(s);
		rc = problem ? 0 : trial_confirm(s);
		if (problem || rc)
			return give_up(s, problem ? problem : strerror(-rc));
		fprintf(stderr, "bedplate-slot: slot %c is healthy and the "
		    "good one now\n", s->running);
	} else {
		rc = trial_settle(s);
		if (rc)
			fail("cannot settle the last trial", rc);
		print_file(TRIAL_WHY);
		fflush(stdout);
	}
	rest();
}

static const struct {
	const char *name;
	int (*run)(const struct slots *s, const char *arg);
} commands[] = {
	{ "show", show }, { "try", try }, { "confirm", confirm },
	{ "back", back }, { "idle", idle }, { "watch", watch },
};

int
main(int argc, char **argv)
{
	struct slots s;
	int rc = slots_running(&s);

	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
		if (argc < 2 || argc > 3 || strcmp(argv[1], commands[i].name))
			continue;
		if (rc == -ENODEV && !strcmp(argv[1], "watch"))
			rest();
		return rc ? fail("not an installed host", rc) :
		    commands[i].run(&s, argc == 3 ? argv[2] : NULL);
	}
	fprintf(stderr, "usage: bedplate-slot show | try [SECONDS] | confirm | "
	    "back | idle\n");
	return 2;
}
