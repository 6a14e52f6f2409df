#include "xapi/db_command.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fdio.h"
#include "db/copies.h"
#include "db/tools.h"
#include "gen/types.h"

struct request {
	const char *verb;
	const char *state_dir;
	const char *file;		/* NULL: the one in state_dir */
	const char *from;
	bool secrets;
	char path[PATH_MAX];		/* of the database */
	char folder[PATH_MAX];		/* that it is in */
};

static void
usage(FILE *f)
{
	fputs("usage: xapi-db check             look for damage\n"
	    "       xapi-db dump [--secrets]  all objects as text\n"
	    "       xapi-db copies            the copies there are\n"
	    "       xapi-db restore FILE      put a copy or a dump in place\n"
	    "       xapi-db repair            keep what can be read\n"
	    "with --state DIR (/state/xapi) or --file DATABASE; stop xapi "
	    "first: sv stop xapi\n", f);
}

static void
say(void *arg, const char *text)
{
	fprintf(arg, "%s\n", text);
}

bool
db_command_is_meant(int argc, char **argv, int *skip)
{
	const char *name = strrchr(argv[0], '/');

	name = name ? name + 1 : argv[0];
	*skip = strcmp(name, "xapi-db") ? 1 : 0;
	return !*skip || (argc > 1 && !strcmp(argv[1], "db"));
}

/* Files that root would make in the folder of another user could be links to
 * anywhere, and the daemon could not open them. */
static int
become_owner(const char *dir)
{
	struct stat st;

	if (stat(dir, &st) == -1) {
		fprintf(stderr, "xapi-db: '%s': %s\n", dir, strerror(errno));
		return -1;
	}
	umask(077);
	if (geteuid() != 0 || st.st_uid == 0)
		return 0;
	if (setgroups(0, NULL) == -1 ||
	    setresgid(st.st_gid, st.st_gid, st.st_gid) == -1 ||
	    setresuid(st.st_uid, st.st_uid, st.st_uid) == -1) {
		perror("xapi-db: cannot become the owner of the state");
		return -1;
	}
	return 0;
}

static int
copy_bytes(int from, int to)
{
	char block[65536];
	ssize_t n;

	while ((n = read(from, block, sizeof(block))) > 0) {
		if (fdio_write_all(to, block, (size_t)n))
			return -1;
	}
	return n ? -1 : 0;
}

/* Brings what only the caller can read to where the owner can. */
static int
bring(int from, const char *path)
{
	int to, rc;

	unlink(path);
	to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	rc = to == -1 ? -1 : copy_bytes(from, to);
	if (rc)
		fprintf(stderr, "xapi-db: cannot write '%s': %s\n", path,
		    strerror(errno));
	if (to != -1)
		close(to);
	return rc;
}

static int
restore(const struct request *rq, const struct tool *tool)
{
	char path[PATH_MAX];
	int from = open(rq->from, O_RDONLY | O_CLOEXEC), rc = -1;

	if (from == -1) {
		fprintf(stderr, "xapi-db: '%s': %s\n", rq->from,
		    strerror(errno));
		return 1;
	}
	if (snprintf(path, sizeof(path), "%s.from", rq->path) <
	    (int)sizeof(path) && !become_owner(rq->state_dir) &&
	    !bring(from, path)) {
		rc = tool_restore(tool, path, rq->path);
		unlink(path);
	}
	close(from);
	return rc ? 1 : 0;
}

static int
list_copies(const struct request *rq)
{
	char folder[PATH_MAX];

	snprintf(folder, sizeof(folder), "%s/" COPIES_FOLDER,
	    rq->state_dir);
	return copies_list(folder, say, stdout) ? 1 : 0;
}

static int
run(const struct request *rq)
{
	const struct tool tool = {
		.classes = classes, .n_classes = CLASS_N, .say = say,
		.arg = stderr,
	};
	int n = 0;

	if (!strcmp(rq->verb, "restore") && rq->from)
		return restore(rq, &tool);
	if (become_owner(rq->state_dir))
		return 1;
	if (!strcmp(rq->verb, "check"))
		return tool_check(&tool, rq->path, &n) || n ? 1 : 0;
	if (!strcmp(rq->verb, "dump"))
		return tool_dump(&tool, rq->path, stdout, rq->secrets) ? 1 : 0;
	if (!strcmp(rq->verb, "copies"))
		return list_copies(rq);
	if (!strcmp(rq->verb, "repair"))
		return tool_repair(&tool, rq->path) ? 1 : 0;
	usage(stderr);
	return 2;
}

static int
parse(int argc, char **argv, struct request *rq)
{
	enum { STATE, FILE_, SECRETS, HELP };
	static const struct option all[] = {
		{ "state", required_argument, NULL, STATE },
		{ "file", required_argument, NULL, FILE_ },
		{ "secrets", no_argument, NULL, SECRETS },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	int o;

	while ((o = getopt_long(argc, argv, "", all, NULL)) != -1) {
		if (o == STATE)
			rq->state_dir = optarg;
		else if (o == FILE_)
			rq->file = optarg;
		else if (o == SECRETS)
			rq->secrets = true;
		else
			return -1;
	}
	if (optind == argc || argc - optind > 2)
		return -1;
	rq->verb = argv[optind];
	rq->from = argv[optind + 1];
	return rq->from && strcmp(rq->verb, "restore") ? -1 : 0;
}

int
db_command(int argc, char **argv)
{
	struct request rq = { .state_dir = "/state/xapi" };

	if (parse(argc, argv, &rq)) {
		usage(stderr);
		return 2;
	}
	if (rq.file)
		snprintf(rq.path, sizeof(rq.path), "%s", rq.file);
	else
		snprintf(rq.path, sizeof(rq.path), "%s/state.db",
		    rq.state_dir);
	snprintf(rq.folder, sizeof(rq.folder), "%s", rq.path);
	rq.state_dir = dirname(rq.folder);
	return run(&rq);
}
