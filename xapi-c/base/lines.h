/*
 * Lines of text kept in a folder of bounded size: each is appended by one
 * write, and the oldest go, file by file, when the newest file is full.  A line
 * that was added outlives the process, killed or not; a power cut takes at most
 * what came since lines_sync.  Any thread.
 */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include <stddef.h>

#define LINES_FILES 8			/* of that size each, at most */
#define LINES_LEN 4096			/* of a line, with its end */

struct lines;

/* In a folder of our own, which is made if need be.  0 or -errno. */
int lines_open(const char *folder, size_t file_max, struct lines **out);
void lines_close(struct lines *l);	/* NULL is allowed */

/* len counts the newline, and is at most LINES_LEN.  0 or -errno: then nothing
 * of it is kept. */
int lines_add(struct lines *l, const char *line, size_t len);
/* On disk; waits for it without keeping others from adding. */
int lines_sync(struct lines *l);

/* Oldest first, those that were there when it began, until fn returns other than
 * 0, which it returns; -errno. */
typedef int lines_fn(void *arg, const char *line, size_t len);
int lines_each(struct lines *l, lines_fn *fn, void *arg);

#endif
