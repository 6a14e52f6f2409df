#include "http/ws.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "http/head.h"
#include "net/tls.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

/* Bytes that the head needs, as far as its first two tell. */
static size_t
head_size(const struct ws *ws)
{
	uint8_t len;

	if (ws->head_len < 2)
		return 2;
	len = ws->head[1] & 0x7f;
	return len < 126 ? 6 : len == 126 ? 8 : 14;
}

static int
begin_payload(struct ws *ws)
{
	uint8_t len = ws->head[1] & 0x7f;
	size_t i, n = len < 126 ? 0 : len == 126 ? 2 : 8;

	ws->left = n ? 0 : len;
	for (i = 0; i < n; i++)
		ws->left = ws->left << 8 | ws->head[2 + i];
	memcpy(ws->mask, ws->head + 2 + n, 4);
	ws->opcode = ws->head[0] & 0x0f;
	ws->at = 0;
	ws->head_len = 0;
	ws->in_payload = true;
	if (ws->opcode >= WS_CLOSE && ws->left > WS_MAX_CONTROL)
		return -EPROTO;
	return 0;
}

static void
end_payload(struct ws *ws, struct buf *back)
{
	ws->in_payload = false;
	if (ws->opcode == WS_PING)
		ws_frame(back, WS_PONG, ws->control, ws->at);
	if (ws->opcode == WS_CLOSE) {
		ws_frame(back, WS_CLOSE, ws->control, ws->at < 2 ? 0 : 2);
		ws->closed = true;
	}
}

static size_t
take_payload(struct ws *ws, const uint8_t *data, size_t len, struct buf *out)
{
	size_t i, n = len < ws->left ? len : (size_t)ws->left;
	uint8_t *to;

	if (ws->opcode >= WS_CLOSE)
		to = ws->control + ws->at;
	else
		to = buf_reserve(out, n);
	for (i = 0; i < n; i++)
		to[i] = data[i] ^ ws->mask[(ws->at + i) & 3];
	if (ws->opcode < WS_CLOSE)
		out->len += n;
	ws->at += n;
	ws->left -= n;
	return n;
}

int
ws_feed(struct ws *ws, const uint8_t *data, size_t len, struct buf *out,
    struct buf *back)
{
	size_t n;

	while (len > 0 && !ws->closed) {
		if (ws->in_payload) {
			n = take_payload(ws, data, len, out);
			data += n;
			len -= n;
		} else {
			ws->head[ws->head_len++] = *data++;
			len--;
			/* Reserved bits, and clients must mask. */
			if (ws->head_len == 2 && ((ws->head[0] & 0x70) ||
				!(ws->head[1] & 0x80)))
				return -EPROTO;
			if (ws->head_len < 2 || ws->head_len < head_size(ws))
				continue;
			if (begin_payload(ws))
				return -EPROTO;
		}
		if (ws->in_payload && ws->left == 0)
			end_payload(ws, back);
	}
	return 0;
}

void
ws_frame(struct buf *b, enum ws_opcode opcode, const void *data, size_t len)
{
	uint8_t head[10] = { (uint8_t)(0x80 | opcode) };
	size_t i, n = 2;

	if (len < 126) {
		head[1] = (uint8_t)len;
	} else if (len < 65536) {
		head[1] = 126;
		head[2] = (uint8_t)(len >> 8);
		head[3] = (uint8_t)len;
		n = 4;
	} else {
		head[1] = 127;
		for (i = 0; i < 8; i++)
			head[2 + i] = (uint8_t)((uint64_t)len >> (56 - 8 * i));
		n = 10;
	}
	buf_add(b, head, n);
	if (len)
		buf_add(b, data, len);
}

const char *
ws_accept(struct arena *a, const char *key)
{
	const char *text = arena_printf(a, "%s" GUID, key);
	uint8_t sum[20];

	tls_sha1(text, strlen(text), sum);
	return http_base64_encode(a, sum, sizeof(sum));
}
