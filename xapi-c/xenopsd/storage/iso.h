/*
 * Disks as the image files that lie in a folder, each under a name of its own:
 * what the kinds of ISO libraries share.  A file that base/iso_name.h takes is a
 * disk, and read-only; nothing else is one, no link and no folder.  Its uuid is
 * made of the SR's and the file's name, so that it is the same wherever the SR
 * is attached, and nothing has to be written beside the files.
 *
 * Called as a driver's functions are (driver.h).
 */
#ifndef XENOPSD_STORAGE_ISO_H
#define XENOPSD_STORAGE_ISO_H

#include "xenopsd/storage/books.h"

void iso_uuid(const struct sr *sr, const char *name,
    char uuid_out[static UUID_TEXT_LEN + 1]);
/* bad_request: no file can have the disk's name. */
int iso_vdi_uuid(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi, const char **uuid_out);
int iso_list(struct storage *s, struct sr *sr, struct vec *vdis_out);
int iso_find(struct storage *s, struct sr *sr, const char *vdi,
    struct xenops_vdi_info *out);
/* Takes all the space the file will need at once: no_space, or a file that can
 * be filled. */
int iso_vdi_create(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi);
int iso_vdi_destroy(struct storage *s, struct sr *sr, const char *vdi);
/* Never writable. */
int iso_map(struct storage *s, struct sr *sr, const char *vdi, bool writable,
    const char **device_out);
int iso_unmap(struct storage *s, struct sr *sr, const char *vdi,
    const char *device, bool last);
int iso_open(struct storage *s, struct sr *sr, const char *vdi,
    bool writable, int *fd_out);
/* Frees loop devices that no use names, and removes half-made files. */
void iso_reap(struct storage *s, struct sr *sr);

#endif
