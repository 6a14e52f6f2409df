#include "disk/efi.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NAME "Bedplate"
#define FILE_NAME "\\EFI\\BOOT\\BOOTX64.EFI"
#define GLOBAL "-8be4df61-93ca-11d2-aa0d-00e098032b8c"
#define ATTRIBUTES 7		/* kept, and there in both phases */
#define ATTRIBUTES_LEN 4	/* before what a variable holds */
#define VAR_MAX 2048
#define NUMBERS 512		/* of entries that are looked at */

#define GPT_HEADER 92
#define GPT_ENTRY 128
#define GPT_GUID 16		/* where it is in an entry */
#define SECTOR_MAX 4096

struct var {
	uint8_t bytes[VAR_MAX];
	size_t len;
	size_t where;			/* of an entry: the first sector, the
					 * number of them, the GUID */
};

/* -- little-endian bytes, one after the other -- */

static void
put(struct var *v, uint64_t value, int n)
{
	for (int i = 0; i < n; i++)
		v->bytes[v->len++] = (uint8_t)(value >> 8 * i);
}

static void
put_text(struct var *v, const char *text)
{
	do
		put(v, (uint8_t)*text, 2);
	while (*text++);
}

static uint64_t
get(const uint8_t *at, int n)
{
	uint64_t value = 0;

	while (n--)
		value = value << 8 | at[n];
	return value;
}

/* -- the entry -- */

/* Of the partition, as the disk's table has it. */
static int
read_gpt(const char *disk, unsigned sector, unsigned partition,
    uint8_t entry[static GPT_ENTRY])
{
	uint8_t head[GPT_HEADER];
	int fd = open(disk, O_RDONLY | O_CLOEXEC), rc = -EBADMSG;
	uint64_t at;

	if (fd == -1)
		return -errno;
	if (sector > SECTOR_MAX ||
	    pread(fd, head, sizeof head, sector) != sizeof head ||
	    memcmp(head, "EFI PART", 8) != 0 || get(head + 84, 4) != GPT_ENTRY)
		goto out;
	at = get(head + 72, 8) * sector + (partition - 1) * GPT_ENTRY;
	if (pread(fd, entry, GPT_ENTRY, (off_t)at) == GPT_ENTRY)
		rc = 0;
out:
	close(fd);
	return rc;
}

void
efi_guid(const char *disk, unsigned sector, unsigned partition,
    uint8_t out[EFI_GUID])
{
	uint8_t entry[GPT_ENTRY];

	memset(out, 0, EFI_GUID);
	if (read_gpt(disk, sector, partition, entry) == 0)
		memcpy(out, entry + GPT_GUID, EFI_GUID);
}

/* Of a hard disk's partition, and a file on it. */
static void
put_path(struct var *v, unsigned partition, const uint8_t *gpt)
{
	uint64_t first = get(gpt + 32, 8), last = get(gpt + 40, 8);

	put(v, 0x0104, 2);
	put(v, 42, 2);
	put(v, partition, 4);
	v->where = v->len;
	put(v, first, 8);
	put(v, last - first + 1, 8);
	memcpy(v->bytes + v->len, gpt + GPT_GUID, EFI_GUID);	/* its own */
	v->len += EFI_GUID;
	put(v, 0x0202, 2);			/* GPT, known by a GUID */
	put(v, 0x0404, 2);
	put(v, 4 + 2 * sizeof FILE_NAME, 2);
	put_text(v, FILE_NAME);
	put(v, 0xff7f, 2);			/* the end */
	put(v, 4, 2);
}

static void
make_entry(struct var *v, unsigned partition, const uint8_t *gpt)
{
	size_t at, path;

	v->len = 0;
	put(v, ATTRIBUTES, 4);
	put(v, 1, 4);				/* it may be started */
	at = v->len;
	put(v, 0, 2);
	put_text(v, NAME);
	path = v->len;
	put_path(v, partition, gpt);
	v->bytes[at] = (uint8_t)(v->len - path);
}

/* -- variables -- */

/* -EFBIG: it holds more than is understood. */
static int
read_var(int folder, const char *name, struct var *v)
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	int rc = 0;

	if (fd == -1)
		return -errno;
	n = read(fd, v->bytes, sizeof v->bytes);
	if (n == -1)
		rc = -errno;
	else if (n == sizeof v->bytes)
		rc = -EFBIG;
	else
		v->len = (size_t)n;
	close(fd);
	return rc;
}

/* In one piece: the firmware takes all of it or nothing. */
static int
write_var(int folder, const char *name, const struct var *v)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ssize_t n;
	int rc;

	if (fd == -1)
		return -errno;
	n = write(fd, v->bytes, v->len);
	rc = n == -1 ? -errno : (size_t)n == v->len ? 0 : -EIO;
	if (close(fd) == -1 && rc == 0)
		rc = -errno;
	return rc;
}

#define ENTRY_NAME sizeof "Boot0000" GLOBAL

static void
entry_name(unsigned number, char out[static ENTRY_NAME])
{
	snprintf(out, ENTRY_NAME, "Boot%04X" GLOBAL, number & 0xffff);
}

/* Ours for the partition that had the GUID old, wherever on the disk it was. */
static bool
is_older(const struct var *v, const struct var *entry, const uint8_t *old)
{
	static const uint8_t none[EFI_GUID];
	size_t guid = entry->where + 16, after = guid + EFI_GUID;

	return old && memcmp(old, none, EFI_GUID) != 0 &&
	    v->len == entry->len &&
	    memcmp(v->bytes, entry->bytes, entry->where) == 0 &&
	    memcmp(v->bytes + guid, old, EFI_GUID) == 0 &&
	    memcmp(v->bytes + after, entry->bytes + after,
	    entry->len - after) == 0;
}

/* The number of the entry that is the same or older, or the first that is
 * free. */
static int
find_number(int folder, const struct var *entry, const uint8_t *old,
    bool *there)
{
	char name[ENTRY_NAME];
	struct var v;
	int unused = -1, rc;

	*there = false;
	for (int i = 0; i < NUMBERS; i++) {
		entry_name((unsigned)i, name);
		rc = read_var(folder, name, &v);
		*there = rc == 0 && v.len == entry->len &&
		    memcmp(v.bytes, entry->bytes, v.len) == 0;
		if (*there || (rc == 0 && is_older(&v, entry, old)))
			return i;
		if (rc == -ENOENT && unused == -1)
			unused = i;
	}
	return unused == -1 ? -ENOSPC : unused;
}

/* What else was in it comes after. */
static int
put_first(int folder, unsigned number)
{
	static const char name[] = "BootOrder" GLOBAL;
	struct var old = { .len = 0 }, new = { .len = 0 };
	int rc = read_var(folder, name, &old);

	if (rc && rc != -ENOENT)
		return rc;
	put(&new, ATTRIBUTES, 4);
	put(&new, number, 2);
	for (size_t at = ATTRIBUTES_LEN; at + 2 <= old.len; at += 2)
		if (get(old.bytes + at, 2) != number)
			put(&new, get(old.bytes + at, 2), 2);
	if (old.len == new.len && !memcmp(old.bytes, new.bytes, new.len))
		return 0;
	return write_var(folder, name, &new);
}

int
efi_entry_set(const char *vars, const char *disk, unsigned sector,
    unsigned partition, const uint8_t *old)
{
	uint8_t gpt[GPT_ENTRY];
	char name[ENTRY_NAME];
	struct var entry;
	bool there;
	int folder, number, rc = read_gpt(disk, sector, partition, gpt);

	if (rc)
		return rc;
	folder = open(vars, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder == -1)
		return -errno;
	make_entry(&entry, partition, gpt);
	number = rc = find_number(folder, &entry, old, &there);
	if (rc >= 0) {
		entry_name((unsigned)number, name);
		rc = there ? 0 : write_var(folder, name, &entry);
	}
	if (rc == 0)
		rc = put_first(folder, (unsigned)number);
	close(folder);
	return rc;
}
