/*
 * One installation: what was chosen, and the steps that carry it out, in the
 * order they happen.  plan_print shows them without doing anything.  The order
 * matters for a power cut at any point: the disk is made to start nothing
 * first, and what firmware starts from comes last, so that the machine starts
 * the new system, or its medium and with that the installer.  One thread.
 */
#ifndef INSTALLER_INSTALL_PLAN_H
#define INSTALLER_INSTALL_PLAN_H

#include <stdbool.h>
#include <stdio.h>

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

/* What a step needs and gives. */
enum part_of_plan {
	EMPTY_DISK = 1 << 0,
	PARTITIONS = 1 << 1,
	SLOT = 1 << 2,
	STATE = 1 << 3,
	SR = 1 << 4,
	BOOT_FILES = 1 << 5,
	BOOT_CODE = 1 << 6,
	WHOLE = 1 << 7,
};

struct step {
	const char *name;
	const char *text;
	unsigned needs, gives;			/* enum part_of_plan */
	bool not_over;				/* not when reinstalling */
	unsigned weight;			/* of the time it takes */
	const char *remains;			/* when it fails */
	int (*run)(struct install *in);		/* 0, or -1 with in->why */
};

extern const struct step install_steps[];
extern const int install_n_steps;

/* Takes what was chosen for the disk (choose.h said CHOOSE_FRESH or, over,
 * CHOOSE_OVER).  False with *why. */
bool plan_init(struct install *in, const struct disk *d, bool over,
    const char **why);
/* Is what each step needs given by those before it? */
bool plan_is_whole(const struct install *in);
void plan_print(const struct install *in, FILE *out);
/* With the scripts of all stages.  0, or -1 with in->why naming the step, and
 * in->remains. */
int plan_run(struct install *in);

/* What a power cut kept the last steps from, by the host that was started all
 * the same.  0, or -1 with in->why. */
int install_complete(struct install *in);

/* For steps: sets in->why, returns -1. */
int install_fail(struct install *in, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* For steps: how far this one is, 0..1. */
void install_progress(void *in, double done);

#endif
