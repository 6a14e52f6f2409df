/*
 * Bytes and descriptors over a unix socket (SCM_RIGHTS), one system call at a
 * time.  Knows nothing of what they mean; frame.h and xenopsd's channel.h do.  Any
 * thread.
 */
#ifndef BASE_FDPASS_H
#define BASE_FDPASS_H

#include <stddef.h>
#include <sys/uio.h>

#define FDPASS_MAX 4		/* descriptors with one call */

/* Descriptors that came; whoever has the struct closes them, whatever else
 * happens. */
struct fdpass {
	int *fds;		/* room for max */
	int n;
	int max;
};

/* flags: MSG_DONTWAIT or 0.  Both restart after a signal. */

/* nfds of fds go with the first byte.  0 and *sent_out, or -errno. */
int fdpass_send(int fd, struct iovec *iov, int niov, const int *fds,
    int nfds, int flags, size_t *sent_out);
/* 0 and *got_out > 0; -EPIPE at the end of the file; -EBADMSG if there came more
 * descriptors than there is room for (those are closed); other -errno. */
int fdpass_recv(int fd, void *data, size_t len, int flags,
    struct fdpass *into, size_t *got_out);

#endif
