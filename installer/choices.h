/*
 * What an operator chooses for a host and for its installation, however it was
 * said: answers.c reads it from an answer file, the text interface asks for
 * it.  Each field is checked by the module that owns it before it is put here;
 * choices_problem says what only the whole shows.  "" is: not chosen, the host
 * does as it does without.  No plain password is ever kept.
 */
#ifndef INSTALLER_CHOICES_H
#define INSTALLER_CHOICES_H

#include <stdbool.h>

#include "base/hostname.h"
#include "base/product.h"
#include "base/secret.h"
#include "keymap.h"
#include "netconf.h"
#include "timezone.h"

#define CHOICES_TEXT 257

struct choices {
	/* the installation */
	char disk[CHOICES_TEXT];	/* disk_named() finds it; "": none */
	bool wipe;			/* whatever lies on it, but for a host */
	bool wipe_host;			/* even that; only a person says so */
	char reinstall[CHOICES_TEXT];	/* over a host, SRs are kept: the
					 * answer file's serial; "": not that */
	/* the host */
	char password_hash[SECRET_SIZE];
	char hostname[HOSTNAME_LENGTH_MAX + 1];
	bool has_network;
	struct netconf network;		/* time servers too */
	char timezone[TIMEZONE_TEXT];
	char keymap[KEYMAP_TEXT];
	/* what the host calls itself to clients */
	char product_brand[PRODUCT_TEXT_MAX + 1];
	char product_version[PRODUCT_TEXT_MAX + 1];
	char platform_version[PRODUCT_TEXT_MAX + 1];
};

/* Keeps the password's hash.  NULL, or why not, for a person. */
const char *choices_set_password(struct choices *c, const char *password);
/* NULL, or what is wrong with it, for a person. */
const char *choices_problem(const struct choices *c);

/*
 * Writes what the host is to be told to the files of a state volume, which is
 * mounted at folder and has its folder login; what is not chosen stays.  The
 * password comes last: while there is none, an interrupted run starts over.
 * On disk when it returns; 0, or -errno with *what that could not be stored.
 */
int choices_store(const struct choices *c, const char *folder,
    const char **what);

#endif
