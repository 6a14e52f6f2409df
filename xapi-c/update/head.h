/*
 * The header of a signed image: of an update, which is the image of a slot
 * (iso/mkslot.sh) behind it, or of an extension pack (pack_files.h).
 * Little-endian, without gaps:
 *
 *	   0  magic	16	"BEDPLATE UPDATE\n" or "BEDPLATE PACK  \n"
 *	  16  format	 4	1
 *	  20  key	32	public key (Ed25519) of who signed
 *	  52  product	16	names padded with zeros: "bedplate"
 *	  68  machine	16	"x86_64"; a pack of scripts "any"
 *	  84  version	32	for people
 *	 116  built	 8	seconds since 1970, of the sources: orders versions
 *	 124  size	 8	of what follows, in bytes
 *	 132  hashes	32 n	SHA-256 of each MiB of it, the last may be shorter
 *	 ...  signature	64	of all before
 *
 * Nothing in it counts before head_is_signed: the bytes are anybody's.
 */
#ifndef UPDATE_HEAD_H
#define UPDATE_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/signature.h"

#define HEAD_FIXED 132
#define HEAD_CHUNK ((size_t)1 << 20)
#define HEAD_CHUNKS_MAX 256		/* of the largest kind */
#define HEAD_MAX (HEAD_FIXED + HEAD_CHUNKS_MAX * DIGEST_LEN + SIGNATURE_LEN)

struct head_kind {
	const char *magic;
	unsigned chunks_max;
	bool any_machine;		/* may be for all */
	/* static texts for a person */
	const char *not_one, *other_format, *bad_size;
};

extern const struct head_kind head_update;	/* a slot's 256 MiB */
extern const struct head_kind head_pack;	/* 16 MiB */

struct head {
	uint8_t key[SIGNATURE_KEY_LEN];
	char product[17];
	char machine[17];
	char version[33];
	uint64_t built;
	uint64_t size;
	unsigned n;			/* chunks */
	const uint8_t *bytes;		/* the whole header, the caller's */
	size_t len;
};

/* The length of the whole header whose first HEAD_FIXED bytes these are; 0
 * with *why if it is none that this version reads. */
size_t head_length(const struct head_kind *kind,
    const uint8_t fixed[static HEAD_FIXED], const char **why);
/* bytes stays the caller's, and has to outlive the struct.  False with *why:
 * not a header, or not of that length. */
bool head_parse(const struct head_kind *kind, const uint8_t *bytes, size_t len,
    struct head *out, const char **why);
/* By the key that it names; whether that is trusted is another question. */
bool head_is_signed(const struct head *h);

/* Length of a chunk, and whether these are its bytes. */
size_t head_chunk_len(const struct head *h, unsigned i);
bool head_chunk_is(const struct head *h, unsigned i, const void *data);

#endif
