#include "trial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "health.h"

#define STEADY_S 10		/* healthy for so long */
#define EVERY_S 2
#define WHY_SIZE 256

static int
keep_why(const char *why)
{
	const struct atomic_file how = { .mode = 0644 };

	if (mkdir("/state/slot", 0755) == -1 && errno != EEXIST)
		return -errno;
	return atomic_file_write(TRIAL_WHY, why, strlen(why), &how);
}

/* -- changes of the block -- */

static bool
to_trial(void *arg, struct env *e)
{
	const struct env *want = arg;

	*e = *want;
	return true;
}

bool
trial_is_on(const struct slots *s)
{
	return s->trial_s && access(TRIAL_CONFIRMED, F_OK) == -1;
}

int
trial_start(const struct slots *s, unsigned limit_s)
{
	struct env now, want = { .good = s->running, .left = true,
		.trial = slot_other(s->running), .limit_s = limit_s };

	if (trial_is_on(s))
		return -EBUSY;
	if (!slots_holds_system(s, want.trial))
		return -ENOENT;
	return slots_env(s, to_trial, &want, &now);
}

static bool
to_good(void *arg, struct env *e)
{
	const struct slots *s = arg;
	bool news = e->good != s->running || e->trial;

	e->good = s->running;
	e->trial = 0;
	return news;
}

int
trial_confirm(const struct slots *s)
{
	const struct atomic_file how = { .mode = 0644, .fleeting = true };
	struct env now;
	int rc = slots_env(s, to_good, (void *)s, &now);

	if (rc == 0)
		unlink(TRIAL_NOW);
	return rc ? rc : atomic_file_write(TRIAL_CONFIRMED, "", 0, &how);
}

/* -- the end of a trial -- */

int
trial_fail(const struct slots *s, const char *why)
{
	const struct atomic_file how = { .mode = 0644, .fleeting = true };
	char text[WHY_SIZE];

	snprintf(text, sizeof text, "slot %c was tried and given up: %s\n",
	    s->running, why);
	atomic_file_write(TRIAL_ENDED, "", 0, &how);
	return keep_why(text);
}

/* A trial that was started, and did not become the good one. */
static bool
end_trial(void *arg, struct env *e)
{
	const struct slots *s = arg;

	if (!e->trial || e->left || e->trial == s->running)
		return false;
	e->trial = 0;
	return true;
}

int
trial_settle(const struct slots *s)
{
	char text[WHY_SIZE];
	struct env before, now;
	int rc = slots_env(s, NULL, NULL, &before);

	if (rc || !before.trial || before.left || before.trial == s->running)
		return rc;
	if (access(TRIAL_WHY, F_OK) == -1) {
		snprintf(text, sizeof text, "slot %c was tried and given up: "
		    "it ended before it could tell why\n", before.trial);
		rc = keep_why(text);
	}
	return rc ? rc : slots_env(s, end_trial, (void *)s, &now);
}

static long
uptime_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (long)t.tv_sec;
}

static void
tell(const struct slots *s)
{
	const struct atomic_file how = { .mode = 0644, .fleeting = true };
	char text[WHY_SIZE];

	snprintf(text, sizeof text, "slot %c is on trial: good, or given up, "
	    "within %u s\n", s->running, s->trial_s);
	atomic_file_write(TRIAL_NOW, text, strlen(text), &how);
}

const char *
trial_await_health(const struct slots *s)
{
	const char *problem;
	long since = -1;

	tell(s);
	for (;;) {
		problem = health_problem();
		if (problem)
			since = -1;
		else if (since == -1)
			since = uptime_s();
		else if (uptime_s() - since >= STEADY_S)
			return NULL;
		if (uptime_s() >= (long)s->trial_s)
			return problem ? problem : "it was healthy too late";
		sleep(EVERY_S);
	}
}
