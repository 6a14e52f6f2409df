/*
 * A text console as a picture: a program of its own for each viewer
 * (rfb/main.c), which trusts neither the guest nor the viewer.  It ends with
 * either.  Main process.
 */
#ifndef XENOPSD_DOMAINS_PICTURE_H
#define XENOPSD_DOMAINS_PICTURE_H

#include "xenopsd/core/spawn.h"

#define PICTURE_PROGRAM "/usr/sbin/bedplate-rfb"
#define PICTURE_USER "rfb"

/* text: a viewer's end of a console (console_view); taken over.  The other end
 * of the picture's, where the remote framebuffer protocol is spoken, or
 * -errno. */
int picture_open(const struct spawn_program *p, const char *name, int text);

#endif
