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

#define STATE_SECRET "/state/login/secret"
#define STATE_NETWORK "/state/network.conf"
#define STATE_FINGERPRINT "/state/xapi/fingerprint"
#define STATE_SETUP "/run/bedplate/setup"	/* what an answer file does: a
						 * line for the console */

#define XAPI_GID 100		/* may read the secret */

/* gid 0: root's. */
int state_write(const char *path, const char *text, mode_t mode, gid_t gid);
/* First line of a file, without its end and as a terminal may show it, for the
 * file may be another user's (base/below.h); false if there is none. */
bool state_read_line(const char *path, char *buf, size_t size);

/* root's secret, by the rules of base/secret.h. */
bool state_secret_is_set(void);
bool state_secret_matches(const char *password);
/* -EINVAL: password_problem tells why. */
int state_secret_set(const char *password);

#endif
