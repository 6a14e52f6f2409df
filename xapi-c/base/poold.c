#include "base/poold.h"

#include <errno.h>
#include <string.h>

#include "base/codec.h"

/* varint version (1), varint makes, then per member: varint id, its address and
 * its pin as bytes. */
#define VERSION 1

static void
add_bytes(struct buf *b, const void *p, size_t n)
{
	codec_add_varint(b, n);
	buf_add(b, p, n);
}

void
pool_peers_encode(struct buf *b, const struct pool_peers *p)
{
	size_t i;

	codec_add_varint(b, VERSION);
	codec_add_varint(b, p->makes);
	for (i = 0; i < p->n; i++) {
		codec_add_varint(b, p->list[i].id);
		add_bytes(b, p->list[i].address, strlen(p->list[i].address));
		add_bytes(b, p->list[i].pin, POOL_PIN);
	}
}

static bool
get_peer(const uint8_t **p, const uint8_t *end, struct pool_peer *peer)
{
	const uint8_t *address, *pin;
	size_t len, pin_len;

	memset(peer, 0, sizeof(*peer));
	if (!codec_get_varint(p, end, &peer->id) ||
	    !codec_get_bytes(p, end, &address, &len) ||
	    !codec_get_bytes(p, end, &pin, &pin_len) ||
	    len >= POOL_ADDRESS || pin_len != POOL_PIN)
		return false;
	memcpy(peer->address, address, len);
	memcpy(peer->pin, pin, POOL_PIN);
	return true;
}

int
pool_peers_decode(struct pool_peers *p, const void *data, size_t len)
{
	const uint8_t *at = data, *end = at + len;
	uint64_t version, makes;

	p->n = 0;
	if (!codec_get_varint(&at, end, &version) || version != VERSION ||
	    !codec_get_varint(&at, end, &makes) || makes > 1)
		return -EBADMSG;
	p->makes = makes;
	while (at < end) {
		if (p->n == POOL_PEERS_MAX ||
		    !get_peer(&at, end, &p->list[p->n++]))
			return -EBADMSG;
	}
	return 0;
}
