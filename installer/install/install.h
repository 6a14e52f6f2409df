/*
 * One installation: what was chosen for which disk, and how far it has come.
 * plan.h carries it out.  One thread.
 */
#ifndef INSTALLER_INSTALL_INSTALL_H
#define INSTALLER_INSTALL_INSTALL_H

#include <stdbool.h>

#include "choices.h"
#include "disk/disk.h"
#include "disk/efi.h"
#include "disk/layout.h"
#include "script.h"

/* How far it is. */
struct progress {
	const char *text;	/* of the step that runs */
	bool begins;		/* it has just begun */
	int percent;		/* of the whole */
	int left_s;		/* about; -1: not known yet */
};

struct install {
	struct choices choices;
	struct disk disk;
	struct layout layout;	/* over: the one that is there */
	bool over;		/* a host is reinstalled, its SR is kept */
	const char *slot;	/* file: the image of a slot */
	const char *programs;	/* folder: GRUB's parts, as a slot has them */
	const char *state;	/* folder: what the host was told so far; what
				 * was chosen comes on top */
	struct scripts scripts;	/* of the answer file */
	const char *target;	/* folder where parts of the disk are mounted */
	/* Called with arg as each step begins and goes on. */
	void (*tell)(void *arg, const struct progress *p);
	void *arg;
	/* of the run */
	char why[256];		/* after a failure, for a person */
	char note[160];		/* what did not go well and does no harm; "" */
	const char *remains;	/* after a failure: what the disk is now */
	uint8_t old_esp[EFI_GUID];	/* that the wipe takes */
	const struct step *step;
	double done;		/* 0..1, before the step that runs */
	double share;		/* of the step that runs */
	int told;		/* per cent */
	double began_mono;	/* seconds */
};

/* Sets in->why, returns -1. */
int install_fail(struct install *in, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
