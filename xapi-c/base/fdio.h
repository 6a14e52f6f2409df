/*
 * Small helpers for descriptors.  All restart after a signal and return 0 or
 * -errno.
 */
#ifndef BASE_FDIO_H
#define BASE_FDIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Closes *fd unless it is -1, and sets it to -1; errno is kept. */
void fdio_close(int *fd);
int fdio_nonblock(int fd, bool on);
int fdio_write_all(int fd, const void *data, size_t len);
/* -EPIPE if the file ends before len bytes came. */
int fdio_read_all(int fd, void *data, size_t len);
/* The same from that place; -EPIPE if the file or disk ends before. */
int fdio_read_at(int fd, void *data, size_t len, int64_t at);
/* All of it, to that place. */
int fdio_write_at(int fd, const void *data, size_t len, int64_t at);
/* The folder in which path is, by O_RDONLY or O_PATH, and the name in it. */
int fdio_open_folder(const char *path, int flags, const char **name_out,
    int *fd_out);
/* Makes it last that a file's name is new, another's, or gone. */
int fdio_sync_folder(const char *path);

#endif
