/*
 * root's one password, which API, console screen and answer files share, and
 * those of local users: what may be one, and the hash of it that a file or a
 * subject keeps (sha512crypt).  All that
 * makes, checks or stores one is here, so that what one way takes no other
 * refuses.  Any thread; a hash costs milliseconds of CPU.
 */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stdbool.h>
#include <sys/types.h>

#define PASSWORD_MIN 6
#define PASSWORD_MAX 256
/* "$6$rounds=999999$" + salt of 16 + "$" + 86, and a NUL */
#define SECRET_SIZE 128
#define SECRET_ROUNDS_MIN 1000		/* crypt(3) would take no fewer */
#define SECRET_ROUNDS_MAX 999999	/* a second of a slow CPU */

/* NULL, or what is wrong with it. */
const char *password_problem(const char *password);

/* $6$[rounds=N$]salt$ and 86 characters, whole: nothing else can match. */
bool secret_is_hash(const char *text);
/* What stands for "no password yet" where a hash is written: "", "*", "!". */
bool secret_is_none(const char *text);

/* The hash of a password, with a new salt.  0, -EINVAL by password_problem,
 * -EIO. */
int secret_make(const char *password, char out[static SECRET_SIZE]);
bool secret_matches(const char *password, const char *hash);

/* The hash that a file keeps.  -ENOENT: there is none yet; -EINVAL: the file
 * holds something else, which no password matches; other -errno. */
int secret_read(const char *path, char out[static SECRET_SIZE]);
/* On disk when it returns.  -EINVAL if it is no hash, else 0 or -errno. */
int secret_write(const char *path, const char *hash, gid_t group);

#endif
