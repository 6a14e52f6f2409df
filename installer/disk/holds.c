#include "disk/holds.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <blkid.h>

#include "base/fdio.h"

#define ANSWERS_LABEL "BEDPLATE"
#define UNIT 512		/* libblkid counts partitions in these */
#define EDGE ((size_t)1 << 20)	/* looked at for data of no known kind */
#define PARTS_MAX 256

static void
add(struct holds *h, const char *text)
{
	size_t n = strlen(h->text);

	if (n + 3 < sizeof h->text && !strstr(h->text, text))
		snprintf(h->text + n, sizeof h->text - n, "%s%s",
		    n ? ", " : "", text);
}

/* How XenServer and XCP-ng call their root file systems. */
static bool
is_xenserver(const char *type, const char *label)
{
	return strncmp(type, "ext", 3) == 0 && strncmp(label, "root-", 5) == 0;
}

/* One signature: its kind and its label. */
static void
describe(struct holds *h, blkid_probe pr)
{
	const char *type, *label;
	char text[128];

	if (blkid_probe_lookup_value(pr, "TYPE", &type, NULL))
		type = "signatures of several kinds";
	h->known = true;
	if (blkid_probe_lookup_value(pr, "LABEL", &label, NULL))
		label = "";
	h->answers |= strcmp(label, ANSWERS_LABEL) == 0;
	if (is_xenserver(type, label))
		add(h, "XenServer or XCP-ng");
	snprintf(text, sizeof text, *label ? "%s '%s'" : "%s", type, label);
	add(h, text);
}

/* A range with signatures of two kinds holds something, whichever counts. */
static void
look(struct holds *h, int fd, int64_t start, int64_t size)
{
	blkid_probe pr = blkid_new_probe();
	int r;

	if (!pr || blkid_probe_set_device(pr, fd, start, size)) {
		h->unread = true;
		goto out;
	}
	blkid_probe_enable_superblocks(pr, 1);
	blkid_probe_set_superblocks_flags(pr,
	    BLKID_SUBLKS_TYPE | BLKID_SUBLKS_LABEL);
	r = blkid_do_safeprobe(pr);
	if (r == 0 || r == -2)
		describe(h, pr);
	else if (r != 1)
		h->unread = true;
out:
	blkid_free_probe(pr);
}

static void
look_at_partitions(struct holds *h, int fd, blkid_partlist list)
{
	blkid_parttable table = blkid_partlist_get_table(list);
	int n = blkid_partlist_numof_partitions(list);

	if (table)
		add(h, blkid_parttable_get_type(table));
	for (int i = 0; i < n && i < PARTS_MAX; i++) {
		blkid_partition p = blkid_partlist_get_partition(list, i);

		/* of an extended one the partitions inside count */
		if (!blkid_partition_is_extended(p))
			look(h, fd, blkid_partition_get_start(p) * UNIT,
			    blkid_partition_get_size(p) * UNIT);
	}
}

static void
look_at_table(struct holds *h, int fd)
{
	blkid_probe pr = blkid_new_probe();
	blkid_partlist list;

	if (!pr || blkid_probe_set_device(pr, fd, 0, 0)) {
		h->unread = true;
	} else {
		blkid_probe_enable_partitions(pr, 1);
		list = blkid_probe_get_partitions(pr);
		if (list)
			look_at_partitions(h, fd, list);
	}
	blkid_free_probe(pr);
}

/* Zeroes where every kind of data begins or ends? */
static bool
is_zero(struct holds *h, int fd, int64_t start, size_t len)
{
	char *data = malloc(EDGE);
	bool ok = data && fdio_read_at(fd, data, len, start) == 0;
	bool zero = ok && len > 0 && data[0] == 0 &&
	    memcmp(data, data + 1, len - 1) == 0;

	h->unread |= !ok;
	free(data);
	return zero;
}

static void
look_at_edges(struct holds *h, int fd, int64_t start, int64_t size)
{
	size_t len = size < (int64_t)EDGE ? (size_t)size : EDGE;

	if (!is_zero(h, fd, start, len) ||
	    !is_zero(h, fd, start + size - (int64_t)len, len))
		add(h, "data of no known kind");
}

void
holds_look_at(const char *path, uint64_t start, uint64_t size,
    struct holds *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	memset(out, 0, sizeof *out);
	out->unread = fd == -1;
	if (fd != -1) {
		look(out, fd, (int64_t)start, (int64_t)size);
		if (!*out->text)
			look_at_edges(out, fd, (int64_t)start, (int64_t)size);
	}
	fdio_close(&fd);
}

void
holds_look(const char *path, struct holds *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int64_t size = fd == -1 ? -1 : lseek(fd, 0, SEEK_END);

	memset(out, 0, sizeof *out);
	out->unread = size <= 0;
	if (!out->unread) {
		look_at_table(out, fd);
		look(out, fd, 0, size);
		if (!*out->text)
			look_at_edges(out, fd, 0, size);
	}
	fdio_close(&fd);
}
