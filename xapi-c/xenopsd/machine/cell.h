/*
 * A cell: where a program of an extension pack runs, whom nobody trusts.  As
 * root it is
 *
 *   - another user without capabilities, who cannot get any;
 *   - namespaces of its own: no process but its own is seen or reached, no
 *     network, and a read-only tree of dom0's programs, the pack at /pack, what
 *     /sys tells of devices, and a small /tmp in memory;
 *   - the system calls of a list (confine_pack), as not root too;
 *   - limits, and a control group that it shares with other cells; among the
 *     first to go when dom0's memory is short.
 *
 * All that the program started ends with it, and with who runs the cell.  Not as
 * root (the simulator on a developer's machine) the program stays the caller's
 * user, sees what he sees, and only its own group of processes is ended.
 * In a worker, which has one thread.
 */
#ifndef XENOPSD_MACHINE_CELL_H
#define XENOPSD_MACHINE_CELL_H

#include "base/buf.h"
#include "xenopsd/machine/cell_inside.h"

#define CELL_OUT_MAX 65536
#define CELL_ERR_MAX 4096		/* kept; the rest is dropped */

enum cell_end {
	CELL_EXITED,			/* status: what with */
	CELL_SIGNALLED,			/* status: by which */
	CELL_OUT_OF_TIME,
	CELL_SAID_TOO_MUCH,
	CELL_CANCELLED,			/* this process got SIGTERM */
	CELL_NONE,			/* it could not be made: err says why */
};

/* out and err are the caller's, and end with a NUL if anything was said. */
enum cell_end cell_run(const struct cell *c, struct buf *out,
    struct buf *err, int *status);

#endif
