#include "xapi/update_command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fdio.h"
#include "update/apply.h"

#define SLOT_PROGRAM "/usr/sbin/bedplate-slot"
#define KEYS "/usr/share/bedplate/keys/update"
#define RELEASE "/etc/bedplate-release"
#define LOCK "/run/bedplate/update.lock"
#define TOLD 10			/* per cent at a time */

bool
update_command_is_meant(int argc, char **argv, int *skip)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	*skip = strcmp(name, "bedplate-update") ? 1 : 0;
	return !*skip || (argc > 1 && !strcmp(argv[1], "update"));
}

/* -- the program for slots -- */

/* Its first line of output; false if it failed, which it has told. */
static bool
slot_program(const char *command, const char *arg, char *line, size_t size)
{
	int ends[2], status = -1;
	ssize_t n = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		return false;
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(SLOT_PROGRAM, SLOT_PROGRAM, command, arg, (char *)NULL);
		_exit(127);
	}
	fdio_close(&ends[1]);
	if (pid != -1) {
		n = read(ends[0], line, size - 1);
		waitpid(pid, &status, 0);
	}
	fdio_close(&ends[0]);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return status == 0;
}

static int
open_slot(void *arg, char why[static APPLY_WHY])
{
	char path[128];
	int fd;

	(void)arg;
	if (!slot_program("idle", NULL, path, sizeof path)) {
		snprintf(why, APPLY_WHY, "this host has no slot for it now");
		return -1;
	}
	fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	if (fd == -1)
		snprintf(why, APPLY_WHY, "cannot open '%s': %s", path,
		    strerror(errno));
	return fd;
}

/* -- the command -- */

/* One at a time, from its first byte to the trial; held until the process
 * ends. */
static bool
is_only_one(void)
{
	int fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd != -1 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	fprintf(stderr, "bedplate-update: refused: %s\n",
	    errno == EWOULDBLOCK ? "another update is being written" :
	    strerror(errno));
	fdio_close(&fd);
	return false;
}

/* When the running system was built; 0: not known. */
static uint64_t
running_built(void)
{
	FILE *f = fopen(RELEASE, "re");
	uint64_t built = 0;
	char line[128];

	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, "BUILT=", 6) == 0)
			built = strtoull(line + 6, NULL, 10);
	if (f)
		fclose(f);
	return built;
}

static void
progress(void *arg, double done)
{
	int *told = arg, now = (int)(done * 100) / TOLD * TOLD;

	if (now <= *told)
		return;
	*told = now;
	printf("%3d %%\n", now);
	fflush(stdout);
}

static int
update(int from, const char *limit)
{
	struct utsname machine;
	char line[128];
	int told = 0;
	struct apply a = {
		.rules = { .keys = KEYS, .machine = machine.machine,
			.built = running_built() },
		.open_slot = open_slot, .progress = progress, .arg = &told,
	};
	enum apply_result result;

	uname(&machine);
	result = apply_run(&a, from);
	if (result) {
		fprintf(stderr, "bedplate-update: %s: %s\n",
		    result == APPLY_REFUSED ? "refused" :
		    "failed, the other slot holds no system now", a.why);
		return result == APPLY_REFUSED ? 1 : 3;
	}
	printf("version %s, signed by '%s'\n", a.version, a.signer);
	fflush(stdout);
	if (!slot_program("try", limit, line, sizeof line))
		return 3;
	printf("%s\ndone\n", line);
	return 0;
}

int
update_command(int argc, char **argv)
{
	const char *limit = NULL;
	int opt, fd, rc;
	bool ok = true;

	while ((opt = getopt(argc, argv, "t:")) != -1) {
		if (opt == 't')
			limit = optarg;
		else
			ok = false;
	}
	if (!ok || argc - optind != 1) {
		fprintf(stderr, "usage: bedplate-update [-t SECONDS] FILE|-\n");
		return 2;
	}
	fd = !strcmp(argv[optind], "-") ? dup(STDIN_FILENO) :
	    open(argv[optind], O_RDONLY | O_CLOEXEC);
	if (fd == -1) {
		fprintf(stderr, "bedplate-update: '%s': %s\n", argv[optind],
		    strerror(errno));
		return 1;
	}
	rc = is_only_one() ? update(fd, limit) : 1;
	fdio_close(&fd);
	return rc;
}
