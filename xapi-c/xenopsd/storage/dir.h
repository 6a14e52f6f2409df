/*
 * Disks as sparse files in a folder: what the memory, file and plain drivers
 * share.  Called as a driver's functions are (driver.h).
 */
#ifndef XENOPSD_STORAGE_DIR_H
#define XENOPSD_STORAGE_DIR_H

#include "xenopsd/storage/books.h"

/* As many as xapi knows on a host; a foreign disk with more is no SR. */
#define DIR_DISKS_MAX 16384

int dir_space(struct storage *s, struct sr *sr, int64_t *size_out,
    int64_t *used_out);
int dir_list(struct storage *s, struct sr *sr, struct vec *vdis_out);
int dir_find(struct storage *s, struct sr *sr, const char *vdi,
    struct xenops_vdi_info *out);
int dir_vdi_create(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi);
int dir_vdi_clone(struct storage *s, struct sr *sr, const char *source,
    const struct xenops_vdi_info *vdi);
int dir_vdi_destroy(struct storage *s, struct sr *sr, const char *vdi);
int dir_vdi_resize(struct storage *s, struct sr *sr, const char *vdi,
    int64_t size);
int dir_vdi_set_name(struct storage *s, struct sr *sr,
    const struct xenops_vdi_info *vdi);
int dir_open(struct storage *s, struct sr *sr, const char *vdi,
    bool writable, int *fd_out);
void dir_reap(struct storage *s, struct sr *sr);
const char *dir_path(struct storage *s, const struct sr *sr,
    const char *vdi, const char *suffix);

#endif
