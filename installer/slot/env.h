/*
 * The environment block of GRUB on an installed disk: which slot is started.
 *
 *	slot=a|b	the good one
 *	trial=a|b	the other, to be tried
 *	left=1|0	1: GRUB will start it once; 0: GRUB has done so
 *	limit=SECONDS	in which it has to report health
 *
 * GRUB sets left to 0 before it starts a trial, so whatever becomes of that,
 * the next start is the good slot's.  A block is always 1024 bytes and is
 * written in place: GRUB knows its sectors, not its name.  What we put in is
 * within the first sector, which a disk writes whole or not at all.
 * 0 or -errno.
 */
#ifndef INSTALLER_SLOT_ENV_H
#define INSTALLER_SLOT_ENV_H

#include <stdbool.h>

#define ENV_SIZE 1024
#define ENV_SECTOR 512

#define TRIAL_LIMIT_S 300	/* the default */
#define TRIAL_LIMIT_MIN_S 30
#define TRIAL_LIMIT_MAX_S 3600

struct env {
	char good;		/* 'a' or 'b' */
	char trial;		/* or 0: none */
	bool left;		/* it has not been started yet */
	unsigned limit_s;
};

static inline char
slot_other(char slot)
{
	return slot == 'a' ? 'b' : 'a';
}

/* -EINVAL: not a block, or not one that names a good slot. */
int env_parse(const char block[static ENV_SIZE], struct env *out);
void env_format(const struct env *e, char out[static ENV_SIZE]);

/* The same of a file.  Writing takes only a file of that size, which keeps its
 * place; it is on the disk when 0 is returned. */
int env_read(const char *path, struct env *out);
int env_write(const char *path, const struct env *e);

#endif
