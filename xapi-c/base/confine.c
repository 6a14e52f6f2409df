#include "base/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/log.h"

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)		/* ABI 2 */
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)	/* ABI 3 */
#endif
#define ACCESS_FIRST ((1ULL << 13) - 1)			/* ABI 1: all of it */
#define ACCESS_READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define ACCESS_OWN (ACCESS_FIRST & ~(uint64_t)(LANDLOCK_ACCESS_FS_EXECUTE | \
	LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK))
#define LINES_MAX 100			/* of refusals, in all */

static const int plain[] = {
	/* descriptors */
	SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_pread64, SYS_pwrite64,
	SYS_preadv, SYS_pwritev, SYS_lseek, SYS_close, SYS_dup, SYS_dup3,
	SYS_fcntl, SYS_pipe2, SYS_poll, SYS_ppoll, SYS_epoll_create1,
	SYS_epoll_ctl, SYS_epoll_wait, SYS_epoll_pwait, SYS_eventfd2,
	SYS_sendfile, SYS_copy_file_range,
	/* files; landlock says where */
	SYS_open, SYS_openat, SYS_openat2, SYS_stat, SYS_fstat, SYS_lstat,
	SYS_newfstatat, SYS_statx, SYS_statfs, SYS_fstatfs, SYS_access,
	SYS_faccessat, SYS_faccessat2, SYS_readlink, SYS_readlinkat,
	SYS_getdents64, SYS_getcwd, SYS_mkdir, SYS_mkdirat, SYS_rmdir,
	SYS_unlink, SYS_unlinkat, SYS_rename, SYS_renameat, SYS_renameat2,
	SYS_link, SYS_linkat, SYS_chmod, SYS_fchmod, SYS_fchmodat, SYS_fchown,
	SYS_umask, SYS_truncate, SYS_ftruncate, SYS_fallocate, SYS_fadvise64,
	SYS_fsync, SYS_fdatasync, SYS_flock, SYS_utimensat,
	/* sockets */
	SYS_bind, SYS_listen, SYS_accept, SYS_accept4, SYS_connect,
	SYS_getsockname, SYS_getpeername, SYS_getsockopt, SYS_setsockopt,
	SYS_sendto, SYS_sendmsg, SYS_recvfrom, SYS_recvmsg, SYS_shutdown,
	SYS_socketpair,
	/* memory, threads, signals, clocks */
	SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex,
	SYS_set_robust_list, SYS_set_tid_address, SYS_rseq, SYS_membarrier,
	SYS_exit, SYS_exit_group, SYS_sched_yield, SYS_sched_getaffinity,
	SYS_gettid, SYS_getpid, SYS_getppid, SYS_getuid, SYS_geteuid,
	SYS_getgid, SYS_getegid, SYS_tkill, SYS_tgkill, SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_rt_sigtimedwait,
	SYS_sigaltstack, SYS_restart_syscall, SYS_nanosleep,
	SYS_clock_nanosleep, SYS_clock_gettime, SYS_clock_getres,
	SYS_gettimeofday, SYS_time, SYS_getrandom, SYS_uname, SYS_sysinfo,
	SYS_getrusage, SYS_getrlimit, SYS_prlimit64,
};

/* Of one that has its descriptors. */
static const int narrow[] = {
	SYS_read, SYS_write, SYS_readv, SYS_writev, SYS_poll, SYS_ppoll,
	SYS_brk, SYS_munmap, SYS_mremap, SYS_madvise, SYS_futex, SYS_exit,
	SYS_exit_group, SYS_rt_sigprocmask, SYS_rt_sigreturn,
	SYS_restart_syscall, SYS_clock_gettime, SYS_getrandom,
};

static const int descriptors[] = { SYS_close };

/* Beside those: what one does that has a disk among them. */
static const int disk[] = {
	SYS_pread64, SYS_pwrite64, SYS_lseek, SYS_fdatasync,
	SYS_sysinfo,			/* glibc, before it sorts much */
};

/* Beside the plain ones: what a program does while it starts and becomes somebody
 * else, and what a device model does with devices and memory. */
static const int model[] = {
	SYS_execve, SYS_arch_prctl, SYS_setgroups, SYS_setgid, SYS_setuid,
	SYS_setsid, SYS_chroot, SYS_chdir, SYS_ioctl, SYS_memfd_create,
	SYS_signalfd4, SYS_rt_sigsuspend, SYS_rt_sigpending, SYS_dup2,
	SYS_pipe, SYS_select, SYS_pselect6,
	SYS_preadv2, SYS_pwritev2,
};

/* Beside the plain ones: what a program of a pack, an interpreter and what it
 * starts do.  Other namespaces, mounts, keys, tracing, devices and io_uring are
 * not among it. */
static const int pack[] = {
	SYS_execve, SYS_arch_prctl, SYS_mmap, SYS_mprotect, SYS_fork, SYS_vfork,
	SYS_wait4, SYS_waitid, SYS_kill, SYS_pipe, SYS_dup2, SYS_select,
	SYS_pselect6, SYS_chdir, SYS_fchdir, SYS_setpgid, SYS_getpgid,
	SYS_getpgrp, SYS_setsid, SYS_getsid, SYS_getgroups, SYS_getresuid,
	SYS_getresgid, SYS_alarm, SYS_setitimer, SYS_getitimer, SYS_times,
	SYS_getpriority, SYS_setpriority, SYS_rt_sigsuspend,
	SYS_rt_sigpending, SYS_memfd_create, SYS_creat, SYS_symlink,
	SYS_symlinkat, SYS_pause, SYS_mincore, SYS_readahead, SYS_setrlimit,
	SYS_timerfd_create, SYS_timerfd_settime, SYS_signalfd4,
};

/* Allowed when (the low half of argument arg & mask) == value. */
struct checked {
	int nr, arg;
	uint32_t mask, value;
};

#define NAMESPACES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | \
	CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET)

static const struct checked pack_checked[] = {
	{ SYS_clone, 0, NAMESPACES, 0 },
	{ SYS_socket, 0, UINT32_MAX, AF_UNIX },
	{ SYS_prctl, 0, UINT32_MAX, PR_SET_NAME },
	{ SYS_prctl, 0, UINT32_MAX, PR_SET_PDEATHSIG },
	{ SYS_ioctl, 1, UINT32_MAX, FIONBIO },
	{ SYS_ioctl, 1, UINT32_MAX, FIONREAD },
	{ SYS_ioctl, 1, UINT32_MAX, FIOCLEX },
	{ SYS_ioctl, 1, UINT32_MAX, TCGETS },
	{ SYS_ioctl, 1, UINT32_MAX, TIOCGWINSZ },
};

static const struct checked checked[] = {
	{ SYS_mmap, 2, PROT_EXEC, 0 },
	{ SYS_mprotect, 2, PROT_EXEC, 0 },
	{ SYS_clone, 0, CLONE_THREAD, CLONE_THREAD },
	{ SYS_prctl, 0, UINT32_MAX, PR_SET_NAME },
	{ SYS_prctl, 0, UINT32_MAX, PR_SET_TIMERSLACK },
	{ SYS_socket, 0, UINT32_MAX, AF_UNIX },
	{ SYS_socket, 0, UINT32_MAX, AF_INET },
	{ SYS_socket, 0, UINT32_MAX, AF_INET6 },
	{ SYS_ioctl, 1, UINT32_MAX, FIONBIO },
	/* isatty, and musl's way to ask whether to buffer by lines */
	{ SYS_ioctl, 1, UINT32_MAX, TCGETS },
	{ SYS_ioctl, 1, UINT32_MAX, TIOCGWINSZ },
};

/* A lock that one holds as long as it lives is not let go. */
static const struct checked disk_checked[] = {
	{ SYS_mmap, 2, PROT_EXEC, 0 },
	{ SYS_mprotect, 2, PROT_EXEC, 0 },
	{ SYS_close, 0, ~1u, 0 },	/* descriptors 0 and 1 */
};

#define N_PLAIN (sizeof(plain) / sizeof(plain[0]))
#define N_NARROW (sizeof(narrow) / sizeof(narrow[0]))
#define N_DISK (sizeof(disk) / sizeof(disk[0]))
#define N_DISK_CHECKED (sizeof(disk_checked) / sizeof(disk_checked[0]))
#define N_MODEL (sizeof(model) / sizeof(model[0]))
#define N_PACK (sizeof(pack) / sizeof(pack[0]))
#define N_PACK_CHECKED (sizeof(pack_checked) / sizeof(pack_checked[0]))
#define N_MEMORY 2			/* of the checked: for memory alone */
#define N_LOCAL 6			/* and for threads and unix sockets */
#define N_CHECKED (sizeof(checked) / sizeof(checked[0]))
#define FIELD(f) ((uint32_t)offsetof(struct seccomp_data, f))

struct program {
	struct sock_filter code[8 + 2 * (N_PLAIN + N_MODEL + N_PACK) +
	    6 * (N_CHECKED + N_PACK_CHECKED)];
	unsigned short n;
};

static void
add(struct program *p, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	p->code[p->n++] = (struct sock_filter){ code, yes, no, k };
}

static void
add_load(struct program *p, uint32_t at)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, at, 0, 0);
}

/* The next instruction is for that value, `skip` are for it. */
static void
add_if(struct program *p, uint32_t value, uint8_t skip)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

static void
add_return(struct program *p, uint32_t action)
{
	add(p, BPF_RET | BPF_K, action, 0, 0);
}

static void
add_checked(struct program *p, const struct checked *c, size_t n)
{
	for (; n > 0; n--, c++) {
		add_load(p, FIELD(nr));
		add_if(p, (uint32_t)c->nr, 4);
		add_load(p, FIELD(args) + 8 * (uint32_t)c->arg);
		add(p, BPF_ALU | BPF_AND | BPF_K, c->mask, 0, 0);
		add_if(p, c->value, 1);
		add_return(p, SECCOMP_RET_ALLOW);
	}
}

static void
program_begin(struct program *p)
{
	p->n = 0;
	add_load(p, FIELD(arch));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	add_return(p, SECCOMP_RET_KILL_PROCESS);
	add_load(p, FIELD(nr));
}

static void
add_calls(struct program *p, const int *calls, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		add_if(p, (uint32_t)calls[i], 1);
		add_return(p, SECCOMP_RET_ALLOW);
	}
}

static void
program_end(struct program *p, const struct checked *c, size_t n,
    uint32_t refusal)
{
	/* libc goes on with clone */
	add_if(p, SYS_clone3, 1);
	add_return(p, SECCOMP_RET_ERRNO | ENOSYS);
	add_checked(p, c, n);
	add_return(p, refusal);
}

/* In the thread that asked: says so, and lets the call fail. */
static void
on_refused(int sig, siginfo_t *info, void *context)
{
	static const char text[] = "error: refused system call ";
	static atomic_int lines;
	ucontext_t *c = context;
	int nr = info->si_syscall, saved = errno;
	char line[sizeof(text) + 12], *end = line + sizeof(line), *p = end;

	(void)sig;
	*--p = '\n';
	do {
		*--p = (char)('0' + nr % 10);
		nr /= 10;
	} while (nr > 0);
	p -= sizeof(text) - 1;
	memcpy(p, text, sizeof(text) - 1);
	if (atomic_fetch_add(&lines, 1) < LINES_MAX &&
	    write(STDERR_FILENO, p, (size_t)(end - p)) == -1)
		errno = saved;
	c->uc_mcontext.gregs[REG_RAX] = -EPERM;
	errno = saved;
}

static int
restrict_calls(const struct program *p)
{
	struct sigaction sa = { .sa_sigaction = on_refused,
		.sa_flags = SA_SIGINFO | SA_NODEFER };
	struct sock_fprog prog = { .len = p->n,
		.filter = (struct sock_filter *)(uintptr_t)p->code };

	if (sigaction(SIGSYS, &sa, NULL) == -1 ||
	    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) == -1)
		return -errno;
	return 0;
}

static int
allow_below(int rules, const char *folder, uint64_t access)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = access };
	int rc = 0;

	rule.parent_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent_fd == -1)
		return -errno;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH,
	    &rule, 0) == -1)
		rc = -errno;
	close(rule.parent_fd);
	return rc;
}

static int
restrict_files(const struct confine *how)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);
	uint64_t later = (abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0) |
	    (abi >= 3 ? LANDLOCK_ACCESS_FS_TRUNCATE : 0);
	struct landlock_ruleset_attr attr = {
		.handled_access_fs = ACCESS_FIRST | later };
	const char *const *dir;
	int rules, rc;

	if (abi < 1) {
		log_warn("this kernel has no landlock: %s", strerror(errno));
		return 0;
	}
	rules = (int)syscall(SYS_landlock_create_ruleset, &attr,
	    sizeof(attr.handled_access_fs), 0);
	if (rules == -1)
		return -errno;
	rc = allow_below(rules, how->own, ACCESS_OWN | later);
	for (dir = how->read; *dir && !rc; dir++)
		rc = allow_below(rules, *dir, ACCESS_READ);
	if (!rc && syscall(SYS_landlock_restrict_self, rules, 0) == -1)
		rc = -errno;
	close(rules);
	return rc;
}

/* how NULL: the calls reach no file. */
static int
confine_by(const struct confine *how, const struct program *p)
{
	int rc = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		rc = -errno;
	if (!rc && how)
		rc = restrict_files(how);
	if (!rc)
		rc = restrict_calls(p);
	if (rc)
		log_error("cannot confine this process: %s", strerror(-rc));
	return rc;
}

int
confine(const struct confine *how)
{
	struct program p;

	program_begin(&p);
	add_calls(&p, plain, N_PLAIN);
	program_end(&p, checked, N_CHECKED, SECCOMP_RET_TRAP);
	return confine_by(how, &p);
}

static int
confine_narrow(const int *calls, size_t n, const struct checked *c,
    size_t n_checked)
{
	struct program p;

	program_begin(&p);
	add_calls(&p, narrow, N_NARROW);
	add_calls(&p, calls, n);
	program_end(&p, c, n_checked, SECCOMP_RET_TRAP);
	return confine_by(NULL, &p);
}

int
confine_to_descriptors(void)
{
	return confine_narrow(descriptors, 1, checked, N_MEMORY);
}

int
confine_to_disk(void)
{
	return confine_narrow(disk, N_DISK, disk_checked, N_DISK_CHECKED);
}

/* Before another program: the plain calls and those of a list of its own.  A trap
 * would find nobody who handles it. */
static int
confine_program(const int *calls, size_t n, const struct checked *c,
    size_t n_checked)
{
	struct program p;

	program_begin(&p);
	add_calls(&p, plain, N_PLAIN);
	add_calls(&p, calls, n);
	program_end(&p, c, n_checked, SECCOMP_RET_ERRNO | EPERM);
	return confine_by(NULL, &p);
}

int
confine_model(void)
{
	return confine_program(model, N_MODEL, checked, N_LOCAL);
}

int
confine_pack(void)
{
	return confine_program(pack, N_PACK, pack_checked, N_PACK_CHECKED);
}
