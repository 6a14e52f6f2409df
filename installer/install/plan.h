/*
 * The steps that carry an installation out, in the order they happen.
 * plan_print shows them without doing anything.  The order matters for a power
 * cut at any point: the disk is made to start nothing first, and what firmware
 * starts from comes last, so that the machine starts the new system, or its
 * medium and with that the installer.  One thread.
 */
#ifndef INSTALLER_INSTALL_PLAN_H
#define INSTALLER_INSTALL_PLAN_H

#include <stdbool.h>
#include <stdio.h>

#include "install/install.h"

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

/* Steps that a flash image's first start (first.h) does too. */
int install_state(struct install *in);
int install_sr(struct install *in);
int install_finish(struct install *in);

/* For steps: how far this one is, 0..1. */
void install_progress(void *in, double done);

#endif
