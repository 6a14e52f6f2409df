/*
 * The cell in which programs of packs run: what they see and may, and that
 * nothing of them is left.  Programs are shell scripts of a scratch folder; run
 * by root they are boxed, else some tests are not.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "group_files.h"
#include "scratch.h"
#include "unit.h"
#include "xenopsd/machine/cell.h"

#define NOBODY 65534

static struct buf out, err;
static int status;
static const char *cgroup;

static void
script(const char *text)
{
	const char *path = scratch_file("plugins/run");
	int fd;

	chmod(scratch_dir(), 0755);
	mkdir(scratch_file("plugins"), 0755);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	ck_assert_int_ge(fd, 0);
	dprintf(fd, "%s", text);
	close(fd);
}

static enum cell_end
run_for(const char *text, int64_t limit_ms)
{
	const struct cell c = { .pack = scratch_dir(),
		.program = "plugins/run", .argument = "<call a='1'/>",
		.input = "typed\n", .limit_ms = limit_ms, .user = NOBODY,
		.cgroup = cgroup };

	script(text);
	buf_release(&out);
	buf_release(&err);
	return cell_run(&c, &out, &err, &status);
}

static enum cell_end
run(const char *commands)
{
	char text[1000];

	snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", commands);
	return run_for(text, 60000);
}

static void
says(const char *commands, const char *want)
{
	enum cell_end how = run(commands);

	ck_assert_msg(how == CELL_EXITED, "%d: %s", how,
	    err.data ? err.data : "");
	ck_assert_str_eq(out.data ? out.data : "", want);
}

START_TEST(a_program_has_its_argument_and_input)
{
	says("echo \"$# $1\"; cat; echo oops >&2; exit 3",
	    "1 <call a='1'/>\ntyped\n");
	ck_assert_int_eq(status, 3);
	ck_assert_str_eq(err.data, "oops\n");
	says("env | grep -v -e PWD -e '^_=' -e SHLVL -e OLDPWD | sort",
	    "HOME=/tmp\nLC_ALL=C\nPATH=/usr/sbin:/usr/bin:/sbin:/bin\n");
	says("ls", "plugins\n");
}
END_TEST

START_TEST(how_it_ended_is_told)
{
	ck_assert_int_eq(run("kill -9 $$"), CELL_SIGNALLED);
	ck_assert_int_eq(status, SIGKILL);
	ck_assert_int_eq(run_for("no interpreter\n", 60000), CELL_EXITED);
	ck_assert_int_eq(status, 127);
	ck_assert_str_eq(err.data, "cannot start: Exec format error\n");
	ck_assert_int_eq(run_for("#!/no/such\n", 60000), CELL_EXITED);
	ck_assert_int_eq(status, 127);
}
END_TEST

START_TEST(output_has_an_end)
{
	says("head -c 65536 /dev/zero | tr '\\0' x >/tmp/x; "
	    "[ $(wc -c </tmp/x) = 65536 ] && cat /tmp/x >/dev/null", "");
	ck_assert_int_eq(run("head -c 65536 /dev/urandom | tr -c x x"),
	    CELL_EXITED);
	ck_assert_int_eq(out.len, CELL_OUT_MAX);
	ck_assert_int_eq(run("head -c 65537 /dev/urandom | tr -c x x"),
	    CELL_SAID_TOO_MUCH);
	ck_assert_int_eq(out.len, CELL_OUT_MAX);
	ck_assert_int_eq(run("while :; do echo words; done"),
	    CELL_SAID_TOO_MUCH);
	/* errors are cut, and do not end it */
	says("head -c 1000000 /dev/urandom | tr -c x x >&2; echo done",
	    "done\n");
	ck_assert_int_eq(err.len, CELL_ERR_MAX);
}
END_TEST

START_TEST(time_has_an_end)
{
	int64_t start = clock_mono_ms();

	ck_assert_int_eq(run_for("#!/bin/sh\necho so far\n"
	    "while :; do sleep 1000; done\n", 300), CELL_OUT_OF_TIME);
	ck_assert_int_ge(clock_mono_ms() - start, 300);
	ck_assert_str_eq(out.data, "so far\n");
}
END_TEST

/* What it leaves in the background holds its output open. */
START_TEST(nothing_of_it_is_left)
{
	const char *fifo = scratch_file("plugins/fifo");
	int fd;
	char c;

	script("");
	ck_assert_int_eq(mkfifo(fifo, 0666), 0);
	chmod(fifo, 0666);
	fd = open(fifo, O_RDONLY | O_NONBLOCK);
	says("(trap '' TERM HUP; exec 9>plugins/fifo; sleep 1000) & "
	    "until [ -e /proc/$!/fd/9 ]; do :; done; echo gone", "gone\n");
	/* all who could have written to it have ended */
	ck_assert_int_eq(fcntl(fd, F_SETFL, 0), 0);
	ck_assert_int_eq(read(fd, &c, 1), 0);
	close(fd);
}
END_TEST

START_TEST(a_cancelled_one_ends)
{
	const char *fifo = scratch_file("plugins/fifo");
	pid_t pid;
	int how, fd;
	char c;

	signal(SIGTERM, SIG_DFL);	/* Check's would end its own group */
	script("");
	ck_assert_int_eq(mkfifo(fifo, 0666), 0);
	chmod(fifo, 0666);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(run("exec 9>plugins/fifo; echo >&9; sleep 1000") ==
		    CELL_CANCELLED ? 0 : 1);
	fd = open(fifo, O_RDONLY);
	ck_assert_int_eq(read(fd, &c, 1), 1);
	kill(pid, SIGTERM);
	ck_assert_int_eq(waitpid(pid, &how, 0), pid);
	ck_assert(WIFEXITED(how) && WEXITSTATUS(how) == 0);
	ck_assert_int_eq(read(fd, &c, 1), 0);
	close(fd);
}
END_TEST

/* -- boxed -- */

START_TEST(it_is_another_user_without_rights)
{
	says("id -u; id -g; id -G", "65534\n65534\n65534\n");
	says("grep -e Cap[IPEA] -e NoNewPrivs /proc/self/status | tr -d '\\t'",
	    "CapInh:0000000000000000\nCapPrm:0000000000000000\n"
	    "CapEff:0000000000000000\nCapAmb:0000000000000000\n"
	    "NoNewPrivs:1\n");
}
END_TEST

START_TEST(it_sees_no_process_and_no_network)
{
	static const char *const spaces[] = { "net", "pid", "mnt", "ipc",
		"uts" };

	says("[ $(ls -d /proc/[0-9]* | wc -l) -lt 6 ] && echo few", "few\n");
	/* there is nobody whom it could */
	says("kill -9 -1 2>/dev/null; echo $?", "1\n");
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		char command[120], path[100], ours[100] = "";

		snprintf(path, sizeof(path), "/proc/self/ns/%s", spaces[i]);
		ck_assert_int_gt(readlink(path, ours, sizeof(ours) - 1), 0);
		snprintf(command, sizeof(command), "readlink %s", path);
		ck_assert_int_eq(run(command), CELL_EXITED);
		ck_assert_int_eq(strncmp(out.data, spaces[i], 3), 0);
		ck_assert_int_ne(strncmp(out.data, ours, strlen(ours)), 0);
	}
}
END_TEST

START_TEST(it_writes_nowhere_but_to_its_tmp)
{
	says("for f in /a /bin/a /usr/a plugins/a /dev/a /sys/devices/a; do "
	    "(: >$f) 2>/dev/null && echo $f; done; "
	    "echo x >/tmp/x && cat /tmp/x", "x\n");
	says("ls /; ls /etc /root /state /var /run 2>/dev/null",
	    "bin\ndev\nlib\nlib64\npack\nproc\nsbin\nsys\ntmp\nusr\n");
	says("head -c 17000000 /dev/urandom >/tmp/x 2>/dev/null && echo yes",
	    "");
	says("echo '#!/bin/sh' >/tmp/x; chmod +x /tmp/x; "
	    "/tmp/x 2>/dev/null && echo ran", "");
}
END_TEST

START_TEST(it_cannot_fill_the_machine_with_processes)
{
	says("n=0; while [ $n -lt 200 ]; do sleep 1000 & n=$((n + 1)); done "
	    "2>/dev/null; echo $n", "");
	ck_assert_int_ne(status, 0);
}
END_TEST

/* A folder for a group: it takes what a kernel's would be told. */
START_TEST(a_program_is_in_the_group_of_cells_or_not_at_all)
{
	static const char *const files[] = { "group/memory.max",
		"group/cpu.max", "group/cgroup.procs" };
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s", scratch_file("group"));
	cgroup = path;
	ck_assert_int_eq(run("echo ran"), CELL_NONE);
	ck_assert(strstr(err.data, "cannot join a control group"));
	for (size_t i = 0; i < 3; i++)
		fclose(fopen(scratch_file(files[i]), "w"));
	says("echo ran", "ran\n");
	expect(files[0], CELL_MEMORY);
	expect(files[1], CELL_CPU);
	expect(files[2], "0");
	cgroup = NULL;
}
END_TEST

int
main(void)
{
	if (geteuid() != 0)
		return UNIT_RUN("cell", a_program_has_its_argument_and_input,
		    how_it_ended_is_told, output_has_an_end, time_has_an_end,
		    a_cancelled_one_ends,
		    a_program_is_in_the_group_of_cells_or_not_at_all);
	return UNIT_RUN("cell", a_program_has_its_argument_and_input,
	    how_it_ended_is_told, output_has_an_end, time_has_an_end,
	    nothing_of_it_is_left, a_cancelled_one_ends,
	    it_is_another_user_without_rights,
	    it_sees_no_process_and_no_network,
	    it_writes_nowhere_but_to_its_tmp,
	    it_cannot_fill_the_machine_with_processes,
	    a_program_is_in_the_group_of_cells_or_not_at_all);
}
