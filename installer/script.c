#include "script.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define SHELL "/bin/sh"
#define TICK_NS 50000000L

static const char *const names[STAGE_N] = {
	[STAGE_START] = "installation-start",
	[STAGE_POPULATED] = "filesystem-populated",
	[STAGE_COMPLETE] = "installation-complete",
};

enum script_stage
script_stage(const char *name, size_t len)
{
	for (int i = 0; i < STAGE_N; i++)
		if (strlen(names[i]) == len && !strncmp(names[i], name, len))
			return (enum script_stage)i;
	return STAGE_N;
}

const char *
script_stage_name(enum script_stage stage)
{
	return names[stage];
}

bool
scripts_add(struct scripts *s, const char *text)
{
	size_t len = strcspn(text, "=");
	enum script_stage stage = script_stage(text, len);

	if (stage == STAGE_N || !text[len] || s->n == SCRIPTS_MAX)
		return false;
	s->v[s->n++] = (struct script){ stage, text + len + 1 };
	return true;
}

static _Noreturn void
become(const struct script *s, const char *arg)
{
	static const char *const environment[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", NULL };
	const char *const argv[] = { SHELL, s->path, arg, NULL };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	/* of a session of its own: all of it can be killed */
	if (setsid() == -1 || null == -1 || dup2(null, STDIN_FILENO) == -1)
		_exit(126);
	execve(SHELL, (char *const *)(uintptr_t)argv,
	    (char *const *)(uintptr_t)environment);
	_exit(127);
}

/* Its status, or -1: it took too long. */
static int
await(pid_t pid, int limit_s)
{
	const struct timespec tick = { .tv_nsec = TICK_NS };
	int64_t end = clock_mono_ms() + limit_s * 1000LL;
	int status = -1;
	pid_t r;

	while ((r = waitpid(pid, &status, WNOHANG)) != pid &&
	    (r == 0 || errno == EINTR) && clock_mono_ms() < end)
		nanosleep(&tick, NULL);
	/* what it has left in the background would hold what is mounted */
	kill(-pid, SIGKILL);
	if (r == pid)
		return status;
	waitpid(pid, &status, 0);
	return -1;
}

static int
run(const struct scripts *s, const struct script *one, const char *arg,
    char why[static SCRIPT_WHY])
{
	const char *name = names[one->stage];
	int limit = s->limit_s ? s->limit_s : SCRIPT_LIMIT_S, status;
	pid_t pid;

	printf("script of %s: '%s'\n", name, one->path);
	fflush(NULL);
	pid = fork();
	if (pid == 0)
		become(one, arg);
	if (pid == -1) {
		snprintf(why, SCRIPT_WHY, "no process for the script of %s: "
		    "%s", name, strerror(errno));
		return -1;
	}
	status = await(pid, limit);
	if (status == 0)
		return 0;
	if (status == -1)
		snprintf(why, SCRIPT_WHY, "the script of %s took longer than "
		    "%d s", name, limit);
	else if (WIFEXITED(status))
		snprintf(why, SCRIPT_WHY, "the script of %s ended with %d",
		    name, WEXITSTATUS(status));
	else
		snprintf(why, SCRIPT_WHY, "the script of %s ended by signal "
		    "%d", name, WTERMSIG(status));
	return -1;
}

int
scripts_run(const struct scripts *s, enum script_stage stage,
    const char *arg, char why[static SCRIPT_WHY])
{
	for (int i = 0; i < s->n; i++)
		if (s->v[i].stage == stage && run(s, &s->v[i], arg, why))
			return -1;
	return 0;
}
