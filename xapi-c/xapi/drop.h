/*
 * Giving up root: xapi reads the network, so it runs as a user of its own, in
 * a root directory that holds nothing but its own folder, the secret's and that
 * of xenopsd's socket, and can never get a privilege back.
 */
#ifndef XAPI_DROP_H
#define XAPI_DROP_H

struct drop {
	const char *user;
	const char *state_dir;		/* made, owned by the user */
	/* Folders that stay visible under their own names. */
	const char *const *keep;
};

/* 0, or -errno after a log line.  No effect for a process that is not root. */
int drop_privileges(const struct drop *d);

#endif
