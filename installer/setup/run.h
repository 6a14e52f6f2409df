/*
 * Carries out an installation in a process of its own, so that the pages go on
 * showing how far it is.  The running host stays as it is.  One at a time; one
 * thread.
 */
#ifndef INSTALLER_SETUP_RUN_H
#define INSTALLER_SETUP_RUN_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "choices.h"
#include "disk/disk.h"

#define RUN_TEXT 256

struct run {
	pid_t pid;
	FILE *from;
	int percent;			/* done */
	int left_s;			/* about; -1: not known yet */
	char step[RUN_TEXT];		/* what it is at, for a person */
	char why[RUN_TEXT];		/* what went wrong; "": nothing */
	char remains[RUN_TEXT];		/* then: what the disk is now */
};

/* Is there a medium to install from? */
bool run_possible(void);
/* Nothing is written to a disk if it fails: 0 or -errno, r->why says more.
 * Only one of all processes gets past this, until it ends; others: -EBUSY. */
int run_start(struct run *r, const struct choices *c,
    const struct disk *disk);
/* Waits for news, a second at most.  False: it has ended, r->why says how. */
bool run_poll(struct run *r);

#endif
