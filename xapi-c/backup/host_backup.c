#include "backup/host_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backup/archive.h"
#include "base/below.h"
#include "base/fdio.h"
#include "db/backup.h"
#include "gen/types.h"

#define KEPT ".restore"		/* whole and checked: the next start's */
#define FRESH ".restore-new"	/* being taken */
#define OLD ".restore-old"	/* taken earlier, and replaced */
#define DUMP_FOLDER "db"	/* in FRESH, of the user that owns it */
#define DUMP "from"
#define FILE_MAX ((uint64_t)64 << 10)

/* How the child that makes the database ends. */
enum { REFUSED = 1, FAILED = 2 };

enum owner { ROOT, XAPI, ROOT_XAPI };

struct part {
	const char *name;		/* in the archive, and below STATE */
	const char *kept;		/* in KEPT */
	const char *place;		/* below STATE; NULL: as name */
	enum owner owner;
	mode_t mode;
	uint64_t max;
	bool needed;
};

static const struct part parts[] = {
	/* whoever opens the database puts it in place (db/backup.h) */
	{ "xapi/state.db", "state.db", "xapi/state.db.restored", XAPI, 0600,
	    BACKUP_MAX_BYTES, true },
	{ "xapi/server.pem", "server.pem", NULL, XAPI, 0600, FILE_MAX, true },
	{ "login/secret", "secret", NULL, ROOT_XAPI, 0640, FILE_MAX, true },
	/* who the host is, as xenopsd keeps it */
	{ "xenopsd/host.uuid", "host.uuid", NULL, ROOT, 0644, FILE_MAX,
	    false },
	{ "xenopsd/dom0.uuid", "dom0.uuid", NULL, ROOT, 0644, FILE_MAX,
	    false },
	{ "network.conf", "network.conf", NULL, ROOT, 0644, FILE_MAX, false },
	{ "hostname", "hostname", NULL, ROOT, 0644, FILE_MAX, false },
	{ "timezone", "timezone", NULL, ROOT, 0644, FILE_MAX, false },
	{ "keymap", "keymap", NULL, ROOT, 0644, FILE_MAX, false },
	{ "ntp.conf", "ntp.conf", NULL, ROOT, 0644, FILE_MAX, false },
	{ "syslog", "syslog", NULL, ROOT, 0644, FILE_MAX, false },
};
#define N_PARTS (sizeof(parts) / sizeof(parts[0]))
#define DATABASE (&parts[0])
#define IDENTITY "host.uuid"

static int
failed(struct host_backup *b, const char *what, const char *name, int rc)
{
	snprintf(b->why, sizeof(b->why), "%.40s%s%.40s: %.60s", what,
	    *name ? " " : "", name, strerror(-rc));
	return rc;
}

static int
refuse(struct host_backup *b, const char *why)
{
	snprintf(b->why, sizeof(b->why), "%s", why);
	return -EBADMSG;
}

/* STATE/folder/name; folder may be "". */
static void
path_of(const struct host_backup *b, const char *folder, const char *name,
    char out[static PATH_MAX])
{
	snprintf(out, PATH_MAX, "%.1024s%s%.64s/%.64s", b->state,
	    *folder ? "/" : "", folder, name);
}

/* -- making one -- */

static int
add_file(struct host_backup *b, struct archive *a, const struct part *p)
{
	char path[PATH_MAX];
	struct stat st;
	int fd, rc;

	path_of(b, "", p->name, path);
	rc = below_open(path, O_RDONLY, 0, &fd);
	if (rc == -ENOENT && !p->needed)
		return 0;
	if (!rc && fstat(fd, &st) == -1)
		rc = -errno;
	if (!rc && (uint64_t)st.st_size > p->max)
		rc = -EFBIG;
	if (!rc && st.st_size > 0)
		rc = archive_add(a, p->name, fd, (uint64_t)st.st_size);
	fdio_close(&fd);
	return rc;
}

int
host_backup_make(struct host_backup *b, int dump, int to)
{
	struct archive a;
	struct stat st;
	int rc = fstat(dump, &st) == -1 ? -errno : 0;

	if (!rc && (st.st_size == 0 || (uint64_t)st.st_size > BACKUP_MAX_BYTES))
		rc = -EFBIG;
	if (rc)
		return failed(b, "the database", "", rc);
	rc = archive_begin(&a, to);
	if (!rc)
		rc = archive_add(&a, DATABASE->name, dump,
		    (uint64_t)st.st_size);
	for (size_t i = 1; i < N_PARTS && !rc; i++) {
		rc = add_file(b, &a, &parts[i]);
		if (rc)
			failed(b, "cannot keep", parts[i].name, rc);
	}
	if (!rc)
		rc = archive_end(&a);
	return rc && !*b->why ? failed(b, "cannot write it", "", rc) : rc;
}

/* -- taking one -- */

/* What one of our folders holds: files only, and those of the database. */
static void
remove_folder(const struct host_backup *b, const char *folder)
{
	static const char *const dump[] = { DUMP, "state.db", "state.db.tmp",
		"state.db.tmp-wal", "state.db.tmp-journal",
		"state.db.tmp-shm", NULL };
	char at[64], path[PATH_MAX];

	for (size_t i = 0; i < N_PARTS; i++) {
		path_of(b, folder, parts[i].kept, path);
		unlink(path);
	}
	snprintf(at, sizeof(at), "%.32s/" DUMP_FOLDER, folder);
	for (int i = 0; dump[i]; i++) {
		path_of(b, at, dump[i], path);
		unlink(path);
	}
	path_of(b, "", at, path);
	rmdir(path);
	path_of(b, "", folder, path);
	rmdir(path);
}

static int
give(const struct part *p, const struct stat *xapi, int fd)
{
	uid_t uid = p->owner == XAPI ? xapi->st_uid : 0;
	gid_t gid = p->owner == ROOT ? 0 : xapi->st_gid;

	if (geteuid() == 0 && fchown(fd, uid, gid) == -1)
		return -errno;
	return fchmod(fd, p->mode) == -1 || fsync(fd) == -1 ? -errno : 0;
}

static int
make_file(const char *path, int *fd_out)
{
	*fd_out = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	return *fd_out == -1 ? -errno : 0;
}

/* size 0: it is not in the backup, so the host's own goes. */
static int
keep_file(struct host_backup *b, struct archive *a, const struct part *p,
    uint64_t size, const struct stat *xapi)
{
	const char *why = "cannot keep";
	char path[PATH_MAX];
	int fd, rc;

	if (p == DATABASE)
		path_of(b, FRESH "/" DUMP_FOLDER, DUMP, path);
	else
		path_of(b, FRESH, p->kept, path);
	rc = make_file(path, &fd);
	if (!rc && size)
		rc = archive_take(a, fd, size, &why);
	if (!rc)
		rc = give(p, xapi, fd);
	fdio_close(&fd);
	if (rc == -EBADMSG)
		return refuse(b, why);
	return rc ? failed(b, why, p->name, rc) : 0;
}

static const struct part *
part_of(const char *name)
{
	for (size_t i = 0; i < N_PARTS; i++)
		if (strcmp(parts[i].name, name) == 0)
			return &parts[i];
	return NULL;
}

static int
keep_next(struct host_backup *b, struct archive *a, const char *name,
    uint64_t size, const struct stat *xapi, bool seen[static N_PARTS])
{
	const struct part *p = part_of(name);

	if (!p)
		return refuse(b, "it has a file that this version does not "
		    "know");
	if (seen[p - parts])
		return refuse(b, "it has a file twice");
	if (size == 0 || size > p->max)
		return refuse(b, "a file in it is empty or too long");
	seen[p - parts] = true;
	return keep_file(b, a, p, size, xapi);
}

static int
keep_all(struct host_backup *b, int from, const struct stat *xapi)
{
	bool seen[N_PARTS] = { false };
	char name[ARCHIVE_NAME];
	const char *why = "";
	struct archive a;
	uint64_t size;
	int rc = archive_open(&a, from, &why);

	while (!rc) {
		rc = archive_next(&a, name, &size, &why);
		if (rc != 1)
			break;
		rc = keep_next(b, &a, name, size, xapi, seen);
		if (rc)
			return rc;
	}
	if (rc)
		return rc == -EBADMSG ? refuse(b, why) :
		    failed(b, "cannot read it", "", rc);
	for (size_t i = 0; i < N_PARTS && !rc; i++) {
		if (!seen[i] && parts[i].needed)
			return refuse(b, "a file is missing in it");
		if (!seen[i])
			rc = keep_file(b, NULL, &parts[i], 0, xapi);
	}
	return rc;
}

/* -- its database -- */

/* 0 or -errno with why. */
static int
read_database(const char *from, struct backup *in, char why[static BACKUP_WHY])
{
	const struct backup_tables t = { classes, CLASS_N };
	FILE *f = fopen(from, "re");
	int rc;

	snprintf(why, BACKUP_WHY, "it cannot be read");
	if (!f)
		return -errno;
	rc = backup_read(f, &t, in, why);
	fclose(f);
	/* every start would make them anew, as if the host were new */
	if (!rc && (db_count(in->root, CLASS_POOL) != 1 ||
	    db_count(in->root, CLASS_HOST) < 1)) {
		snprintf(why, BACKUP_WHY, "it has no pool or no host");
		rc = -EBADMSG;
	}
	return rc;
}

/* A stranger's text is read, and the file made of it, by the user that it is
 * for.  Says to fd why not. */
static _Noreturn void
make_database(const struct host_backup *b, const char *folder,
    const struct stat *xapi, int fd)
{
	const struct backup_tables t = { classes, CLASS_N };
	char from[PATH_MAX], to[PATH_MAX], why[BACKUP_WHY] = "";
	struct backup in = { 0 };
	const char *text = "";
	int rc;

	umask(077);
	if (geteuid() == 0 && (setgroups(0, NULL) == -1 ||
	    setresgid(xapi->st_gid, xapi->st_gid, xapi->st_gid) == -1 ||
	    setresuid(xapi->st_uid, xapi->st_uid, xapi->st_uid) == -1))
		_exit(FAILED);
	path_of(b, folder, DUMP, from);
	path_of(b, folder, "state.db", to);
	rc = read_database(from, &in, why);
	if (!rc) {
		rc = backup_save(&in, &t, to, &text);
		if (rc)
			snprintf(why, sizeof(why), "%s", text);
	}
	fdio_write_all(fd, why, strlen(why));
	_exit(!rc ? 0 : rc == -EBADMSG || rc == -E2BIG ? REFUSED : FAILED);
}

/* What it said, as a line for a person. */
static void
hear(int fd, char why[static BACKUP_WHY])
{
	size_t n = 0;
	ssize_t r;

	while (n < BACKUP_WHY - 1 &&
	    (r = read(fd, why + n, BACKUP_WHY - 1 - n)) > 0)
		n += (size_t)r;
	why[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)why[i] < ' ' || why[i] == 0x7f)
			why[i] = '?';
}

/* By a child: REFUSED, FAILED or 0. */
static int
run_database(struct host_backup *b, const char *folder,
    const struct stat *xapi, char why[static BACKUP_WHY])
{
	int fds[2], status = 0;
	pid_t pid;

	*why = '\0';
	if (pipe2(fds, O_CLOEXEC) == -1)
		return FAILED;
	pid = fork();
	if (pid == 0)
		make_database(b, folder, xapi, fds[1]);
	fdio_close(&fds[1]);
	if (pid != -1)
		hear(fds[0], why);
	fdio_close(&fds[0]);
	while (pid != -1 && waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	return pid == -1 || !WIFEXITED(status) ? FAILED : WEXITSTATUS(status);
}

static int
keep_database(struct host_backup *b, const char *folder,
    const struct stat *xapi)
{
	char made[PATH_MAX], kept[PATH_MAX];
	int fd, rc;

	path_of(b, folder, "state.db", made);
	path_of(b, FRESH, DATABASE->kept, kept);
	if (rename(made, kept) == -1)
		return failed(b, "cannot keep", DATABASE->name, -errno);
	rc = below_open(kept, O_RDONLY, 0, &fd);
	if (!rc)
		rc = give(DATABASE, xapi, fd);
	fdio_close(&fd);
	path_of(b, folder, DUMP, made);
	unlink(made);
	path_of(b, FRESH, DUMP_FOLDER, made);
	if (!rc && rmdir(made) == -1)
		rc = -errno;
	return rc ? failed(b, "cannot keep", DATABASE->name, rc) : 0;
}

static int
check_database(struct host_backup *b, const struct stat *xapi)
{
	const char *folder = FRESH "/" DUMP_FOLDER;
	char why[BACKUP_WHY];
	int result = run_database(b, folder, xapi, why);

	if (result == 0)
		return keep_database(b, folder, xapi);
	snprintf(b->why, sizeof(b->why), "its database: %.120s", *why ? why :
	    "it cannot be looked at");
	return result == REFUSED ? -EBADMSG : -EIO;
}

/* Two hosts that say to be one would harm both. */
static int
check_identity(struct host_backup *b)
{
	char path[PATH_MAX], ours[64], theirs[64];

	path_of(b, "xenopsd", IDENTITY, path);
	below_read_line(path, ours, sizeof(ours));
	path_of(b, FRESH, IDENTITY, path);
	below_read_line(path, theirs, sizeof(theirs));
	if (b->take_identity || strcmp(ours, theirs) == 0)
		return 0;
	snprintf(b->why, sizeof(b->why), "it is of another host, '%s': only "
	    "with take_identity does this one become that host", theirs);
	return -EBADMSG;
}

/* -- the whole -- */

/* 0711: the dump's owner gets to its folder, and sees nothing else. */
static int
make_folders(struct host_backup *b, const struct stat *xapi)
{
	char path[PATH_MAX];

	remove_folder(b, FRESH);
	path_of(b, "", FRESH, path);
	if (mkdir(path, 0700) == -1 || chmod(path, 0711) == -1)
		return failed(b, "cannot make", FRESH, -errno);
	path_of(b, FRESH, DUMP_FOLDER, path);
	if (mkdir(path, 0700) == -1 || (geteuid() == 0 &&
	    chown(path, xapi->st_uid, xapi->st_gid) == -1))
		return failed(b, "cannot make", FRESH, -errno);
	return 0;
}

static bool
is_lasting(const struct host_backup *b)
{
	struct statfs fs;

	return b->in_memory_ok || (statfs(b->state, &fs) == 0 &&
	    fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC);
}

/* A cut between the two renames of put_aside: what was taken earlier counts. */
static void
settle(const struct host_backup *b)
{
	char kept[PATH_MAX], old[PATH_MAX];

	path_of(b, "", KEPT, kept);
	path_of(b, "", OLD, old);
	if (rename(old, kept) == 0)
		fdio_sync_folder(kept);
	else if (errno != ENOENT)
		remove_folder(b, OLD);
}

/* Whole and on disk: the next start's. */
static int
put_aside(struct host_backup *b)
{
	char fresh[PATH_MAX], kept[PATH_MAX], old[PATH_MAX];
	int rc;

	path_of(b, "", FRESH, fresh);
	path_of(b, "", KEPT, kept);
	path_of(b, "", OLD, old);
	if (rename(kept, old) == -1 && errno != ENOENT)
		return failed(b, "cannot replace", KEPT, -errno);
	/* its files have been synced, not their names */
	sync();
	if (rename(fresh, kept) == -1)
		return failed(b, "cannot keep", KEPT, -errno);
	rc = fdio_sync_folder(kept);
	remove_folder(b, OLD);
	return rc ? failed(b, "cannot keep", KEPT, rc) : 0;
}

int
host_backup_take(struct host_backup *b, int from)
{
	char path[PATH_MAX];
	struct stat xapi;
	int rc;

	if (!is_lasting(b))
		return refuse(b, "this host's state is in memory: it would "
		    "not outlive the restart");
	path_of(b, "", "xapi", path);
	if (stat(path, &xapi) == -1)
		return failed(b, "cannot see", "xapi", -errno);
	settle(b);
	rc = make_folders(b, &xapi);
	if (!rc)
		rc = keep_all(b, from, &xapi);
	if (!rc)
		rc = check_database(b, &xapi);
	if (!rc)
		rc = check_identity(b);
	if (!rc)
		rc = put_aside(b);
	if (rc)
		remove_folder(b, FRESH);
	return rc;
}

/* -- at the start -- */

static int
put_in_place(struct host_backup *b, const struct part *p)
{
	char kept[PATH_MAX], place[PATH_MAX];
	struct stat st;
	int rc = 0;

	path_of(b, KEPT, p->kept, kept);
	path_of(b, "", p->place ? p->place : p->name, place);
	if (lstat(kept, &st) == -1)
		return errno == ENOENT ? 0 : -errno;	/* done before a cut */
	if (st.st_size == 0) {
		if (unlink(place) == 0)
			rc = fdio_sync_folder(place);
		else if (errno != ENOENT)
			rc = -errno;
		return rc ? rc : unlink(kept) == -1 ? -errno : 0;
	}
	if (rename(kept, place) == -1)
		return -errno;
	return fdio_sync_folder(place);
}

int
host_backup_apply(struct host_backup *b)
{
	char path[PATH_MAX];
	int rc;

	remove_folder(b, FRESH);
	settle(b);
	path_of(b, "", KEPT, path);
	if (access(path, F_OK) == -1)
		return 0;
	for (size_t i = 0; i < N_PARTS; i++) {
		rc = put_in_place(b, &parts[i]);
		if (rc)
			return failed(b, "cannot put in place",
			    parts[i].name, rc);
	}
	if (rmdir(path) == -1)
		return failed(b, "cannot remove", KEPT, -errno);
	return 1;
}
