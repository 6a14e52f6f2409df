#include "xenopsd/machine/cell_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/confine.h"
#include "xenopsd/core/cgroup.h"
#include "xenopsd/core/tree.h"

#define PACK "/pack"
#define STATUS 3			/* to who runs the cell */
#define READ_ONLY (MS_RDONLY | MS_NOSUID | MS_NODEV)

static const struct {
	int resource;
	rlim_t limit;
	bool boxed;			/* a user has other processes else */
} limits[] = {
	{ RLIMIT_DATA, 256 << 20, false },
	{ RLIMIT_NPROC, 64, true },	/* of all cells */
	{ RLIMIT_NOFILE, 256, false },
	{ RLIMIT_FSIZE, 16 << 20, false },
	{ RLIMIT_CORE, 0, false },
};

static _Noreturn void
fail(const char *what)
{
	dprintf(STDERR_FILENO, "cannot %s: %s\n", what, strerror(errno));
	_exit(1);
}

/* The program's three, and STATUS: nothing else of who runs the cell. */
static void
keep_only(const struct cell_fds *fds)
{
	if (dup2(fds->err, STDERR_FILENO) == -1 ||
	    dup2(fds->in, STDIN_FILENO) == -1 ||
	    dup2(fds->out, STDOUT_FILENO) == -1 ||
	    dup2(fds->status, STATUS) == -1 ||
	    fcntl(STATUS, F_SETFD, FD_CLOEXEC) == -1 ||
	    syscall(SYS_close_range, STATUS + 1, ~0U, 0) == -1)
		fail("keep its descriptors");
}

static void
offer_to_oom_killer(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd == -1 || write(fd, "900", 3) != 3)
		fail("offer itself when memory is short");
	close(fd);
}

static void
enter_group(const char *path)
{
	static const struct cgroup_limits all = { CELL_MEMORY, CELL_CPU };

	if (path && cgroup_enter(path, &all) == -1)
		fail("join a control group");
}

static void
enter_tree(const struct cell *c)
{
	const struct tree_part parts[] = {
		{ "/bin", .flags = READ_ONLY },
		{ "/sbin", .flags = READ_ONLY, .optional = true },
		{ "/lib", .flags = READ_ONLY, .optional = true },
		{ "/lib64", .flags = READ_ONLY, .optional = true },
		{ "/usr", .flags = READ_ONLY },
		{ "/sys/block", .flags = READ_ONLY | MS_NOEXEC },
		{ "/sys/class", .flags = READ_ONLY | MS_NOEXEC },
		{ "/sys/devices", .flags = READ_ONLY | MS_NOEXEC },
		{ "/dev/null", .flags = MS_NOSUID | MS_NOEXEC },
		{ "/dev/urandom", .flags = MS_RDONLY | MS_NOSUID | MS_NOEXEC },
		{ PACK, .from = c->pack, .flags = READ_ONLY },
		{ "/tmp", .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC,
			.memory = "size=16m,nr_inodes=1024,mode=1777" },
		{ "/proc", .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC,
			.memory = "size=4k,mode=755" },
	};
	const char *what;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
	    CLONE_NEWUTS) == -1)
		fail("leave dom0's namespaces");
	if (tree_enter(parts, sizeof(parts) / sizeof(parts[0]), 0, &what))
		fail(what);
	/* of its own processes alone; where it cannot be, none */
	(void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC,
	    "subset=pid");
}

static void
set_limits(bool boxed)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct rlimit r = { limits[i].limit, limits[i].limit };

		if ((boxed || !limits[i].boxed) &&
		    setrlimit(limits[i].resource, &r) == -1)
			fail("set the limits");
	}
}

static void
drop_privileges(const struct cell *c)
{
	const gid_t group = c->user;

	if (setgroups(0, NULL) == -1 ||
	    setresgid(group, group, group) == -1 ||
	    setresuid(c->user, c->user, c->user) == -1)
		fail("become another user");
}

/* Ends with who runs the cell; he may be gone already. */
static void
end_with_runner(void)
{
	struct pollfd p = { .fd = STATUS };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1)
		fail("end with its runner");
	if (poll(&p, 1, 0) == 1)
		_exit(1);
}

static _Noreturn void
become(const struct cell *c, const char *pack, pid_t keeper)
{
	static const char *const environment[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/tmp",
		NULL };
	char path[512];
	char *argv[] = { path, (char *)(uintptr_t)c->argument, NULL };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) == -1 || getppid() != keeper)
		_exit(1);
	snprintf(path, sizeof(path), "%s/%s", pack, c->program);
	if (chdir(pack) == 0 && confine_pack() == 0)
		execve(path, argv, (char *const *)(uintptr_t)environment);
	dprintf(STDERR_FILENO, "cannot start: %s\n", strerror(errno));
	_exit(127);
}

/* As the first process of its namespace it waits for all of them. */
static int
await(pid_t program)
{
	int status = 0;
	pid_t pid;

	do
		pid = waitpid(-1, &status, 0);
	while (pid != program && (pid != -1 || errno == EINTR));
	return status;
}

static void
default_signals(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn void
cell_keep(const struct cell *c, bool boxed, const struct cell_fds *fds)
{
	const char *pack = boxed ? PACK : c->pack;
	pid_t program, keeper;
	int status;

	default_signals();
	setpgid(0, 0);
	umask(022);
	keep_only(fds);
	offer_to_oom_killer();
	enter_group(c->cgroup);
	if (boxed)
		enter_tree(c);
	set_limits(boxed);
	if (boxed)
		drop_privileges(c);
	end_with_runner();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		fail("give up privileges to come");
	keeper = getpid();
	program = fork();
	if (program == 0)
		become(c, pack, keeper);
	if (program == -1)
		fail("start a process");
	status = await(program);
	_exit(write(STATUS, &status, sizeof(status)) == -1);
}
