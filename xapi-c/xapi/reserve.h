/*
 * A file that holds room on the disk of the state, so that xapi can start, and
 * be asked, when that is full: given up for the start, taken back behind it.
 * Main thread, then the keeper's.
 */
#ifndef XAPI_RESERVE_H
#define XAPI_RESERVE_H

#include <stdbool.h>

/* If the disk is full. */
void reserve_release(const char *state_dir);
/* As much of it as there is room for, at the start; later (spare) only when
 * there is plenty. */
void reserve_take(const char *state_dir, bool spare);

#endif
