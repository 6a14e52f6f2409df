/*
 * The inside of a cell (cell.h): the process that keeps it, from its fork on.
 */
#ifndef XENOPSD_MACHINE_CELL_INSIDE_H
#define XENOPSD_MACHINE_CELL_INSIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define CELL_MEMORY "134217728"	/* of all cells of a group together */
#define CELL_CPU "100000 100000"	/* one CPU */

struct cell {
	const char *pack;		/* folder */
	const char *program;		/* path in it */
	const char *argument;		/* its only one; NULL: none */
	const char *input;		/* on descriptor 0; NULL: nothing */
	int64_t limit_ms;
	uid_t user;			/* and group */
	const char *cgroup;		/* for all cells; NULL: none */
};

/* None of them below 3. */
struct cell_fds {
	int in, out, err;		/* the program's */
	int status;			/* what waitpid says of it goes here */
};

/* boxed: in a pid namespace of its own, as its first process. */
_Noreturn void cell_keep(const struct cell *c, bool boxed,
    const struct cell_fds *fds);

#endif
