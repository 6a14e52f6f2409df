/* Update images: what is refused before a byte is written, and what a slot
 * holds whatever happens while it is. */
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "net/signature.h"
#include "scratch.h"
#include "unit.h"
#include "update/apply.h"
#include "update/head.h"
#include "update/keys.h"

#define SIZE (2 * HEAD_CHUNK + 100)
#define CHUNKS 3
#define LEN (HEAD_FIXED + CHUNKS * DIGEST_LEN + SIGNATURE_LEN)
#define BUILT 1000

struct fixture {
	EVP_PKEY *key;
	uint8_t public[SIGNATURE_KEY_LEN];
	uint8_t payload[SIZE];
	uint8_t head[LEN];
	size_t given;		/* bytes of all that the source has */
	char keys[300];		/* folder */
	char slot[300];		/* file */
	int opened;
};

static struct fixture *f;

static void
put64(size_t at, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		f->head[at + (size_t)i] = (uint8_t)(v >> 8 * i);
}

static void
sign(void)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = SIGNATURE_LEN;

	ck_assert_int_eq(EVP_DigestSignInit(ctx, NULL, NULL, NULL, f->key), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, f->head + LEN - len, &len,
	    f->head, LEN - len), 1);
	EVP_MD_CTX_free(ctx);
}

static void
trust(const char *name)
{
	char path[400], hex[2 * SIGNATURE_KEY_LEN + 1];
	FILE *out;

	for (int i = 0; i < SIGNATURE_KEY_LEN; i++)
		snprintf(hex + 2 * i, 3, "%02x", f->public[i]);
	snprintf(path, sizeof(path), "%s/%s", f->keys, name);
	out = fopen(path, "w");
	fprintf(out, "%s\n", hex);
	fclose(out);
}

/* A slot with other bytes in it, and an image that is accepted. */
static void
setup(void)
{
	size_t len = sizeof(f->public);
	FILE *slot;

	f = calloc(1, sizeof(*f));
	f->key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	EVP_PKEY_get_raw_public_key(f->key, f->public, &len);
	memcpy(f->head, "BEDPLATE UPDATE\n\1", 17);
	memcpy(f->head + 20, f->public, sizeof(f->public));
	memcpy(f->head + 52, "bedplate", 8);
	memcpy(f->head + 68, "x86_64", 6);
	memcpy(f->head + 84, "1.2", 3);
	put64(116, BUILT);
	put64(124, SIZE);
	for (size_t i = 0; i < SIZE; i++)
		f->payload[i] = (uint8_t)(i * 7 + i / 251);
	for (size_t i = 0; i < CHUNKS; i++)
		digest_sha256(f->payload + i * HEAD_CHUNK, i == 2 ? 100 :
		    HEAD_CHUNK, f->head + HEAD_FIXED + i * DIGEST_LEN);
	sign();
	f->given = LEN + SIZE;
	snprintf(f->keys, sizeof(f->keys), "%s", scratch_file("keys"));
	mkdir(f->keys, 0700);
	trust("developer.pub");
	snprintf(f->slot, sizeof(f->slot), "%s", scratch_file("slot"));
	slot = fopen(f->slot, "w");
	for (size_t i = 0; i < 4 * HEAD_CHUNK; i++)
		fputc('o', slot);
	fclose(slot);
}

static int
open_slot(void *arg, char why[static APPLY_WHY])
{
	(void)arg, (void)why;
	f->opened++;
	return open(f->slot, O_RDWR);
}

static struct apply
apply_to(const char *machine, uint64_t built)
{
	return (struct apply){
		.rules = { .keys = f->keys, .machine = machine,
			.built = built },
		.open_slot = open_slot,
	};
}

static enum apply_result
run(struct apply *a)
{
	int fd = open(scratch_file("image"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	size_t head = f->given < LEN ? f->given : LEN;
	enum apply_result result;

	ck_assert_int_eq(write(fd, f->head, head), (ssize_t)head);
	ck_assert_int_eq(write(fd, f->payload, f->given - head),
	    (ssize_t)(f->given - head));
	lseek(fd, 0, SEEK_SET);
	result = apply_run(a, fd);
	close(fd);
	return result;
}

static int
slot_byte(off_t at)
{
	int fd = open(f->slot, O_RDONLY);
	unsigned char c;

	ck_assert_int_eq(pread(fd, &c, 1, at), 1);
	close(fd);
	return c;
}

/* Refused, and the slot as it was. */
static void
refused(const char *machine, uint64_t built, const char *why)
{
	struct apply a = apply_to(machine, built);

	ck_assert_int_eq(run(&a), APPLY_REFUSED);
	ck_assert_msg(strstr(a.why, why), "'%s'", a.why);
	for (off_t at = 0; at < (off_t)(4 * HEAD_CHUNK); at += 4095)
		ck_assert_int_eq(slot_byte(at), 'o');
}

START_TEST(a_signed_image_is_written_whole)
{
	struct apply a;

	setup();
	a = apply_to("x86_64", BUILT);
	ck_assert_int_eq(run(&a), APPLY_OK);
	ck_assert_str_eq(a.signer, "developer");
	ck_assert_str_eq(a.version, "1.2");
	for (off_t at = 0; at < (off_t)SIZE; at += 4093)
		ck_assert_int_eq(slot_byte(at), f->payload[at]);
	ck_assert_int_eq(slot_byte(SIZE), 'o');
}
END_TEST

START_TEST(what_nobody_trusted_signed_is_refused)
{
	setup();
	unlink(scratch_file("keys/developer.pub"));
	refused("x86_64", 0, "does not trust");
	/* a file that is no key is none */
	trust("developer.pub~");
	refused("x86_64", 0, "does not trust");
	ck_assert_int_eq(f->opened, 0);
}
END_TEST

START_TEST(every_byte_of_the_header_is_signed)
{
	setup();
	for (size_t i = 0; i < LEN; i += i < HEAD_FIXED ? 1 : 17) {
		f->head[i] ^= 1;
		refused("x86_64", 0, "");
		f->head[i] ^= 1;
	}
	ck_assert_int_eq(f->opened, 0);
}
END_TEST

START_TEST(other_machines_and_older_versions_are_refused)
{
	setup();
	refused("aarch64", 0, "not for bedplate on aarch64");
	refused("x86_64", BUILT + 1, "older");
	memcpy(f->head + 52, "pedestal", 8);
	sign();
	refused("x86_64", 0, "it is for pedestal");
	ck_assert_int_eq(f->opened, 0);
}
END_TEST

START_TEST(an_image_larger_than_the_slot_is_refused)
{
	setup();
	ck_assert_int_eq(truncate(f->slot, SIZE - 1), 0);
	struct apply a = apply_to("x86_64", 0);
	ck_assert_int_eq(run(&a), APPLY_REFUSED);
	ck_assert_ptr_nonnull(strstr(a.why, "larger than the slot"));
	ck_assert_int_eq(slot_byte(0), 'o');
	/* and one that no slot can hold */
	put64(124, HEAD_CHUNKS_MAX * HEAD_CHUNK + 1);
	sign();
	ck_assert_int_eq(run(&a), APPLY_REFUSED);
	ck_assert_ptr_nonnull(strstr(a.why, "size"));
}
END_TEST

START_TEST(a_cut_header_is_refused)
{
	static const size_t cuts[] = { 0, 1, HEAD_FIXED - 1, HEAD_FIXED,
		LEN - 1, LEN, LEN + HEAD_CHUNK - 1 };

	setup();
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		f->given = cuts[i];
		refused("x86_64", 0, "");
	}
}
END_TEST

/* Damage behind the first MiB is seen when something was written: what is in
 * the slot then is taken for nothing. */
static void
fails(const char *why)
{
	struct apply a = apply_to("x86_64", 0);

	ck_assert_int_eq(run(&a), APPLY_FAILED);
	ck_assert_msg(strstr(a.why, why), "'%s'", a.why);
	for (off_t at = 0; at < (off_t)HEAD_CHUNK; at += 1000)
		ck_assert_int_eq(slot_byte(at), 0);
}

START_TEST(a_slot_that_is_not_whole_looks_empty)
{
	setup();
	f->payload[HEAD_CHUNK + 5] ^= 1;
	fails("damaged in its MiB 2");
	/* the damaged chunk itself was not written */
	ck_assert_int_eq(slot_byte(HEAD_CHUNK + 5), 'o');
	f->payload[HEAD_CHUNK + 5] ^= 1;
	f->given = LEN + SIZE - 1;
	fails("ends early");
}
END_TEST

START_TEST(a_damaged_first_chunk_leaves_the_slot_alone)
{
	setup();
	f->payload[5] ^= 1;
	refused("x86_64", 0, "damaged in its MiB 1");
}
END_TEST

START_TEST(a_key_can_be_changed_for_another)
{
	struct apply a;

	setup();
	unlink(scratch_file("keys/developer.pub"));
	trust("release-2.pub");
	a = apply_to("x86_64", 0);
	ck_assert_int_eq(run(&a), APPLY_OK);
	ck_assert_str_eq(a.signer, "release-2");
}
END_TEST

int
main(void)
{
	return UNIT_RUN("update", a_signed_image_is_written_whole,
	    what_nobody_trusted_signed_is_refused,
	    every_byte_of_the_header_is_signed,
	    other_machines_and_older_versions_are_refused,
	    an_image_larger_than_the_slot_is_refused,
	    a_cut_header_is_refused, a_slot_that_is_not_whole_looks_empty,
	    a_damaged_first_chunk_leaves_the_slot_alone,
	    a_key_can_be_changed_for_another);
}
