#include "state.h"

#include <crypt.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/below.h"

#define SALT_CHARS 16
#define HASH_MAX 128

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
secret_is_set(void)
{
	return access(STATE_SECRET, F_OK) == 0 || errno != ENOENT;
}

bool
secret_matches(const char *password)
{
	char hash[HASH_MAX];
	const char *made;

	if (!state_read_line(STATE_SECRET, hash, sizeof hash))
		return false;
	made = crypt(password, hash);
	return made && made[0] == '$' && strcmp(made, hash) == 0;
}

static int
make_salt(char out[static SALT_CHARS + 5])
{
	static const char alphabet[] = "./0123456789"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	unsigned char raw[SALT_CHARS];
	char *p = out;

	if (getrandom(raw, sizeof raw, 0) != sizeof raw)
		return -EIO;
	p += snprintf(p, 4, "$6$");
	for (int i = 0; i < SALT_CHARS; i++)
		*p++ = alphabet[raw[i] % 64];
	*p++ = '$';
	*p = '\0';
	return 0;
}

int
secret_set(const char *password)
{
	size_t len = strlen(password);
	char salt[SALT_CHARS + 5];
	const char *hash;
	int rc;

	if (len < PASSWORD_MIN || len > PASSWORD_MAX)
		return -EINVAL;
	rc = make_salt(salt);
	if (rc)
		return rc;
	hash = crypt(password, salt);
	return hash ? secret_set_hash(hash) : -EIO;
}

int
secret_set_hash(const char *hash)
{
	char line[HASH_MAX + 2];
	size_t len = strlen(hash);

	if (strncmp(hash, "$6$", 3) != 0 || len >= HASH_MAX ||
	    strpbrk(hash, " \t\r\n:"))
		return -EINVAL;
	snprintf(line, sizeof line, "%s\n", hash);
	return state_write(STATE_SECRET, line, 0640, XAPI_GID);
}

bool
hostname_is_valid(const char *name)
{
	size_t len = strlen(name), label = 0;

	if (len == 0 || len > HOSTNAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool edge = label == 0 || name[i + 1] == '.' ||
		    name[i + 1] == '\0';

		if (name[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)name[i]) &&
		    (name[i] != '-' || edge))
			return false;
		label++;
	}
	return label > 0;
}

int
hostname_set(const char *name)
{
	char line[HOSTNAME_MAX + 2];
	int rc;

	if (!hostname_is_valid(name))
		return -EINVAL;
	snprintf(line, sizeof line, "%s\n", name);
	rc = state_write(STATE_HOSTNAME, line, 0644, 0);
	if (rc == 0 && sethostname(name, strlen(name)) == -1)
		rc = -errno;
	return rc;
}
