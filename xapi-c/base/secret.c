#include "base/secret.h"

#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/atomic_file.h"
#include "base/mem.h"

#define SALT_MAX 16
#define SUM_CHARS 86
#define PREFIX "$6$"
#define ROUNDS "rounds="

static const char alphabet[] = "./0123456789"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const char *
password_problem(const char *password)
{
	size_t n = strlen(password);

	if (n < PASSWORD_MIN)
		return "it is shorter than 6 characters";
	if (n > PASSWORD_MAX)
		return "it is longer than 256 characters";
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)password[i] < ' ' || password[i] == 0x7f)
			return "it has control characters";
	return NULL;
}

/* Past "rounds=N$", or NULL if N is no number in the limits. */
static const char *
skip_rounds(const char *p)
{
	size_t digits = strspn(p, "0123456789");
	long n;

	if (digits < 4 || digits > 6 || *p == '0' || p[digits] != '$')
		return NULL;
	n = strtol(p, NULL, 10);
	if (n < SECRET_ROUNDS_MIN || n > SECRET_ROUNDS_MAX)
		return NULL;
	return p + digits + 1;
}

bool
secret_is_hash(const char *text)
{
	const char *p = text;
	size_t salt;

	if (strncmp(p, PREFIX, strlen(PREFIX)) != 0)
		return false;
	p += strlen(PREFIX);
	if (strncmp(p, ROUNDS, strlen(ROUNDS)) == 0)
		p = skip_rounds(p + strlen(ROUNDS));
	if (!p)
		return false;
	salt = strspn(p, alphabet);
	if (salt < 1 || salt > SALT_MAX || p[salt] != '$')
		return false;
	p += salt + 1;
	return strlen(p) == SUM_CHARS && strspn(p, alphabet) == SUM_CHARS;
}

bool
secret_is_none(const char *text)
{
	return text[strspn(text, "!*")] == '\0' && strlen(text) <= 2;
}

static int
make_salt(char out[static SALT_MAX + 5])
{
	unsigned char raw[SALT_MAX];
	char *p = out + strlen(PREFIX);

	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		return -EIO;
	memcpy(out, PREFIX, strlen(PREFIX));
	for (int i = 0; i < SALT_MAX; i++)
		*p++ = alphabet[raw[i] & 63];
	memcpy(p, "$", 2);
	return 0;
}

/* Hashes into out; false if it cannot, or if it is no whole hash. */
static bool
hash_of(const char *password, const char *salt, char out[static SECRET_SIZE])
{
	struct crypt_data *data = mem_zalloc(sizeof(*data));
	const char *made = crypt_r(password, salt, data);
	bool ok = made && secret_is_hash(made);

	if (ok)
		memcpy(out, made, strlen(made) + 1);
	explicit_bzero(data, sizeof(*data));
	free(data);
	return ok;
}

int
secret_make(const char *password, char out[static SECRET_SIZE])
{
	char salt[SALT_MAX + 5];
	int rc;

	if (password_problem(password))
		return -EINVAL;
	rc = make_salt(salt);
	if (rc)
		return rc;
	return hash_of(password, salt, out) ? 0 : -EIO;
}

/* Takes the same time wherever the texts differ. */
static bool
same_text(const char *a, const char *b, size_t n)
{
	unsigned char diff = 0;

	for (size_t i = 0; i < n; i++)
		diff |= (unsigned char)(a[i] ^ b[i]);
	return diff == 0;
}

bool
secret_matches(const char *password, const char *hash)
{
	char made[SECRET_SIZE];
	bool ok;

	/* The policy is for new ones; one of before may be shorter. */
	if (!secret_is_hash(hash) || strlen(password) > PASSWORD_MAX ||
	    !hash_of(password, hash, made))
		return false;
	ok = strlen(made) == strlen(hash) &&
	    same_text(made, hash, strlen(hash));
	explicit_bzero(made, sizeof(made));
	return ok;
}

int
secret_read(const char *path, char out[static SECRET_SIZE])
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n;
	int rc;

	out[0] = '\0';
	if (fd == -1)
		return -errno;
	n = read(fd, out, SECRET_SIZE - 1);
	rc = n == -1 ? -errno : 0;
	close(fd);
	out[n > 0 ? n : 0] = '\0';
	out[strcspn(out, "\r\n")] = '\0';
	if (!rc && !secret_is_hash(out))
		rc = -EINVAL;
	if (rc)
		out[0] = '\0';
	return rc;
}

int
secret_write(const char *path, const char *hash, gid_t group)
{
	const struct atomic_file how = { .mode = 0640, .group = group };
	char line[SECRET_SIZE + 1];
	int n;

	if (!secret_is_hash(hash))
		return -EINVAL;
	n = snprintf(line, sizeof(line), "%s\n", hash);
	return atomic_file_write(path, line, (size_t)n, &how);
}
