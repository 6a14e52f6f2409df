/* Programs that are started and left: their group, and the lock that they hold. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "group_files.h"
#include "scratch.h"
#include "unit.h"
#include "xenopsd/core/holder.h"
#include "xenopsd/core/spawn.h"

static const char *const cat[] = { "/bin/cat", NULL };
static const struct cgroup_limits limits = { "1048576", "50000 100000" };

static int
start(int lock, const char *group)
{
	int end, other = open("/dev/null", O_RDWR | O_CLOEXEC);

	ck_assert_int_ge(other, 0);
	end = spawn_on_socket(&(struct spawn){ .argv = cat, .lock = lock,
	    .group = group, .limits = limits }, 0, other);
	ck_assert_int_ge(end, 0);
	return end;
}

/* Its stream has an end when it has. */
static void
await_end(int stream)
{
	ck_assert_int_le(read(stream, &(char){ 0 }, 1), 0);
	close(stream);
}

/* A folder for a group: it takes what a kernel's would be told. */
START_TEST(a_program_is_in_its_group_or_not_at_all)
{
	static const char *const files[] = { "group/memory.max",
		"group/cpu.max", "group/cgroup.procs" };
	char path[PATH_MAX];
	int stream;

	snprintf(path, sizeof(path), "%s", scratch_file("group"));
	await_end(start(-1, path));
	for (size_t i = 0; i < 3; i++)
		fclose(fopen(scratch_file(files[i]), "w"));
	stream = start(-1, path);
	shutdown(stream, SHUT_WR);
	await_end(stream);
	expect(files[0], limits.memory);
	expect(files[1], limits.cpu);
	expect(files[2], "0");
}
END_TEST

START_TEST(a_program_holds_its_lock_until_it_is_killed)
{
	char path[PATH_MAX];
	int lock, stream;

	snprintf(path, sizeof(path), "%s", scratch_file("lock"));
	ck_assert_int_eq(holder_end(path), 0);	/* there was none */
	lock = holder_lock(path);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_lt(holder_lock(path), 0);
	ck_assert_int_eq(holder_end(path), -EBUSY);	/* who has no pid yet */
	stream = start(lock, NULL);
	close(lock);
	while (access(path, F_OK) == 0)
		(void)holder_end(path);
	await_end(stream);
	ck_assert_int_eq(holder_end(path), 0);
}
END_TEST

int
main(void)
{
	return UNIT_RUN("spawn", a_program_is_in_its_group_or_not_at_all,
	    a_program_holds_its_lock_until_it_is_killed);
}
