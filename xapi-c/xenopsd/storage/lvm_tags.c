#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/hex.h"
#include "xenopsd/storage/lvm_tags.h"

#define TAG_MAX 1000			/* LVM allows 1024 */
#define NAME_TAGS 2
#define DESCRIPTION_TAGS 3

static bool
is_plain(unsigned char c)
{
	return isalnum(c) || c == '_' || c == '.' || c == '-';
}

/* Up to max tags of that letter for text; how many there are. */
static int
encode_text(struct arena *a, char letter, const char *text, int max,
    const char **tags)
{
	const unsigned char *p = (const unsigned char *)(text ? text : "");
	int n = 0;

	while (*p && n < max) {
		struct buf b = { 0 };

		buf_addf(&b, "%c%d:", letter, n);
		for (; *p && b.len + 3 <= TAG_MAX; p++) {
			if (is_plain(*p))
				buf_addc(&b, (char)*p);
			else
				buf_addf(&b, "=%02x", *p);
		}
		tags[n++] = arena_strndup(a, b.data, b.len);
		buf_release(&b);
	}
	return n;
}

int
lvm_tags_encode(struct arena *a, const struct xenops_vdi_info *vdi,
    const char *tags[static LVM_TAGS_MAX])
{
	int n = encode_text(a, 'n', vdi->name, NAME_TAGS, tags);

	n += encode_text(a, 'd', vdi->description, DESCRIPTION_TAGS, tags + n);
	n += encode_text(a, 'p', vdi->parent, 1, tags + n);
	if (vdi->read_only)
		tags[n++] = "r0:1";
	return n;
}

static void
decode_text(struct buf *b, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int byte = -1;

		if (p[i] == '=' && i + 2 < len)
			byte = hex_byte(p + i + 1);
		if (byte > 0) {
			buf_addc(b, (char)byte);
			i += 2;
		} else {
			buf_addc(b, p[i]);
		}
	}
}

/* Drops a character at the end that was cut by the length limit. */
static void
trim_utf8(struct buf *b)
{
	size_t i = b->len;
	int need = 0;
	unsigned char c;

	while (i && b->len - i < 3 && ((unsigned char)b->data[i - 1] >> 6) == 2)
		i--;
	if (!i)
		return;
	c = (unsigned char)b->data[i - 1];
	if (c >= 0xc0)
		need = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
	if ((int)(b->len - i) < need) {
		b->len = i - 1;
		b->data[b->len] = '\0';
	}
}

/* The text of all tags of one letter, in their order. */
static const char *
join(struct arena *a, const char *tags, char letter)
{
	struct buf b = { 0 };
	const char *text;

	for (char digit = '0'; digit <= '9'; digit++) {
		const char *p = tags;

		while (p) {
			const char *end = strchr(p, ',');
			size_t len = end ? (size_t)(end - p) : strlen(p);

			if (len > 3 && p[0] == letter && p[1] == digit &&
			    p[2] == ':')
				decode_text(&b, p + 3, len - 3);
			p = end ? end + 1 : NULL;
		}
	}
	trim_utf8(&b);
	text = b.len ? arena_strdup(a, b.data) : "";
	buf_release(&b);
	return text;
}

void
lvm_tags_decode(struct arena *a, const char *tags,
    struct xenops_vdi_info *vdi)
{
	vdi->name = join(a, tags, 'n');
	vdi->description = join(a, tags, 'd');
	vdi->parent = join(a, tags, 'p');
	vdi->read_only = *join(a, tags, 'r') == '1';
}

void
lvm_tags_only_names(struct xenops_vdi_info *vdi)
{
	vdi->parent = NULL;
	vdi->read_only = false;
}
