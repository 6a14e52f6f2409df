/*
 * Frames on the unix socket between xapi and xenopsd (and between xenopsd and
 * its workers).  A frame is a 16-byte little-endian header
 *     u32 body length, u32 id, u16 message, u8 kind, u8 descriptors, u32 zero
 * and a body in codec form, described by the generated table of the message.
 * Descriptors travel with the frame (SCM_RIGHTS).  Requests carry an id chosen
 * by the client; replies, errors and progress carry the same id; events carry
 * id 0.  Replies may overtake each other.
 */
#ifndef BASE_FRAME_H
#define BASE_FRAME_H

#include "base/buf.h"
#include "base/fdpass.h"
#include "base/type.h"

#define FRAME_HEADER 16
#define FRAME_MAX_BODY (32u << 20)	/* 4,096 disks with long texts: 20 MiB */
#define FRAME_MAX_FDS FDPASS_MAX

enum frame_kind {
	FRAME_REQUEST, FRAME_REPLY, FRAME_ERROR, FRAME_EVENT, FRAME_CANCEL,
	FRAME_PROGRESS,
};

struct frame {
	uint32_t id;
	uint16_t message;	/* index in the generated table */
	uint8_t kind;		/* enum frame_kind */
	uint8_t nfds;
	int fds[FRAME_MAX_FDS];	/* the receiver closes them */
	const void *body;
	uint32_t len;
};

/* Blocking send and receive; 0, -errno, -EPIPE at end of file, -EBADMSG.
 * frame_recv puts the body into storage, which the caller releases. */
int frame_send(int fd, const struct frame *f);
int frame_recv(int fd, struct frame *f, struct buf *storage);
/* Encodes rec after rt and sends it. */
int frame_send_record(int fd, const struct frame *head,
    const struct record_type *rt, const void *rec);

/* The parts, for those that must not block.  frame_header_read returns false
 * for a header that no sender of ours makes. */
void frame_header_write(const struct frame *f,
    uint8_t out[static FRAME_HEADER]);
bool frame_header_read(struct frame *f,
    const uint8_t in[static FRAME_HEADER]);

#endif
