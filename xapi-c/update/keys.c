#include "update/keys.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fdio.h"
#include "base/hex.h"

#define SUFFIX ".pub"
#define HEX_LEN (2 * SIGNATURE_KEY_LEN)

static bool
read_key(int folder, const char *name, uint8_t key[static SIGNATURE_KEY_LEN])
{
	int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[HEX_LEN + 1] = "";
	bool ok = fd != -1 && fdio_read_all(fd, text, HEX_LEN) == 0;

	fdio_close(&fd);
	for (int i = 0; ok && i < SIGNATURE_KEY_LEN; i++) {
		int byte = hex_byte(text + 2 * i);

		ok = byte != -1;
		key[i] = (uint8_t)byte;
	}
	return ok;
}

/* The length of NAME in NAME.pub; 0: the file is no key. */
static size_t
key_name(const char *file)
{
	size_t len = strlen(file), end = strlen(SUFFIX);

	return len > end && len - end < KEYS_NAME &&
	    !strcmp(file + len - end, SUFFIX) ? len - end : 0;
}

bool
keys_trust(const char *folder, const uint8_t key[static SIGNATURE_KEY_LEN],
    char name_out[static KEYS_NAME])
{
	DIR *d = opendir(folder);
	bool found = false;
	struct dirent *e;
	int seen = 0;

	while (d && !found && seen < KEYS_MAX && (e = readdir(d))) {
		uint8_t own[SIGNATURE_KEY_LEN];
		size_t len = key_name(e->d_name);

		if (len == 0 || !read_key(dirfd(d), e->d_name, own))
			continue;
		seen++;
		found = !memcmp(own, key, sizeof own);
		if (found)
			snprintf(name_out, KEYS_NAME, "%.*s", (int)len,
			    e->d_name);
	}
	if (d)
		closedir(d);
	return found;
}
