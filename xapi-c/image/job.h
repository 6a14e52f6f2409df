/*
 * One image on its way into a disk or out of it: the disk, the stream, and why it
 * went wrong.  Functions return 0, or -1 after job_fail.
 *
 * The stream is a socket.  Into a disk it brings the image and takes lines: "NN %",
 * and at last "done", or why not.  Out of one it takes a line, the image's length,
 * and the image; or a line that says why there is none.
 */
#ifndef IMAGE_JOB_H
#define IMAGE_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "image/disk.h"

#define JOB_WHY_SIZE 200
#define JOB_PIECE (256u << 10)	/* of the stream that is worked on at a time */

struct job {
	struct disk disk;
	int stream;
	int64_t at;		/* how much of the image has passed */
	int percent;		/* said last */
	bool began;		/* its length was said */
	char why[JOB_WHY_SIZE];
};

/* Of the first failure; -1. */
int job_fail(struct job *j, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
int job_ended_early(struct job *j);
/* The same for what the disk said: -errno. */
int job_disk(struct job *j, int rc);

/* Exactly len bytes. */
int job_read(struct job *j, void *data, size_t len);
/* At most len: how many; 0 at the end. */
ssize_t job_read_some(struct job *j, void *data, size_t len);
/* Passes over what comes before that place, which is not behind. */
int job_skip_to(struct job *j, int64_t at);
int job_write(struct job *j, const void *data, size_t len);
/* Before an image goes out: fails once nobody wants it any more. */
int job_is_wanted(struct job *j);

void job_progress(struct job *j, int64_t done, int64_t whole);
/* Before the first byte of an image that goes out. */
void job_begin(struct job *j, int64_t length);
/* The last line, if one is due. */
void job_end(struct job *j, int rc, bool in);

/* A format in one direction. */
typedef int image_way(struct job *j);
image_way vhd_in, vhd_out, qcow2_in, qcow2_out;

#endif
