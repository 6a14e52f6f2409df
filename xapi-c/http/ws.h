/*
 * WebSocket framing (RFC 6455) of one connection: bytes in, payload out.
 * Pure functions on buffers; fragments and frames of any size are passed on as
 * they come, nothing is assembled.
 */
#ifndef HTTP_WS_H
#define HTTP_WS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"

#define WS_MAX_HEAD 14
#define WS_MAX_CONTROL 125

enum ws_opcode {
	WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8,
	WS_PING = 9, WS_PONG = 10,
};

struct ws {
	uint8_t head[WS_MAX_HEAD];
	size_t head_len;		/* of the frame's head, so far */
	bool in_payload;
	uint8_t opcode;
	uint8_t mask[4];
	uint64_t left, at;		/* of the payload */
	uint8_t control[WS_MAX_CONTROL];
	bool closed;			/* the peer said goodbye */
};

/*
 * Takes bytes from the client: payload of data frames is appended to `out`,
 * answers to control frames to `back`.  -EPROTO if they are no frames.
 */
int ws_feed(struct ws *ws, const uint8_t *data, size_t len, struct buf *out,
    struct buf *back);
/* Appends one whole unmasked frame. */
void ws_frame(struct buf *b, enum ws_opcode opcode, const void *data,
    size_t len);
/* Sec-WebSocket-Accept for that key. */
const char *ws_accept(struct arena *a, const char *key);

#endif
