/*
 * Opening files in a folder into which others may have written: a foreign
 * disk's, or one that an unprivileged process owns.  The folder's own path is
 * ours; the name in it is resolved below a descriptor of the folder, where no
 * link, mount or /proc magic leads elsewhere, and nothing that lies there can
 * make the open wait.  By openat2: Linux 5.6 or newer.
 */
#ifndef BASE_BELOW_H
#define BASE_BELOW_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Opens a regular file with open's flags and, with O_CREAT, mode.  0 and a
 * blocking descriptor, or -errno: -ELOOP for a link, -EINVAL for anything else
 * that is no regular file, such as a FIFO.
 */
int below_open(const char *path, int flags, mode_t mode, int *fd_out);
/*
 * The first line of such a file, cut to size - 1 bytes, for a person to read:
 * whatever a terminal might obey is '?'.  For text that is printed by somebody
 * more powerful than its writer.
 */
int below_read_line(const char *path, char *out, size_t size);

#endif
