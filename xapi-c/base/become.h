/*
 * Privilege that is dropped for good: a program of its own becomes a user of its
 * own.  While there is one thread.
 */
#ifndef BASE_BECOME_H
#define BASE_BECOME_H

/* That user of /etc/passwd, of its group alone.  0, or -1 after a log line. */
int become_user(const char *name);
/* Is the first to go when memory is short.  As root or as itself. */
void become_expendable(void);

#endif
