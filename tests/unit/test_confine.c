/*
 * What a confined process cannot do, tried in one.  The filter also holds
 * under ASan here, because the child ends without its run time.
 */
#include "base/confine.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch.h"
#include "unit.h"

static const char *own, *readable, *outside;
static char own_file[PATH_MAX], read_file[PATH_MAX];

#define REFUSED(call) do { \
	errno = 0; \
	if ((long)(call) != -1 || (errno != EPERM && errno != EACCES)) { \
		dprintf(2, "not refused: %s (%d)\n", #call, errno); \
		_exit(1); \
	} \
} while (0)
#define WORKS(call) do { \
	if ((long)(call) == -1) { \
		dprintf(2, "refused: %s (%d)\n", #call, errno); \
		_exit(1); \
	} \
} while (0)

/* Runs fn confined in a child: did all go as fn wants it? */
static bool
confined(void (*fn)(void))
{
	const char *const read_dirs[] = { readable, NULL };
	const struct confine how = { .own = own, .read = read_dirs };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (confine(&how))
			_exit(2);
		fn();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void
make_folders(void)
{
	own = scratch_file("own");
	readable = scratch_file("readable");
	outside = scratch_file("outside");
	ck_assert_int_eq(mkdir(own, 0700), 0);
	ck_assert_int_eq(mkdir(readable, 0700), 0);
	snprintf(own_file, sizeof(own_file), "%.4000s/file", own);
	snprintf(read_file, sizeof(read_file), "%.4000s/file", readable);
	close(open(read_file, O_CREAT | O_RDWR, 0600));
	close(open(outside, O_CREAT | O_RDWR, 0600));
}

static void
try_programs(void)
{
	char *argv[] = { "/bin/true", NULL };

	REFUSED(execve("/bin/true", argv, argv));
	REFUSED(syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, argv, 0));
	REFUSED(syscall(SYS_fork));
	REFUSED(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
	REFUSED(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0));
	REFUSED(syscall(SYS_process_vm_readv, getppid(), 0, 0, 0, 0, 0));
	REFUSED(syscall(SYS_kill, getppid(), 0));
	/* musl's mmap() turns EPERM into ENOMEM */
	REFUSED(syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	REFUSED(syscall(SYS_mprotect, (unsigned long)&own & ~4095UL, 4096,
	    PROT_READ | PROT_WRITE | PROT_EXEC));
	REFUSED(syscall(SYS_memfd_create, "x", 0));
}

START_TEST(it_starts_no_program_and_runs_no_data)
{
	make_folders();
	ck_assert(confined(try_programs));
}
END_TEST

static void
try_kernel(void)
{
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0));
	REFUSED(socket(AF_NETLINK, SOCK_RAW, 0));
	REFUSED(socket(AF_VSOCK, SOCK_STREAM, 0));
	REFUSED(syscall(SYS_mount, "x", "/tmp", "tmpfs", 0, 0));
	REFUSED(syscall(SYS_unshare, CLONE_NEWUSER));
	REFUSED(syscall(SYS_setns, 0, 0));
	REFUSED(syscall(SYS_chroot, "/"));
	REFUSED(syscall(SYS_setuid, 0));
	REFUSED(syscall(SYS_bpf, 0, 0, 0));
	REFUSED(syscall(SYS_keyctl, 0, 0));
	REFUSED(syscall(SYS_io_uring_setup, 1, 0));
	REFUSED(syscall(SYS_init_module, 0, 0, ""));
	REFUSED(syscall(SYS_mknodat, AT_FDCWD, own_file, S_IFCHR, 0));
	REFUSED(syscall(SYS_pidfd_getfd, 0, 0, 0));
	REFUSED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	REFUSED(syscall(SYS_ioctl, 0, 0x5412, ""));	/* TIOCSTI */
	REFUSED(syscall(0x40000000 | SYS_getpid));	/* x32 */
}

START_TEST(it_reaches_little_of_the_kernel)
{
	make_folders();
	ck_assert(confined(try_kernel));
}
END_TEST

static void
try_files(void)
{
	struct stat st;

	REFUSED(open("/etc/passwd", O_RDONLY));
	REFUSED(open("/etc/shadow", O_RDONLY));
	REFUSED(open("/proc/self/mem", O_RDWR));
	REFUSED(open(outside, O_RDONLY));
	REFUSED(open(outside, O_WRONLY));
	REFUSED(unlink(outside));
	REFUSED(open(read_file, O_WRONLY));
	REFUSED(unlink(read_file));
	REFUSED(truncate(read_file, 0));
	WORKS(open(read_file, O_RDONLY));
	WORKS(open(own_file, O_RDWR | O_CREAT, 0600));
	WORKS(stat(own_file, &st));
	WORKS(truncate(own_file, 0));
	WORKS(unlink(own_file));
}

START_TEST(it_reaches_its_own_files_only)
{
	make_folders();
	ck_assert(confined(try_files));
}
END_TEST

static void *
try_in_thread(void *arg)
{
	REFUSED(socket(AF_PACKET, SOCK_RAW, 0));
	REFUSED(open("/etc/passwd", O_RDONLY));
	return arg;
}

static void
try_threads(void)
{
	pthread_t t;

	WORKS(socket(AF_INET6, SOCK_STREAM, 0));
	if (pthread_create(&t, NULL, try_in_thread, NULL) ||
	    pthread_join(t, NULL))
		_exit(1);
}

START_TEST(its_threads_are_confined_too)
{
	make_folders();
	ck_assert(confined(try_threads));
}
END_TEST

START_TEST(with_descriptors_alone_it_opens_nothing)
{
	int fds[2], status;
	pid_t pid;

	make_folders();
	ck_assert_int_eq(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		if (confine_to_descriptors())
			_exit(2);
		REFUSED(open(own_file, O_RDWR | O_CREAT, 0600));
		REFUSED(open(read_file, O_RDONLY));
		REFUSED(socket(AF_UNIX, SOCK_STREAM, 0));
		REFUSED(syscall(SYS_kill, getppid(), 0));
		REFUSED(syscall(SYS_fork));
		REFUSED(syscall(SYS_mmap, NULL, 4096, PROT_EXEC, MAP_PRIVATE |
		    MAP_ANONYMOUS, -1, 0));
		WORKS(syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE |
		    MAP_ANONYMOUS, -1, 0));
		WORKS(write(fds[1], "x", 1));
		syscall(SYS_exit_group, 0);	/* ASan would prepare _exit */
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_int_eq(read(fds[0], &(char){ 0 }, 1), 1);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

/* Of one that has a disk, places in it besides. */
START_TEST(a_disk_is_read_and_written_at_a_place)
{
	char byte = 'x';
	int status, fd;
	pid_t pid;

	make_folders();
	fd = open(own_file, O_RDWR | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	pid = fork();
	if (pid == 0) {
		if (confine_to_disk())
			_exit(2);
		WORKS(pwrite(fd, &byte, 1, 5));
		WORKS(pread(fd, &byte, 1, 5));
		WORKS(lseek(fd, 0, SEEK_END));
		WORKS(fdatasync(fd));
		REFUSED(open(own_file, O_RDWR));
		REFUSED(ftruncate(fd, 0));
		REFUSED(syscall(SYS_fallocate, fd, 0, 0, 1));
		REFUSED(socket(AF_UNIX, SOCK_STREAM, 0));
		REFUSED(syscall(SYS_fork));
		REFUSED(syscall(SYS_close, fd));
		WORKS(syscall(SYS_close, 1));
		WORKS(syscall(SYS_close, 0));
		syscall(SYS_exit_group, 0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(fd);
}
END_TEST

/* It may become another one, but nothing that leaves its box. */
START_TEST(a_device_model_reaches_devices_but_no_network)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (confine_model())
			_exit(2);
		REFUSED(socket(AF_INET, SOCK_STREAM, 0));
		REFUSED(socket(AF_NETLINK, SOCK_RAW, 0));
		REFUSED(syscall(SYS_fork));
		REFUSED(syscall(SYS_unshare, CLONE_NEWUSER));
		REFUSED(syscall(SYS_setns, 0, 0));
		REFUSED(syscall(SYS_mount, NULL, "/", NULL, 0, NULL));
		REFUSED(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0));
		REFUSED(syscall(SYS_kill, getppid(), 0));
		REFUSED(syscall(SYS_bpf, 0, NULL, 0));
		REFUSED(syscall(SYS_mmap, NULL, 4096, PROT_EXEC, MAP_PRIVATE |
		    MAP_ANONYMOUS, -1, 0));
		REFUSED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
		WORKS(socket(AF_UNIX, SOCK_STREAM, 0));
		WORKS(syscall(SYS_memfd_create, "picture", 0));
		WORKS(syscall(SYS_chdir, "/"));
		execl("/nowhere/qemu", "qemu", NULL);
		if (errno != ENOENT)
			_exit(1);
		syscall(SYS_exit_group, 0);	/* ASan would prepare _exit */
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

/* It starts others, who are confined as it is. */
START_TEST(a_program_of_a_pack_starts_others_but_leaves_no_box)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (confine_pack())
			_exit(2);
		REFUSED(syscall(SYS_unshare, CLONE_NEWUSER));
		REFUSED(syscall(SYS_clone, CLONE_NEWUSER, NULL, NULL, NULL, 0));
		REFUSED(syscall(SYS_setns, 0, 0));
		REFUSED(syscall(SYS_mount, NULL, "/", NULL, 0, NULL));
		REFUSED(syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0));
		REFUSED(syscall(SYS_bpf, 0, NULL, 0));
		REFUSED(syscall(SYS_io_uring_setup, 1, NULL));
		REFUSED(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
		REFUSED(socket(AF_NETLINK, SOCK_RAW, 0));
		REFUSED(socket(AF_INET, SOCK_STREAM, 0));
		REFUSED(syscall(SYS_ioctl, 0, TIOCSTI, "x"));
		WORKS(socket(AF_UNIX, SOCK_STREAM, 0));
		execl("/bin/sh", "sh", "-c", "test \"$(echo a | cat)\" = a",
		    NULL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("confine", it_starts_no_program_and_runs_no_data,
	    it_reaches_little_of_the_kernel, it_reaches_its_own_files_only,
	    its_threads_are_confined_too,
	    with_descriptors_alone_it_opens_nothing,
	    a_disk_is_read_and_written_at_a_place,
	    a_device_model_reaches_devices_but_no_network,
	    a_program_of_a_pack_starts_others_but_leaves_no_box);
}
