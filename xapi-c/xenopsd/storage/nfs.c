#include "xenopsd/storage/nfs.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/log.h"
#include "xenopsd/storage/mounts.h"

#define PATH_MAX_NFS 1024		/* of the protocols and of mount(2) */
#define NAME_MAX_DNS 253

/* As they are tried.  4.2 only if it is asked for: Linux reads by READ_PLUS then,
 * and nfs-ganesha 4.3 answers that with zeros. */
static const char *const versions[] = { "4.1", "4.0", "3", "4.2" };

static bool
is_version(const char *v)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (!strcmp(v, versions[i]))
			return true;
	return !strcmp(v, "any") || !strcmp(v, "4");
}

static bool
allows(const char *asked, const char *version)
{
	if (!strcmp(version, "4.2") || !strcmp(asked, version))
		return !strcmp(asked, version);
	return !strcmp(asked, "any") ||
	    (!strcmp(asked, "4") && version[0] == '4');
}

static bool
is_server(const char *name, size_t n)
{
	return n > 0 && n <= NAME_MAX_DNS && name[0] != '-' &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%") >= n;
}

static bool
is_path(const char *path)
{
	if (path[0] != '/' || strnlen(path, PATH_MAX_NFS + 1) > PATH_MAX_NFS)
		return false;
	for (; *path; path++)
		if ((unsigned char)*path < ' ' || *path == 0x7f)
			return false;
	return true;
}

int
nfs_parse(struct storage *s, const char *place, struct nfs_place *out)
{
	const char *comma = strchr(place, ',');
	const char *server = comma ? comma + 1 : "";
	const char *colon = strstr(server, ":/");
	size_t n = colon ? (size_t)(colon - server) : 0;

	if (n > 2 && server[0] == '[' && server[n - 1] == ']') {
		server++;
		n -= 2;
	}
	if (!comma || !colon || !is_server(server, n) || !is_path(colon + 1))
		return storage_fail(s, XENOPS_CODE_BAD_REQUEST,
		    "'%s' is no place on an NFS server", place);
	out->version = arena_strndup(s->arena, place,
	    (size_t)(comma - place));
	out->server = arena_strndup(s->arena, server, n);
	out->path = colon + 1;
	return is_version(out->version) ? 0 : storage_fail(s,
	    XENOPS_CODE_BAD_REQUEST, "there is no NFS version '%s'",
	    out->version);
}

/*
 * softerr: ETIMEDOUT instead of waiting for ever.  Over TCP a request is given up
 * after timeo * (retrans + 1) tenths of a second: 15 s for images, 40 s for disks
 * that guests write to.  No lock manager: one host at a time has an SR.
 */
const char *
nfs_options(struct arena *a, const char *version, const char *address,
    bool read_only)
{
	bool v3 = !strcmp(version, "3");
	const char *proto = strchr(address, ':') ? "tcp6" : "tcp";

	return arena_printf(a, "vers=%s,addr=%s,proto=%s,%s%s%s"
	    "sec=sys,softerr,%s,acdirmin=0,acdirmax=0", version, address,
	    proto, v3 ? "mountproto=" : "", v3 ? proto : "",
	    v3 ? ",nolock," : "", read_only ? "timeo=50,retrans=2" :
	    "timeo=100,retrans=3");
}

/* 0 or an errno, in NFS_CONNECT_MS. */
static int
try_connect(const struct addrinfo *ai)
{
	struct pollfd p = { .events = POLLOUT };
	socklen_t len = sizeof(int);
	int err = 0;

	p.fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);
	if (p.fd == -1)
		return errno;
	if (connect(p.fd, ai->ai_addr, ai->ai_addrlen) == -1) {
		err = errno;
		if (err == EINPROGRESS)
			err = poll(&p, 1, NFS_CONNECT_MS) == 1 &&
			    getsockopt(p.fd, SOL_SOCKET, SO_ERROR, &err,
			    &len) == 0 ? err : ETIMEDOUT;
	}
	fdio_close(&p.fd);
	return err;
}

static int
unreachable(struct storage *s, const struct nfs_place *place, int err)
{
	return storage_fail(s, err == ETIMEDOUT ? XENOPS_CODE_TIMEOUT :
	    XENOPS_CODE_NO_SUCH_DEVICE, "no NFS server at '%s', port %d: %s",
	    place->server, NFS_PORT, strerror(err));
}

/* The first address of the server that takes connections, as text. */
static int
find_address(struct storage *s, const struct nfs_place *place,
    const char **address_out)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM };
	char text[64], port[8];
	struct addrinfo *all;
	int err = EHOSTUNREACH, n = 0, r;

	snprintf(port, sizeof(port), "%d", NFS_PORT);
	r = getaddrinfo(place->server, port, &hints, &all);
	if (r)
		return storage_fail(s, XENOPS_CODE_NO_SUCH_DEVICE,
		    "there is no address of '%s': %s", place->server,
		    gai_strerror(r));
	for (struct addrinfo *ai = all; err && ai && n < NFS_ADDRESSES_MAX;
	    ai = ai->ai_next, n++) {
		err = try_connect(ai);
		if (err == 0 && getnameinfo(ai->ai_addr, ai->ai_addrlen, text,
		    sizeof(text), NULL, 0, NI_NUMERICHOST))
			err = EHOSTUNREACH;
	}
	freeaddrinfo(all);
	if (err)
		return unreachable(s, place, err);
	*address_out = arena_strdup(s->arena, text);
	return 0;
}

int
nfs_reach(struct storage *s, const struct nfs_place *place)
{
	const char *address;

	return find_address(s, place, &address);
}

static int
refused(struct storage *s, const struct nfs_place *place, int err)
{
	const char *why = err == EPROTONOSUPPORT ? "the version is not served" :
	    err == ENOENT ? "there is no such path" :
	    err == EACCES || err == EPERM ? "the server refuses this host" :
	    err == ENODEV ? "the kernel has no NFS" : strerror(err);

	return storage_fail(s, err == ETIMEDOUT ? XENOPS_CODE_TIMEOUT :
	    err == ENOENT ? XENOPS_CODE_NO_SUCH_DEVICE : XENOPS_CODE_IO,
	    "cannot mount '%s:%s': %s", place->server, place->path, why);
}

int
nfs_mount(struct storage *s, struct sr *sr, const struct nfs_place *place,
    bool read_only)
{
	bool v6 = strchr(place->server, ':');
	const char *source = arena_printf(s->arena, v6 ? "[%s]:%s" : "%s:%s",
	    place->server, place->path);
	int err = EPROTONOSUPPORT;
	const char *address = NULL;

	if (find_address(s, place, &address))
		return -1;
	for (size_t i = 0; err == EPROTONOSUPPORT &&
	    i < sizeof(versions) / sizeof(versions[0]); i++) {
		const struct remote_mount m = {
			.source = source,
			.type = versions[i][0] == '3' ? "nfs" : "nfs4",
			.options = nfs_options(s->arena, versions[i], address,
			    read_only),
			.read_only = read_only, .limit_ms = NFS_MOUNT_MS,
		};

		if (!allows(place->version, versions[i]))
			continue;
		if (sr_mount_remote(s, sr, &m, &err))
			return -1;
		if (err == 0)
			log_info("SR '%s' is '%s' by NFS %s", sr->uuid, source,
			    versions[i]);
	}
	return err ? refused(s, place, err) : 0;
}
