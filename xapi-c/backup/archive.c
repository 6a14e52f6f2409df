#include "backup/archive.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "base/fdio.h"

#define MAGIC "BEDPLATE BACKUP\n"
#define FORMAT 1

struct head {
	char magic[sizeof(MAGIC) - 1];
	uint64_t format;
};

struct entry {
	char name[ARCHIVE_NAME];
	uint64_t size;
};

static int
chain(struct archive *a, const void *data, size_t len)
{
	uint8_t block[DIGEST_LEN + ARCHIVE_PIECE];

	memcpy(block, a->sum, DIGEST_LEN);
	memcpy(block + DIGEST_LEN, data, len);
	return digest_sha256(block, DIGEST_LEN + len, a->sum) ? 0 : -EIO;
}

/* -- out -- */

static int
put(struct archive *a, const void *data, size_t len)
{
	int rc = chain(a, data, len);

	return rc ? rc : fdio_write_all(a->fd, data, len);
}

int
archive_begin(struct archive *a, int fd)
{
	struct head h = { .format = htole64(FORMAT) };

	*a = (struct archive){ .fd = fd };
	memcpy(h.magic, MAGIC, sizeof(h.magic));
	return put(a, &h, sizeof(h));
}

int
archive_add(struct archive *a, const char *name, int from, uint64_t size)
{
	struct entry e = { .size = htole64(size) };
	uint8_t piece[ARCHIVE_PIECE];
	int rc;

	memcpy(e.name, name, strnlen(name, sizeof(e.name) - 1));
	rc = put(a, &e, sizeof(e));
	while (!rc && size > 0) {
		size_t n = size < sizeof(piece) ? (size_t)size : sizeof(piece);

		rc = fdio_read_all(from, piece, n);
		if (!rc)
			rc = put(a, piece, n);
		size -= n;
	}
	return rc;
}

int
archive_end(struct archive *a)
{
	const struct entry e = { .size = 0 };
	int rc = put(a, &e, sizeof(e));

	return rc ? rc : fdio_write_all(a->fd, a->sum, sizeof(a->sum));
}

/* -- in -- */

static int
get(struct archive *a, void *data, size_t len, const char **why)
{
	int rc = fdio_read_all(a->fd, data, len);

	if (rc == -EPIPE) {
		*why = "it is cut short";
		return -EBADMSG;
	}
	return rc ? rc : chain(a, data, len);
}

int
archive_open(struct archive *a, int fd, const char **why)
{
	struct head h;
	int rc;

	*a = (struct archive){ .fd = fd };
	*why = "it cannot be read";
	rc = get(a, &h, sizeof(h), why);
	if (rc)
		return rc;
	*why = "it is no backup of a host";
	if (memcmp(h.magic, MAGIC, sizeof(h.magic)))
		return -EBADMSG;
	*why = "it is of a format that this version does not know";
	return le64toh(h.format) == FORMAT ? 0 : -EBADMSG;
}

static int
check_end(struct archive *a, const char **why)
{
	uint8_t want[DIGEST_LEN], found[DIGEST_LEN];
	int rc;

	memcpy(want, a->sum, sizeof(want));
	rc = get(a, found, sizeof(found), why);
	if (rc)
		return rc;
	*why = "it is damaged: its sum is another";
	return memcmp(want, found, sizeof(want)) ? -EBADMSG : 0;
}

int
archive_next(struct archive *a, char name_out[static ARCHIVE_NAME],
    uint64_t *size_out, const char **why)
{
	struct entry e;
	int rc = get(a, &e, sizeof(e), why);

	if (rc)
		return rc;
	*size_out = le64toh(e.size);
	*why = "it is damaged: a file has no good name";
	if (e.name[ARCHIVE_NAME - 1])
		return -EBADMSG;
	memcpy(name_out, e.name, ARCHIVE_NAME);
	if (*e.name)
		return 1;
	return *size_out ? -EBADMSG : check_end(a, why);
}

int
archive_take(struct archive *a, int to, uint64_t size, const char **why)
{
	uint8_t piece[ARCHIVE_PIECE];
	int rc = 0;

	while (!rc && size > 0) {
		size_t n = size < sizeof(piece) ? (size_t)size : sizeof(piece);

		rc = get(a, piece, n, why);
		if (!rc) {
			*why = "it cannot be written down";
			rc = fdio_write_all(to, piece, n);
		}
		size -= n;
	}
	return rc;
}
