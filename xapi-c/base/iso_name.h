/*
 * What a disk image in an ISO library may be called.  xapi checks what clients
 * ask for, xenopsd what lies in a folder into which others may write.
 */
#ifndef BASE_ISO_NAME_H
#define BASE_ISO_NAME_H

#include <stdbool.h>

#include "base/arena.h"

#define ISO_NAME_MAX 255		/* bytes: a file's name */

/* A file's name that ends in .iso or .img, of text that clients can be shown:
 * UTF-8 without control characters, '/' or a dot in front. */
bool iso_name_ok(const char *name);
/* The file that a disk of that name gets: the name, with .iso if it has neither
 * ending; NULL if no file can be called that. */
const char *iso_name_of(struct arena *a, const char *label);

#endif
