/*
 * What becomes of a disk that was chosen to install to: what this allows, and
 * nothing else, is written over.  Pure; disk.h says what lies on it.
 */
#ifndef INSTALLER_INSTALL_CHOOSE_H
#define INSTALLER_INSTALL_CHOOSE_H

#include <stdbool.h>

#include "choices.h"
#include "disk/disk.h"

enum choose {
	CHOOSE_FRESH,		/* all of it is written over */
	CHOOSE_OVER,		/* all but the SR's partition */
	CHOOSE_THERE,		/* its host is to be started instead */
	CHOOSE_REFUSED,
};

/* *why, of the last two, is for a person.  uefi: how this machine was
 * started. */
enum choose choose(const struct disk *d, const struct choices *c, bool uefi,
    const char **why);

#endif
