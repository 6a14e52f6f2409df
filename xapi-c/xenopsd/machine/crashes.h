/*
 * What was kept of the machine's crashes: a folder of files, each named by its
 * crash's uuid, with the second since 1970 of the start that found it on the
 * first line and the kernel's last words, if any were to be had, after it.
 * dom0's boot script writes them (libexec/bedplate/crash).  The simulator has a
 * folder of its own.
 */
#ifndef XENOPSD_MACHINE_CRASHES_H
#define XENOPSD_MACHINE_CRASHES_H

#include "gen/xenops.h"
#include "xenopsd/core/request.h"

#define CRASHES_DIR "/state/crash"
#define CRASHES_MAX 8		/* told, the newest; the script keeps as many */

/* crashes, in the arena.  What is no such file is left out. */
void crashes_fill(struct arena *a, const char *dir,
    struct xenops_host_info *h);
int crashes_destroy(struct request *rq, const char *dir,
    const struct xenops_crash_destroy_args *args);

/* The handler of the real host, in a worker. */
request_handler host_crash_destroy;

#endif
