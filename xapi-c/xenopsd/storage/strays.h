/*
 * Loop devices over files of an SR's folder that no use names: what an attach
 * that was cut short has left.  Called as a driver's functions are (driver.h).
 */
#ifndef XENOPSD_STORAGE_STRAYS_H
#define XENOPSD_STORAGE_STRAYS_H

#include "xenopsd/storage/books.h"

/* The VDI that a file of the SR's folder is, by its name; false: it is none. */
typedef bool stray_vdi_fn(struct storage *s, const struct sr *sr,
    const char *name, char vdi[UUID_TEXT_LEN + 1]);

/* Frees those of one VDI; vdi NULL: of any. */
void strays_free(struct storage *s, const struct sr *sr, const char *vdi,
    stray_vdi_fn *vdi_of);
/* A driver's unmap: of the device; "": of whatever map has left. */
int strays_unmap(struct storage *s, const struct sr *sr, const char *vdi,
    const char *device, stray_vdi_fn *vdi_of);

#endif
