/*
 * Files on the partitions of the disk that is installed to: one of them is
 * mounted at in->target, between files_attach and files_detach.  Each returns
 * 0, or -1 with in->why.  One thread.
 */
#ifndef INSTALLER_INSTALL_FILES_H
#define INSTALLER_INSTALL_FILES_H

#include <stddef.h>

#include "base/atomic_file.h"
#include "install/install.h"

extern const struct atomic_file files_plain;	/* vfat has its own modes */

int files_attach(struct install *in, enum part part, const char *type);
/* What was written counts only once it is unmounted.  Passes rc on. */
int files_detach(struct install *in, int rc);

int files_folder(struct install *in, const char *name);
int files_put(struct install *in, const char *name, const void *data,
    size_t len, const struct atomic_file *how);
/* A file of the running system. */
int files_copy(struct install *in, const char *from, const char *name,
    const struct atomic_file *how);
/* Tells GRUB, whose partition is mounted, which installation it starts; was:
 * the ID that is on the partitions still, "" if that is the same. */
int files_id(struct install *in, const char *was);

#endif
