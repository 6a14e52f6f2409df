/* Files of backups of a host, as anybody may send them. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backup/archive.h"
#include "fuzz.h"

/* What is taken comes to as many bytes as were told, below the whole's. */
static void
take(int fd, int to, size_t len)
{
	char name[ARCHIVE_NAME];
	const char *why = NULL;
	struct archive a;
	uint64_t size;
	int rc = archive_open(&a, fd, &why);

	while (!rc && (rc = archive_next(&a, name, &size, &why)) == 1) {
		assert(memchr(name, '\0', sizeof(name)) && *name);
		assert(ftruncate(to, 0) == 0 && lseek(to, 0, SEEK_SET) == 0);
		rc = archive_take(&a, to, size, &why);
		assert(rc || (size < len &&
		    lseek(to, 0, SEEK_END) == (off_t)size));
	}
	assert(rc == 0 || (why && *why));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int fd = -1, to = -1;

	if (fd == -1) {
		fd = memfd_create("in", MFD_CLOEXEC);
		to = memfd_create("out", MFD_CLOEXEC);
	}
	assert(ftruncate(fd, 0) == 0);
	assert(pwrite(fd, data, len, 0) == (ssize_t)len);
	lseek(fd, 0, SEEK_SET);
	take(fd, to, len);
	return 0;
}
