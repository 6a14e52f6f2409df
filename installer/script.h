/*
 * Scripts of an answer file, which an installation runs at its stages, those of
 * XenServer:
 *
 *	installation-start	before anything is written; no argument
 *	filesystem-populated	the new host's state volume is whole; it is the
 *				argument's folder
 *	installation-complete	at the end; the argument is 0, or 1 if the
 *				installation has failed
 *
 * Run by /bin/sh as root in the system that was started from the medium, one
 * after the other, stdin empty, what they say where the installer says it, and
 * none longer than its limit: it is killed then, with all that it has started.
 * One thread.
 */
#ifndef INSTALLER_SCRIPT_H
#define INSTALLER_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPTS_MAX 8			/* of one installation */
#define SCRIPT_LIMIT_S 600
#define SCRIPT_WHY 200

enum script_stage { STAGE_START, STAGE_POPULATED, STAGE_COMPLETE, STAGE_N };

struct script {
	enum script_stage stage;
	const char *path;
};

struct scripts {
	struct script v[SCRIPTS_MAX];
	int n;
	int limit_s;			/* of each; 0: SCRIPT_LIMIT_S */
};

/* STAGE_N: there is none of that name. */
enum script_stage script_stage(const char *name, size_t len);
const char *script_stage_name(enum script_stage stage);
/* Adds what STAGE=PATH says; path stays the caller's.  False if it says
 * nothing, or there are too many. */
bool scripts_add(struct scripts *s, const char *text);
/* Runs those of a stage, with arg unless it is NULL.  0, or -1 with why, at the
 * first that fails; those after it are not run. */
int scripts_run(const struct scripts *s, enum script_stage stage,
    const char *arg, char why[static SCRIPT_WHY]);

#endif
