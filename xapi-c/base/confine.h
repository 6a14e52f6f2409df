/*
 * Confinement of a process that reads what strangers send and needs little
 * from the kernel.  After it, in all threads that are started later:
 *   - the system calls of one list work (confine.c), others give EPERM and a
 *     line on stderr with the number, so that a missing one can be found.  No
 *     program can be started, no page made executable, no other process made
 *     or traced, no socket opened but TCP, UDP and unix ones;
 *   - files are reached below the given folders only (landlock).
 * Nothing of it can be undone.  x86-64; not for programs under a sanitizer,
 * whose run time needs more.  Called once, while there is one thread.
 */
#ifndef BASE_CONFINE_H
#define BASE_CONFINE_H

struct confine {
	const char *own;		/* folder: may do what it likes there */
	const char *const *read;	/* folders it may read; NULL at the end */
};

/* 0, or -errno after a log line.  A kernel without landlock is warned of. */
int confine(const struct confine *how);
/* The same of one that has all the descriptors it will ever need: it reads,
 * writes and waits, and can open nothing. */
int confine_to_descriptors(void);
/* Of one that has a disk among them: it also reads and writes at a place.  Of its
 * descriptors it may close 0 and 1. */
int confine_to_disk(void);
/* Of one that is about to become a device model (QEMU): the calls of the first,
 * those by which it opens devices and becomes a user of its own in a root folder
 * of its own, and sockets but unix ones neither.  Without a line for what is
 * refused.  Files are whatever it finds. */
int confine_model(void);
/* Of one that is about to become a program of an extension pack, and of all that
 * it starts: other programs and processes, local sockets, but no namespaces,
 * mounts, keys, tracing, devices' ioctls or io_uring.  Refused without a line. */
int confine_pack(void);

#endif
