/*
 * What an LVM volume's tags say about a disk.  A tag is a letter, a digit that
 * orders the pieces of long texts, a colon and the value; bytes that LVM does
 * not allow in tags are written =hh.
 *     n0:NAME  d0:DESCRIPTION  d1:...  p0:PARENT  r0:1 (read-only)
 */
#ifndef XENOPSD_STORAGE_LVM_TAGS_H
#define XENOPSD_STORAGE_LVM_TAGS_H

#include "gen/xenops.h"
#include "base/arena.h"

#define LVM_TAGS_MAX 7			/* 2 of n, 3 of d, p, r */

/* The tags of vdi; their number.  Longer texts are cut. */
int lvm_tags_encode(struct arena *a, const struct xenops_vdi_info *vdi,
    const char *tags[static LVM_TAGS_MAX]);
/* Sets name, description, parent and read_only from tags joined by commas. */
void lvm_tags_decode(struct arena *a, const char *tags,
    struct xenops_vdi_info *vdi);
/* Leaves only what vdi_set_name changes. */
void lvm_tags_only_names(struct xenops_vdi_info *vdi);

#endif
