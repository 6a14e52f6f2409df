/*
 * Whole files replaced in one step: a reader, and a start after a power cut,
 * find the old bytes or the new ones, never a part.  The one place where our
 * programs do so, root or not, because what is easily left out is what hurts:
 *   - the new file is made below a descriptor of its folder, as NAME.tmp, with
 *     O_EXCL and O_NOFOLLOW.  Whatever lies under that name, left by a kill or
 *     planted on a foreign disk, is removed and never written through;
 *   - it gets its mode and group before the first byte that is to be read;
 *   - file, rename and folder are on disk when 0 is returned.
 * The folder itself must be one that only we can put elsewhere.  Two writers
 * of one file need a lock of their own.  Any thread.
 */
#ifndef BASE_ATOMIC_FILE_H
#define BASE_ATOMIC_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define ATOMIC_FILE_SUFFIX ".tmp"

struct atomic_file {
	mode_t mode;		/* exactly, whatever the umask */
	gid_t group;		/* 0: the writer's own */
	bool fleeting;		/* below /run: need not survive the power */
};

/* 0 or -errno; path is as it was unless it is the folder's sync that failed. */
int atomic_file_write(const char *path, const void *data, size_t len,
    const struct atomic_file *how);
/* For a file that another, such as SQLite, wrote as tmp beside path: puts it
 * in path's place once it is on disk.  tmp stays if that fails. */
int atomic_file_adopt(const char *tmp, const char *path);

#endif
