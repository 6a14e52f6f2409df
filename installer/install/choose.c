#include "install/choose.h"

#include <stddef.h>

#define SECTOR_BIOS 512		/* the only size that a BIOS reads */

static enum choose
refuse(const char **why, const char *because)
{
	*why = because;
	return CHOOSE_REFUSED;
}

static enum choose
choose_installed(const struct disk *d, const struct choices *c,
    const char **why)
{
	if (c->wipe_host)
		return CHOOSE_FRESH;
	*why = "the disk has an installed host";
	if (!*c->reinstall)
		return CHOOSE_THERE;
	if (!mark_has(&d->mark, c->reinstall))
		return CHOOSE_OVER;
	*why = "the disk has an installed host, which an answer file of this "
	    "serial has reinstalled already";
	return CHOOSE_THERE;
}

/* An SR that an interrupted reinstallation kept is somebody's. */
static enum choose
choose_unfinished(const struct disk *d, const struct choices *c,
    const char **why)
{
	if (*c->reinstall && d->has_table)
		return CHOOSE_OVER;
	if (d->has_sr && !c->wipe)
		return refuse(why, "the disk has an unfinished installation, "
		    "and a storage repository");
	return CHOOSE_FRESH;
}

enum choose
choose(const struct disk *d, const struct choices *c, bool uefi,
    const char **why)
{
	if (d->in_use)
		return refuse(why, "the disk is in use");
	if (d->kind == DISK_INSTALLED)
		return choose_installed(d, c, why);
	if (d->size < LAYOUT_MIN_DISK)
		return refuse(why, "the disk is smaller than 8 GiB");
	if (d->sector != SECTOR_BIOS && !uefi)
		return refuse(why, "the disk has sectors of 4096 bytes, from "
		    "which no BIOS starts: start this machine by UEFI");
	if (d->holds.unread)
		return refuse(why, "the disk cannot be read");
	if (d->kind == DISK_UNFINISHED)
		return choose_unfinished(d, c, why);
	if (*c->reinstall)
		return refuse(why, "the disk has no installed host to "
		    "reinstall");
	if (d->kind == DISK_FOREIGN && !c->wipe)
		return refuse(why, d->holds.text);
	return CHOOSE_FRESH;
}
