/*
 * root's password as dropbear is to know it: the hash that the console, xenopsd
 * and xapi share, and may replace at any time.  Linked before libc's function of
 * this name, which reads /etc/shadow.
 */
#include <shadow.h>
#include <stdio.h>
#include <string.h>

#define SECRET "/state/login/secret"
#define HASH_SIZE 256
#define SHA512_CRYPT "$6$"

/* NULL, with which nobody logs in, unless there is such a hash. */
struct spwd *
getspnam(const char *name)
{
	static char root[] = "root", hash[HASH_SIZE];
	static struct spwd entry = { .sp_namp = root, .sp_pwdp = hash };
	FILE *f = strcmp(name, root) == 0 ? fopen(SECRET, "re") : NULL;
	int has_line = f && fgets(hash, sizeof(hash), f);

	if (f)
		fclose(f);
	if (!has_line || strncmp(hash, SHA512_CRYPT, strlen(SHA512_CRYPT)))
		return NULL;
	hash[strcspn(hash, "\n")] = '\0';
	return &entry;
}
