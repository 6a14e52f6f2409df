/*
 * bedplate-flash OUT ESP SLOT PROGRAMS: the image that is copied to sticks and
 * cards: what an installed disk has, with the ID of none, up to where its state
 * begins.  The rest is made at the first start (install/first.h).  ESP and SLOT
 * are files, PROGRAMS the folder with GRUB's parts.  Runs where the image is
 * built; needs no rights.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "disk/grub.h"
#include "disk/mark.h"
#include "disk/table.h"

#define MIB ((uint64_t)1 << 20)
#define SECTOR 512
#define PATH_SIZE 512

static int
fail(const char *what, int rc)
{
	fprintf(stderr, "bedplate-flash: %s: %s\n", what, strerror(-rc));
	return 1;
}

/* A new file of holes; behind the last partition is the second table. */
static int
make_empty(const char *out, const struct layout *l)
{
	int fd = open(out, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int rc = fd == -1 ? -errno : 0;

	if (rc == 0 && ftruncate(fd,
	    (off_t)(l->parts[PART_STATE].start + MIB)) == -1)
		rc = -errno;
	fdio_close(&fd);
	return rc;
}

/* What is nothing but zeroes stays a hole. */
static int
copy_piece(int from, int to, char *data, size_t len, int64_t at,
    const char *zeroes, int64_t start)
{
	int rc = fdio_read_at(from, data, len, at);

	if (rc || memcmp(data, zeroes, len) == 0)
		return rc;
	return fdio_write_at(to, data, len, start + at);
}

static int
copy(int from, int to, uint64_t start, uint64_t room)
{
	char *data = malloc(MIB), *zeroes = calloc(1, MIB);
	off_t size = lseek(from, 0, SEEK_END);
	int rc = !data || !zeroes ? -ENOMEM : size == -1 ? -errno :
	    (uint64_t)size > room ? -EFBIG : 0;

	for (off_t at = 0; rc == 0 && at < size; at += (off_t)MIB)
		rc = copy_piece(from, to, data, size - at < (off_t)MIB ?
		    (size_t)(size - at) : MIB, at, zeroes, (int64_t)start);
	free(zeroes);
	free(data);
	return rc;
}

static int
fill(const char *out, const struct layout *l, enum part part,
    const char *file)
{
	int from = open(file, O_RDONLY | O_CLOEXEC);
	int to = from == -1 ? -1 : open(out, O_WRONLY | O_CLOEXEC);
	int rc = to == -1 ? -errno :
	    copy(from, to, l->parts[part].start, l->parts[part].size);

	fdio_close(&to);
	fdio_close(&from);
	return rc;
}

static int
make_bootable(const char *out, const struct layout *l, const char *programs)
{
	char boot[PATH_SIZE], core[PATH_SIZE];

	snprintf(boot, sizeof boot, "%s/boot.img", programs);
	snprintf(core, sizeof core, "%s/core.img", programs);
	return grub_bios_install(out, l->parts[PART_BOOT].start,
	    l->parts[PART_BOOT].size - MARK_ROOM, boot, core);
}

int
main(int argc, char **argv)
{
	struct layout l;
	const char *why;
	int rc;

	if (argc != 5) {
		fprintf(stderr, "usage: bedplate-flash OUT ESP SLOT "
		    "PROGRAMS\n");
		return 2;
	}
	if (!layout_again(argv[1], LAYOUT_MIN_DISK, LAYOUT_ID_NONE, &l, &why)) {
		fprintf(stderr, "bedplate-flash: %s\n", why);
		return 1;
	}
	if ((rc = make_empty(argv[1], &l)) ||
	    (rc = table_put(argv[1], SECTOR, &l, PART_STATE)) ||
	    (rc = make_bootable(argv[1], &l, argv[4])))
		return fail(argv[1], rc);
	if ((rc = fill(argv[1], &l, PART_ESP, argv[2])))
		return fail(argv[2], rc);
	if ((rc = fill(argv[1], &l, PART_SLOT_A, argv[3])))
		return fail(argv[3], rc);
	return 0;
}
