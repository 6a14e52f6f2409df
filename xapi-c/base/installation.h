/*
 * The installation that was started from a disk: what the kernel was told of
 * it, and its partitions (installer/disk/layout.h), bedplate-NAME-ID, on the
 * disk that the running system came from.  One of that name on another disk is
 * a copy and not ours.  Reads /proc and /sys only, so it waits for no disk; any
 * thread.  root: "" but in tests, where copies of both lie below it.
 */
#ifndef BASE_INSTALLATION_H
#define BASE_INSTALLATION_H

#include <stdbool.h>
#include <stddef.h>

#define INSTALLATION_ID_SIZE 17		/* hexadecimal digits and '\0' */
#define INSTALLATION_PATH 300
#define INSTALLATION_CMDLINE 4096

/* The kernel's command line, "" if it cannot be read. */
void installation_cmdline(const char *root,
    char out[static INSTALLATION_CMDLINE]);
/* The value of its word NAME=VALUE, which ends at *len_out; NULL if there is
 * none. */
const char *installation_option(const char *cmdline, const char *name,
    size_t *len_out);
/* ID of bedplate.disk=ID; false: not started from an installed disk. */
bool installation_id(const char *cmdline,
    char out[static INSTALLATION_ID_SIZE]);
/* "/dev/sda6" for the name "sr"; false: there is none. */
bool installation_partition(const char *root, const char *id,
    const char *name, char out[static INSTALLATION_PATH]);

#endif
