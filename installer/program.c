#include "program.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int
program_run(const char *const argv[])
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		/* an ignored signal would stay ignored */
		signal(SIGINT, SIG_DFL);
		signal(SIGQUIT, SIG_DFL);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	if (pid != -1)
		waitpid(pid, &status, 0);
	return status;
}
