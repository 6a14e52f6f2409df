#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/below.h"
#include "base/secret.h"

int
state_write(const char *path, const char *text, mode_t mode, gid_t gid)
{
	const struct atomic_file how = { .mode = mode, .group = gid };

	return atomic_file_write(path, text, strlen(text), &how);
}

bool
state_read_line(const char *path, char *buf, size_t size)
{
	return below_read_line(path, buf, size) == 0 && buf[0];
}

/* A secret that cannot be read is one all the same: nobody gets in by it. */
bool
state_secret_is_set(void)
{
	return access(STATE_SECRET, F_OK) == 0 || errno != ENOENT;
}

bool
state_secret_matches(const char *password)
{
	char hash[SECRET_SIZE];

	return secret_read(STATE_SECRET, hash) == 0 &&
	    secret_matches(password, hash);
}

int
state_secret_set(const char *password)
{
	char hash[SECRET_SIZE];
	int rc = secret_make(password, hash);

	return rc ? rc : secret_write(STATE_SECRET, hash, XAPI_GID);
}
