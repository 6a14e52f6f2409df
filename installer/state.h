/*
 * Files of the state volume that people set up: root's password, the network,
 * the host's name.  Every write is atomic and on disk when it returns.  All
 * return 0 or -errno.
 */
#ifndef INSTALLER_STATE_H
#define INSTALLER_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define STATE_SECRET "/state/secret"
#define STATE_NETWORK "/state/network.conf"
#define STATE_HOSTNAME "/state/hostname"
#define STATE_FINGERPRINT "/state/xapi/fingerprint"

#define XAPI_GID 100		/* may read the secret */
#define PASSWORD_MIN 6
#define PASSWORD_MAX 256
#define HOSTNAME_MAX 63

/* gid 0: root's. */
int state_write(const char *path, const char *text, mode_t mode, gid_t gid);
/* First line of a file, without its end and as a terminal may show it, for the
 * file may be another user's (base/below.h); false if there is none. */
bool state_read_line(const char *path, char *buf, size_t size);

bool secret_is_set(void);
bool secret_matches(const char *password);
/* -EINVAL: too short or too long. */
int secret_set(const char *password);
/* A crypt(3) hash made elsewhere; only sha512crypt ($6$) is taken. */
int secret_set_hash(const char *hash);

/* Letters, digits, hyphens, dots; no label empty or longer than 63. */
bool hostname_is_valid(const char *name);
int hostname_set(const char *name);

#endif
