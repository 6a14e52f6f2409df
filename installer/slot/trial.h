/*
 * What becomes of a slot on trial.  A trial that is not healthy in time says
 * why in TRIAL_WHY, on the state volume, and ends; the good slot, started
 * next, finds out that there was one, and keeps the reason there for people
 * until the next trial.  0 or -errno.
 */
#ifndef INSTALLER_SLOT_TRIAL_H
#define INSTALLER_SLOT_TRIAL_H

#include "slots.h"

#define TRIAL_WHY "/state/slot/failed"
/* in a folder of its own, which xapi can see */
#define TRIAL_CONFIRMED "/run/bedplate/slot/confirmed"
#define TRIAL_ENDED "/run/bedplate/trial-ended"	/* given up: it restarts */
#define TRIAL_NOW "/run/bedplate/trial"		/* while it goes on, for people */

/* Is the running slot on trial, not confirmed yet? */
bool trial_is_on(const struct slots *s);
/* Tries the other slot at the next start.  -ENOENT: it holds no system;
 * -EBUSY: the running one is on trial itself. */
int trial_start(const struct slots *s, unsigned limit_s);
/* The running slot is the good one from now on, and no trial is due. */
int trial_confirm(const struct slots *s);
/* The running slot has failed; the caller restarts the machine. */
int trial_fail(const struct slots *s, const char *why);
/* At the start of a slot that is not on trial: did the other one fail? */
int trial_settle(const struct slots *s);
/* Waits until the slot on trial is healthy.  NULL, or what it lacked when its
 * time, counted from the kernel's start, was over. */
const char *trial_await_health(const struct slots *s);

#endif
