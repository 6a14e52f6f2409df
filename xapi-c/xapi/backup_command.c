#include "xapi/backup_command.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "backup/host_backup.h"
#include "base/fdio.h"
#include "db/backup.h"

#define STATE "/state"
#define PIECE 65536

static const char *
name_of(char **argv, int skip)
{
	const char *slash = strrchr(argv[skip], '/');

	return slash ? slash + 1 : argv[skip];
}

bool
backup_command_is_meant(int argc, char **argv, int *skip)
{
	static const char *const names[] = { "bedplate-backup", "backup",
		"bedplate-restore", "restore" };

	for (*skip = 0; *skip < 2 && *skip < argc; ++*skip)
		for (int i = *skip; i < 4; i += 2)
			if (strcmp(name_of(argv, *skip), names[i]) == 0)
				return true;
	return false;
}

bool
backup_command_restores(char **argv, int skip)
{
	return strstr(name_of(argv, skip), "restore");
}

/* Held until the process ends; -EWOULDBLOCK: another has it, if how says not to
 * wait. */
static int
be_only_one(const char *state, const char *name, int how)
{
	char path[PATH_MAX];
	int fd, rc;

	snprintf(path, sizeof(path), "%s/%s", state, name);
	fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1)
		return -errno;
	rc = flock(fd, LOCK_EX | how) == -1 ? -errno : 0;
	if (rc)
		fdio_close(&fd);
	return rc;
}

/* A file that nobody else sees, for what has no known length yet. */
static int
make_room(const char *state, int *fd_out)
{
	*fd_out = open(state, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	return *fd_out == -1 ? -errno : 0;
}

static int
bring_dump(int to)
{
	char block[PIECE];
	uint64_t left = BACKUP_MAX_BYTES;
	ssize_t n;

	while ((n = read(STDIN_FILENO, block, sizeof(block))) > 0) {
		int rc = (uint64_t)n > left ? -EFBIG :
		    fdio_write_all(to, block, (size_t)n);

		if (rc)
			return rc;
		left -= (uint64_t)n;
	}
	return n == -1 || lseek(to, 0, SEEK_SET) == -1 ? -errno : 0;
}

static int
send_backup(int from)
{
	char block[PIECE];
	off_t size = lseek(from, 0, SEEK_END);
	ssize_t n;
	int rc = 0;

	if (size == -1 || lseek(from, 0, SEEK_SET) == -1)
		return -errno;
	printf("%lld\n", (long long)size);
	fflush(stdout);
	while (!rc && (n = read(from, block, sizeof(block))) != 0)
		rc = n == -1 ? -errno :
		    fdio_write_all(STDOUT_FILENO, block, (size_t)n);
	return rc;
}

/* Whole before the first byte goes out: it may still fail.  One at a time, as
 * all is there twice meanwhile. */
static int
make(struct host_backup *b)
{
	int dump = -1, made = -1, rc;

	rc = be_only_one(b->state, ".backup-lock", 0);
	if (!rc)
		rc = make_room(b->state, &dump);
	if (!rc)
		rc = make_room(b->state, &made);
	if (!rc)
		rc = bring_dump(dump);
	if (!rc)
		rc = host_backup_make(b, dump, made);
	if (rc)
		printf("bedplate-backup: %s\n", *b->why ? b->why :
		    strerror(-rc));
	else
		rc = send_backup(made);
	fdio_close(&dump);
	fdio_close(&made);
	return rc ? 1 : 0;
}

static int
take(struct host_backup *b, const char *file)
{
	int fd, rc = be_only_one(b->state, ".restore-lock", LOCK_NB);

	if (rc) {
		printf("bedplate-restore: refused: %s\n",
		    rc == -EWOULDBLOCK ? "another backup is being taken" :
		    strerror(-rc));
		return 1;
	}
	fd = strcmp(file, "-") ? open(file, O_RDONLY | O_CLOEXEC) :
	    dup(STDIN_FILENO);
	if (fd == -1) {
		printf("bedplate-restore: refused: '%s': %s\n", file,
		    strerror(errno));
		return 1;
	}
	rc = host_backup_take(b, fd);
	fdio_close(&fd);
	if (rc)
		printf("bedplate-restore: %s%s\n",
		    rc == -EBADMSG ? "refused: " : "", b->why);
	else
		printf("done\n");
	return rc ? 1 : 0;
}

static int
apply(struct host_backup *b)
{
	int rc = host_backup_apply(b);

	if (rc < 0)
		fprintf(stderr, "bedplate-restore: %s\n", b->why);
	else if (rc)
		fprintf(stderr, "bedplate: the host is what a backup says\n");
	return rc < 0 ? 1 : 0;
}

int
backup_command(int argc, char **argv, bool restore)
{
	static const struct option all[] = {
		{ "state", required_argument, NULL, 's' },
		{ "apply", no_argument, NULL, 'a' },
		{ "take-identity", no_argument, NULL, 'i' },
		{ 0 },
	};
	struct host_backup b = { .state = STATE };
	bool at_start = false;
	int o;

	while ((o = getopt_long(argc, argv, "", all, NULL)) != -1) {
		if (o == 's')
			b.state = optarg;
		else if (o == 'a' && restore)
			at_start = true;
		else if (o == 'i' && restore)
			b.take_identity = true;
		else
			return 2;
	}
	if (at_start && optind == argc)
		return apply(&b);
	if (at_start || argc - optind != 1 ||
	    (!restore && strcmp(argv[optind], "-"))) {
		fprintf(stderr, "usage: bedplate-backup -\n"
		    "       bedplate-restore [--take-identity] FILE|- | "
		    "--apply\n");
		return 2;
	}
	return restore ? take(&b, argv[optind]) : make(&b);
}
