/*
 * poold: this host's member of its pool, for xapi.
 *     poold --dir DIR --socket PATH
 * DIR has the certificate (member.pem), raft's files (raft/) and a mark (made)
 * once a pool was made with them.  Waits for xapi at PATH, serves it (store.h)
 * and ends with it, or when it cannot go on; whoever started it does so again.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/log.h"
#include "poold/loop.h"
#include "poold/store.h"

/* A leader that is not heard of for so long, and at most twice that, is
 * replaced. */
#define ELECTION_MS 2000
#define HEARTBEAT_MS 200
#define SNAPSHOT_AFTER 2048		/* entries */
#define SNAPSHOT_TRAILING 512
#define CAPACITY_KIB 1024
/* xapi is another user: its folder has xapi's group. */
#define SOCKET_MODE 0660

struct daemon {
	const char *dir;
	const char *socket;
	struct store *store;
	struct loop *loop;
	struct member *m;
	struct pool_peers peers;
	uint64_t id;
};

static void
path_in(const struct daemon *d, const char *name, char out[static PATH_MAX])
{
	snprintf(out, PATH_MAX, "%s/%s", d->dir, name);
}

static int
fail(const char *what, int rc)
{
	log_error("cannot %s: %s", what, strerror(-rc));
	return rc;
}

static void
gone(int rc)
{
	if (rc != -EPIPE)
		log_error("xapi says what it must not");
	_exit(rc == -EPIPE ? 0 : 1);
}

/* What raft keeps is safe at any time; the supervisor starts us again. */
static void
failed(void *arg, int rc)
{
	(void)arg, (void)rc;
	_exit(1);
}

static uint64_t
draw(void *arg)
{
	struct daemon *d = arg;

	return loop_random(d->loop);
}

static void
wake(void *arg)
{
	struct daemon *d = arg;

	loop_wake(d->loop);
}

static void
forward(void *arg, uint64_t to, const struct wire_forward *f)
{
	struct daemon *d = arg;

	loop_forward(d->loop, to, f);
}

static void
role(void *arg, bool leads, uint64_t leader)
{
	struct daemon *d = arg;

	store_role(d->store, leads, leader);
}

static void
current(void *arg)
{
	struct daemon *d = arg;

	store_current(d->store);
}

/* One connection, and nobody else's. */
static int
wait_for_xapi(const struct daemon *d, int *fd_out)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd, rc = 0;

	if (strlen(d->socket) >= sizeof(at.sun_path))
		return -ENAMETOOLONG;
	memcpy(at.sun_path, d->socket, strlen(d->socket));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	unlink(d->socket);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) == -1 ||
	    chmod(d->socket, SOCKET_MODE) == -1 || listen(fd, 1) == -1)
		rc = -errno;
	if (!rc)
		*fd_out = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	if (!rc && *fd_out == -1)
		rc = -errno;
	close(fd);
	return rc;
}

static int
own_pin(const struct daemon *d, uint8_t pin[static POOL_PIN])
{
	char path[PATH_MAX];
	struct mutual *m;
	int rc;

	path_in(d, "member.pem", path);
	rc = mutual_new(path, &m);
	if (rc)
		return rc;
	mutual_own(m, pin);
	mutual_free(m);
	return 0;
}

static int
greet(struct daemon *d)
{
	uint8_t pin[POOL_PIN];
	int fd, rc = own_pin(d, pin);

	if (rc)
		return fail("use the certificate", rc);
	rc = wait_for_xapi(d, &fd);
	if (!rc)
		rc = store_new(fd, pin, &d->store, &d->id, &d->peers);
	return rc ? fail("hear from xapi", rc) : 0;
}

/* Files whose names begin so; raft keeps no folders. */
static int
remove_files(const char *dir, const char *prefix)
{
	const struct dirent *e;
	DIR *d = opendir(dir);
	int rc = 0;

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while (!rc && (e = readdir(d))) {
		if (e->d_type != DT_DIR &&
		    strncmp(e->d_name, prefix, strlen(prefix)) == 0 &&
		    unlinkat(dirfd(d), e->d_name, 0) == -1)
			rc = -errno;
	}
	closedir(d);
	return rc;
}

static int
open_log(struct daemon *d)
{
	char dir[PATH_MAX], pem[PATH_MAX];
	int rc;

	path_in(d, "raft", dir);
	path_in(d, "member.pem", pem);
	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		return fail("make the log's folder", -errno);
	/* what raft moved aside at the last start, for people to look at */
	rc = remove_files(dir, "corrupt-");
	if (rc)
		return fail("remove torn parts of the log", rc);
	rc = loop_open(dir, d->id, pem, &d->loop);
	if (rc)
		return fail("open the log", rc);
	rc = peers_set(loop_peers(d->loop), d->peers.list, d->peers.n);
	return rc ? fail("use the list of members", rc) : 0;
}

static void
make_member(struct daemon *d)
{
	char name[24];
	const struct member_config cfg = {
		.id = d->id, .address = name, .io = loop_io(d->loop),
		.db = &store_db, .db_arg = d->store, .random = draw,
		.wake = wake, .forward = forward, .failed = failed,
		.role = role, .current = current, .arg = d,
		.election_ms = ELECTION_MS, .heartbeat_ms = HEARTBEAT_MS,
		.snapshot_after = SNAPSHOT_AFTER,
		.snapshot_trailing = SNAPSHOT_TRAILING,
		.capacity_kib = CAPACITY_KIB,
	};

	snprintf(name, sizeof(name), "%llu", (unsigned long long)d->id);
	d->m = member_new(&cfg);
}

/* Once: what a start before left half made was empty, and is made again. */
static int
make_pool(struct daemon *d)
{
	const struct atomic_file how = { .mode = 0600 };
	const char *names[POOL_PEERS_MAX];
	char texts[POOL_PEERS_MAX][24], mark[PATH_MAX];
	uint64_t ids[POOL_PEERS_MAX];
	size_t i;
	int rc;

	path_in(d, "made", mark);
	if (!d->peers.makes || access(mark, F_OK) == 0)
		return 0;
	for (i = 0; i < d->peers.n; i++) {
		ids[i] = d->peers.list[i].id;
		snprintf(texts[i], sizeof(texts[i]), "%llu",
		    (unsigned long long)ids[i]);
		names[i] = texts[i];
	}
	rc = member_bootstrap(d->m, ids, names, (unsigned)d->peers.n);
	if (!rc)
		rc = atomic_file_write(mark, "", 0, &how);
	return rc ? fail("make the pool", rc) : 0;
}

/* Before the log is opened: no pool was ever made with what is there. */
static int
clear_half_made(const struct daemon *d)
{
	char mark[PATH_MAX], dir[PATH_MAX];

	path_in(d, "made", mark);
	path_in(d, "raft", dir);
	if (!d->peers.makes || access(mark, F_OK) == 0)
		return 0;
	return remove_files(dir, "");
}

static int
start(struct daemon *d)
{
	int rc = greet(d);

	if (!rc)
		rc = clear_half_made(d);
	if (!rc)
		rc = open_log(d);
	if (rc)
		return rc;
	make_member(d);
	store_begin(d->store, d->loop, d->m, gone);
	rc = make_pool(d);
	if (!rc)
		rc = loop_start(d->loop, d->m);
	return rc ? fail("start", rc) : 0;
}

static bool
parse(struct daemon *d, int argc, char **argv)
{
	int i;

	for (i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--dir") == 0)
			d->dir = argv[i + 1];
		else if (strcmp(argv[i], "--socket") == 0)
			d->socket = argv[i + 1];
		else
			return false;
	}
	return i == argc && d->dir && d->socket;
}

int
main(int argc, char **argv)
{
	static struct daemon d;

	if (!parse(&d, argc, argv)) {
		fprintf(stderr, "usage: poold --dir DIR --socket PATH\n");
		return 2;
	}
	umask(077);
	if (start(&d))
		return 1;
	log_info("member %llu is up", (unsigned long long)d.id);
	for (;;)
		pause();
}
