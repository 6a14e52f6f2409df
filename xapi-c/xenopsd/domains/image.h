/*
 * The image of a suspended VM: what a hypervisor wrote of it, on a disk.
 *
 *     0       head: magic, version, the VM, a number of its own, how long it is,
 *             what the guest does when it is asked to, digest
 *     4096    pieces: digest, then 1 MiB of the stream (the last one: the rest)
 *
 * The digests are keyed with a secret of this host.  A piece's one is also over
 * the image's number and the piece's place.  Nothing that somebody else wrote to
 * the disk comes out of a reader; what is no image of this VM, or not a whole
 * one, is refused before its first byte.
 *
 * The head is the one point at which a suspend is done: it is written, and on
 * the disk, after all else.  Before the first piece, and when a VM goes on from
 * its image, it is taken away.
 *
 * A writer and a reader pass bytes between a pipe and the disk on a thread of
 * their own, for hypervisors that block.  Functions return 0 or -errno:
 * -EBADMSG: what is on the disk is no whole image of that VM.
 */
#ifndef XENOPSD_DOMAINS_IMAGE_H
#define XENOPSD_DOMAINS_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#define IMAGE_KEY_PATH "/state/image-key"
#define IMAGE_VERSION 1

struct image {
	int fd;			/* the disk; the caller's */
	int64_t size;		/* its bytes */
	const char *vm;		/* uuid */
	const char *key_path;
	uint32_t features;	/* kept with it; what they are is the caller's */
};

struct image_pump;

/* Makes the host's key, unless there is one.  At the start of the daemon. */
int image_make_key(const char *path);
/* Takes the head away: whatever is on the disk is no image any more. */
int image_discard(const struct image *im);
/* 0: a whole image of that VM, by its head. */
int image_check(const struct image *im);

/* *fd_out: where to write to; the caller closes it before image_finish. */
int image_write(const struct image *im, struct image_pump **p_out,
    int *fd_out);
/* *fd_out: where to read from, likewise. */
int image_read(const struct image *im, struct image_pump **p_out, int *fd_out);
/* Those that a reader's image was written with. */
uint32_t image_features(const struct image_pump *p);
/* Waits for the thread and frees p.  whole, of a writer: all of it came; the
 * head is written.  Of a reader: fails unless all of it was handed out. */
int image_finish(struct image_pump *p, bool whole);

#endif
