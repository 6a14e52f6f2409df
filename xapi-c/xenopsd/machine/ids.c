#include "xenopsd/machine/ids.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX (16 << 20)

void
ids_open(struct ids *ids, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *p;

	*ids = (struct ids){ 0 };
	if (fd == -1)
		return;
	if (fstat(fd, &st) == 0 && st.st_size > 0 && st.st_size <= FILE_MAX) {
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd,
		    0);
		if (p != MAP_FAILED)
			*ids = (struct ids){ p, (size_t)st.st_size };
	}
	close(fd);
}

void
ids_close(struct ids *ids)
{
	if (ids->text)
		munmap((void *)(uintptr_t)ids->text, ids->len);
	*ids = (struct ids){ 0 };
}

/* The length of the line at p, without its end. */
static size_t
line_len(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return (size_t)((nl ? nl : end) - p);
}

/* How the key of a line stands to the one looked for. */
static int
compare(const char *line, size_t len, const char *key)
{
	const char *blank = memchr(line, ' ', len);
	size_t n = blank ? (size_t)(blank - line) : len;
	size_t want = strlen(key);
	int order = memcmp(line, key, n < want ? n : want);

	if (order)
		return order;
	return n == want ? 0 : n < want ? -1 : 1;
}

static const char *
search(struct arena *a, const struct ids *ids, const char *key)
{
	const char *from = ids->text, *to = from + ids->len;

	while (from < to) {
		const char *p = from + (to - from) / 2;
		size_t len;
		int order;

		while (p > from && p[-1] != '\n')
			p--;
		len = line_len(p, to);
		order = compare(p, len, key);
		if (order == 0)
			return len > strlen(key) ? arena_strndup(a,
			    p + strlen(key) + 1, len - strlen(key) - 1) : "";
		if (order < 0)
			from = p + len < to ? p + len + 1 : to;
		else
			to = p;
	}
	return "";
}

const char *
ids_find(struct arena *a, const struct ids *ids, const char *fmt, ...)
{
	const char *key;
	va_list ap;

	va_start(ap, fmt);
	key = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return ids->len ? search(a, ids, key) : "";
}
