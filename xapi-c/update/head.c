#include "update/head.h"

#include <endian.h>
#include <string.h>

#include "base/pack.h"

#define MAGIC_LEN 16
#define FORMAT 1

enum place {
	AT_FORMAT = 16,
	AT_KEY = 20,
	AT_PRODUCT = 52,
	AT_MACHINE = 68,
	AT_VERSION = 84,
	AT_BUILT = 116,
	AT_SIZE = 124,
};

const struct head_kind head_update = {
	"BEDPLATE UPDATE\n", 256, false,
	"it is not an update image",
	"it is an update image of another format",
	"its size is none that a slot can have",
};

const struct head_kind head_pack = {
	"BEDPLATE PACK  \n", PACK_BYTES_MAX / HEAD_CHUNK, true,
	"it is not an extension pack",
	"it is an extension pack of another format",
	"its size is none that a pack can have",
};

static uint64_t
u64_at(const uint8_t *bytes, size_t at)
{
	uint64_t v;

	memcpy(&v, bytes + at, sizeof v);
	return le64toh(v);
}

/* Printable, then zeros to the end of its place; fails for anything else. */
static bool
name_at(const uint8_t *bytes, size_t at, size_t size, char *out)
{
	size_t n = 0;

	while (n < size && bytes[at + n] > ' ' && bytes[at + n] < 0x7f)
		n++;
	memcpy(out, bytes + at, n);
	out[n] = '\0';
	for (size_t i = n; i < size; i++)
		if (bytes[at + i])
			return false;
	return n > 0;
}

static unsigned
chunks_of(uint64_t size)
{
	return (unsigned)((size + HEAD_CHUNK - 1) / HEAD_CHUNK);
}

size_t
head_length(const struct head_kind *kind,
    const uint8_t fixed[static HEAD_FIXED], const char **why)
{
	uint64_t size = u64_at(fixed, AT_SIZE);
	uint32_t format;

	memcpy(&format, fixed + AT_FORMAT, sizeof format);
	if (memcmp(fixed, kind->magic, MAGIC_LEN))
		*why = kind->not_one;
	else if (le32toh(format) != FORMAT)
		*why = kind->other_format;
	else if (size == 0 || size > kind->chunks_max * HEAD_CHUNK)
		*why = kind->bad_size;
	else
		return HEAD_FIXED + chunks_of(size) * DIGEST_LEN +
		    SIGNATURE_LEN;
	return 0;
}

bool
head_parse(const struct head_kind *kind, const uint8_t *bytes, size_t len,
    struct head *out, const char **why)
{
	*why = kind->not_one;
	if (len < HEAD_FIXED)
		return false;
	out->len = head_length(kind, bytes, why);
	if (out->len == 0)
		return false;
	*why = "its header is damaged";
	if (out->len != len ||
	    !name_at(bytes, AT_PRODUCT, 16, out->product) ||
	    !name_at(bytes, AT_MACHINE, 16, out->machine) ||
	    !name_at(bytes, AT_VERSION, 32, out->version))
		return false;
	memcpy(out->key, bytes + AT_KEY, sizeof out->key);
	out->built = u64_at(bytes, AT_BUILT);
	out->size = u64_at(bytes, AT_SIZE);
	out->n = chunks_of(out->size);
	out->bytes = bytes;
	*why = NULL;
	return true;
}

bool
head_is_signed(const struct head *h)
{
	size_t len = h->len - SIGNATURE_LEN;

	return signature_is_of(h->key, h->bytes, len, h->bytes + len);
}

size_t
head_chunk_len(const struct head *h, unsigned i)
{
	uint64_t left = h->size - (uint64_t)i * HEAD_CHUNK;

	return left < HEAD_CHUNK ? (size_t)left : HEAD_CHUNK;
}

bool
head_chunk_is(const struct head *h, unsigned i, const void *data)
{
	uint8_t digest[DIGEST_LEN];

	return digest_sha256(data, head_chunk_len(h, i), digest) &&
	    !memcmp(digest, h->bytes + HEAD_FIXED + i * DIGEST_LEN,
	    DIGEST_LEN);
}
