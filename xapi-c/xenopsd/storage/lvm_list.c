#include "xenopsd/storage/lvm_list.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/mem.h"
#include "xenopsd/storage/child.h"

/* pvcreate's place for the metadata area, after the label's 4 KiB. */
#define AREA_AT 4096
#define AREA_MAGIC " LVM2 x[5A%r0N*>"	/* after a checksum */
#define AREA_MAGIC_AT 4
#define AREA_PLACE_AT 40		/* where the group's description is */
#define FIELDS 11

/* The fields of a line separated by '|', which is cut into strings. */
static bool
split(char *line, char **fields, int n)
{
	for (int i = 0; i < n; i++) {
		fields[i] = strsep(&line, "|");
		if (!fields[i])
			return false;
	}
	return line == NULL;
}

static void
take_line(struct lvm_listing *l, char *line)
{
	struct lvm_volume lv;
	char *f[FIELDS];
	uint8_t b[16];

	line += strspn(line, " ");
	if (!split(line, f, FIELDS))
		return;
	lv = (struct lvm_volume){
		.name = f[0], .size = strtoll(f[1], NULL, 10),
		.percent = strtod(f[2], NULL),
		.metadata_percent = strtod(f[3], NULL),
		.active = !strncmp(f[4], "active", 6),
		.open = !strcmp(f[5], "open"),
		.id = strtoull(f[6], NULL, 10), .uuid = f[7],
		.vg_uuid = f[8], .tags = f[10],
	};
	l->area_free = strtoll(f[9], NULL, 10);
	if (!strcmp(lv.name, LVM_POOL))
		l->pool = lv;
	else if (uuid_from_text(lv.name, b))
		l->v[l->n++] = lv;
}

static struct lvm_listing *
parse(struct storage *s, const char *bytes, size_t len, bool fresh)
{
	struct lvm_listing *l = arena_alloc(s->arena, sizeof(*l));
	char *text = arena_strndup(s->arena, bytes ? bytes : "", len), *line;
	size_t lines = 1;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	l->v = arena_alloc(s->arena, sizeof(*l->v) * lines);
	l->fresh = fresh;
	while ((line = strsep(&text, "\n")))
		take_line(l, line);
	return l;
}

/* Past the page cache: LVM writes past it, too. */
void
lvm_head_read(const struct sr *sr, struct lvm_head *head)
{
	char bytes[2 * AREA_AT];
	char *page = bytes + (AREA_AT - (uintptr_t)bytes % AREA_AT) % AREA_AT;
	int fd = open(sr->device, O_RDONLY | O_DIRECT | O_CLOEXEC);
	ssize_t r = fd == -1 ? -1 : pread(fd, page, AREA_AT, AREA_AT);

	fdio_close(&fd);
	head->read = r == AREA_AT && !memcmp(page + AREA_MAGIC_AT, AREA_MAGIC,
	    strlen(AREA_MAGIC));
	if (head->read)
		memcpy(head->bytes, page, sizeof(head->bytes));
}

bool
lvm_head_is_new(const struct lvm_head *head)
{
	return mem_is_zero(head->bytes + AREA_PLACE_AT, sizeof(uint64_t));
}

static const char *
kept_path(struct storage *s, const struct sr *sr)
{
	return arena_printf(s->arena, "%s.lvs", sr->dir);
}

struct lvm_listing *
lvm_listing_take(struct storage *s, const struct sr *sr,
    const struct lvm_head *head, const struct buf *text)
{
	struct buf b = { 0 };

	if (head->read) {
		buf_add(&b, head->bytes, sizeof(head->bytes));
		buf_add(&b, text->data, text->len);
		/* without it the next one asks again */
		(void)file_write(kept_path(s, sr), b.data, b.len, false);
		buf_release(&b);
	}
	return parse(s, text->data, text->len, true);
}

struct lvm_listing *
lvm_listing_kept(struct storage *s, const struct sr *sr)
{
	struct lvm_listing *l = NULL;
	struct lvm_head head;
	struct buf b = { 0 };
	size_t n = sizeof(head.bytes);

	if (file_read(kept_path(s, sr), CHILD_MAX_OUTPUT, &b) == 0 && b.len > n) {
		lvm_head_read(sr, &head);
		if (head.read && !memcmp(head.bytes, b.data, n))
			l = parse(s, b.data + n, b.len - n, false);
	}
	buf_release(&b);
	return l;
}

void
lvm_listing_forget(struct storage *s, const struct sr *sr)
{
	unlink(kept_path(s, sr));
}
