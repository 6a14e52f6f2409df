/*
 * A program that must be gone before what it has is another's.  It keeps a lock
 * (flock) as long as it lives, whoever started it and whatever became of that; its
 * pid is in the lock's file.  It may not be able to write there, or to close its
 * descriptor.  Any process of xenopsd.
 */
#ifndef XENOPSD_CORE_HOLDER_H
#define XENOPSD_CORE_HOLDER_H

#define HOLDER_WAIT_MS 1000

/* Makes the file and locks it, before the program is started (spawn.h): a
 * descriptor, or -errno. */
int holder_lock(const char *path);
/* In the process that will be the program: the file tells of it.  0 or -errno. */
int holder_sign(int lock);
/* Kills the program and waits for its end, HOLDER_WAIT_MS at most.  0: it is gone,
 * and so is the file, if there was one; -EBUSY: not yet, as when its disk hangs. */
int holder_end(const char *path);

#endif
