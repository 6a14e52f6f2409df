#include "xapi/drop.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define NEW_ROOT "/run/xapi-root"
#define PATH_LEN 256

static int
fail(const char *what, const char *path)
{
	int e = errno;

	log_error("cannot %s '%s': %s", what, path, strerror(e));
	return -e;
}

static int
make_dir(const char *path, mode_t mode)
{
	if (mkdir(path, mode) == -1 && errno != EEXIST)
		return fail("make", path);
	return 0;
}

/* All folders of an absolute path below NEW_ROOT. */
static int
make_path(const char *below)
{
	char path[PATH_LEN];
	size_t root = strlen(NEW_ROOT), n = strlen(below);
	int rc = 0;

	if (root + n >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, NEW_ROOT, root);
	memcpy(path + root, below, n + 1);
	for (char *p = path + root + 1; *p && !rc; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		rc = make_dir(path, 0755);
		*p = '/';
	}
	return rc ? rc : make_dir(path, 0755);
}

static int
keep(const char *dir)
{
	char path[PATH_LEN];
	int rc = make_path(dir);

	if (rc)
		return rc;
	memcpy(path, NEW_ROOT, strlen(NEW_ROOT));
	memcpy(path + strlen(NEW_ROOT), dir, strlen(dir) + 1);
	/* What xenopsd makes later in the folder has to appear here too. */
	if (mount(dir, path, NULL, MS_BIND | MS_REC, NULL) == -1)
		return fail("bind", dir);
	if (mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | MS_NOSUID |
	    MS_NODEV | MS_NOEXEC, NULL) == -1)
		return fail("restrict", path);
	return 0;
}

/* A mount name space of our own, so that the binds go with the process. */
static int
change_root(const char *const *dirs)
{
	int rc = make_dir(NEW_ROOT, 0755);

	if (rc)
		return rc;
	if (unshare(CLONE_NEWNS) == -1)
		return fail("unshare mounts for", NEW_ROOT);
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == -1)
		return fail("make private", "/");
	if (mount("xapi", NEW_ROOT, "tmpfs", MS_NOSUID | MS_NODEV,
	    "size=64k,mode=0755") == -1)
		return fail("mount", NEW_ROOT);
	for (; *dirs && !rc; dirs++)
		rc = keep(*dirs);
	if (rc)
		return rc;
	if (mount(NULL, NEW_ROOT, NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID |
	    MS_NODEV, NULL) == -1)
		return fail("make read-only", NEW_ROOT);
	if (chroot(NEW_ROOT) == -1 || chdir("/") == -1)
		return fail("change root to", NEW_ROOT);
	return 0;
}

int
drop_privileges(const struct drop *d)
{
	const struct passwd *pw;
	uid_t uid;
	gid_t gid;
	int rc;

	if (geteuid() != 0)
		return 0;
	errno = 0;
	pw = getpwnam(d->user);
	if (!pw) {
		log_error("there is no user '%s'", d->user);
		return -ENOENT;
	}
	uid = pw->pw_uid;
	gid = pw->pw_gid;
	rc = make_dir(d->state_dir, 0700);
	if (rc)
		return rc;
	if (chown(d->state_dir, uid, gid) == -1)
		return fail("own", d->state_dir);
	rc = change_root(d->keep);
	if (rc)
		return rc;
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return fail("become", d->user);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return fail("renounce privileges of", d->user);
	if (setuid(0) == 0) {
		log_error("could become root again");
		return -EPERM;
	}
	return 0;
}
