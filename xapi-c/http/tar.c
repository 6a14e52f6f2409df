#include "http/tar.h"

#include <stdio.h>
#include <string.h>

struct head {
	char name[100];
	char mode[8], uid[8], gid[8], size[12], mtime[12], sum[8];
	char kind;
	char link[100], magic[6], version[2];
	char rest[TAR_BLOCK - 265];
};

_Static_assert(sizeof(struct head) == TAR_BLOCK, "a head is one block");

/* Octal digits and a NUL. */
static void
put(char *field, size_t size, uint64_t n)
{
	field[--size] = '\0';
	while (size-- > 0) {
		field[size] = (char)('0' + (n & 7));
		n >>= 3;
	}
}

void
tar_head(char block[static TAR_BLOCK], const char *name, uint64_t bytes,
    int64_t changed_s)
{
	struct head h = { .kind = '0', .magic = "ustar",
	    .version = { '0', '0' } };
	unsigned sum = 0;

	snprintf(h.name, sizeof(h.name), "%s", name);
	put(h.mode, sizeof(h.mode), 0644);
	put(h.uid, sizeof(h.uid), 0);
	put(h.gid, sizeof(h.gid), 0);
	put(h.size, sizeof(h.size), bytes);
	put(h.mtime, sizeof(h.mtime), (uint64_t)changed_s);
	memset(h.sum, ' ', sizeof(h.sum));
	memcpy(block, &h, sizeof(h));
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += (unsigned char)block[i];
	put(h.sum, sizeof(h.sum) - 1, sum);
	memcpy(block, &h, sizeof(h));
}
