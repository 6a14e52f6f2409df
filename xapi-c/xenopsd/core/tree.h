/*
 * A read-only root folder of a few mounts, in place of dom0's, for a program
 * that is to see no more of it.  In a process that has left dom0's mount
 * namespace, as root; includes nothing of xenopsd.
 */
#ifndef XENOPSD_CORE_TREE_H
#define XENOPSD_CORE_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct tree_part {
	const char *path;		/* in the tree */
	unsigned long flags;		/* MS_RDONLY, MS_NOSUID, ... */
	const char *from;		/* where it is else; NULL: same path */
	const char *memory;		/* options of a file system in memory that
					 * it is instead */
	bool optional;			/* may be missing */
};

/* more_flags: of every part.  0, or -1 with errno and *what that failed. */
int tree_enter(const struct tree_part *parts, size_t n,
    unsigned long more_flags, const char **what);

#endif
