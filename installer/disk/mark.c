#include "disk/mark.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "disk/layout.h"

#define HEAD_UNFINISHED "bedplate unfinished\n"
#define HEAD_FINISHED "bedplate installed\n"
/* what the serials may take */
#define ROOM (MARK_SIZE - sizeof HEAD_UNFINISHED)

static int64_t
place(const struct layout *l)
{
	return (int64_t)(l->parts[PART_BOOT].start +
	    l->parts[PART_BOOT].size - MARK_ROOM);
}

/* After the head, if that is it. */
static const char *
after(const char *text, const char *head)
{
	size_t len = strlen(head);

	return strncmp(text, head, len) == 0 ? text + len : NULL;
}

void
mark_read(const char *disk, const struct layout *l, struct mark *out)
{
	int fd = open(disk, O_RDONLY | O_CLOEXEC);
	char text[MARK_SIZE + 1] = "";
	const char *serials = NULL;

	memset(out, 0, sizeof *out);
	if (fd != -1 && fdio_read_at(fd, text, MARK_SIZE, place(l)) == 0) {
		serials = after(text, HEAD_UNFINISHED);
		out->unfinished = serials != NULL;
		if (!serials)
			serials = after(text, HEAD_FINISHED);
	}
	if (serials)
		snprintf(out->serials, sizeof out->serials, "%s", serials);
	fdio_close(&fd);
}

int
mark_write(const char *disk, const struct layout *l, const struct mark *m)
{
	char text[MARK_SIZE] = "";
	int fd = open(disk, O_WRONLY | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return -errno;
	snprintf(text, sizeof text, "%s%.*s", m->unfinished ?
	    HEAD_UNFINISHED : HEAD_FINISHED, (int)ROOM, m->serials);
	rc = fdio_write_at(fd, text, sizeof text, place(l));
	if (rc == 0 && fsync(fd) == -1)
		rc = -errno;
	fdio_close(&fd);
	return rc;
}

bool
mark_has(const struct mark *m, const char *serial)
{
	size_t len = strlen(serial);

	for (const char *p = m->serials; *p;) {
		size_t n = strcspn(p, "\n");

		if (n == len && memcmp(p, serial, n) == 0)
			return true;
		p += n + (p[n] == '\n');
	}
	return false;
}

const char *
mark_add(struct mark *m, const char *serial)
{
	size_t n = strlen(m->serials), len = strlen(serial);

	if (len == 0 || len > MARK_SERIAL_MAX || strpbrk(serial, "\r\n"))
		return "a serial has 1 to 32 characters of one line";
	if (n + len + 1 > ROOM)
		return "the disk has no room for one more serial";
	snprintf(m->serials + n, sizeof m->serials - n, "%s\n", serial);
	return NULL;
}
