/*
 * One installation: what was chosen, and the steps that carry it out, in the
 * order they happen.  A step's name, text and share of the time are for people
 * and logs; plan_print shows them without doing anything.  The order matters
 * for a power cut at any point: the disk is emptied first, and what firmware
 * starts from comes last, so that it starts either the installed system or
 * nothing of ours.  One thread.
 */
#ifndef INSTALLER_INSTALL_PLAN_H
#define INSTALLER_INSTALL_PLAN_H

#include <stdio.h>

#include "disk/disk.h"
#include "disk/layout.h"

struct install {
	struct disk disk;
	struct layout layout;
	const char *slot;	/* file: the image of a slot */
	const char *programs;	/* folder: GRUB's parts, as a slot has them */
	const char *state;	/* folder: what the host was told so far */
	const char *target;	/* folder where parts of the disk are mounted */
	/* of the run */
	FILE *log;
	char why[256];		/* after a failure, for a person */
	double done;		/* 0..1 */
	int told;		/* of it, per cent */
	double share;		/* of the step that runs */
};

struct step {
	const char *name;
	const char *text;
	unsigned weight;	/* of the time it takes */
	int (*run)(struct install *in);		/* 0, or -1 with in->why */
};

extern const struct step install_steps[];
extern const int install_n_steps;

void plan_print(const struct install *in, FILE *out);
/* Tells each step's text and progress to in->log.  0, or -1 with in->why
 * naming the step. */
int plan_run(struct install *in);

/* For steps: sets in->why, returns -1. */
int install_fail(struct install *in, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* For steps: how far this one is, 0..1. */
void install_progress(void *in, double done);

#endif
