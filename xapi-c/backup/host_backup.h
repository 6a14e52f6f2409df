/*
 * The configuration of this host as one file (archive.h), and back: its
 * database as a dump, certificate and key, root's password hash, who it is (its
 * uuids), network, host name, time zone and time servers.  Disks' contents,
 * blobs, metrics and logs are not in it.
 *
 *     host_backup_make   from a dump and the files of the state folder
 *     host_backup_take   checks such a file to its end and keeps what is in it
 *                        in STATE/.restore; nothing of the host is changed
 *     host_backup_apply  before any service starts: each file goes to its
 *                        place.  What was cut goes on at the next start
 *
 * Run by root, one at a time (the caller sees to that).  0 or -errno; b->why
 * says it for a person.
 */
#ifndef BACKUP_HOST_BACKUP_H
#define BACKUP_HOST_BACKUP_H

#include <stdbool.h>

#define HOST_BACKUP_WHY 160

struct host_backup {
	const char *state;		/* the folder */
	bool take_identity;		/* of the host that it is of */
	bool in_memory_ok;		/* tests: the folder need not last */
	char why[HOST_BACKUP_WHY];
};

/* dump: a descriptor from which all of it can be read, with its secrets. */
int host_backup_make(struct host_backup *b, int dump, int to);
/* -EBADMSG: refused. */
int host_backup_take(struct host_backup *b, int from);
/* 1: it has put one in place; 0: there was none. */
int host_backup_apply(struct host_backup *b);

#endif
