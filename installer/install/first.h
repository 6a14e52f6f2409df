/*
 * The first start of a copy of the flash image, which has neither state nor an
 * SR, and the ID that all copies have.  What is done, in an order that leaves a
 * disk that starts at a power cut at any point:
 *
 *	1. an ID is drawn, and told to GRUB beside the one on the partitions
 *	2. the disk gets a mark, and a table of its whole size with that ID;
 *	   the machine restarts, for a disk in use keeps its old table
 *	3. state volume and SR are made, the mark says that the host is whole,
 *	   and GRUB is told the ID alone
 *
 * One thread.
 */
#ifndef INSTALLER_INSTALL_FIRST_H
#define INSTALLER_INSTALL_FIRST_H

#include "install/plan.h"

enum first {
	FIRST_FAILED = -1,		/* in->why; the next start tries again */
	FIRST_WHOLE,			/* go on starting */
	FIRST_RESTART,
};

/* in->disk is the one that was started, id what the kernel was told of it. */
enum first first_start(struct install *in, const char *id);

#endif
